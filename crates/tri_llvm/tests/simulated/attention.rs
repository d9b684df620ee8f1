//! Attention: one kernel, without a matrix of scores.

use tri_ir::{DType, Function, TensorData};
use tri_kernel_ir::StepKind;

use crate::cases::{Case, Noise, single_launches};

const TEXT: &str = include_str!("../../../tri_kernel_ir/tests/modules/attention.tir");

/// Holds a function of [`TEXT`] to the interpreter where `T` is each of `sizes`, on each of some kinds of arguments.
fn hold(name: &str, sizes: &[usize], cases: std::ops::Range<u64>) {
    let module = tri_ir::parse(TEXT).unwrap();
    let function = module.functions.into_iter().find(|function| function.name == name).unwrap();
    let kernels = Case::new(function.clone());
    for t in sizes {
        for case in cases.clone() {
            let data = arguments(&function, *t, case);
            kernels.hold(&[*t as i64], &data, &format!("{name}, T = {t}, case {case}"));
        }
    }
}

fn arguments(function: &Function, t: usize, case: u64) -> Vec<TensorData> {
    let mut noise = Noise(10 * t as u64 + case);
    function
        .params
        .iter()
        .map(|value| {
            let ty = function.ty(*value);
            let size = |dim: &tri_ir::Dim| dim.evaluate(&mut |_| Some(t as i64)).unwrap() as usize;
            let shape: Vec<usize> = ty.shape.iter().map(size).collect();
            match (ty.dtype, case) {
                (DType::I32, _) => {
                    let start = [2i32, -1, -3, 1000][case as usize % 4];
                    TensorData::new(DType::I32, shape, start.to_le_bytes().to_vec()).unwrap()
                }
                // Rows that see nothing.
                (DType::Bool, 0) => {
                    let count = shape.iter().product();
                    TensorData::new(DType::Bool, shape, vec![0; count]).unwrap()
                }
                (DType::F32, 0 | 1) => noise.f32s(&shape),
                (dtype, _) => noise.tensor(dtype, &shape),
            }
        })
        .collect()
}

#[test]
fn attention_has_the_bits_of_the_interpreter() {
    for name in ["heads", "grouped", "half", "one"] {
        hold(name, &[0, 1, 9, 33], 0..3);
    }
}

#[test]
fn more_keys_than_a_chunk_has_are_computed_again() {
    hold("one", &[1025], 1..2);
    hold("half", &[1030], 1..2);
}

#[test]
fn attention_is_one_launch() {
    assert_eq!(single_launches(TEXT, |step| matches!(step, StepKind::Attention(_))), 4);
}
