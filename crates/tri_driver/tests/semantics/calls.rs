//! Tuples, functions as values, loops and comprehensions.

use tri_driver::SourceOptions;

use super::{compile, counting, f32s, gives, i32s, interpreted, root};

#[test]
fn tuples_go_in_and_out_of_functions_and_entries() {
    let text = "
fn halves[..B, D](x: f32[..B, 2, D]) -> (f32[..B, D], f32[..B, D]) { (x[.., 0, :], x[.., 1, :]) }
fn both[..B, D](pair: (f32[..B, D], f32[..B, D])) -> f32[..B, D] {
    let (a, b) = pair
    a - b
}
fn nested[D](x: f32[D]) -> (f32[D], (f32[D], i32)) { (x, (-x, argmax(x, axis = 0))) }
model M() {
    fn f[B](x: f32[B, 4]) -> (f32[B, 2], (f32[B, 2], f32[B, 2])) {
        let pair = halves(reshape[B, 2, 2](x))
        let (_, right) = pair
        (both(pair), (right, pair[0]))
    }
    fn g(x: f32[3]) -> (i32, f32[3]) {
        let (a, (b, at)) = nested(x)
        (at, a + b)
    }
}
";
    let results = [f32s(&[1, 2], &[-2.0, -2.0]), f32s(&[1, 2], &[2.0, 3.0]), f32s(&[1, 2], &[0.0, 1.0])];
    gives(text, "f", &[counting(&[1, 4])], &results);
    gives(text, "g", &[counting(&[3])], &[i32s(&[], &[2]), f32s(&[3], &[0.0; 3])]);
}

#[test]
fn functions_are_configuration_and_constants() {
    let text = "
const ACT: fn(f32[..S]) -> f32[..S] = relu
fn twice[..S](x: f32[..S]) -> f32[..S] { 2.0 * x }
layer Apply[D](act: fn(f32[..S]) -> f32[..S] = ACT, times: int = 1) {
    fn forward[..B](x: f32[..B, D]) -> f32[..B, D] {
        var y = x
        for i in 0..times { y = act(y) }
        y
    }
}
model M() {
    a = Apply[3]()
    b = Apply[3](act = twice, times = 3)
    c = [Apply[3](twice), Apply[3](ACT), Apply[3](abs)]
    fn f(x: f32[3]) -> (f32[3], f32[3], f32[3]) {
        var y = x
        for each in c { y = each(y) }
        (a(x), b(x), y)
    }
}
";
    let results =
        [f32s(&[3], &[0.0, 0.5, 2.0]), f32s(&[3], &[-8.0, 4.0, 16.0]), f32s(&[3], &[0.0, 1.0, 4.0])];
    gives(text, "f", &[f32s(&[3], &[-1.0, 0.5, 2.0])], &results);
}

#[test]
fn comprehensions_make_lists_of_anything() {
    let text = "
dim Row = 2
model M() {
    fn f[D](x: f32[D]) -> f32[3, D] { stack([x * (i + 1) for i in 0..3], axis = 0) }
    fn g[D](x: f32[D]) -> f32[2 * Row * D] {
        concat([concat([x + (10 * i + j) for j in 0..2], axis = 0) for i in 0..Row], axis = 0)
    }
    fn h[B](x: f32[B, Row]) -> f32[Row, B] {
        let columns = [x[:, i] for i in 0..Row]
        stack([columns[1 - i] for i in 0..Row], axis = 0)
    }
    fn pairs(x: f32[2]) -> f32[2] {
        var y = x
        for (scale, shift) in [(2.0, 1.0), (3.0, 0.5)] { y = y * scale + shift }
        y
    }
}
";
    gives(text, "f", &[counting(&[2])], &[f32s(&[3, 2], &[0.0, 1.0, 0.0, 2.0, 0.0, 3.0])]);
    gives(text, "g", &[f32s(&[1], &[0.5])], &[f32s(&[4], &[0.5, 1.5, 10.5, 11.5])]);
    gives(text, "h", &[counting(&[2, 2])], &[f32s(&[2, 2], &[1.0, 3.0, 0.0, 2.0])]);
    gives(text, "pairs", &[f32s(&[2], &[0.0, 1.0])], &[f32s(&[2], &[3.5, 9.5])]);
}

