//! Programs out of Markdown pages: fenced blocks whose language is `tri`. What the programs must show is not known here.
//!
//! The words after `tri` say what a block is:
//!
//! - `file=blocks.tri`: a further file of the program whose main file is the next block without one.
//! - `run`: the program's `test` blocks must pass.
//! - `bytes`: `\xNN` stands for that byte, so that a page can show what is not UTF-8.
//! - `padded=N`: followed by spaces until it has N bytes.

use std::path::{Path, PathBuf};

/// A file of a program.
#[derive(Clone, Debug)]
pub(crate) struct SourceText {
    /// Its path beside the main file.
    pub(crate) path: String,
    /// What it holds.
    pub(crate) bytes: Vec<u8>,
    /// The line of the page (from 1) on which its first line stands.
    pub(crate) line: usize,
}

/// A program of a page; the main file is the last.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    /// The page.
    pub(crate) page: PathBuf,
    /// Its files.
    pub(crate) files: Vec<SourceText>,
    /// Whether its tests are run.
    pub(crate) runs: bool,
}

impl Program {
    /// The main file.
    pub(crate) fn main(&self) -> &SourceText {
        self.files.last().unwrap()
    }
}

/// The programs of a page, in order.
pub(crate) fn programs(page: &Path) -> Vec<Program> {
    let text = std::fs::read_to_string(page).unwrap_or_else(|error| panic!("{}: {error}", page.display()));
    let mut lines = text.lines().enumerate();
    let (mut programs, mut files) = (Vec::new(), Vec::new());
    while let Some((at, line)) = lines.next() {
        let Some(info) = line.strip_prefix("```") else {
            continue;
        };
        let mut body = String::new();
        let closed = lines.by_ref().find(|(_, line)| {
            let end = *line == "```";
            if !end {
                body.push_str(line);
                body.push('\n');
            }
            end
        });
        assert!(closed.is_some(), "{}:{}: this block does not end", page.display(), at + 1);
        let mut words = info.split_whitespace();
        if words.next() != Some("tri") {
            continue;
        }
        let block = Block::new(page, at + 2, body, words);
        files.push(block.file);
        if block.is_main {
            let files = std::mem::take(&mut files);
            programs.push(Program { page: page.to_owned(), files, runs: block.runs });
        }
    }
    assert!(files.is_empty(), "{}: its last files have no main file", page.display());
    programs
}

/// A fenced block and what its words say.
struct Block {
    file: SourceText,
    is_main: bool,
    runs: bool,
}

impl Block {
    fn new<'a>(page: &Path, line: usize, body: String, words: impl Iterator<Item = &'a str>) -> Block {
        let file = SourceText { path: "main.tri".to_owned(), bytes: body.into_bytes(), line };
        let mut block = Block { file, is_main: true, runs: false };
        for word in words {
            match word.split_once('=').unwrap_or((word, "")) {
                ("file", path) => (block.file.path, block.is_main) = (path.to_owned(), false),
                ("run", "") => block.runs = true,
                ("bytes", "") => block.file.bytes = unescaped(&block.file.bytes),
                ("padded", size) => block.file.bytes.resize(size.parse().unwrap(), b' '),
                _ => panic!("{}:{}: `{word}` says nothing of a block", page.display(), line - 1),
            }
        }
        block
    }
}

/// The bytes with every `\xNN` replaced by that byte.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, after)) = rest.split_first() {
        let escaped = rest.strip_prefix(b"\\x").and_then(|code| code.first_chunk::<2>());
        let byte = escaped.and_then(|digits| u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok());
        bytes.push(byte.unwrap_or(first));
        rest = if byte.is_some() { &rest[4..] } else { after };
    }
    bytes
}
