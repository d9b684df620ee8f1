//! Models as pictures.

use tri_ide::GraphShape;

use crate::fixture::Fixture;

const MODELS: &str = "use std.nn.Linear

layer Twice() {
    one = Linear[4, 4]()
    fn forward[B](x: f32[B, 4]) -> f32[B, 4] {
        one(one(x))
    }
}

model First() {
    both = Twice()
    fn forward[B](x: f32[B, 4]) -> f32[B, 4] {
        both(x)
    }
    fn other[B](x: f32[B, 4]) -> f32[B, 4] {
        relu(x)$0
    }
}

model Second() {
    fn only[B](x: f32[B]) -> f32[B] {
        x + x
    }
}
";

#[test]
fn the_entry_point_under_the_cursor_is_drawn() {
    let fixture = Fixture::new(MODELS);
    let view = fixture.analysis.graph(fixture.position, GraphShape::Svg).unwrap().unwrap();
    assert_eq!(view.title, "First.other");
    assert!(view.text.starts_with("<svg ") && view.text.contains(">relu<"));
    let shown: Vec<String> = view.places.iter().map(|(_, span)| fixture.show(*span)).collect();
    assert!(shown.iter().any(|shown| shown.starts_with("main.tri:16 relu(x)")), "{shown:?}");
}

#[test]
fn elsewhere_the_nearest_model_is_drawn_from_its_forward() {
    let layer = Fixture::new(&MODELS.replace("$0", "").replace("one(one(x))", "one(one($0x))"));
    let view = layer.analysis.graph(layer.position, GraphShape::Html).unwrap().unwrap();
    assert_eq!(view.title, "First.forward");
    assert!(view.text.starts_with("<!doctype html>") && view.text.contains("Twice"));
    let last = Fixture::new(&format!("{}\n// $0\n", MODELS.replace("$0", "")));
    let view = last.analysis.graph(last.position, GraphShape::Html).unwrap().unwrap();
    assert_eq!(view.title, "Second.only");
}

#[test]
fn where_nothing_can_be_drawn_the_reason_is_given() {
    let reason = |text: &str| {
        let fixture = Fixture::new(text);
        fixture.analysis.graph(fixture.position, GraphShape::Svg).unwrap().unwrap_err()
    };
    assert!(reason("fn f(x: f32) -> f32 { $0x }\n").contains("no model"));
    assert!(reason(&MODELS.replace("relu(x)", "relu(z)")).contains("errors"));
    assert!(reason("model M() {$0\n    param w: f32[2] = init.zeros\n}\n").contains("no model to draw"));
}
