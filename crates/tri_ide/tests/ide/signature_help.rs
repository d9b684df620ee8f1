//! The parameters of the call at hand.

use crate::fixture::Fixture;

/// The label with the active parameter in `<>`.
fn help(text: &str) -> String {
    let fixture = Fixture::new(text);
    let Some(help) = fixture.analysis.signature_help(fixture.position).unwrap() else {
        return "none".to_owned();
    };
    let mut label = help.label;
    if let Some(range) = help.active.and_then(|at| help.params.get(at)) {
        label.insert(range.end as usize, '>');
        label.insert(range.start as usize, '<');
    }
    label
}

const G: &str = "fn g(a: f32, b: f32[4], c: float = 1.0) -> f32[4] { b }\n";

#[test]
fn the_active_parameter_follows_commas_and_names() {
    let call = |call: &str| help(&format!("{G}fn f(x: f32[4]) -> f32[4] {{ {call} }}\n"));
    assert_eq!(call("g($0)"), "g(<a: f32>, b: f32[4], c: float = 1.0) -> f32[4]");
    assert_eq!(call("g(1.0, $0x)"), "g(a: f32, <b: f32[4]>, c: float = 1.0) -> f32[4]");
    assert_eq!(call("g(1.0, g($0)"), "g(<a: f32>, b: f32[4], c: float = 1.0) -> f32[4]");
    assert_eq!(call("g(1.0, c = $02.0)"), "g(a: f32, b: f32[4], <c: float = 1.0>) -> f32[4]");
    assert_eq!(call("g(1.0, x)$0"), "none");
}

#[test]
fn layers_and_instances_have_parameters() {
    let text = "use std.nn.Linear\nlayer L() {\n    up = Linear[4, 4]($0)\n}\n";
    assert_eq!(help(text), "Linear(<bias: bool = true>)");
    let text = "use std.nn.Linear\nlayer L() {\n    up = Linear[4, 4]()\n    fn f(x: f32[4]) -> f32[4] { up($0x) }\n}\n";
    assert_eq!(help(text), "Linear.forward(<x: f32[..B, In]>) -> f32[..B, Out]");
}

#[test]
fn a_call_on_a_value_has_its_first_argument() {
    let text = format!("{G}fn f(x: f32) -> f32[4] {{ x.g($0) }}\n");
    assert_eq!(help(&text), "g(<b: f32[4]>, c: float = 1.0) -> f32[4]");
}
