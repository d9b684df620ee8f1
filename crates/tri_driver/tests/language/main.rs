//! The programs of the language's pages, which are wrong and right as their comments claim: the chapters in `tests/language` and the
//! reference `docs/language.md`. With `PAGE=dims` only pages with that in their path are looked at.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

mod claims;
mod markdown;
mod subject;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use markdown::Program;
use subject::Subject;
use tri_diagnostics::Code;

fn repository() -> PathBuf {
    std::fs::canonicalize(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")).unwrap()
}

/// The pages of a folder, in order of their names.
fn pages(folder: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(repository().join(folder)).unwrap();
    let mut pages: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    pages.retain(|page| page.extension().is_some_and(|extension| extension == "md"));
    pages.sort();
    pages
}

fn chapters() -> Vec<Program> {
    pages("tests/language").iter().flat_map(|page| markdown::programs(page)).collect()
}

/// Panics with what is otherwise than claimed.
fn assert_claims(programs: &[Program]) {
    let page = std::env::var("PAGE").unwrap_or_default();
    let chosen = programs.iter().filter(|program| program.page.to_string_lossy().contains(&page));
    let failures: Vec<String> = chosen.flat_map(|program| Subject::new(program).failures()).collect();
    assert!(failures.is_empty(), "{} failures\n\n{}\n", failures.len(), failures.join("\n"));
}

#[test]
fn chapters_are_true() {
    assert_claims(&chapters());
}

#[test]
fn the_reference_is_true() {
    let programs = markdown::programs(&repository().join("docs/language.md"));
    assert!(!programs.is_empty());
    assert_claims(&programs);
}

/// Whether a source text can have the error: not those about files, artifacts and machines.
fn is_of_programs(code: Code) -> bool {
    !["E4", "E5"].iter().any(|class| code.as_str().starts_with(class))
}

#[test]
fn every_code_of_programs_is_shown() {
    let shown: BTreeSet<String> = chapters().iter().flat_map(subject::claimed_codes).collect();
    let missing: Vec<Code> = Code::ALL
        .iter()
        .copied()
        .filter(|code| is_of_programs(*code) && !shown.contains(code.as_str()))
        .collect();
    assert_eq!(missing, []);
}

#[test]
fn there_are_many_programs_right_and_wrong() {
    let programs = chapters();
    let wrong = programs.iter().filter(|program| !subject::claimed_codes(program).is_empty()).count();
    assert!(programs.len() >= 300 && wrong >= 150, "{} programs, {wrong} of them wrong", programs.len());
}
