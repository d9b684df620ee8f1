//! The pages of the syntax errors: each code has one, and its programs are wrong and right as they claim.

use std::path::PathBuf;

use tri_diagnostics::{Code, FileId};
use tri_syntax::parse;

fn page(code: Code) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("../../docs/diagnostics/{code}.md"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The program after the line `heading`.
fn program<'a>(page: &'a str, heading: &str) -> Option<&'a str> {
    let (_, rest) = page.split_once(&format!("\n{heading}\n\n```tri\n"))?;
    rest.split_once("\n```\n").map(|(program, _)| program)
}

#[test]
fn pages_are_true() {
    for &code in Code::ALL.iter().filter(|code| code.as_str().starts_with("E0")) {
        let page = page(code);
        assert!(page.starts_with(&format!("# {code}: {}\n", code.title())), "{page}");
        if let Some(wrong) = program(&page, "Wrong:") {
            let errors = parse(FileId(0), wrong).errors;
            assert!(
                !errors.is_empty() && errors.iter().all(|error| error.code == code),
                "{code}: {errors:?}"
            );
        }
        if let Some(right) = program(&page, "Right:") {
            assert_eq!(parse(FileId(0), right).errors, [], "{code}");
        }
    }
}
