//! Which fixes go together, and what they make of a text.

use tri_diagnostics::fixes::{apply, choose};
use tri_diagnostics::{Code, Diagnostic, Edit, FileId, Fix, Span, TextRange};

fn span(start: u32, end: u32) -> Span {
    Span::new(FileId(0), TextRange::new(start, end))
}

fn fixed(start: u32, end: u32, text: &str) -> Diagnostic {
    Diagnostic::error(Code::E0013, span(start, end), text).fix(Fix::replace(text, span(start, end), text))
}

fn chosen(diagnostics: &[Diagnostic]) -> Vec<&str> {
    choose(diagnostics).iter().map(|(_, fix)| fix.title.as_str()).collect()
}

#[test]
fn edits_are_applied_in_order_of_their_places() {
    let edit = |start, end, text: &str| Edit { span: span(start, end), text: text.to_owned() };
    let edits = [edit(4, 5, "DD"), edit(0, 1, ""), edit(2, 2, "é")];
    assert_eq!(apply("abcde", &edits).as_deref(), Some("bécdDD"));
    assert_eq!(apply("abc", &[]).as_deref(), Some("abc"));
    assert_eq!(apply("abc", &[edit(2, 9, "")]), None, "past the end");
    assert_eq!(apply("é", &[edit(1, 2, "")]), None, "within a character");
    assert_eq!(apply("abc", &[edit(0, 2, "x"), edit(1, 3, "y")]), None, "over another");
}

#[test]
fn fixes_that_meet_wait_for_another_round() {
    let diagnostics = [fixed(6, 9, "third"), fixed(0, 3, "first"), fixed(2, 5, "overlaps the first")];
    assert_eq!(chosen(&diagnostics), ["first", "third"]);
    assert_eq!(chosen(&[fixed(0, 3, "first"), fixed(3, 5, "touches it")]), ["first"]);
    assert_eq!(chosen(&[fixed(2, 2, "inserts"), fixed(2, 2, "inserts too")]), ["inserts"]);
    assert_eq!(chosen(&[fixed(0, 9, "large"), fixed(3, 4, "inside")]), ["large"]);
    let far = fixed(4, 5, "one").fix(Fix::replace("two places", span(4, 5), "").and(span(0, 1), ""));
    assert_eq!(chosen(&[fixed(0, 1, "first"), far]), ["first"]);
}

#[test]
fn only_safe_fixes_are_chosen() {
    let ask = Diagnostic::error(Code::E0013, span(0, 1), "").fix(Fix::replace("ask", span(0, 1), "").ask());
    let none = Diagnostic::error(Code::E0013, span(2, 3), "");
    assert_eq!(chosen(&[ask, none, fixed(4, 5, "safe")]), ["safe"]);
}
