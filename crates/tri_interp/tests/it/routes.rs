//! Routes, calls, states, sizes bound inside, entries, the prologue and tests: modules written as text.

use tri_interp::{Fault, InterpError, Interpreter};
use tri_ir::{FunctionId, TensorData, Verified, parse, verify};

use crate::evaluate::{assert_same, bytes, f32s, i32s};

fn module(text: &str) -> Verified {
    let module = parse(text).unwrap_or_else(|error| panic!("{error}"));
    verify(module).unwrap_or_else(|error| panic!("{error}"))
}

/// Tile i adds 10^i to its rows; rows of two.
fn route(attributes: &str, gates: &str) -> Verified {
    module(&format!(
        "module \"m\"
        fn @tile<n: 1 up>(%0: f32[n, 2], %1: f32[2]) -> (%3) {{
          %2 = broadcast %1 : f32[n, 2]
          %3 = add %0, %2 : f32[n, 2]
        }}
        fn @f<B: 0 up>(%0: f32[B, 2], %1: f32[B, 3], %2: f32[B, 3]) -> (%6) {{
          %3 = constant {{f32 1.0}} : f32[2]
          %4 = constant {{f32 10.0}} : f32[2]
          %5 = constant {{f32 100.0}} : f32[2]
          %6 = route %0, %1{gates}, %3, %4, %5 {{{attributes}, tiles [@tile symbols [] captures 1, @tile symbols [] captures 1, @tile symbols [] captures 1]}} : f32[B, 2]
        }}"
    ))
}

fn routed(module: &Verified, scores: &[f32], gates: &[f32]) -> TensorData {
    let rows = scores.len() / 3;
    let args = [f32s(&[rows, 2], &vec![0.5; 2 * rows]), f32s(&[rows, 3], scores), f32s(&[rows, 3], gates)];
    Interpreter::new(module).run_function(FunctionId(1), &[rows as i64], &args, &mut []).unwrap().remove(0)
}

const NAN: f32 = f32::NAN;

#[test]
fn ties_go_to_the_lower_tile_and_nan_ranks_below_numbers() {
    let top1 = route("top 1, weighted false", "");
    #[rustfmt::skip]
    let scores = [
        1.0, 2.0, 2.0,
        -0.0, 0.0, -1.0,
        NAN, f32::NEG_INFINITY, NAN,
        NAN, NAN, NAN,
        3.0, f32::INFINITY, 1e38,
    ];
    let got = routed(&top1, &scores, &[0.0; 15]);
    assert_same(&got, &[10.5, 10.5, 1.5, 1.5, 10.5, 10.5, 1.5, 1.5, 10.5, 10.5]);
    // No rows: no tile is called (a tile refuses 0 rows here).
    assert_eq!(routed(&top1, &[], &[]).shape, [0, 2]);
}

#[test]
fn several_choices_add_up_in_descending_order_of_score() {
    let top2 = route("top 2, weighted false", "");
    assert_same(&routed(&top2, &[1.0, 3.0, 2.0, 5.0, 5.0, 5.0], &[0.0; 6]), &[111.0, 111.0, 12.0, 12.0]);
    let weighted = route("top 3, weighted true", ", %2");
    // Best first: tile 2, then 0, then 1. Addition of 1e8, 1 and -1e8 shows the order.
    let gates = [1.0 / 1.5, -1e8 / 10.5, 1e8 / 100.5];
    let expected = (100.5 * gates[2] + 1.5 * gates[0]) + 10.5 * gates[1];
    let other = (100.5 * gates[2] + 10.5 * gates[1]) + 1.5 * gates[0];
    assert_ne!(expected, other);
    assert_same(&routed(&weighted, &[2.0, 1.0, 3.0], &gates), &[expected, expected]);
}

#[test]
fn a_row_does_not_depend_on_its_company() {
    let top2 = route("top 2, weighted true", ", %2");
    let mut random = crate::evaluate::Numbers(2);
    let (scores, gates) = (random.floats(300), random.floats(300));
    let all = routed(&top2, &scores, &gates).to_f32().unwrap();
    for row in 0..100 {
        let alone = routed(&top2, &scores[row * 3..row * 3 + 3], &gates[row * 3..row * 3 + 3]);
        assert_same(&alone, &all[row * 2..row * 2 + 2]);
    }
}

#[test]
fn rows_whose_tile_is_given_go_there_and_numbers_out_of_range_to_the_ends() {
    let module = module(
        "module \"m\"
        fn @tile<n: 1 up>(%0: f32[n, 1], %1: f32[1]) -> (%3) {
          %2 = broadcast %1 : f32[n, 1]
          %3 = add %0, %2 : f32[n, 1]
        }
        fn @f<B: 0 up>(%0: f32[B, 1], %1: i32[B]) -> (%4) {
          %2 = constant {f32 1.0} : f32[1]
          %3 = constant {f32 10.0} : f32[1]
          %4 = route %0, %1, %2, %3 {top 1, weighted false, tiles [@tile symbols [] captures 1, @tile symbols [] captures 1]} : f32[B, 1]
        }",
    );
    let args = [f32s(&[4, 1], &[0.5; 4]), i32s(&[4], &[1, 0, -3, 7])];
    let found = Interpreter::new(&module).run_function(FunctionId(1), &[4], &args, &mut []).unwrap();
    assert_same(&found[0], &[10.5, 1.5, 1.5, 10.5]);
}

