//! The programs of the language's pages, which are wrong and right as their comments claim: the chapters in `tests/language` and the
//! reference `docs/language.md`. With `PAGE=dims` only pages with that in their path are looked at.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

mod claims;
mod markdown;
mod subject;

use std::path::{Path, PathBuf};

use markdown::Program;
use subject::Subject;

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