#[test]
fn a_var_changes_shape_where_the_assignment_runs_once() {
    let text = "
model M() {
    fn f[B](x: f32[B, 4]) -> f32[B] {
        var y = x
        for i in 0..3 { y = y + i }
        y = y[:, 0:2]
        y = sum(y, axis = 1)[.., _]
        y[.., 0]
    }
    fn branch[B](x: f32[B]) -> f32[B] {
        var y = x
        for i in 0..4 {
            if i % 2 == 0 { y = y * 2.0 } else { y = y + i }
        }
        y
    }
}
";
    gives(text, "f", &[counting(&[2, 4])], &[f32s(&[2], &[7.0, 15.0])]);
    gives(text, "branch", &[f32s(&[2], &[0.0, 1.0])], &[f32s(&[2], &[5.0, 9.0])]);
}

#[test]
fn any_function_can_be_called_like_a_method() {
    let text = "
fn add[..S](x: f32[..S], y: f32[..S]) -> f32[..S] { x + y }
layer Scale(by: float) {
    fn forward[..S](x: f32[..S]) -> f32[..S] { x * by }
    fn back[..S](x: f32[..S]) -> f32[..S] { x / by }
}
model M() {
    scale = Scale(4.0)
    fn f[B](x: f32[B]) -> f32[B] { x.relu().add(scale(x)).abs() }
    fn g[B](x: f32[B]) -> f32[B] { scale.back(x.add(x).sum(axis = 0) + x) }
}
";
    gives(text, "f", &[f32s(&[2], &[-1.0, 1.0])], &[f32s(&[2], &[4.0, 5.0])]);
    gives(text, "g", &[f32s(&[2], &[1.0, 3.0])], &[f32s(&[2], &[2.25, 2.75])]);
}

#[test]
fn functions_of_small_floats_compute_in_f32_and_round_once() {
    for dtype in ["f16", "bf16"] {
        let text = "
fn third[E: Float, B](x: E[B, 4]) -> E[B, 4] { sqrt(x) }
model M() {
    fn f(x: f32[1, 4]) -> (f32[1, 4], f32[1, 4], f32[1, 4], f32[1], f32[1], f32[1], f32[1, 4]) {
        let h = x as HALF
        (third(h) as f32, pow(h, 2.0) as f32, floor(h) as f32, sum(h, axis = -1) as f32, mean(h, axis = -1) as f32,
            variance(h, axis = -1) as f32, softmax(h) as f32)
    }
    fn e(x: f32[1, 4]) -> (f32[1], f32[1, 4], f32[4, 1]) {
        let h = x as HALF
        (einsum(\"b i -> b\", h) as f32, exp(h - h) as f32, einsum(\"b i -> i b\", h) as f32)
    }
    fn rounded(x: f32[1, 4]) -> (f32[1, 4], f32[1]) {
        (sqrt(x) as HALF as f32, sum(x, axis = -1) as HALF as f32)
    }
    fn exact(x: f32[1, 4]) -> (f32[1, 4], f32[1]) {
        (sqrt(x as HALF) as f32, sum(x as HALF, axis = -1) as f32)
    }
}
"
        .replace("HALF", dtype);
        let row = |values: &[f32; 4]| f32s(&[1, 4], values);
        let one = |value: f32| f32s(&[1], &[value]);
        let whole = [
            row(&[1.0, 2.0, 0.5, 3.0]),
            row(&[1.0, 16.0, 0.0625, 81.0]),
            row(&[1.0, 4.0, 0.0, 9.0]),
            one(14.25),
            one(3.5625),
            // 11.82421875, which in f16 lies between two, and the even one is above.
            one(if dtype == "f16" { 11.828_125 } else { 11.812_5 }),
        ];
        let x = row(&[1.0, 4.0, 0.25, 9.0]);
        let found =
            interpreted(&compile(&root(&text), &SourceOptions::default(), 2), &[("f", vec![x.clone()])]);
        assert_eq!(found[0][..6], whole, "{dtype}");
        gives(&text, "f", std::slice::from_ref(&x), &found[0]);
        gives(&text, "e", &[x], &[one(14.25), row(&[1.0; 4]), f32s(&[4, 1], &[1.0, 4.0, 0.25, 9.0])]);
        // 2, 3, 5 and 7, whose roots no half has: rounded once, as f32's root is.
        let primes = row(&[2.0, 3.0, 5.0, 7.0]);
        let module = compile(&root(&text), &SourceOptions::default(), 0);
        let calls = ["rounded", "exact"].map(|entry| (entry, vec![primes.clone()]));
        let found = interpreted(&module, &calls);
        assert_eq!(found[0], found[1], "{dtype}");
        gives(&text, "exact", &[primes], &found[0]);
    }
}
