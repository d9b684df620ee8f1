//! What is reported, and what is still understood. An error is `line: code message`.

use tri_diagnostics::{Diagnostic, FileId, LineIndex};
use tri_syntax::{ast, parse};

fn shown(text: &str, errors: &[Diagnostic]) -> Vec<String> {
    let lines = LineIndex::new(text);
    let line = |error: &Diagnostic| lines.line(error.primary.span.range.start);
    errors.iter().map(|error| format!("{}: {} {}", line(error), error.code, error.message)).collect()
}

fn errors(text: &str) -> Vec<String> {
    shown(text, &parse(FileId(0), text).errors)
}

fn tree(text: &str) -> String {
    ast::dump(&parse(FileId(0), text).ast)
}

/// The text after the fix of its only error.
fn fixed(text: &str) -> String {
    let found = parse(FileId(0), text).errors;
    assert_eq!(found.len(), 1, "{text}: {:?}", shown(text, &found));
    let mut fixed = text.to_owned();
    for edit in found[0].fix.iter().flat_map(|fix| fix.edits.iter().rev()) {
        fixed.replace_range(edit.span.range.start as usize..edit.span.range.end as usize, &edit.text);
    }
    fixed
}

#[test]
fn a_keyword_in_the_place_of_a_name_is_one_error() {
    let text = "model M() {
    fn forward[B](x: f32[B]) -> f32[B] {
        var y = x
        for layer in 0..3 {
            y = y + f(layer, 1.0) + layer
        }
        y
    }

    fn other[B](test: f32[B]) -> f32[B] {
        let model = test + 1.0
        model * 2.0
    }
}
dim A =
";
    assert_eq!(
        errors(text),
        [
            "4: E0006 `layer` is a keyword and cannot be a name",
            "10: E0006 `test` is a keyword and cannot be a name",
            "11: E0006 `model` is a keyword and cannot be a name",
            "15: E0006 expected an expression, found the end of the item",
        ]
    );
    assert!(tree(text).contains("let model = (+ test 1.0)"), "{}", tree(text));
    let cases = [
        ("fn f(param: f32) -> f32 { param * param }", "fn f(param_: f32) -> f32 { param_ * param_ }"),
        ("const A = [in for in in 0..3]", "const A = [in_ for in_ in 0..3]"),
        ("use a.layer.{Block}", "use a.layer_.{Block}"),
        ("layer L(test: int) { }", "layer L(test_: int) { }"),
        ("fn fn() { 1 }", "fn fn_() { 1 }"),
    ];
    for (text, expected) in cases {
        assert_eq!(fixed(text), expected);
    }
}

#[test]
fn a_keyword_where_a_name_is_missing_is_no_name() {
    let cases = [
        ("fn f() { for in 0..3 { 1 } }", "1: E0006 expected a name or `(`, found `in`"),
        ("fn f() { let a = for i in 0..3 { 1 } }", "1: E0006 expected an expression, found `for`"),
        ("fn f() { let a = let b = 1 }", "1: E0006 expected an expression, found `let`"),
    ];
    for (text, error) in cases {
        assert_eq!(errors(text), [error], "{text}");
    }
}

#[test]
fn independent_errors_are_all_reported_and_the_rest_is_kept() {
    let text = "dim A =
dim B = 2
fn f(x: f32[B]) -> {
    let y = x +
    let z = g(x, , 1)
    for i 0..3 { z }
    assert
    let v = y z
    y
}
layer L() {
    param w f32[B] = init.ones
    param v: f32[B] = init.ones
    norm = Norm[B](eps 1)
    fn forward(x: f32[B]) -> f32[B] { x }
}
test good { }
test \"good\" { assert true }
";
    assert_eq!(
        errors(text),
        [
            "1: E0006 expected an expression, found the end of the item",
            "3: E0006 expected a type, found `{`",
            "4: E0006 expected an expression, found the end of the line",
            "5: E0006 expected an expression or `)`, found `,`",
            "6: E0006 expected `in`, found a number",
            "7: E0006 expected an expression, found the end of the line",
            "8: E0006 expected the end of the line, found `z`",
            "12: E0006 expected `:`, found `f32`",
            "14: E0006 expected `)`, `,` or `=`, found a number",
            "17: E0006 expected a string, found `good`",
        ]
    );
    let tree = tree(text);
    for kept in [
        "dim A = error",
        "dim B = 2",
        "let z = (call g x, error, 1)",
        "param v",
        "fn forward",
        "test \"good\"",
    ] {
        assert!(tree.contains(kept), "{kept} in {tree}");
    }
    assert!(tree.contains("error w"), "the broken member keeps its name: {tree}");
}

