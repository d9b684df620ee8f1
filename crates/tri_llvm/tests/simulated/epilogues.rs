//! Epilogues: what follows a product is computed by the product's kernel.

use tri_ir::TensorData;
use tri_kernel_ir::StepKind;

use crate::cases::{Case, Noise, single_launches};

const TEXT: &str = include_str!("../../../tri_kernel_ir/tests/modules/epilogue.tir");

/// Holds a function of [`TEXT`] to the interpreter where `T` is each of `sizes`, on tame numbers and on any.
fn hold(name: &str, sizes: &[usize]) {
    let module = tri_ir::parse(TEXT).unwrap();
    let function = module.functions.into_iter().find(|function| function.name == name).unwrap();
    let kernels = Case::new(function.clone());
    for t in sizes {
        for is_any in [false, true] {
            let mut noise = Noise(10 * *t as u64 + u64::from(is_any));
            let argument = |value: &tri_ir::Value| {
                let ty = function.ty(*value);
                let size = |dim: &tri_ir::Dim| dim.evaluate(&mut |_| Some(*t as i64)).unwrap() as usize;
                let shape: Vec<usize> = ty.shape.iter().map(size).collect();
                let is_tame = ty.dtype == tri_ir::DType::F32 && !is_any;
                if is_tame { noise.f32s(&shape) } else { noise.tensor(ty.dtype, &shape) }
            };
            let data: Vec<TensorData> = function.params.iter().map(argument).collect();
            kernels.hold(&[*t as i64], &data, &format!("{name}, T = {t}, any: {is_any}"));
        }
    }
}

#[test]
fn epilogues_of_contractions_have_the_bits_of_the_interpreter() {
    for name in ["linear", "ternary", "bytes", "gated", "swish", "row", "whole", "shifted", "afterwards"] {
        hold(name, &[0, 1, 5, 33]);
    }
}

#[test]
fn epilogues_of_convolutions_have_the_bits_of_the_interpreter() {
    for name in ["pixels", "channels", "digits"] {
        hold(name, &[0, 1, 2]);
    }
}

#[test]
fn an_epilogue_is_in_the_launch_of_its_product() {
    assert_eq!(single_launches(TEXT, |step| matches!(step, StepKind::Epilogue(_))), 11);
}
