//! What becomes of calls: `modules/inline.tir` before, the snapshot after; and which functions stay.
#![expect(clippy::unwrap_used, reason = "a step that fails, fails the test")]

use tri_interp::Interpreter;
use tri_ir::{Module, Op, TensorData, parse, verify};
use tri_passes::{OptLevel, optimize};

const MODULE: &str = include_str!("modules/inline.tir");

/// The module as a pass of -O2 leaves it.
fn after(pass: &str, text: &str) -> Module {
    let mut found = None;
    let module = verify(parse(text).unwrap_or_else(|error| panic!("{error}"))).unwrap();
    optimize(&module, OptLevel::O2, &mut |run, module| {
        if run.pass.name == pass {
            found = Some(module.clone());
        }
    })
    .unwrap();
    found.unwrap()
}

fn calls(module: &Module, name: &str) -> usize {
    let function = module.functions.iter().find(|function| function.name == name).unwrap();
    function.insts.iter().filter(|inst| matches!(inst.op, Op::Call { .. })).count()
}

#[test]
fn small_functions_move_to_their_calls_and_those_with_states_stay() {
    insta::assert_snapshot!(after("inline", MODULE));
}

#[test]
fn what_is_computed_stays_the_same() {
    let run = |module: Module, batch: usize| {
        let module = verify(module).unwrap();
        let interpreter = Interpreter::new(&module);
        let numbers = |count: usize| (0..count).map(|at| at as f32 * 0.37 - 2.0).collect::<Vec<_>>();
        let x = TensorData::from_f32(vec![batch, 4], &numbers(4 * batch)).unwrap();
        let weight = TensorData::from_f32(vec![4, 4], &numbers(16)).unwrap();
        let mut states = interpreter.initial_states().unwrap();
        let bound = interpreter.bind(&[]).unwrap();
        interpreter.call("forward", &[x, weight], &bound, &mut states).unwrap()
    };
    for batch in [0, 1, 4] {
        assert_eq!(run(after("inline", MODULE), batch), run(parse(MODULE).unwrap(), batch), "{batch} rows");
    }
}

#[test]
fn a_stack_of_equal_blocks_stays_a_stack_of_calls() {
    let mut text = MODULE.replace("  %2 = call %0, %1 {@block, symbols [B], states []} : f32[B, 4]\n", "");
    let (mut stack, mut from) = (String::new(), 0);
    for at in (7..37).chain([2]) {
        stack += &format!("  %{at} = call %{from}, %1 {{@block, symbols [B], states []}} : f32[B, 4]\n");
        from = at;
    }
    let place = text.find("  %4, %3 = call").unwrap();
    text.insert_str(place, &stack);
    let module = after("inline", &text);
    // The blocks, and the function with a state.
    assert_eq!(calls(&module, "forward"), 31 + 1);
    assert_eq!(calls(&module, "block"), 0);
}
