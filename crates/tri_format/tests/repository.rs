//! The programs of the repository: files are formatted, and every program that parses can be.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod programs;

use tri_diagnostics::FileId;
use tri_format::{FormatError, format};
use tri_syntax::parse;

/// The parser's own tests, which hold every form however it is laid out.
const UNFORMATTED: &str = "crates/tri_syntax/tests/programs/";

#[test]
fn files_are_formatted() {
    let files = programs::files();
    assert!(files.len() > 10);
    let wrong: Vec<&str> = files
        .iter()
        .filter(|file| !file.name.starts_with(UNFORMATTED) && format(&file.text).unwrap() != file.text)
        .map(|file| file.name.as_str())
        .collect();
    assert!(wrong.is_empty(), "run `triton fmt` on {wrong:?}");
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