#[test]
fn missing_brackets() {
    let cases = [
        ("fn f() {\n  let a = g(x\n  let b = 1\n}", "2: E0007 this `(` is never closed"),
        ("fn f() {\n  g(x\n  h(y)\n}", "2: E0007 this `(` is never closed"),
        ("fn f() {\n  a\nlayer L() { }", "1: E0007 this `{` is never closed"),
        ("layer L() {\n  fn f() {\n    a\n  fn g() { b }\n}", "2: E0007 this `{` is never closed"),
        ("layer L() {\n  fn f() {\n    a\n  param p: f32\n}", "2: E0007 this `{` is never closed"),
        ("fn f() {\n  g(a]\n}", "2: E0007 expected `)` here"),
        ("fn f() {\n  a)\n}", "2: E0007 this `)` closes nothing"),
        ("fn f() { a }\n}", "2: E0007 this `}` closes nothing"),
        ("fn f()\n  a\n}", "1: E0006 expected `{`, found the end of the line"),
        ("layer L()\n  param p: f32\n}", "1: E0006 expected `{`, found the end of the line"),
        ("fn f(x: f32 {\n  x\n}", "1: E0007 this `(` is never closed"),
        ("fn f(x: f32[A -> f32 {\n  x\n}", "1: E0007 this `[` is never closed"),
        ("fn f() {\n  if a { b else { c }\n}", "2: E0007 this `{` is never closed"),
        ("fn f() {\n  if a b } else { c }\n}", "2: E0006 expected `{`, found `b`"),
    ];
    for (text, error) in cases {
        assert_eq!(errors(text), [error], "{text}");
    }
    assert!(tree("fn f() {\n  a\nlayer L() { }").ends_with("layer L[]()\n"));
    assert_eq!(tree("fn f()\n  a\n}"), tree("fn f() {\n  a\n}"));
}

#[test]
fn wrong_but_readable() {
    assert_eq!(errors("const A = a < b < c"), ["1: E0009 comparisons do not chain"]);
    assert_eq!(errors("const A = (a < b) < c"), [""; 0]);
    assert_eq!(errors("fn f() { g(x) = 1 }"), ["1: E0010 this cannot be assigned"]);
    assert_eq!(errors("const A = f(a = 1, b)"), ["1: E0011 positional arguments come before named ones"]);
    assert_eq!(
        errors("const A = 1.5f"),
        ["1: E0005 a number is digits, with a fraction or an exponent, and no suffix"]
    );
    assert_eq!(errors("const A = 18446744073709551616"), ["1: E0005 this number does not fit 64 bits"]);
    assert_eq!(errors("const A = \"\\d\""), ["1: E0003 this escape is unknown"]);
    assert_eq!(errors("const A = x $ y\ndim B = 1"), ["1: E0001 `$` is not part of Tri"]);
    assert_eq!(errors("foo bar\nbaz\ndim B = 1"), ["1: E0006 expected an item, found `foo`"]);
}

#[test]
fn fixes_lead_to_a_program() {
    let cases = [
        ("const A = .5", "const A = 0.5"),
        ("const A = 'it'", "const A = \"it\""),
        ("# remark\ndim A = 1", "// remark\ndim A = 1"),
        ("fn f(x: float16[A]) { x }", "fn f(x: f16[A]) { x }"),
        ("fn f() { x as int8 }", "fn f() { x as i8 }"),
        ("fn f[B](x: Tensor<float32, [?, 128]>) { x }", "fn f[B](x: f32[B, 128]) { x }"),
        ("fn f() {\n  return x\n}", "fn f() {\n  x\n}"),
        ("fn f() { return (a, b) }", "fn f() { (a, b) }"),
        ("fn f() { return -x }", "fn f() { -x }"),
        ("const A = f(x, axis: 1)", "const A = f(x, axis = 1)"),
        ("const A = a and b", "const A = a && b"),
        ("const A = a or not_b", "const A = a || not_b"),
        ("fn f() {\n  let mut x = 1\n  x\n}", "fn f() {\n  var x = 1\n  x\n}"),
        ("def f() { x }", "fn f() { x }"),
        ("class L() { }", "layer L() { }"),
        ("import std.nn.Linear", "use std.nn.Linear"),
        ("const A = a & b", "const A = a && b"),
        ("const A = \"abc", "const A = \"abc\""),
    ];
    for (wrong, right) in cases {
        assert_eq!(fixed(wrong), right);
        assert_eq!(errors(right), [""; 0]);
    }
}

#[test]
fn foreign_spellings_are_understood() {
    for (wrong, right) in [
        ("fn f() { return x }", "fn f() { x }"),
        ("const A = f(x, axis: 1)", "const A = f(x, axis = 1)"),
        ("fn f(x: int32) { not x }", "fn f(x: i32) { !x }"),
    ] {
        assert_eq!(tree(wrong), tree(right));
    }
    assert_eq!(errors("fn f() {\n  x += 1\n  x\n}"), ["2: E0013 Tri has no `+=`"]);
    assert_eq!(errors("fn f(x: f32[?, 8], y: i32) { x }"), ["1: E0013 a size that is not fixed has a name"]);
    assert_eq!(errors("fn f() { x ** 2 }"), ["1: E0013 Tri has no `**`"]);
}
