//! Spellings of other tools: each is one error that teaches the Tri spelling, its fix leads to a program, and the rest
//! of the file is read as if it had been written so.

use tri_diagnostics::{Applicability, Code, Diagnostic, FileId};
use tri_syntax::{ast, parse};

fn errors(text: &str) -> Vec<Diagnostic> {
    parse(FileId(0), text).errors
}

fn tree(text: &str) -> String {
    ast::dump(&parse(FileId(0), text).ast)
}

/// The only error of `text`, which must teach a spelling.
#[track_caller]
fn only(text: &str) -> Diagnostic {
    let mut errors = errors(text);
    let error = errors.pop().unwrap_or_else(|| panic!("no error in {text}"));
    assert_eq!((error.code, errors), (Code::E0013, Vec::new()), "{text}: {error:?}");
    error
}

fn apply(text: &str, error: &Diagnostic) -> String {
    let mut fixed = text.to_owned();
    for edit in error.fix.iter().flat_map(|fix| fix.edits.iter().rev()) {
        fixed.replace_range(edit.span.range.start as usize..edit.span.range.end as usize, &edit.text);
    }
    fixed
}

/// `wrong` has one error; its fix gives `right`, which has none.
#[track_caller]
fn fixes(wrong: &str, right: &str, applicability: Applicability) {
    let error = only(wrong);
    assert_eq!(apply(wrong, &error), right);
    assert_eq!(error.fix.map(|fix| fix.applicability), Some(applicability), "{wrong}");
    assert_eq!(errors(right), [], "{right}");
}

#[test]
fn spellings_with_a_sure_fix() {
    for (wrong, right) in [
        ("fn f(x: int8[A]) { x }", "fn f(x: i8[A]) { x }"),
        ("fn f(x: float16[A]) { x }", "fn f(x: f16[A]) { x }"),
        ("fn f(x: half[A]) { x }", "fn f(x: f16[A]) { x }"),
        ("fn f(x: float32) { x }", "fn f(x: f32) { x }"),
        ("fn f(x: int32) { x }", "fn f(x: i32) { x }"),
        ("fn f() { x as float32 }", "fn f() { x as f32 }"),
        ("fn f(x: torch.float32) { x }", "fn f(x: f32) { x }"),
        ("fn f() { x as np.int8 }", "fn f() { x as i8 }"),
        ("fn f(x: Tensor<float32, [B, 128]>) { x }", "fn f(x: f32[B, 128]) { x }"),
        ("fn f(w: TernaryTensor<[128, 64]>) { w }", "fn f(w: trit[128, 64]) { w }"),
        ("# remark\ndim A = 1", "// remark\ndim A = 1"),
        ("fn f() {\n    return x\n}", "fn f() {\n    x\n}"),
        ("fn f() {\n    g(x)\n    return\n}", "fn f() {\n    g(x)\n    \n}"),
        ("layer f(x: f32[A]) -> f32[A] { x }", "fn f(x: f32[A]) -> f32[A] { x }"),
        (
            "layer f(x: f32[A]) -> f32[A] {\n    let y = x\n    y\n}",
            "fn f(x: f32[A]) -> f32[A] {\n    let y = x\n    y\n}",
        ),
        ("const A = f(x, axis: 1)", "const A = f(x, axis = 1)"),
        ("const A = f(axis : 1)", "const A = f(axis = 1)"),
        ("def f(x: f32) -> f32 { x }", "fn f(x: f32) -> f32 { x }"),
        ("layer L() {\n    def f(x: f32) -> f32 { x }\n}", "layer L() {\n    fn f(x: f32) -> f32 { x }\n}"),
        ("import std.nn.Linear", "use std.nn.Linear"),
        ("from std.nn import Linear", "use std.nn.Linear"),
        ("from blocks.mlp import A, B", "use blocks.mlp.{A, B}"),
        ("const A = a and b", "const A = a && b"),
        ("const A = a or b", "const A = a || b"),
        ("const A = f(not b)", "const A = f(!b)"),
        ("fn f() { x ** 2 }", "fn f() { pow(x, 2) }"),
        ("fn f() { -x ** y + 1 }", "fn f() { -pow(x, y) + 1 }"),
        ("layer L() {\n    fn f() { self.x }\n}", "layer L() {\n    fn f() { x }\n}"),
        ("layer L() {\n    fn f(self) { x }\n}", "layer L() {\n    fn f() { x }\n}"),
        ("layer L() {\n    fn f(self, x: f32) { x }\n}", "layer L() {\n    fn f(x: f32) { x }\n}"),
        ("layer L() {\n    fn f[B, ..S](self) { x }\n}", "layer L() {\n    fn f[B, ..S]() { x }\n}"),
        ("fn f() { if a { 1 } elif b { 2 } else { 3 } }", "fn f() { if a { 1 } else if b { 2 } else { 3 } }"),
        ("fn f() {\n    if a { 1 }\n    elif b { 2 }\n}", "fn f() {\n    if a { 1 }\n    else if b { 2 }\n}"),
        ("fn f() {\n    let mut x = 1\n    x\n}", "fn f() {\n    var x = 1\n    x\n}"),
    ] {
        fixes(wrong, right, Applicability::Safe);
    }
}