#[test]
fn clusters_are_chosen_first_and_ties_and_nan_are_those_of_argmax() {
    // Two clusters of two tiles; the best tile of all, number 3, is in the cluster that a row of ones does not choose.
    let module = module(
        "module \"m\"
        fn @f<B: 0 up>(%0: f32[B, 2]) -> (%3) {
          %1 = literal {trit [2, 2] (1, 0, 0, -1)} : trit[2, 2]
          %2 = literal {trit [2, 2, 2] (0, 0, 1, 0, 1, 1, 1, 1)} : trit[2, 2, 2]
          %3 = argmax_clusters %0, %1, %2 : i32[B]
        }",
    );
    let x = [1.0, 1.0, 0.0, 0.0, -1.0, 2.0, -3.0, 1.0, NAN, 1.0, NAN, NAN];
    let found = Interpreter::new(&module).run_function(FunctionId(0), &[6], &[f32s(&[6, 2], &x)], &mut []);
    assert_eq!(found.unwrap()[0].to_i32().unwrap(), [1, 0, 0, 2, 2, 0]);
}

const CACHE: &str = "module \"cache\"
    fn @zeros() -> (%0) { %0 = constant {f32 0.0} : f32[4] }
    fn @ones() -> (%0) { %0 = constant {f32 1.0} : f32[3] }
    fn @prepare(%0: f32[3]) -> (%1) { %1 = neg %0 : f32[3] }
    fn @f<T: 1 to 3, L: 0 up inside, N: 0 up inside>(%0: f32[T], %1: i32, %2: f32[3]) -> (%6, %7) {
      state f32[4]
      bind_dim %1 {symbol L, at_most [L + T <= 4]}
      %3 = dim {L + T} : i32
      bind_dim %3 {symbol N, at_most []}
      state_write %0 {state 0, starts [L]}
      %4 = state_read {state 0} : f32[4]
      %5 = slice %4 {starts [0], steps [1]} : f32[N]
      %6 = reduce %5 {sum, axes [0]} : f32
      %7 = neg %2 : f32[3]
    }
    fn @positive(%0: f32[3], %1: f32[3]) -> (%3, %4) {
      %2 = gt %0, %1 : bool[3]
      %3 = reduce %2 {all, axes [0]} : bool
      %4 = constant {bool 0} : bool
    }
    param \"w\" : f32[3] init @ones
    state \"keys\" : f32[4] init @zeros
    prologue @prepare
    bound \"w.negated\" : f32[3]
    entry \"step\" = @f {
      input \"x\" : f32[T] axes [\"T\"]
      input \"len\" : i32 axes []
      capture bound 0
      state 0
      output f32 axes []
      output f32[3] axes [\"3\"]
    }
    test \"weights are above their negation\" = @positive {
      capture param 0
      capture bound 0
      check \"all(w > -w)\"
      check \"false\"
    }";

fn cache() -> Verified {
    module(CACHE)
}

#[test]
fn states_live_from_call_to_call_and_survive_failures() {
    let module = cache();
    let interpreter = Interpreter::new(&module);
    let weights = interpreter.bind_initial().unwrap();
    assert_same(&weights.bound()[0], &[-1.0; 3]);
    let mut states = interpreter.initial_states().unwrap();
    let mut step = |x: &[f32], len: i32| {
        let inputs = [f32s(&[x.len()], x), i32s(&[], &[len])];
        let result = interpreter.call("step", &inputs, &weights, &mut states);
        (result, states[0].to_f32().unwrap())
    };
    let (result, keys) = step(&[1.0, 2.0], 0);
    assert_same(&result.as_ref().unwrap()[0], &[3.0]);
    assert_same(&result.unwrap()[1], &[1.0; 3]);
    assert_eq!(keys, [1.0, 2.0, 0.0, 0.0]);
    let (result, keys) = step(&[4.0], 2);
    assert_same(&result.unwrap()[0], &[7.0]);
    assert_eq!(keys, [1.0, 2.0, 4.0, 0.0]);
    // Beyond the end, and a negative length: the state stays as it was.
    let (result, keys) = step(&[8.0, 9.0], 3);
    let Err(InterpError::Stopped { fault, .. }) = result else { panic!("{result:?}") };
    assert_eq!(fault, Fault::Bound { symbol: "L".to_owned(), value: 3, left: 5, right: 4 });
    assert_eq!(keys, [1.0, 2.0, 4.0, 0.0]);
    let (result, _) = step(&[8.0], -1);
    let Err(InterpError::Stopped { fault, .. }) = result else { panic!("{result:?}") };
    assert_eq!(fault, Fault::Binding { symbol: "L".to_owned(), value: -1 });
}

