//! What is shown between the words.

use tri_ide::{FileRange, TextRange};

use crate::fixture::Fixture;

/// The text with its hints in `<>`.
fn hinted(text: &str) -> String {
    let fixture = Fixture::new(text);
    let file = fixture.position.file;
    let text = fixture.analysis.text(file).unwrap().unwrap();
    let range = TextRange::new(0, text.len() as u32);
    let mut shown = text.to_string();
    for hint in fixture.analysis.inlay_hints(FileRange { file, range }).unwrap().into_iter().rev() {
        shown.insert_str(hint.offset as usize, &format!("<{}>", hint.text));
    }
    shown
}

#[test]
fn lets_have_their_types() {
    let text = "fn f[B](x: f32[B, 4]) -> f32[B] {\n    let y = relu(x)\n    let (q, s) = quantize_rows(y)\n    let z: f32[B] = s\n    z\n}\n";
    let expected = "fn f[B](x: f32[B, 4]) -> f32[B] {\n    let y<: f32[B, 4]> = relu(x)\n    let (q<: i8[B, 4]>, s<: f32[B]>) = quantize_rows(y)\n    let z: f32[B] = s\n    z\n}\n";
    assert_eq!(hinted(text), expected);
}

#[test]
fn arguments_have_their_names_unless_they_say_them() {
    let text = "fn g(value: f32, scale: f32) -> f32 { value * scale }\nfn f(scale: f32) -> f32 { g(2.0 * scale, scale) }\n";
    let expected = "fn g(value: f32, scale: f32) -> f32 { value * scale }\nfn f(scale: f32) -> f32 { g(<value = >2.0 * scale, scale) }\n";
    assert_eq!(hinted(text), expected);
}

#[test]
fn conditions_are_shown_in_the_sizes_of_the_call() {
    let text = "layer Heads[D, H]() where D % H == 0 {
    fn forward[B](x: f32[B, D]) -> f32[B, D] where B <= H { x }
}
fn pair[T](x: f32[T]) -> f32[T] where T % 2 == 0 { x }
layer L[Width]() where Width % 4 == 0 {
    heads = Heads[4 * Width, 4]()

    fn forward(x: f32[2, 4 * Width]) -> f32[2, 4 * Width] {
        pair(x[0])
        pair(zeros[8]())
        heads(x)
    }
}
";
    let hinted = hinted(text);
    assert!(hinted.contains("heads = Heads[4 * Width, 4]()<  where (4 * Width) % 4 == 0>"), "{hinted}");
    assert!(hinted.contains("pair(x[0])<  where (4 * Width) % 2 == 0>"), "{hinted}");
    assert!(hinted.contains("pair(zeros[8]())\n        heads(x)\n"), "{hinted}");
}

#[test]
fn a_run_time_dim_has_its_conditions() {
    let text = "layer L() {
    state s: f32[8] = zeros

    fn step(n: i32) -> f32[8] {
        let dim P = n where 0 <= P, P + 1 <= 8
        s[P:P + 1] = zeros[1]()
        s
    }
}
";
    let hinted = hinted(text);
    assert!(hinted.contains("P + 1 <= 8<  0 <= P, P + 1 <= 8>"), "{hinted}");
}