#[test]
fn spellings_whose_fix_wants_a_look() {
    for (wrong, right) in [
        ("fn f(x: double[A]) { x }", "fn f(x: f32[A]) { x }"),
        ("fn f(x: int16[A]) { x }", "fn f(x: i32[A]) { x }"),
        ("fn f[B](x: Tensor<float32, [?, 128]>) { x }", "fn f[B](x: f32[B, 128]) { x }"),
        ("class L() { }", "layer L() { }"),
        ("fn f() {\n    return x\n    y\n}", "fn f() {\n    x\n    y\n}"),
        ("fn f() {\n    var x = 1\n    x += 2\n    x\n}", "fn f() {\n    var x = 1\n    x = x + 2\n    x\n}"),
    ] {
        fixes(wrong, right, Applicability::Ask);
    }
}

#[test]
fn spellings_without_a_counterpart_say_what_to_do() {
    for (wrong, advice) in [
        ("fn f(x: Tensor) -> f32 { x }", "a scalar"),
        ("fn f(x: TernaryTensor) -> f32 { x }", "name or a number"),
        ("fn f(x: torch.Tensor) -> f32 { x }", "name or a number"),
        ("fn f(x: f32[?, 8]) { x }", "fn f[B]"),
        ("import torch", "use std.nn"),
        ("import torch.nn as nn", "use std.nn"),
        ("import numpy as np", "use std.nn"),
        ("from torch import nn, optim", "use std.nn"),
        ("def f(x):\n    return x", "fn name(x"),
        (
            "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.fc = nn.Linear(2, 3)\n\n    def forward(self, x):\n        return self.fc(x)",
            "layer Name",
        ),
        ("layer L(x: f32[A]) -> f32[A] {\n    param w: f32[A]\n    x * w\n}", "after its members"),
        ("fn f() {\n    while a { b }\n    c\n}", "for i in 0..N"),
        ("fn f() {\n    while (a) {\n        b\n    }\n    c\n}", "for i in 0..N"),
        ("const A = f(lambda x: x + 1, 2)", "declare `fn name"),
        ("const A = f(lambda: 1, 2)", "declare `fn name"),
        ("fn f() { g(x) ** h(y) }", "pow(x, y)"),
        ("fn f() {\n    x[1] *= 2\n    x\n}", "x = x * ..."),
    ] {
        let error = only(&format!("{wrong}\ndim Last = 1"));
        assert!(error.helps.iter().any(|help| help.contains(advice)), "{wrong}: {:?}", error.helps);
        let kept = tree(&format!("{wrong}\ndim Last = 1"));
        assert!(kept.contains("dim Last = 1"), "{wrong}: {kept}");
    }
}

#[test]
fn the_rest_is_read_as_if_it_had_been_written_so() {
    for (wrong, right) in [
        ("fn f() { return x }", "fn f() { x }"),
        ("const A = f(x, axis: 1)", "const A = f(x, axis = 1)"),
        ("fn f(x: int32) { not x }", "fn f(x: i32) { !x }"),
        ("fn f(x: torch.float32) { x as np.int8 }", "fn f(x: f32) { x as i8 }"),
        ("layer f(x: f32[A]) -> f32[A] { x }", "fn f(x: f32[A]) -> f32[A] { x }"),
        ("fn f() { if a { 1 } elif b { 2 } else { 3 } }", "fn f() { if a { 1 } else if b { 2 } else { 3 } }"),
        (
            "layer L() {\n    fn f(self, x: f32) { self.g(self.y) }\n}",
            "layer L() {\n    fn f(x: f32) { g(y) }\n}",
        ),
        ("from a.b import C, D", "use a.b.{C, D}"),
        ("fn f() {\n    var x = a\n    x += b\n    x\n}", "fn f() {\n    var x = a\n    x = x + b\n    x\n}"),
    ] {
        assert_eq!(tree(wrong), tree(right), "{wrong}");
    }
    assert!(
        tree("import numpy as np").contains("np"),
        "a name that an import would bring is not unknown later"
    );
}

#[test]
fn words_of_other_tools_may_be_names() {
    for text in [
        "fn f(self: f32[A]) { self.T }",
        "fn f(half: f32, double: f32) { half + double }",
        "fn f(torch: f32) { torch.relu() }",
        "fn f() {\n    let while = 1\n    while + 1\n}",
        "fn f() {\n    return = 1\n}",
        "const lambda = 1\nconst def = 2\nconst elif = lambda",
        "fn not(x: f32) -> f32 { x }\nconst A = not(b)",
    ] {
        assert_eq!(errors(text), [], "{text}");
    }
}

#[test]
fn every_mistake_of_a_line_is_reported_once() {
    let text = "layer f(x: float32[A], y: int8[A]) -> float16[A] {
    # a remark
    let z = g(x, axis: 0) and not y
    while z { z }
    return z ** 2
}
";
    let lines: Vec<u32> = {
        let lines = tri_diagnostics::LineIndex::new(text);
        errors(text).iter().map(|error| lines.line(error.primary.span.range.start)).collect()
    };
    assert_eq!(lines, [1, 1, 1, 1, 2, 3, 3, 3, 4, 5, 5]);
    assert!(errors(text).iter().all(|error| error.code == Code::E0013));
}

/// Would take minutes if each of them were looked for from the beginning of the file.
#[test]
fn files_of_many_foreign_words_are_read() {
    for unit in ["while a { b }\n", "return a\n", "self.a\n", "if a { b } elif c { d }\n"] {
        let text = format!("fn f() {{\n{}}}", unit.repeat(20_000));
        assert!(!errors(&text).is_empty(), "{unit}");
    }
}
