//! Inputs made to hurt: long ones of every shape, which would take minutes if time did not grow with the length alone, and
//! nesting up to the parser's limit, laid out on a small stack.

use tri_diagnostics::FileId;
use tri_format::{FormatError, format};

/// Formats `source`, which has no syntax errors.
#[track_caller]
fn formatted(source: &str) -> String {
    let head: String = source.chars().take(30).collect();
    format(FileId(0), source).unwrap_or_else(|error| panic!("{error:?} for {head:?}"))
}

#[test]
fn long_files_of_every_shape_are_laid_out() {
    let shapes = [
        ("", "dim A = 1 // x\n", ""),
        ("", "// x\n\n/* y */\n", ""),
        ("", "\n", ""),
        ("", ";", ""),
        ("const X = [", "1, ", "]"),
        ("const X = [", "f(1), ", "]"),
        ("const X = [", "// x\n1,\n", "]"),
        ("const X = f(", "/* x */", ")"),
        ("fn f() {\n", "x = a + b * c(d, [e; 2])\n", "}"),
        ("fn f() {\n", "if a { b } else { c }\n", "}"),
        ("fn f() { g(", "if a { let b = 1; c } else { d },", ") }"),
        ("layer L(", "a: int = 1,", ") {}"),
        ("fn f() where ", "a % b == 0, ", " a == b {}"),
        ("", "@a\n", "dim A = 1"),
        ("dim A = \"", "a", "\""),
    ];
    for (before, part, after) in shapes {
        let source = format!("{before}{}{after}", part.repeat(128_000 / part.len()));
        let text = formatted(&source);
        assert!(formatted(&text) == text, "{part:?}");
    }
}

#[test]
fn the_deepest_nesting_is_laid_out() {
    let nested = |before: &str, inner: &str, after: &str, times: usize| {
        format!("const X = {}{inner}{}", before.repeat(times), after.repeat(times))
    };
    for (before, after) in
        [("(", ")"), ("[", "]"), ("f(a, ", ")"), ("x[", "]"), ("-", ""), ("if a { b } else { ", " }")]
    {
        // The deepest that the parser admits.
        let deepest = (1..300).rev().map(|times| nested(before, "a", after, times));
        let deepest = deepest.map(|source| format(FileId(0), &source)).find_map(Result::ok);
        let text = deepest.unwrap_or_else(|| panic!("{before:?} is never admitted"));
        assert!(formatted(&text) == text, "{text}");
    }
}

#[test]
fn what_is_too_deep_or_too_long_is_refused() {
    let deep = format!("const X = {}1{}", "(".repeat(100_000), ")".repeat(100_000));
    for source in [deep, "if a { ".repeat(100_000), " ".repeat((4 << 20) + 1), "\0".repeat(1000)] {
        assert!(matches!(format(FileId(0), &source), Err(FormatError::Syntax(_))));
    }
}
