//! `einsum` with one to four operands, diagonals and lone letters.

use super::{counting, f32s, gives, refused};

fn einsum(params: &str, result: &str, call: &str) -> String {
    format!("model M() {{\n    fn f{params} -> {result} {{\n        {call}\n    }}\n}}\n")
}

#[test]
fn one_operand_is_summed_and_ordered() {
    let text = einsum("[A, B, C](x: f32[A, B, C])", "f32[C, A]", "einsum(\"a b c -> c a\", x)");
    gives(&text, "f", &[counting(&[2, 2, 2])], &[f32s(&[2, 2], &[2.0, 10.0, 4.0, 12.0])]);
}

#[test]
fn a_letter_twice_is_a_diagonal() {
    let text = einsum("[A](x: f32[A, A])", "f32[A]", "einsum(\"a a -> a\", x)");
    gives(&text, "f", &[counting(&[3, 3])], &[f32s(&[3], &[0.0, 4.0, 8.0])]);
    gives(&text, "f", &[counting(&[0, 0])], &[f32s(&[0], &[])]);
    let trace = einsum("[A](x: f32[A, A])", "f32", "einsum(\"a a ->\", x)");
    gives(&trace, "f", &[counting(&[3, 3])], &[f32s(&[], &[12.0])]);
    // Around another axis, and three times: elements 0, 13 and 26 of 3 * 3 * 3.
    let around = einsum("[A, B](x: f32[A, B, A])", "f32[B, A]", "einsum(\"a b a -> b a\", x)");
    gives(&around, "f", &[counting(&[2, 3, 2])], &[f32s(&[3, 2], &[0.0, 7.0, 2.0, 9.0, 4.0, 11.0])]);
    let cube = einsum("[A](x: f32[A, A, A])", "f32[A]", "einsum(\"a a a -> a\", x)");
    gives(&cube, "f", &[counting(&[3, 3, 3])], &[f32s(&[3], &[0.0, 13.0, 26.0])]);
    // A diagonal times a vector.
    let scaled = einsum("[A](x: f32[A, A], y: f32[A])", "f32[A]", "einsum(\"a a, a -> a\", x, y)");
    gives(&scaled, "f", &[counting(&[2, 2]), f32s(&[2], &[5.0, 7.0])], &[f32s(&[2], &[0.0, 21.0])]);
}

#[test]
fn a_letter_of_one_operand_alone_is_summed_first() {
    let text = einsum("[A, B, C](x: f32[A, B], y: f32[C])", "f32[A, C]", "einsum(\"a b, c -> a c\", x, y)");
    let inputs = [counting(&[2, 2]), f32s(&[2], &[10.0, 100.0])];
    gives(&text, "f", &inputs, &[f32s(&[2, 2], &[10.0, 100.0, 50.0, 500.0])]);
    let all = einsum("[A, B](x: f32[A], y: f32[B])", "f32", "einsum(\"a, b ->\", x, y)");
    gives(&all, "f", &[counting(&[3]), counting(&[5])], &[f32s(&[], &[30.0])]);
}

#[test]
fn three_and_four_operands_are_multiplied_from_left_to_right() {
    let params = "[A, B, C](x: f32[A, B], m: f32[B, C], y: f32[A, C])";
    let bilinear = einsum(params, "f32[A]", "einsum(\"a b, b c, a c -> a\", x, m, y)");
    let (x, m, y) = (f32s(&[2, 2], &[1.0, 2.0, 3.0, 4.0]), counting(&[2, 3]), counting(&[2, 3]));
    // Rows of x times m: [6, 9, 12] and [12, 19, 26].
    gives(&bilinear, "f", &[x, m, y], &[f32s(&[2], &[33.0, 242.0])]);
    let params = "[A, B](w: f32[A], x: f32[A], y: f32[B], z: f32[A, B])";
    let four = einsum(params, "f32[B]", "einsum(\"a, a, b, a b -> b\", w, x, y, z)");
    let inputs =
        [f32s(&[2], &[1.0, 2.0]), f32s(&[2], &[3.0, 4.0]), f32s(&[2], &[5.0, 6.0]), counting(&[2, 2])];
    // w x is [3, 8]; times z over a: [16, 27]; times y.
    gives(&four, "f", &inputs, &[f32s(&[2], &[80.0, 162.0])]);
}

#[test]
fn a_malformed_pattern_is_told_of() {
    let text = einsum("[A](x: f32[A, A], y: f32[2])", "f32[A]", "einsum(\"a b, b -> a\", x, y)");
    assert!(refused(&text).starts_with("E2003"), "{}", refused(&text));
    let params = "[A](x: i8[A], y: i8[A], z: i8[A])";
    let text = einsum(params, "i32[A]", "einsum(\"a, a, a -> a\", x, y, z)");
    assert!(refused(&text).starts_with("E3002"), "{}", refused(&text));
}
