//! Casts (rule 9). Every element type becomes f32 or i64 first, both exactly; integers become f16 and bf16 by way of f32.

use half::{bf16, f16};
use tri_ir::DType;
use tri_ir::math::{float_to_int, int_to_f32};

use crate::tensor::{Elements, Tensor};

enum Wide {
    Float(Vec<f32>),
    Int(Vec<i64>),
}

pub(crate) fn cast(x: &Tensor, to: DType) -> Tensor {
    if x.dtype() == to {
        return x.clone();
    }
    let elements = match widen(x.elements()) {
        Wide::Float(v) => from_float(&v, to),
        Wide::Int(v) => from_int(&v, to),
    };
    Tensor::new(x.shape.clone(), elements)
}

fn widen(elements: &Elements) -> Wide {
    match elements {
        Elements::Bool(v) => Wide::Int(v.iter().map(|x| i64::from(*x)).collect()),
        Elements::Trit(v) | Elements::I8(v) => Wide::Int(v.iter().map(|x| i64::from(*x)).collect()),
        Elements::U8(v) => Wide::Int(v.iter().map(|x| i64::from(*x)).collect()),
        Elements::I32(v) => Wide::Int(v.iter().map(|x| i64::from(*x)).collect()),
        Elements::I64(v) => Wide::Int(v.clone()),
        Elements::F16(v) => Wide::Float(v.iter().map(|x| x.to_f32()).collect()),
        Elements::Bf16(v) => Wide::Float(v.iter().map(|x| x.to_f32()).collect()),
        Elements::F32(v) => Wide::Float(v.clone()),
    }
}

/// Smallest and largest value of an integer type or of trits.
fn limits(to: DType) -> (i64, i64) {
    match to {
        DType::Trit => (-1, 1),
        DType::I8 => (i8::MIN.into(), i8::MAX.into()),
        DType::U8 => (0, u8::MAX.into()),
        DType::I32 => (i32::MIN.into(), i32::MAX.into()),
        _ => (i64::MIN, i64::MAX),
    }
}

fn from_float(v: &[f32], to: DType) -> Elements {
    match to {
        DType::F32 => Elements::F32(v.to_vec()),
        DType::F16 => Elements::F16(v.iter().map(|x| f16::from_f32(*x)).collect()),
        DType::Bf16 => Elements::Bf16(v.iter().map(|x| bf16::from_f32(*x)).collect()),
        DType::Bool => Elements::Bool(v.iter().map(|x| *x != 0.0).collect()),
        _ => {
            let (low, high) = limits(to);
            let rounded: Vec<i64> = v.iter().map(|x| float_to_int(*x, low, high)).collect();
            from_int(&rounded, to)
        }
    }
}

fn from_int(v: &[i64], to: DType) -> Elements {
    let (low, high) = limits(to);
    let saturated = || v.iter().map(|x| (*x).clamp(low, high));
    let floats = || v.iter().map(|x| int_to_f32(*x));
    match to {
        DType::Bool => Elements::Bool(v.iter().map(|x| *x != 0).collect()),
        DType::Trit => Elements::Trit(saturated().map(|x| x as i8).collect()),
        DType::I8 => Elements::I8(saturated().map(|x| x as i8).collect()),
        DType::U8 => Elements::U8(saturated().map(|x| x as u8).collect()),
        DType::I32 => Elements::I32(saturated().map(|x| x as i32).collect()),
        DType::I64 => Elements::I64(v.to_vec()),
        DType::F16 => Elements::F16(floats().map(f16::from_f32).collect()),
        DType::Bf16 => Elements::Bf16(floats().map(bf16::from_f32).collect()),
        DType::F32 => Elements::F32(floats().collect()),
    }
}
