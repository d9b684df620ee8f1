//! The programs of the repository: files are formatted, and every program that parses can be.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod programs;

use tri_diagnostics::FileId;
use tri_format::FormatError;
use tri_syntax::parse;

use programs::format;

/// Programs that are data of tests are laid out as their test needs it.
const DATA: [&str; 2] = ["tests/", "corpus/"];

#[test]
fn files_are_formatted() {
    let mut files = programs::files();
    files.retain(|file| !DATA.iter().any(|data| file.name.contains(data)));
    assert!(files.len() > 10);
    let wrong: Vec<&str> = files
        .iter()
        .filter(|file| !format(&file.text).is_ok_and(|text| text == file.text))
        .map(|file| file.name.as_str())
        .collect();
    assert!(wrong.is_empty(), "run `triton fmt` on {wrong:?}");
}

#[test]
fn the_page_shows_the_layout() {
    let fenced = programs::fenced();
    let mut shown = fenced.iter().filter(|program| program.name.starts_with("docs/formatting.md"));
    let program = shown.next().unwrap();
    assert_eq!(format(&program.text).unwrap(), program.text);
    assert!(shown.next().is_none());
}

#[test]
fn every_program_is_formatted_or_has_errors() {
    let mut formatted = 0;
    for program in programs::files().iter().chain(&programs::fenced()) {
        let errors = parse(FileId(0), &program.text).errors;
        match format(&program.text) {
            Ok(text) => {
                assert!(errors.is_empty(), "{}", program.name);
                assert_eq!(format(&text).unwrap(), text, "{}", program.name);
                formatted += 1;
            }
            Err(FormatError::Syntax(found)) => assert_eq!(found, errors, "{}", program.name),
            Err(FormatError::Changed) => panic!("{}: the program would change", program.name),
        }
    }
    assert!(formatted > 60, "{formatted}");
}
