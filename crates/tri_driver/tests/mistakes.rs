//! Typical mistakes of model authors, each a program in `tests/mistakes/`: one error, at the place that a person would fix, worded as
//! its snapshot says.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tri_db::MemorySystem;
use tri_diagnostics::Diagnostic;
use tri_driver::{Program, SourceOptions, Timing};

/// Stands at the end of the line on which the error begins.
const MARK: &str = "// here";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/mistakes").canonicalize().unwrap()
}

/// Names of the programs in order.
fn programs() -> Vec<String> {
    let files = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let programs = files.filter(|path| path.extension().is_some_and(|extension| extension == "tri"));
    let names: BTreeSet<String> =
        programs.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    names.into_iter().collect()
}

/// What is wrong with `text`, and how people read it.
fn diagnose(name: &str, text: &str) -> (Vec<Diagnostic>, String) {
    let file = format!("{name}.tri");
    let system = Arc::new(MemorySystem::new([(file.as_str(), text)]));
    let program = Program::open_in(system, Path::new(&file), &SourceOptions::default()).unwrap();
    let diagnostics = program.diagnose(&mut Timing::default()).unwrap();
    let rendered = tri_diagnostics::render::text(&diagnostics, &program, false);
    (diagnostics, rendered)
}

#[test]
fn each_is_one_error_at_the_marked_line() {
    let mut wrong = Vec::new();
    for name in programs() {
        let text = std::fs::read_to_string(folder().join(format!("{name}.tri"))).unwrap();
        let (diagnostics, rendered) = diagnose(&name, &text);
        let marked = text.lines().position(|line| line.ends_with(MARK)).map(|line| line + 1);
        let lines: Vec<usize> = diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.is_error())
            .map(|diagnostic| text[..diagnostic.primary.span.range.start as usize].matches('\n').count() + 1)
            .collect();
        if marked.is_none() || lines != Vec::from_iter(marked) {
            wrong.push(format!("{name}: marked at {marked:?}, reported at {lines:?}\n{rendered}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_reads_as_its_snapshot() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(folder().join("snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        for name in programs() {
            let text = std::fs::read_to_string(folder().join(format!("{name}.tri"))).unwrap();
            insta::assert_snapshot!(name.clone(), diagnose(&name, &text).1);
        }
    });
}

/// Here the wrong size stands in two places; the second is told once the first is right.
const TWO_PLACES: [&str; 1] = ["04_flattened_size_off_by_one"];

#[test]
fn each_fix_repairs_its_program() {
    let mut fixed = 0;
    let mut wrong = Vec::new();
    for name in programs() {
        let mut text = std::fs::read_to_string(folder().join(format!("{name}.tri"))).unwrap();
        let (diagnostics, _) = diagnose(&name, &text);
        let Some(fix) = diagnostics.iter().find_map(|diagnostic| diagnostic.fix.clone()) else { continue };
        let mut edits = fix.edits;
        edits.sort_by_key(|edit| std::cmp::Reverse(edit.span.range.start));
        for edit in edits {
            text.replace_range(edit.span.range.start as usize..edit.span.range.end as usize, &edit.text);
        }
        fixed += 1;
        let (left, rendered) = diagnose(&name, &text);
        if left.iter().any(Diagnostic::is_error) != TWO_PLACES.contains(&name.as_str()) {
            wrong.push(format!("{name}: {}\n{rendered}", fix.title));
        }
    }
    assert!(wrong.is_empty(), "{} of {fixed}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(fixed > 30, "only {fixed} programs come with a fix");
}
