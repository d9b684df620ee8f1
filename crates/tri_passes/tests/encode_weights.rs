//! Which weights are packed, and how: `modules/encode_weights.tir` before, the snapshot after.
#![expect(clippy::unwrap_used, reason = "a step that fails, fails the test")]

use tri_interp::Interpreter;
use tri_ir::{DType, Module, TensorData, parse, verify};
use tri_passes::{OptLevel, optimize};

const MODULE: &str = include_str!("modules/encode_weights.tir");

fn packed() -> Module {
    let mut found = None;
    let module = verify(parse(MODULE).unwrap_or_else(|error| panic!("{error}"))).unwrap();
    optimize(&module, OptLevel::O2, &mut |run, module| {
        if run.pass.name == "encode-weights" {
            found = Some(module.clone());
        }
    })
    .unwrap();
    found.unwrap()
}

#[test]
fn weights_of_bytes_are_packed_in_rows_and_those_of_floats_stay() {
    insta::assert_snapshot!(packed());
}

#[test]
fn what_is_computed_stays_the_same() {
    let run = |module: Module, batch: usize| {
        let module = verify(module).unwrap();
        let floats = |shape: &[usize]| {
            let count = shape.iter().product::<usize>();
            let numbers: Vec<f32> = (0..count).map(|at| (at * 37 % 101) as f32 * 0.04 - 2.0).collect();
            TensorData::from_f32(shape.to_vec(), &numbers).unwrap()
        };
        let trits = (0..36u8).map(|at| (at * 7 % 3).wrapping_sub(1)).collect();
        let bytes = (0..batch * 120).map(|at| (at * 41) as u8).collect();
        let arguments = [
            floats(&[batch, 6, 5, 5]),
            floats(&[4, 3, 3, 2]),
            floats(&[6, 4, 1, 1]),
            floats(&[6, 150]),
            TensorData::new(DType::Trit, vec![6, 6, 1, 1], trits).unwrap(),
            TensorData::new(DType::I8, vec![batch, 6, 5, 4], bytes).unwrap(),
        ];
        let interpreter = Interpreter::new(&module);
        let bound = interpreter.bind(&[]).unwrap();
        interpreter.call("forward", &arguments, &bound, &mut []).unwrap()
    };
    for batch in [0, 1, 3] {
        assert_eq!(run(packed(), batch), run(parse(MODULE).unwrap(), batch), "{batch} images");
    }
}
