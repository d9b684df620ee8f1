//! Fixes do no harm: no fix that any program of the repository or a damaged example gets brings a syntax error that was not there. In
//! programs with one mistake a safe fix of a syntax error takes that error away; in a damaged one another may have stood behind it.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tri_db::MemorySystem;
use tri_diagnostics::{Applicability, Code, Diagnostic, FileId, fixes};
use tri_driver::{Program, SourceOptions, Timing};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The files in `folder` and the folders in it whose names end in `extension`.
fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let (mut open, mut found) = (vec![repository().join(folder)], Vec::new());
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The programs in the fences of a page.
fn fences(page: &str) -> Vec<String> {
    let parts = page.split("\n```tri").skip(1);
    let bodies = parts.filter_map(|part| part.split_once('\n').map(|(_, rest)| rest));
    bodies.map(|body| body.split("\n```").next().unwrap_or("").to_owned() + "\n").collect()
}

fn programs() -> Vec<String> {
    let mut programs = Vec::new();
    for folder in ["examples", "stdlib", "tests"] {
        programs.extend(files(folder, "tri").iter().map(|path| std::fs::read_to_string(path).unwrap()));
    }
    for folder in ["docs", "tests"] {
        let pages = files(folder, "md");
        programs.extend(pages.iter().flat_map(|path| fences(&std::fs::read_to_string(path).unwrap())));
    }
    assert!(programs.len() > 100, "{}", programs.len());
    programs
}

fn syntax_errors(text: &str) -> usize {
    tri_syntax::parse(FileId(0), text).errors.len()
}

/// What was tried, and what broke the promise.
#[derive(Default)]
struct Tried {
    /// Whether safe fixes of syntax errors must take them away.
    strict: bool,
    fixes: BTreeMap<Code, usize>,
    failures: Vec<String>,
}

impl Tried {
    /// Holds the fixes of `diagnostics`, which belong to `text`, to the promise.
    fn hold(&mut self, text: &str, diagnostics: &[Diagnostic]) {
        let parsed = tri_syntax::parse(FileId(0), text).errors;
        let before = parsed.len();
        for diagnostic in diagnostics {
            let Some(fix) = diagnostic.fix.as_ref() else { continue };
            let (code, title) = (diagnostic.code, &fix.title);
            *self.fixes.entry(code).or_default() += 1;
            let changed = fixes::apply(text, &fix.edits);
            let after = changed.as_deref().map_or(usize::MAX, syntax_errors);
            let safe = fix.applicability == Applicability::Safe && parsed.contains(diagnostic);
            if after > before || (self.strict && safe && before == 1 && after == 1) {
                let start = diagnostic.primary.span.range.start as usize;
                let line = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
                let line = text[line..].lines().next().unwrap_or("");
                self.failures.push(format!("{code}: {title} makes {after} of {before} errors in `{line}`"));
            }
        }
        let all = fixes::choose(diagnostics).into_iter().flat_map(|(_, fix)| &fix.edits);
        if fixes::apply(text, all).is_none_or(|changed| syntax_errors(&changed) > before) {
            self.failures.push(format!("all safe fixes together spoil\n{text}"));
        }
    }

    /// Holds that there were fixes of the codes, and none that broke the promise.
    fn finish(&self, codes: &[Code]) {
        for code in codes {
            assert!(self.fixes.contains_key(code), "no fix of {code} was tried: {:?}", self.fixes);
        }
        let shown: Vec<&str> = self.failures.iter().take(40).map(String::as_str).collect();
        assert!(shown.is_empty(), "{} failures:\n{}", self.failures.len(), shown.join("\n"));
    }
}

#[test]
fn fixes_of_the_programs_of_the_repository() {
    let mut tried = Tried { strict: true, ..Tried::default() };
    for text in programs() {
        let system = MemorySystem::new([("main.tri", text.as_str())]);
        let program = Program::open_in(Arc::new(system), Path::new("main.tri"), &SourceOptions::default());
        let program = program.unwrap();
        let found = program.diagnose(&mut Timing::default()).unwrap();
        tried.hold(&text, &found);
    }
    tried.finish(&[Code::E0013, Code::E1001, Code::W0001, Code::W0002]);
}

#[test]
fn fixes_of_damaged_examples() {
    let mut tried = Tried::default();
    let foreign = [
        "return ",
        "# x\n",
        " and ",
        " not ",
        " ** ",
        "self.",
        "float32",
        "'x'",
        ".5",
        " elif ",
        "torch.int8",
        ": ",
        "while ",
        "lambda x",
        " += ",
        "?",
        " & ",
        ")",
        "{",
    ];
    for name in ["digits", "tiny_llama"] {
        let text = std::fs::read_to_string(repository().join(format!("examples/{name}.tri"))).unwrap();
        let tokens = tri_syntax::lex(&text);
        for (at, token) in tokens.iter().enumerate().filter(|(_, token)| !token.kind.is_trivia()).step_by(3) {
            let (start, end) = (token.range.start as usize, token.range.end as usize);
            let without = format!("{}{}", &text[..start], &text[end..]);
            let word = foreign[at % foreign.len()];
            let with = format!("{}{word}{}", &text[..start], &text[start..]);
            let instead = format!("{}{word}{}", &text[..start], &text[end..]);
            for damaged in [without, with, instead] {
                tried.hold(&damaged, &tri_syntax::parse(FileId(0), &damaged).errors);
            }
        }
    }
    tried.finish(&[Code::E0001, Code::E0005, Code::E0007, Code::E0013]);
}
