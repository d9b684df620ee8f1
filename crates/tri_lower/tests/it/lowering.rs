//! What small programs become, as printed IR.

use crate::support::{Model, assert_close, lower, numbers};
use tri_ir::TensorData;
use tri_lower::Options;

/// The printed module, verified and parsed back.
fn printed(text: &str) -> String {
    let module = lower(text, &Options::default()).module;
    let printed = module.to_string();
    tri_ir::verify(module).unwrap();
    printed
}

#[test]
fn equal_layers_are_calls_of_one_function() {
    insta::assert_snapshot!(printed(
        "layer Double[D]() {
    param gain: f32[D] = init.ones
    param offset: f32[D] = init.zeros if D > 2

    fn forward[..B](x: f32[..B, D]) -> f32[..B, D] {
        x * gain
    }
}

model M() {
    parts = [Double[4](); 2]
    last = Double[4]()

    fn forward[B](x: f32[B, 4]) -> f32[B, 4] {
        var y = x
        for part in parts {
            y = part(y)
        }
        last(y) + 1
    }
}
"
    ));
}

#[test]
fn a_cache_is_a_state_with_a_size_bound_at_run_time() {
    insta::assert_snapshot!(printed(
        "dim MaxLen = 8
dim D = 2

model Cache() {
    state keys: f32[MaxLen, D] = zeros

    fn step[T](k: f32[T, D], len: i32) -> f32[D] {
        let dim P = len where P + T <= MaxLen
        let dim N = len + T where N <= MaxLen
        keys[P:P + T] = k
        sum(keys[0:N], axis = 0)
    }
}
"
    ));
}

#[test]
fn views_are_slices_and_reshapes() {
    insta::assert_snapshot!(printed(
        "model M() {
    fn forward[B](x: f32[B, 4, 6]) -> f32[B, 2, 1] {
        x[:, 1:3, -1][.., _]
    }
}
"
    ));
}

#[test]
fn routed_rows_are_flattened() {
    insta::assert_snapshot!(printed(
        "layer Tile[D]() {
    param gain: f32[D] = init.ones

    fn forward[..B](x: f32[..B, D]) -> f32[..B, D] {
        x * gain
    }
}

model M() {
    tiles = [Tile[3](); 2]

    fn forward[B, T](x: f32[B, T, 3], scores: f32[B, T, 2]) -> f32[B, T, 3] {
        route(x, through = tiles, by = scores, top = 2, weight = scores)
    }
}
"
    ));
}

#[test]
fn a_cache_fills_from_call_to_call() {
    let model = Model::new(
        "model Cache() {
    state keys: f32[4, 2] = zeros

    fn step[T](k: f32[T, 2], len: i32) -> f32[2] {
        let dim P = len where P + T <= 4
        let dim N = len + T where N <= 4
        keys[P:P + T] = k
        sum(keys[0:N], axis = 0)
    }
}
",
    );
    let interpreter = tri_interp::Interpreter::new(&model.module);
    let weights = interpreter.bind_initial().unwrap();
    let mut states = interpreter.initial_states().unwrap();
    let mut step = |rows: &[f32], len: i32| {
        let k = TensorData::from_f32(vec![rows.len() / 2, 2], rows).unwrap();
        let len = TensorData::from_i32(vec![], &[len]).unwrap();
        interpreter.call("step", &[k, len], &weights, &mut states).map(|out| out[0].to_f32().unwrap())
    };
    assert_eq!(step(&[1.0, 2.0], 0).unwrap(), [1.0, 2.0]);
    assert_eq!(step(&[10.0, 20.0, 100.0, 200.0], 1).unwrap(), [111.0, 222.0]);
    assert!(step(&[0.0; 4], 3).is_err(), "the cache is full");
}

#[test]
fn configuration_chooses_and_functions_are_values() {
    let model = Model::new(
        "layer Mlp[D](act: fn(f32[..S]) -> f32[..S] = relu, double: bool = false) {
    fn forward[B](x: f32[B, D]) -> f32[B, D] {
        let y = act(x)
        if double { y * 2 } else { y }
    }
}

model M() {
    a = Mlp[2]()
    b = Mlp[2](act = silu, double = true)

    fn plain[B](x: f32[B, 2]) -> f32[B, 2] { a(x) }
    fn doubled[B](x: f32[B, 2]) -> f32[B, 2] { b(x) }
}
",
    );
    let x = TensorData::from_f32(vec![1, 2], &[-1.0, 3.0]).unwrap();
    assert_eq!(model.call_with("plain", std::slice::from_ref(&x), &[]), [0.0, 3.0]);
    let doubled = model.call_with("doubled", &[x], &[]);
    assert_close(&doubled, &[-0.537_882_843, 5.715_444_758], 1e-6);
}

#[test]
fn foreign_names_reach_into_arrays() {
    let module = lower(
        "layer Part() {
    @name(\"h.{i}.w\")
    param weight: f32[2] = init.zeros
    @name(\"b\")
    param offset: f32[2] = init.zeros
}

model M() {
    parts = [Part(); 2]
    @name(\"tail\")
    last = Part()

    fn forward[B](x: f32[B, 2]) -> f32[B, 2] { x }
}
",
        &Options::default(),
    );
    let names: Vec<&str> = module.module.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
    // Outside an array `{i}` stays as it is written.
    assert_eq!(names, ["h.0.w", "parts.0.b", "h.1.w", "parts.1.b", "h.{i}.w", "tail.b"]);
}

#[test]
fn einsum_orders_axes_as_asked() {
    let model = Model::new(
        "model M() {
    fn forward[B, S, T](x: f32[B, S, 3], y: f32[B, T, 3]) -> f32[T, B, S] {
        einsum(\"b s d, b t d -> t b s\", x, y)
    }

    fn batched[B, S, T](x: f32[B, S, 3], y: f32[B, T, 3]) -> f32[B, S, T] {
        x @ permute(y, [0, 2, 1])
    }
}
",
    );
    let (x, y) = (numbers(1, 2 * 4 * 3), numbers(2, 2 * 5 * 3));
    let inputs =
        [TensorData::from_f32(vec![2, 4, 3], &x).unwrap(), TensorData::from_f32(vec![2, 5, 3], &y).unwrap()];
    let dot = |b: usize, s: usize, t: usize| {
        (0..3).map(|d| f64::from(x[(b * 4 + s) * 3 + d]) * f64::from(y[(b * 5 + t) * 3 + d])).sum::<f64>()
    };
    let mut expected = Vec::new();
    for t in 0..5 {
        (0..2).for_each(|b| (0..4).for_each(|s| expected.push(dot(b, s, t))));
    }
    assert_close(&model.call_with("forward", &inputs, &[]), &expected, 1e-6);
    let mut expected = Vec::new();
    for b in 0..2 {
        (0..4).for_each(|s| (0..5).for_each(|t| expected.push(dot(b, s, t))));
    }
    assert_close(&model.call_with("batched", &inputs, &[]), &expected, 1e-6);
}
