//! How expressions and statements group, and where a line ends. Each line of a table is source and its tree.

use tri_diagnostics::FileId;
use tri_syntax::{ast, parse};

/// The tree of the body of a function, a statement a line, without errors.
fn body(source: &str) -> String {
    let text = format!("fn f() {{\n{source}\n}}");
    let parsed = parse(FileId(0), &text);
    assert_eq!(parsed.errors, [], "{source}");
    let dump = ast::dump(&parsed.ast);
    let lines: Vec<&str> = dump.lines().skip(1).map(|line| line.get(2..).unwrap_or("")).collect();
    lines.join("\n")
}

fn check(table: &[(&str, &str)]) {
    for (source, tree) in table {
        assert_eq!(body(source), format!("value {tree}"), "{source}");
    }
}

#[test]
fn precedence_from_tight_to_loose() {
    check(&[
        ("-x.f[0](1)", "(- (call (index (. x f) 0) 1))"),
        ("!a.b", "(! (. a b))"),
        ("-x as f32", "(as (- x) f32)"),
        ("a @ b as f32", "(@ a (as b f32))"),
        ("a as i32 as f32", "(as (as a i32) f32)"),
        ("a @ b * c / d % e", "(% (/ (* (@ a b) c) d) e)"),
        ("a * b @ c", "(@ (* a b) c)"),
        ("a + b * c - d", "(- (+ a (* b c)) d)"),
        ("0..n + 1", "(.. 0 (+ n 1))"),
        ("a + 1 < b * 2", "(< (+ a 1) (* b 2))"),
        ("a..b == c", "(== (.. a b) c)"),
        ("a < b && c == d || e", "(|| (&& (< a b) (== c d)) e)"),
        ("a || b && c", "(|| a (&& b c))"),
        ("(a || b) && c", "(&& (|| a b) c)"),
        ("!a && -b < c", "(&& (! a) (< (- b) c))"),
        ("- - x", "(- (- x))"),
        ("(q @ w.T) as f32 * s[.., _]", "(* (as (@ q (. w T)) f32) (index s .., _))"),
        ("x / sqrt(m + eps)[.., _] * g", "(* (/ x (index (call sqrt (+ m eps)) .., _)) g)"),
        ("(a < b) == c", "(== (< a b) c)"),
    ]);
}

#[test]
fn literals() {
    check(&[
        ("42", "42"),
        ("1_000", "1000"),
        ("0xff", "255"),
        ("1.5", "1.5"),
        ("1e-5", "1e-5"),
        ("1e3", "1000.0"),
        ("2.5E+1", "25.0"),
        ("18446744073709551615", "18446744073709551615"),
        (r#""a\n\t\\\"\u{e9}""#, r#""a\n\t\\\"é""#),
        ("true", "true"),
        ("[1..2]", "[(.. 1 2)]"),
    ]);
}

#[test]
fn groups() {
    check(&[
        ("()", "(tuple )"),
        ("(a)", "a"),
        ("(a,)", "(tuple a)"),
        ("(a, b,)", "(tuple a, b)"),
        ("[]", "[]"),
        ("[a, ..S]", "[a, ..S]"),
        ("[Block(); Layers]", "(repeat (call Block) Layers)"),
        ("[f(t) for (t, _) in ts]", "(for (t, _) in ts (call f t))"),
        ("x[i, a:b, .., -1, _, :, a:, :b, ..S]", "(index x i, a:b, .., (- 1), _, :, a:, :b, ..S)"),
        ("f(a, b = 1, c = [2])", "(call f a, b = 1, c = [2])"),
        ("reshape[B, D / H](x)", "(call (index reshape B, (/ D H)) x)"),
    ]);
}

#[test]
fn a_newline_ends_a_statement_unless_the_next_line_continues_it() {
    assert_eq!(body("a\n+ b"), "value (+ a b)");
    assert_eq!(body("a\n.b\n.c()"), "value (call (. (. a b) c))");
    assert_eq!(body("a +\n// remark\n\nb"), "value (+ a b)");
    assert_eq!(body("a\n- b"), "a\nvalue (- b)");
    assert_eq!(body("f\n(b)"), "f\nvalue b");
    assert_eq!(body("f\n[b]"), "f\nvalue [b]");
    assert_eq!(body("if c\n{\na\n}\nelse\n{ b }"), body("if c { a } else { b }"));
    assert_eq!(body("f(\na\n- b\n)"), "value (call f (- a b))");
    let inner = "value (call f a, (if c)\n  let d = 1\n  value d\nelse\n  value 2)";
    assert_eq!(body("f(a,\nif c {\nlet d = 1\nd\n} else {\n2 }\n)"), inner);
    assert_eq!(body("a; b;\nc;"), "a\nb\nvalue c");
    assert_eq!(body("a /* over\ntwo lines */ + b"), "value (+ a b)");
    assert_eq!(body("let x = a\nas f32\nx"), "let x = (as a f32)\nvalue x");
}

#[test]
fn blocks_have_the_value_of_their_last_expression() {
    assert_eq!(body("let x = 1"), "let x = 1");
    assert_eq!(body("for a in b { a }"), "for a in b\n  value a");
    assert_eq!(
        body("if c { a } else if d { b }"),
        "value (if c)\n  value a\nelse\n  value (if d)\n    value b"
    );
    assert_eq!(body("if c { a }\n-b"), "(if c)\n  value a\nvalue (- b)");
}

#[test]
fn attributes_stand_before_or_above() {
    let text = "layer L() {\n@name(\"a\")\n/// not the docs\nparam a: f32\n/// docs\n@b @c() param b: f32\n}";
    let parsed = parse(FileId(0), text);
    assert_eq!(parsed.errors, []);
    let tree = "layer L[]()\n  @name(\"a\") param a: f32\n  /// docs\n  @b() @c() param b: f32\n";
    assert_eq!(ast::dump(&parsed.ast), tree);
}

#[test]
fn spans_cover_what_was_written() {
    let text = "dim A = 1\n\n// remark\nfn f(x: f32[A]) -> f32 {\n    x[0] + (x.y)\n}\n";
    let parsed = parse(FileId(0), text);
    let (id, item) = parsed.ast.items().nth(1).unwrap();
    let ast::ItemKind::Function(function) = &item.kind else { panic!("{item:?}") };
    let written = |node| parsed.ast.range(id, node).of(text);
    assert_eq!(written(function.name.id), "f");
    assert_eq!(written(function.params[0].id), "x: f32[A]");
    let value = function.body.as_ref().unwrap().value.as_ref().unwrap();
    assert_eq!(written(value.id), "x[0] + (x.y)");
    let ast::ExprKind::Binary { op_id, lhs, rhs, .. } = &value.kind else { panic!("{value:?}") };
    assert_eq!((written(*op_id), written(lhs.id), written(rhs.id)), ("+", "x[0]", "x.y"));
    assert!(written(item.id).starts_with("fn f") && written(item.id).ends_with('}'));
}
