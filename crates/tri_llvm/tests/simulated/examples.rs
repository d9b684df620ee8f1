//! Every entry point of every example, on a small call: all its kernels, in the order of the schedule.

use std::path::Path;

use tri_driver::{OptLevel, Program, SourceOptions, Timing};
use tri_interp::Interpreter;
use tri_ir::{Capture, TensorData};
use tri_kernel_ir::Fusion;
use tri_llvm::Target;
use tri_testkit::small_call;

use crate::machine::{Machine, assert_same};

fn hold(file: &str, model: Option<&str>, dims: &[(&str, i64)]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(file);
    let dims = dims.iter().map(|(name, size)| ((*name).to_owned(), *size)).collect();
    let options = SourceOptions { dims, model: model.map(str::to_owned), ..SourceOptions::default() };
    let program = Program::open(&path, &options).unwrap();
    let module = program.optimized(OptLevel::O2, &mut Timing::default()).unwrap();
    let machine = Machine::new(module, Fusion::Full, Target::ALL[3]).unwrap();
    let interpreter = Interpreter::new(module);
    let (parameters, weights) =
        (interpreter.initial_parameters().unwrap(), interpreter.bind_initial().unwrap());
    let bound = weights.bound();
    for entry in &module.entries {
        let (sizes, inputs) = small_call(module, entry, 50).unwrap();
        let mut states = interpreter.initial_states().unwrap();
        let mut own: Vec<TensorData> = entry.states.iter().map(|id| states[id.index()].clone()).collect();
        let expected = interpreter.call(&entry.name, &inputs, &weights, &mut states).unwrap();
        let captures = entry.captures.iter().map(|capture| match capture {
            Capture::Parameter(id) => parameters[id.index()].clone(),
            Capture::Bound(id) => bound[id.index()].clone(),
        });
        let arguments: Vec<TensorData> = inputs.iter().cloned().chain(captures).collect();
        let found = machine.call(entry.function.0, &sizes, &arguments, &mut own).unwrap();
        let what = format!("{file} {model:?} {}", entry.name);
        assert_eq!(found.len(), expected.len(), "{what}");
        for (found, expected) in found.iter().zip(&expected) {
            assert_same(expected.dtype, found, &expected.bytes, &what);
        }
        for (found, id) in own.iter().zip(&entry.states) {
            assert_same(found.dtype, &found.bytes, &states[id.index()].bytes, &what);
        }
    }
}

#[test]
fn digits() {
    hold("digits.tri", None, &[]);
}

#[test]
fn mnist_cnn() {
    hold("mnist_cnn.tri", None, &[("Narrow", 4), ("Wide", 6), ("Hidden", 16)]);
}

#[test]
fn tiny_llama() {
    hold("tiny_llama.tri", None, &[("Vocab", 16), ("Layers", 1), ("MaxLen", 16)]);
}

#[test]
fn char_lm() {
    for model in ["Dense", "Ternary", "Sparse", "Hierarchical", "Lookup"] {
        hold("char_lm.tri", Some(model), &[("Model", 16), ("Layers", 1), ("Context", 8)]);
    }
}
