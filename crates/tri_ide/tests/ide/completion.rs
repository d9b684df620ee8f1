//! What could be written at the cursor, in programs that are not finished.

use crate::fixture::Fixture;

fn labels(text: &str) -> Vec<String> {
    let fixture = Fixture::new(text);
    let found = fixture.analysis.completions(fixture.position).unwrap();
    found.items.into_iter().map(|item| item.label).collect()
}

#[track_caller]
fn offers(text: &str, wanted: &[&str], unwanted: &[&str]) {
    let found = labels(text);
    for word in wanted {
        assert!(found.iter().any(|label| label == word), "no {word:?} in {found:?} of {text}");
    }
    for word in unwanted {
        assert!(!found.iter().any(|label| label == word), "{word:?} in {found:?}");
    }
}

/// The text with a completion taken.
fn complete(text: &str, label: &str) -> String {
    let fixture = Fixture::new(text);
    let found = fixture.analysis.completions(fixture.position).unwrap();
    let item = found.items.iter().find(|item| item.label == label).unwrap();
    let mut edits = item.more.clone();
    let span = tri_ide::Span::new(fixture.position.file, found.range);
    edits.push(tri_ide::Edit { span, text: item.insert.clone() });
    fixture.apply(&edits)
}

const MODEL: &str = "use std.nn.Linear\ndim D = 4\nlayer L[N](wide: bool = false) {\n    up = Linear[N, D]()\n    param scale: f32[N] = init.ones\n\n    fn forward[B](x: f32[B, N]) -> f32[B, D] {\n        let first = x\n";

#[test]
fn after_a_dot_stand_members() {
    for rest in [
        "        let y = up.$0\n    }\n}\n",
        "        up.$0\n        let z = x\n    }\n}\n",
        "        up.$0",
        "        up.wei$0\n    }\n}\n",
    ] {
        offers(&format!("{MODEL}{rest}"), &["weight", "offset", "forward"], &["scale", "relu"]);
    }
    offers("fn f(x: f32[2, 3]) -> f32 { relu(x).$0 }\n", &["T", "relu", "sum", "f"], &["zeros"]);
    offers("layer L() {\n    param w: f32 = init.$0\n}\n", &["zeros", "normal"], &["relu"]);
}

#[test]
fn expressions_see_what_is_declared_around() {
    let text = format!("{MODEL}        let second = $0\n        let third = x\n    }}\n}}\n");
    offers(
        &text,
        &["first", "x", "up", "scale", "wide", "N", "D", "B", "relu", "Linear", "if"],
        &["third", "let", "second"],
    );
    let text = format!("{MODEL}        fi$0");
    offers(&text, &["first", "let", "for"], &["param"]);
}

#[test]
fn arguments_are_offered_by_name() {
    offers(
        "use std.nn.Conv2d\nlayer L() {\n    c = Conv2d[3, 8, 3](stride = 2, $0)\n}\n",
        &["padding =", "bias ="],
        &["stride ="],
    );
    assert_eq!(
        complete("use std.nn.Linear\nlayer L() {\n    c = Linear[3, 8](bi$0)\n}\n", "bias ="),
        "use std.nn.Linear\nlayer L() {\n    c = Linear[3, 8](bias = )\n}\n"
    );
}

#[test]
fn sizes_and_types_have_their_own() {
    let text = "dim Model = 4\nfn g() -> f32 { 1.0 }\nlayer L[N](count: int = 2) {\n    param w: f32[$0] = init.zeros\n}\n";
    offers(text, &["Model", "N", "count"], &["g", "relu"]);
    offers("dim Model = 4\nfn f(x: $0) -> f32 { x }\n", &["f32", "trit"], &["relu"]);
}

#[test]
fn names_that_are_not_imported_bring_their_import() {
    assert_eq!(
        complete("//! A model.\n\nlayer L() {\n    up = Line$0\n}\n", "Linear"),
        "//! A model.\n\nuse std.nn.Linear\n\nlayer L() {\n    up = Linear\n}\n"
    );
    assert_eq!(
        complete("use std.nn.RmsNorm\nlayer L() {\n    up = Line$0\n}\n", "Linear"),
        "use std.nn.{RmsNorm, Linear}\nlayer L() {\n    up = Linear\n}\n"
    );
    let text = "//- main.tri\nlayer L() {\n    up = Bl$0\n}\n//- parts/blocks.tri\nlayer Block() {}\n";
    assert!(
        complete(text, "Block").contains("use parts.blocks.Block\n\nlayer L"),
        "{}",
        complete(text, "Block")
    );
}

#[test]
fn imports_go_by_modules() {
    offers("use std.$0\n", &["nn", "attention"], &["Linear"]);
    offers("use std.nn.$0\n", &["Linear"], &["nn"]);
    offers("use std.nn.{Linear, Rm$0}\n", &["RmsNorm"], &["nn"]);
    offers("//- main.tri\nuse $0\n//- blocks.tri\nlayer Block() {}\n", &["std", "blocks"], &["main"]);
}

#[test]
fn lines_begin_with_words_of_their_place() {
    offers("$0\n", &["layer", "model", "use"], &["let"]);
    offers("layer L() {\n    $0\n}\n", &["param", "fn"], &["layer"]);
    offers("layer L() {\n    param w: f32 = init.zeros\n    pa$0\n}\n", &["param", "state"], &["layer"]);
}

#[test]
fn comments_and_strings_are_left_alone() {
    assert_eq!(labels("// fi$0\n"), [""; 0]);
    assert_eq!(labels("test \"na$0me\" {}\n"), [""; 0]);
    assert_eq!(labels("const A = 12$0\n"), [""; 0]);
}
