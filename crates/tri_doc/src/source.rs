//! Source text as HTML: words in their colours, names of items as links to where they are documented.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use tri_db::SourceFile;
use tri_diagnostics::TextRange;
use tri_syntax::{Token, TokenKind, lex};

use crate::html::Escaped;
use crate::package::Package;

/// The dtypes and static types, which are not items.
const TYPES: [&str; 14] =
    ["bool", "trit", "i8", "u8", "i32", "i64", "f16", "bf16", "f32", "int", "float", "str", "axis", "fn"];

/// A file, and the names in it that are not items.
pub(crate) struct Source<'a> {
    pub(crate) package: &'a Package<'a>,
    pub(crate) file: SourceFile,
    pub(crate) text: &'a str,
    /// Generics, parameters and members that hide items of their names.
    pub(crate) local: BTreeSet<&'a str>,
}

impl<'a> Source<'a> {
    pub(crate) fn new(package: &'a Package<'a>, file: SourceFile) -> Self {
        let bytes = file.bytes(package.db).as_ref().ok();
        let text = bytes.and_then(|bytes| tri_syntax::decode(file.id(package.db), bytes).ok());
        Source { package, file, text: text.unwrap_or(""), local: BTreeSet::new() }
    }

    /// The same file, with other names hidden.
    pub(crate) fn hiding(&self, local: BTreeSet<&'a str>) -> Source<'a> {
        Source { local, ..*self }
    }

    /// A part of the file, on one line or more; lines are moved left by as much as the first one was indented.
    pub(crate) fn render(&self, range: TextRange) -> String {
        let text = range.of(self.text).trim_end();
        let before = self.text.get(..range.start as usize).unwrap_or("");
        let line = before.rsplit('\n').next().unwrap_or("");
        let indent = line.len() - line.trim_start_matches(' ').len();
        let lines = text.lines().map(|line| strip(line, indent));
        self.highlight(&lines.collect::<Vec<_>>().join("\n"))
    }

    /// Text in Tri.
    pub(crate) fn highlight(&self, text: &str) -> String {
        let tokens: Vec<Token> = lex(text);
        let mut html = String::new();
        for (at, token) in tokens.iter().enumerate() {
            let word = token.text(text);
            let shown = Escaped(word);
            let class = match token.kind {
                TokenKind::Ident if TYPES.contains(&word) && next(&tokens, at) != Some(TokenKind::Colon) => {
                    "type"
                }
                TokenKind::Ident => {
                    html.push_str(&self.name(text, &tokens, at));
                    continue;
                }
                TokenKind::Number => "number",
                TokenKind::Str => "string",
                TokenKind::Comment | TokenKind::BlockComment | TokenKind::Doc | TokenKind::FileDoc => {
                    "comment"
                }
                kind if kind.spelling().is_some_and(|word| word.starts_with(char::is_alphabetic)) => {
                    "keyword"
                }
                _ => "",
            };
            // Writing to a string cannot fail.
            let _ = if class.is_empty() {
                write!(html, "{shown}")
            } else {
                write!(html, "<span class=\"{class}\">{shown}</span>")
            };
        }
        html
    }

    /// A name, as a link if it is that of a documented item.
    fn name(&self, text: &str, tokens: &[Token], at: usize) -> String {
        let kind = |at: Option<usize>| at.and_then(|at| tokens.get(at)).map(|token| token.kind);
        let word = tokens.get(at).map_or("", |token| token.text(text));
        let before = kind(at.checked_sub(1));
        let is_label = matches!(next(tokens, at), Some(TokenKind::Colon | TokenKind::Assign));
        let module = at.checked_sub(2).and_then(|at| tokens.get(at)).map(|token| token.text(text));
        let path = match (before, module) {
            (Some(TokenKind::Dot), Some(module)) => vec![module, word],
            _ => vec![word],
        };
        let is_local = path.first().is_some_and(|first| self.local.contains(first));
        let link = if is_label || is_local { None } else { self.link(&path) };
        match link {
            Some(link) => format!("<a href=\"{}\">{}</a>", Escaped(&link), Escaped(word)),
            None => Escaped(word).to_string(),
        }
    }

    /// Where the item that the file sees by the path is documented.
    pub(crate) fn link(&self, path: &[&str]) -> Option<String> {
        let def = tri_hir::item_named(self.package.db, self.file, path)?;
        self.package.link(def)
    }
}

/// The kind of the token behind `at`, spaces aside.
fn next(tokens: &[Token], at: usize) -> Option<TokenKind> {
    tokens.iter().skip(at + 1).map(|token| token.kind).find(|kind| *kind != TokenKind::Space)
}

/// The line without `indent` spaces before it, or as many as it has.
fn strip(line: &str, indent: usize) -> &str {
    let spaces = line.len() - line.trim_start_matches(' ').len();
    line.get(spaces.min(indent)..).unwrap_or(line)
}
