//! The models of `examples/zoo` at a small size with random weights: native code against the interpreter, at every level, on
//! one thread and two.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::path::Path;

use tri_driver::{Engine, Parameters, Program, SourceOptions, Timing, level_of};
use tri_interp::Interpreter;
use tri_ir::{Module, TensorData};

/// Numbers in -1..1, the same on every machine.
fn numbers(count: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

fn random_parameters(module: &Module) -> Vec<TensorData> {
    let parameters = module.parameters.iter().enumerate();
    let parameters = parameters.map(|(seed, parameter)| {
        let dims = parameter.ty.shape.iter();
        let shape: Vec<usize> = dims.map(|dim| dim.as_constant().unwrap() as usize).collect();
        let mut values = numbers(shape.iter().product(), seed as u32);
        if parameter.name.ends_with("running_var") {
            values.iter_mut().for_each(|x| *x = x.abs() + 0.5);
        }
        TensorData::from_f32(shape, &values).unwrap()
    });
    parameters.collect()
}

/// Logits of a random image of 32 pixels a side, the same to the bit however they are computed.
fn agrees_with_the_interpreter(name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/zoo").join(name);
    let dims = [("Image".to_owned(), 32), ("Class".to_owned(), 10)].into();
    let options = SourceOptions { dims, ..SourceOptions::default() };
    let image = TensorData::from_f32(vec![1, 3, 32, 32], &numbers(3 * 32 * 32, 7)).unwrap();
    let mut expected = None;
    for level in [0, 1, 2, 3] {
        let mut timing = Timing::default();
        let program = Program::open(&path, &options).unwrap();
        let (elaborated, warnings) = program.elaborate(&mut timing).unwrap();
        assert!(warnings.is_empty(), "{warnings:?}");
        let parameters = random_parameters(elaborated);
        let expected = expected.get_or_insert_with(|| {
            let interpreter = Interpreter::new(elaborated);
            let weights = interpreter.bind(&parameters).unwrap();
            let mut states = interpreter.initial_states().unwrap();
            interpreter
                .call("forward", std::slice::from_ref(&image), &weights, &mut states)
                .unwrap()
                .remove(0)
        });
        let scores = expected.to_f32().unwrap();
        assert!(scores.iter().all(|x| x.is_finite()) && scores.iter().any(|x| *x != scores[0]), "{scores:?}");
        let module = program.optimized(level_of(level), &mut timing).unwrap().clone();
        for threads in [1, 2] {
            let given = Parameters::Given(&parameters);
            let mut engine =
                Engine::compile(module.clone(), level_of(level), given, Some(threads), &mut timing).unwrap();
            let found = engine.call("forward", std::slice::from_ref(&image)).unwrap().remove(0);
            assert!(found == *expected, "{name} -O{level} on {threads} threads differs from the interpreter");
        }
    }
}

#[test]
fn resnet34() {
    agrees_with_the_interpreter("resnet34.tri");
}

#[test]
fn resnet50() {
    agrees_with_the_interpreter("resnet50.tri");
}
