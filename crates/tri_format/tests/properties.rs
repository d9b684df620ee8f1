//! What holds for every program: the layout does not depend on how it was written, is stable, and changes nothing else.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "programs/generate.rs"]
mod generate;
mod programs;
#[path = "programs/scramble.rs"]
mod scramble;

use std::sync::LazyLock;

use proptest::prelude::*;
use tri_diagnostics::FileId;
use tri_format::FormatError;
use tri_syntax::parse;

use programs::format;
use scramble::{Choices, scramble};

/// The programs of the repository without syntax errors.
static PROGRAMS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let all = programs::files().into_iter().chain(programs::fenced()).map(|program| program.text);
    all.filter(|text| parse(FileId(0), text).errors.is_empty()).collect()
});

/// The layout of `source` if it has no syntax errors; it must be stable.
fn stable(source: &str) -> Option<String> {
    match format(source) {
        Ok(text) => {
            let again = format(&text).unwrap_or_else(|error| panic!("{error:?}\n{text}"));
            assert!(again == text, "not stable:\n{}", difference(&text, &again));
            Some(text)
        }
        Err(FormatError::Syntax(_)) => None,
        Err(FormatError::Changed) => panic!("the program would change:\n{source}"),
    }
}

/// The lines around the first difference.
fn difference(one: &str, other: &str) -> String {
    let same = one.lines().zip(other.lines()).take_while(|(one, other)| one == other).count();
    let around =
        |text: &str| text.lines().skip(same.saturating_sub(8)).take(12).collect::<Vec<_>>().join("\n");
    format!("{}\n--- and ---\n{}", around(one), around(other))
}

/// One program laid out otherwise twice: without further comments the layout must be the same, with them it must be stable.
fn check(program: &str, seed: u64) {
    let choices = &mut Choices(seed);
    let formatted = stable(program).unwrap();
    let other = scramble(program, choices, false);
    let found = stable(&other).unwrap();
    assert!(found == formatted, "depends on what was written:\n{}", difference(&formatted, &found));
    let commented = scramble(program, choices, true);
    assert_eq!(parse(FileId(0), &commented).errors, [], "{commented}");
    stable(&commented).unwrap();
}

#[test]
fn every_program_has_one_layout() {
    for (at, program) in PROGRAMS.iter().enumerate() {
        (0..4).for_each(|seed| check(program, seed << 32 | at as u64));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_program_has_one_layout(at in any::<prop::sample::Index>(), seed in any::<u64>()) {
        check(&PROGRAMS[at.index(PROGRAMS.len())], seed);
    }

    #[test]
    fn generated_programs_have_one_layout(program in generate::program(), seed in any::<u64>()) {
        prop_assert_eq!(parse(FileId(0), &program).errors, []);
        check(&program, seed);
    }

    #[test]
    fn any_text_is_formatted_or_has_errors(text in ".{0,200}") {
        stable(&text);
    }

    #[test]
    fn any_tokens_are_formatted_or_have_errors(words in prop::collection::vec(prop::sample::select(WORDS), 0..40)) {
        stable(&words.concat());
    }

    #[test]
    fn any_part_of_a_program_is_formatted_or_has_errors(
        at in any::<prop::sample::Index>(),
        ends in any::<[prop::sample::Index; 2]>(),
    ) {
        let program = &PROGRAMS[at.index(PROGRAMS.len())];
        let end = |index: &prop::sample::Index| program.floor_char_boundary(index.index(program.len() + 1));
        let (one, other) = (end(&ends[0]), end(&ends[1]));
        stable(&program[..one]);
        stable(&program[one.min(other)..one.max(other)]);
        stable(&format!("{}{}", &program[..one.min(other)], &program[one.max(other)..]));
    }
}

const WORDS: &[&str] = &[
    "dim A = ",
    "fn f",
    "layer L",
    "test \"x\"",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "{",
    "}",
    ",",
    ";",
    "\n",
    "\n",
    " ",
    "\n\n",
    "// c\n",
    "/* c */",
    "/// d\n",
    "//! e\n",
    "@a",
    "x",
    "y",
    " = ",
    ": ",
    "-",
    "+",
    "@",
    "1",
    "if ",
    " else ",
    "for ",
    " in ",
    "..",
    ".",
    " as ",
    " where ",
    "let ",
    "var ",
    "assert ",
    "\r\n",
    "\u{feff}",
    "_",
    "->",
];
