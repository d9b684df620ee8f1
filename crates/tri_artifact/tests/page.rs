//! `docs/artifact.md` says what this crate does.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::path::Path;

use tri_artifact::{ArtifactError, SectionKind};

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/artifact.md");
    std::fs::read_to_string(path).unwrap()
}

/// The cells of every row of a table.
fn rows(page: &str) -> Vec<Vec<&str>> {
    let rows = page.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    rows.map(|row| row.split(" | ").collect()).collect()
}

#[test]
fn every_kind_of_section_has_its_row() {
    let page = page();
    let rows = rows(&page);
    let expected = SectionKind::ALL.map(|kind| {
        let target = if matches!(kind, SectionKind::Code | SectionKind::Gpu) { "/TARGET" } else { "" };
        [kind.number().to_string(), format!("`{}{target}`", kind.name()), kind.alignment().to_string()]
    });
    let sections = rows.iter().filter(|row| row.len() == 4 && row[0].parse::<u32>().is_ok());
    let found: Vec<[String; 3]> =
        sections.map(|row| [row[0].to_owned(), row[1].to_owned(), row[2].to_owned()]).collect();
    assert_eq!(found, expected);
}

#[test]
fn the_first_bytes_are_those_of_the_page() {
    let page = page();
    let magic = rows(&page).into_iter().find(|row| row[..2] == ["0", "8"]).unwrap()[2];
    let digits = magic.split('`').nth(1).unwrap();
    let mut bytes: Vec<u8> = digits.split(' ').map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect();
    // With them and nothing else, a file is one that ended too early.
    let open = |bytes: &[u8]| tri_artifact::Artifact::from_bytes(bytes.to_vec()).map(drop);
    assert!(matches!(open(&bytes), Err(ArtifactError::Length { expected: 64, found: 8 })));
    bytes[0] ^= 1;
    assert!(matches!(open(&bytes), Err(ArtifactError::Magic)));
}
