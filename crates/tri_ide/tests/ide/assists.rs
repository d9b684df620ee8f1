//! Changes that the cursor offers.

use tri_ide::{FileRange, LensAction, TextRange};

use crate::fixture::Fixture;

/// The program after the change whose title begins so.
fn change(text: &str, title: &str) -> String {
    let fixture = Fixture::new(text);
    let range = TextRange::empty(fixture.position.offset);
    let found = fixture.analysis.assists(FileRange { file: fixture.position.file, range }).unwrap();
    let titles: Vec<&String> = found.iter().map(|assist| &assist.title).collect();
    match found.iter().find(|assist| assist.title.starts_with(title)) {
        Some(assist) => fixture.apply(&assist.edits),
        None => format!("only {titles:?}"),
    }
}

#[test]
fn the_type_of_a_let_is_written() {
    let text = "fn f[B](x: f32[B, 4]) -> f32[B, 4] {\n    let y$0 = relu(x)\n    y\n}\n";
    assert!(
        change(text, "write the type").contains("let y: f32[B, 4] = relu(x)"),
        "{}",
        change(text, "write the type")
    );
    let text = "fn f(x: f32) -> f32 {\n    let y$0: f32 = relu(x)\n    y\n}\n";
    assert_eq!(change(text, "write the type"), "only []");
}

#[test]
fn a_missing_import_is_added() {
    let text = "layer L() {\n    up = Lin$0ear[4, 4]()\n}\n";
    assert!(change(text, "import `std.nn.Linear`").starts_with("use std.nn.Linear\n\nlayer"));
}

#[test]
fn arguments_get_their_names() {
    let text = "fn g(a: f32, b: f32) -> f32 { a + b }\nfn f(x: f32) -> f32 { g$0(x, b = x) }\n";
    assert!(change(text, "name the arguments").contains("g(a = x, b = x)"));
}

#[test]
fn arguments_that_are_not_given_are_filled_in() {
    let layer = "layer L[D](size: int, wide: bool = true, act: float = 2 * 3.0, shift: float = -1.0) {}\n";
    let filled = |call: &str| {
        let text = change(&format!("{layer}layer M() {{\n    l = {call}\n}}\n"), "fill in");
        text.lines().find_map(|line| line.strip_prefix("    l = ").map(str::to_owned)).unwrap_or(text)
    };
    assert_eq!(filled("L[4]($0)"), "L[4](size = size, wide = true, shift = -1.0)");
    assert_eq!(filled("L[4]($03)"), "L[4](3, wide = true, shift = -1.0)");
    assert_eq!(filled("L[4]($0shift = 2.0, size = (3),)"), "L[4](shift = 2.0, size = (3), wide = true)");
    assert!(filled("L[4]($03, shift = 0.0, wide = false)").starts_with("only ["));
}

#[test]
fn a_layer_becomes_ternary_and_dense_again() {
    let dense = "use std.nn.Linear\n\nlayer L() {\n    up = Li$0near[4, 4]()\n}\n";
    let ternary = "use std.nn.{Linear, TernaryLinear}\n\nlayer L() {\n    up = TernaryLinear[4, 4]()\n}\n";
    assert_eq!(change(dense, "make it ternary"), ternary);
    let back = change(
        "use std.nn.TernaryLinear\n\nlayer L() {\n    up = Ternary$0Linear[4, 4]()\n}\n",
        "make it dense",
    );
    assert!(back.contains("up = Linear[4, 4]()"), "{back}");
}

const MODEL: &str = "use std.nn.Linear\nmodel M() {\n    up = Linear[4, 8](bias = false)\n    fn run[B](x: f32[B, 4]) -> f32[B, 8] { $0relu(up(x)) }\n}\ntest \"runs\" { assert true }\n";

#[test]
fn lenses_count_and_run() {
    let fixture = Fixture::new(MODEL);
    let lenses = fixture.analysis.lenses(fixture.position.file).unwrap();
    let shown: Vec<(&str, &LensAction)> =
        lenses.iter().map(|lens| (lens.title.as_str(), &lens.action)).collect();
    let expected = [
        ("32 parameters", &LensAction::Tell),
        ("compile", &LensAction::Compile("M".to_owned())),
        ("run test", &LensAction::RunTest("runs".to_owned())),
    ];
    assert_eq!(shown, expected);
}
