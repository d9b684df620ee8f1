//! A parse that takes over items of an earlier one gives what a parse of the text alone gives.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::path::Path;
use std::sync::Arc;

use tri_diagnostics::FileId;
use tri_syntax::{parse, parse_after};

const FILE: FileId = FileId(3);

fn programs() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let files =
        ["examples", "stdlib"].into_iter().flat_map(|folder| std::fs::read_dir(root.join(folder)).unwrap());
    let paths =
        files.map(|file| file.unwrap().path()).filter(|path| path.extension().is_some_and(|e| e == "tri"));
    let programs: Vec<String> = paths.map(|path| std::fs::read_to_string(path).unwrap()).collect();
    assert!(programs.len() > 8);
    programs
}

#[test]
fn edits_of_every_program_parse_as_if_for_the_first_time() {
    let texts =
        [" ", "\n", "}", "(", "x", "\"", "// ", "/// a word\n", "fn ", "layer A() {\n}\n", ";", "@", "="];
    for before in programs() {
        let known = parse(FILE, &before);
        let starts = before.char_indices().map(|(at, _)| at);
        for (turn, at) in starts.step_by(41).enumerate() {
            let (head, tail) = before.split_at(at);
            let text = texts[turn % texts.len()];
            let mut rest = tail.chars();
            rest.next();
            for after in [format!("{head}{text}{tail}"), format!("{head}{text}{}", rest.as_str())] {
                let alone = parse(FILE, &after);
                assert!(parse_after((&before, &known), FILE, &after) == alone, "at {at} of:\n{before}");
                // And from there back again.
                assert!(parse_after((&after, &alone), FILE, &before) == known, "back at {at} of:\n{before}");
            }
        }
    }
}

#[test]
fn items_that_are_the_same_are_not_parsed_again() {
    let before = "dim A = 1\n\n/// One.\nfn one() -> i32 {\n    1\n}\n\nfn two() -> i32 {\n    2\n}\n";
    let known = parse(FILE, before);
    let after = before.replace("    2", "    1 + 1").replace("dim A", "// Moved.\ndim A");
    let parsed = parse_after((before, &known), FILE, &after);
    let same: Vec<bool> =
        known.ast.items.iter().zip(&parsed.ast.items).map(|(old, new)| Arc::ptr_eq(old, new)).collect();
    assert_eq!(same, [true, true, false]);
    // Documentation is part of an item, though it stands before its text.
    let after = before.replace("/// One.", "/// First.");
    let parsed = parse_after((before, &known), FILE, &after);
    assert_eq!(&*parsed.ast.items[1].docs, "First.");
    assert!(!Arc::ptr_eq(&known.ast.items[1], &parsed.ast.items[1]));
}
