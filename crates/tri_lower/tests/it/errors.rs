//! What lowering refuses, and that it ends.

use crate::support::{lower_result, source};
use tri_diagnostics::Code;
use tri_lower::{Limits, Options};

#[track_caller]
fn check(text: &str, options: &Options, code: Code, part: &str) {
    let diagnostics = lower_result(text, options).expect_err("this is refused");
    let found =
        diagnostics.iter().any(|diagnostic| diagnostic.code == code && diagnostic.message.contains(part));
    assert!(found, "{diagnostics:?}");
}

#[test]
fn several_models_need_a_choice() {
    let text = "model A() { fn forward[B](x: f32[B]) -> f32[B] { x } }\n\
                model B() { fn forward[N](x: f32[N]) -> f32[N] { x } }\n";
    check(text, &Options::default(), Code::E2904, "`A`, `B`");
    let wrong = Options { model: Some("C".to_owned()), ..Options::default() };
    check(text, &wrong, Code::E2904, "no model `C`");
    let right = Options { model: Some("B".to_owned()), ..Options::default() };
    assert_eq!(lower_result(text, &right).unwrap().module.name, "B");
}

#[test]
fn what_is_not_supported_is_named() {
    let text = "model M() {\n    fn forward[B](x: f32[B]) -> f32[B] {\n        assert all(x > 0.0)\n        x\n    }\n}\n";
    check(text, &Options::default(), Code::E2901, "an `assert` of a tensor outside a test");
    let text = "model M() {\n    fn forward[B](x: f32[B]) -> f32[B] where B % 2 == 0 { x }\n}\n";
    check(text, &Options::default(), Code::E2901, "a condition of the entry point `forward`");
    let text = "model M() {\n    fn forward[B](x: f32[2 * B]) -> f32[2 * B] { x }\n}\n";
    check(text, &Options::default(), Code::E2901, "size `B` is not the length of an axis");
}

#[test]
fn layers_without_end_are_refused() {
    let text = "layer A[D]() {\n    inner = A[D + 1]()\n}\n\
                model M() {\n    a = A[1]()\n    fn forward[B](x: f32[B]) -> f32[B] { x }\n}\n";
    assert!(lower_result(text, &Options::default()).is_err());
}

#[test]
fn long_loops_are_refused() {
    let text = "model M() {\n    fn forward[B](x: f32[B]) -> f32[B] {\n        var y = x\n\
                \x20       for i in 0..1000000000 { y = y + 1 }\n        y\n    }\n}\n";
    let few = Limits { instructions: 1_000, ..Limits::default() };
    check(text, &Options { limits: few, ..Options::default() }, Code::E2902, "instructions");
    let idle = text.replace("y = y + 1", "");
    check(&idle, &Options::default(), Code::E2902, "steps");
}

#[test]
fn wide_trees_are_refused() {
    let mut text = "layer L0() { param w: f32[1] = init.zeros }\n".to_owned();
    for level in 1..=40 {
        let below = level - 1;
        text += &format!("layer L{level}() {{\n    a = L{below}()\n    b = L{below}()\n}}\n");
    }
    text += "model M() {\n    a = L40()\n    fn forward[B](x: f32[B]) -> f32[B] { x }\n}\n";
    let few = Limits { steps: 10_000, ..Limits::default() };
    check(&text, &Options { limits: few, ..Options::default() }, Code::E2902, "steps");
}

#[test]
fn deep_calls_fit_the_stack() {
    let mut text = "fn f0[B](x: f32[B]) -> f32[B] { x + 1 }\n".to_owned();
    for level in 1..=100 {
        let below = level - 1;
        text += &format!(
            "fn f{level}[B](x: f32[B]) -> f32[B] {{ ((((((f{below}(x) + 1) * 2) + 1) * 2) + 1) * 2) }}\n"
        );
    }
    text += "model M() {\n    fn forward[B](x: f32[B]) -> f32[B] { f100(x) }\n}\n";
    check(&text, &Options::default(), Code::E2902, "nested too deeply");
}

#[test]
fn an_index_beyond_the_list_is_refused() {
    let text = "layer L() { param w: f32[2] = init.zeros\n    fn forward[B](x: f32[B, 2]) -> f32[B, 2] { x + w } }\n\
                layer Pick(at: int = 5) {\n    parts = [L(); 2]\n\
                \x20   fn forward[B](x: f32[B, 2]) -> f32[B, 2] { parts[at](x) }\n}\n\
                model M() {\n    p = Pick()\n    fn forward[B](x: f32[B, 2]) -> f32[B, 2] { p(x) }\n}\n";
    check(text, &Options::default(), Code::E2903, "no element 5");
}

#[test]
fn bounds_that_no_size_meets_are_refused() {
    let text = "model M(n: int = 3) {\n    fn forward[B in 3..n](x: f32[B]) -> f32[B] { x }\n}\n";
    check(text, &Options::default(), Code::E2903, "no size lies in the bounds of `B`");
}

#[test]
fn examples_with_a_line_left_out_are_refused_or_verify() {
    for example in ["digits", "mnist_cnn", "tiny_llama", "resnet18"] {
        let text = source(&format!("examples/{example}.tri"));
        let lines: Vec<&str> = text.lines().collect();
        for left_out in 0..lines.len() {
            let rest: Vec<&str> = lines[..left_out].iter().chain(&lines[left_out + 1..]).copied().collect();
            if let Ok(lowered) = lower_result(&rest.join("\n"), &Options::default()) {
                let verified = tri_ir::verify(lowered.module);
                assert!(verified.is_ok(), "{example} without `{}`: {verified:?}", lines[left_out]);
            }
        }
    }
}
