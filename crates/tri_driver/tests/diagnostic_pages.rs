//! The pages in `docs/diagnostics`: each code has one, and what it shows is true.
//!
//! A page is `# CODE: title`, the cause, the line `Wrong:` with a program that gives exactly this code, and the line
//! `Right:` with one that gives nothing. A program is one or more fences in the language `tri`; a fence is a file, `main.tri`
//! unless it says `file=NAME`. Errors on files, artifacts and targets, and those on source that no page can hold, show a
//! `console` transcript instead (which the tests of `tri_cli` repeat), and those that only callers of the runtime meet show
//! `rust`.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tri_db::MemorySystem;
use tri_diagnostics::Code;
use tri_driver::{Program, SourceOptions, Timing};

/// Codes of source text that a page cannot hold: bytes that are not UTF-8, and four megabytes.
const NO_PROGRAM: [Code; 2] = [Code::E0012, Code::E0014];

/// Code block: its language and attributes, and its text.
struct Fence {
    info: String,
    text: String,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/diagnostics")
}

fn page(code: Code) -> String {
    let path = folder().join(format!("{code}.md"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Whether the code is about a program, not about files or machines.
fn is_of_programs(code: Code) -> bool {
    !["E4", "E5"].iter().any(|class| code.as_str().starts_with(class)) && !NO_PROGRAM.contains(&code)
}

/// The fences of each part of a page: before `Wrong:`, after it, and after `Right:`.
fn fences(page: &str) -> [Vec<Fence>; 3] {
    let mut parts = [Vec::new(), Vec::new(), Vec::new()];
    let (mut part, mut open): (usize, Option<Fence>) = (0, None);
    for line in page.lines() {
        if let Some(mut fence) = open.take() {
            if line == "```" {
                parts[part].push(fence);
            } else {
                fence.text.push_str(line);
                fence.text.push('\n');
                open = Some(fence);
            }
        } else if let Some(info) = line.strip_prefix("```") {
            open = Some(Fence { info: info.to_owned(), text: String::new() });
        } else if line == "Wrong:" {
            part = 1;
        } else if line == "Right:" {
            part = 2;
        }
    }
    assert!(open.is_none(), "a fence does not end");
    parts
}

/// What the toolchain says of the program in these fences: codes, and messages for a person who reads a failure.
fn diagnose(fences: &[Fence]) -> (BTreeSet<Code>, Vec<String>) {
    let files = fences.iter().filter(|fence| fence.info.split(' ').next() == Some("tri"));
    let files: Vec<(&str, &str)> = files
        .map(|fence| {
            let name = fence.info.split(' ').find_map(|word| word.strip_prefix("file="));
            (name.unwrap_or("main.tri"), fence.text.as_str())
        })
        .collect();
    assert!(files.iter().any(|(name, _)| *name == "main.tri"), "no program");
    let system = Arc::new(MemorySystem::new(files));
    let program = Program::open_in(system, Path::new("main.tri"), &SourceOptions::default()).unwrap();
    let found = program.diagnose(&mut Timing::default()).unwrap();
    let messages = found.iter().map(|diagnostic| format!("{}: {}", diagnostic.code, diagnostic.message));
    (found.iter().map(|diagnostic| diagnostic.code).collect(), messages.collect())
}

#[test]
fn every_code_has_a_page_and_every_page_a_code() {
    let known: BTreeSet<String> = Code::ALL.iter().map(|code| format!("{code}.md")).collect();
    let files = std::fs::read_dir(folder()).unwrap();
    let pages: BTreeSet<String> =
        files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(pages, known);
    for &code in Code::ALL {
        let page = page(code);
        assert!(page.starts_with(&format!("# {code}: {}\n\n", code.title())), "{code}: {page}");
    }
}

/// Crates that know nothing of diagnostics name codes as plain strings; the table holds each, and nothing more.
#[test]
fn codes_of_files_and_calls_are_in_the_table() {
    let crates = ["artifact", "import", "runtime", "interp", "driver", "cli"];
    let mut named = BTreeSet::new();
    for name in crates {
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../tri_{name}/src"));
        collect_codes(&sources, &mut named);
    }
    let unknown: Vec<&String> = named.iter().filter(|text| Code::parse(text).is_none()).collect();
    assert!(unknown.is_empty(), "{unknown:?} are not in the table");
    for code in
        Code::ALL.iter().filter(|code| ["E4", "E5"].iter().any(|class| code.as_str().starts_with(class)))
    {
        assert!(named.contains(code.as_str()), "nothing gives {code}");
    }
}

/// Adds the string literals that look like codes of classes 4 and 5, in all sources of a folder.
fn collect_codes(folder: &Path, codes: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect_codes(&path, codes);
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for (at, _) in text.match_indices("\"E") {
            let Some(literal) = text[at + 1..].split('"').next() else { continue };
            let digits = &literal[1..];
            if digits.len() == 4
                && digits.starts_with(['4', '5'])
                && digits.bytes().all(|b| b.is_ascii_digit())
            {
                codes.insert(literal.to_owned());
            }
        }
    }
}

#[test]
fn wrong_programs_give_the_code_of_their_page_and_nothing_else() {
    let mut failures = Vec::new();
    for &code in Code::ALL.iter().filter(|code| is_of_programs(**code)) {
        let [_, wrong, _] = fences(&page(code));
        let (codes, messages) = diagnose(&wrong);
        if codes != BTreeSet::from([code]) {
            failures.push(format!("{code}: {messages:#?}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn right_programs_give_nothing() {
    let mut failures = Vec::new();
    for &code in Code::ALL.iter().filter(|code| is_of_programs(**code)) {
        let [_, _, right] = fences(&page(code));
        let (codes, messages) = diagnose(&right);
        if !codes.is_empty() {
            failures.push(format!("{code}: {messages:#?}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn what_is_no_program_is_shown_as_it_is_met() {
    for &code in Code::ALL.iter().filter(|code| !is_of_programs(**code)) {
        let [_, wrong, _] = fences(&page(code));
        let shown = wrong.iter().find(|fence| matches!(fence.info.as_str(), "console" | "rust,ignore"));
        let shown = shown.unwrap_or_else(|| panic!("{code} shows nothing after `Wrong:`"));
        assert!(shown.text.contains(&code.to_string()), "{code}: {}", shown.text);
    }
}