#[test]
fn inputs_that_do_not_fit_are_named() {
    let module = cache();
    let interpreter = Interpreter::new(&module);
    let weights = interpreter.bind_initial().unwrap();
    let mut states = interpreter.initial_states().unwrap();
    let mut error = |name: &str, inputs: &[TensorData]| {
        interpreter.call(name, inputs, &weights, &mut states).unwrap_err().to_string()
    };
    let len = i32s(&[], &[0]);
    assert_eq!(error("forward", &[]), "the model has no entry `forward`");
    assert_eq!(error("step", std::slice::from_ref(&len)), "inputs: 1 given where 2 belong");
    assert_eq!(error("step", &[len.clone(), len.clone()]), "input `x` is i32, but f32 belongs there");
    assert_eq!(
        error("step", &[f32s(&[1, 1], &[0.0]), len.clone()]),
        "input `x` has 2 axes, but 1 belong there"
    );
    assert_eq!(error("step", &[f32s(&[4], &[0.0; 4]), len.clone()]), "`T` is 4, outside 1..=3");
    let short = TensorData { bytes: vec![0; 3], ..f32s(&[1], &[0.0]) };
    assert_eq!(error("step", &[short, len]), "input `x` holds bytes that are no f32 tensor of its shape");
    let wrong = interpreter.bind(&[f32s(&[2], &[0.0; 2])]).unwrap_err();
    assert_eq!(wrong.to_string(), "axis 0 (`3`) of parameter `w` is 2, but 3 belongs there");
}

#[test]
fn equal_names_are_equal_sizes() {
    let module = module(
        "module \"m\"
        fn @f<A: 0 up>(%0: f32[A], %1: f32[2 * A]) -> (%0) {}
        entry \"f\" = @f {
          input \"x\" : f32[A] axes [\"A\"]
          input \"y\" : f32[2 * A] axes [\"2 * A\"]
          output f32[A] axes [\"A\"]
        }",
    );
    let interpreter = Interpreter::new(&module);
    let weights = interpreter.bind(&[]).unwrap();
    let call = |a: usize, b: usize| {
        interpreter.call("f", &[f32s(&[a], &vec![0.0; a]), f32s(&[b], &vec![0.0; b])], &weights, &mut [])
    };
    assert!(call(2, 4).is_ok() && call(0, 0).is_ok());
    assert_eq!(
        call(2, 5).unwrap_err().to_string(),
        "axis 0 (`2 * A`) of input `y` is 5, but 4 belongs there"
    );
}

#[test]
fn tests_run_on_weights_and_give_a_truth_value_each() {
    let module = cache();
    let interpreter = Interpreter::new(&module);
    let initial = interpreter.bind_initial().unwrap();
    assert_eq!(interpreter.run_test(&module.tests[0], &initial).unwrap(), [true, false]);
    let negative = interpreter.bind(&[f32s(&[3], &[1.0, -1.0, 1.0])]).unwrap();
    assert_eq!(interpreter.run_test(&module.tests[0], &negative).unwrap(), [false, false]);
}

#[test]
fn callees_see_their_own_sizes_and_the_callers_states() {
    let module = module(
        "module \"m\"
        fn @push<T: 0 up>(%0: f32[T]) -> (%1) {
          state f32[2]
          state_write %0 {state 0, starts [0]}
          %1 = state_read {state 0} : f32[2]
        }
        fn @f<B: 0 up>(%0: f32[B]) -> (%1, %3) {
          state f32[2]
          state f32[2]
          %1 = call %0 {@push, symbols [B], states [1]} : f32[2]
          %2 = neg %0 : f32[B]
          %3 = call %2 {@push, symbols [B], states [0]} : f32[2]
        }",
    );
    let mut states = [f32s(&[2], &[5.0, 6.0]), f32s(&[2], &[7.0, 8.0])];
    let got = Interpreter::new(&module)
        .run_function(FunctionId(1), &[1], &[f32s(&[1], &[1.0])], &mut states)
        .unwrap();
    assert_same(&got[0], &[1.0, 8.0]);
    assert_same(&got[1], &[-1.0, 6.0]);
    assert_same(&states[0], &[-1.0, 6.0]);
    assert_same(&states[1], &[1.0, 8.0]);
}

#[test]
fn encodings_do_not_change_values() {
    let module = module(
        "module \"m\"
        fn @f(%0: i8[1, 5], %1: trit[2, 5]) -> (%3, %5) {
          %2 = encode %1 : trit[2, 5] in t160
          %3 = contract %0, %2 {batch [], contract [1:1]} : i32[1, 2]
          %4 = encode %2 : trit[2, 5] in planes
          %5 = encode %4 : trit[2, 5]
        }",
    );
    let t = bytes(tri_ir::DType::Trit, &[2, 5], &[1, -1, 0, 1, 1, -1, -1, -1, 0, 0]);
    let q = bytes(tri_ir::DType::I8, &[1, 5], &[1, 2, 3, 4, 5]);
    let got = Interpreter::new(&module).run_function(FunctionId(0), &[], &[q, t.clone()], &mut []).unwrap();
    assert_eq!(got[0].to_i32().unwrap(), [8, -6]);
    assert_eq!(got[1], t);
}
