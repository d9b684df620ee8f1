//! Packs, bounds, views and state writes.

use tri_driver::SourceOptions;

use super::{counting, f32s, gives, gives_in, i32s, refused, root};

const TURN: &str = "
fn turn[..B, T, H](x: f32[..B, T, H]) -> f32[..B, H, T] { permute(x, [..B, H, T]) }
fn to_front[..B, T](x: f32[..B, T]) -> f32[T, ..B] { permute(x, [T, ..B]) }
fn in_middle[T, ..B, H](x: f32[T, ..B, H]) -> f32[H, ..B, T] { permute(x, [-1, ..B, 0]) }

model M() {
    fn turned[A, T, H](x: f32[A, T, H]) -> f32[A, H, T] { turn(x) }
    fn flat[T, H](x: f32[T, H]) -> f32[H, T] { turn(x) }
    fn front[A, C, T](x: f32[A, C, T]) -> f32[T, A, C] { to_front(x) }
    fn vector[T](x: f32[T]) -> f32[T] { to_front(x) }
    fn ends[A, C, T](x: f32[A, C, T]) -> f32[T, C, A] { in_middle(x) }
}
";

#[test]
fn a_pack_in_permute_moves_as_one() {
    let pairs = f32s(&[2, 2, 2], &[0.0, 2.0, 1.0, 3.0, 4.0, 6.0, 5.0, 7.0]);
    gives(TURN, "turned", &[counting(&[2, 2, 2])], &[pairs]);
    gives(TURN, "flat", &[counting(&[2, 2])], &[f32s(&[2, 2], &[0.0, 2.0, 1.0, 3.0])]);
    let front = f32s(&[2, 1, 3], &[0.0, 2.0, 4.0, 1.0, 3.0, 5.0]);
    gives(TURN, "front", &[counting(&[1, 3, 2])], &[front]);
    gives(TURN, "vector", &[counting(&[3])], &[counting(&[3])]);
    let ends = f32s(&[2, 1, 2], &[0.0, 2.0, 1.0, 3.0]);
    gives(TURN, "ends", &[counting(&[2, 1, 2])], &[ends]);
}

#[test]
fn a_pack_that_permute_does_not_have_is_told_of() {
    let missing = "fn f[..B, T](x: f32[..B, T]) -> f32[..B, T] { permute(x, [T]) }\nmodel M() {}\n";
    assert!(refused(missing).starts_with("E2007"), "{}", refused(missing));
    let other = "fn f[..B, ..C](x: f32[..B], y: f32[..C]) -> f32[..B] { permute(x, [..C]) }\nmodel M() {}\n";
    assert!(refused(other).starts_with("E2007"), "{}", refused(other));
    let value = "fn f[..B](x: f32[..B]) -> f32[..B] {\n    let _ = [..B]\n    x\n}\nmodel M() {}\n";
    assert!(refused(value).starts_with("E1004"), "{}", refused(value));
}

#[test]
fn packs_stand_in_generic_lists() {
    let text = "
fn pairs[..B, D](x: f32[..B, D]) -> f32[..B, D / 2, 2] where D % 2 == 0 { reshape[..B, D / 2, 2](x) }
fn swap[..B, D](x: f32[..B, D]) -> f32[..B, D] where D % 2 == 0 {
    let p = pairs(x)
    reshape[..B, D](stack([p[.., 1], p[.., 0]], axis = -1)) + zeros[..B, D]()
}
model M() {
    fn f[A](x: f32[A, 1, 4]) -> f32[A, 1, 4] { swap(x) }
    fn one(x: f32[4]) -> f32[4] { swap(x) }
}
";
    gives(text, "f", &[counting(&[1, 1, 4])], &[f32s(&[1, 1, 4], &[1.0, 0.0, 3.0, 2.0])]);
    gives(text, "one", &[counting(&[4])], &[f32s(&[4], &[1.0, 0.0, 3.0, 2.0])]);
}

#[test]
fn bounds_and_relations_hold_where_they_are_used() {
    let text = "
dim Max = 6
layer Wide[In, Out]() where In <= Out, Out % In == 0 {
    fn forward[B](x: f32[B, In]) -> f32[B, Out] {
        concat([x for _ in 0..Out / In], axis = 1)
    }
}
model M() {
    twice = Wide[2, 4]()
    fn f[B in 1..Max](x: f32[B, 2]) -> f32[4] { twice(x)[-1] }
}
";
    gives(text, "f", &[counting(&[2, 2])], &[f32s(&[4], &[2.0, 3.0, 2.0, 3.0])]);
    let narrow = text.replace("Wide[2, 4]", "Wide[4, 2]");
    assert!(refused(&narrow).starts_with("E2006"), "{}", refused(&narrow));
    let empty = text.replace("B in 1..Max", "B in Max..1");
    assert!(refused(&empty).contains("no size"), "{}", refused(&empty));
}

#[test]
fn views_count_from_both_ends() {
    let text = "
model M() {
    fn f[B](x: f32[B, 4]) -> (f32[B, 2], f32[B], f32[1, B, 3]) {
        (x[:, 1:3], x[.., -1], x[_, .., :-1])
    }
    fn last[B in 2..9](x: f32[B]) -> f32[2] { x[-2:] }
}
";
    let results = [
        f32s(&[2, 2], &[1.0, 2.0, 5.0, 6.0]),
        f32s(&[2], &[3.0, 7.0]),
        f32s(&[1, 2, 3], &[0.0, 1.0, 2.0, 4.0, 5.0, 6.0]),
    ];
    gives(text, "f", &[counting(&[2, 4])], &results);
    gives(text, "last", &[counting(&[5])], &[f32s(&[2], &[3.0, 4.0])]);
}

#[test]
fn a_slice_of_a_state_is_written_with_axes_added_and_left_out() {
    let text = "
model M() {
    state seen: f32[3, 2] = zeros
    fn put(row: f32[2], at: i32) -> f32[3, 2] {
        let dim P = at where P + 1 <= 3
        seen[P:P + 1] = row[_]
        seen
    }
    fn first(x: f32[1, 2]) -> f32[3, 2] {
        seen[_, 0] = x
        seen[1:, 1] = 9.0 * ones[2]()
        seen
    }
}
";
    let row = |x: f32| f32s(&[2], &[x, x + 0.5]);
    let calls = [
        ("put", vec![row(1.0), i32s(&[], &[2])]),
        ("first", vec![f32s(&[1, 2], &[7.0, 8.0])]),
        ("put", vec![row(3.0), i32s(&[], &[1])]),
    ];
    let expected = [
        vec![f32s(&[3, 2], &[0.0, 0.0, 0.0, 0.0, 1.0, 1.5])],
        vec![f32s(&[3, 2], &[7.0, 8.0, 0.0, 9.0, 1.0, 9.0])],
        vec![f32s(&[3, 2], &[7.0, 8.0, 3.0, 3.5, 1.0, 9.0])],
    ];
    gives_in(&root(text), &SourceOptions::default(), &calls, &expected);
}
