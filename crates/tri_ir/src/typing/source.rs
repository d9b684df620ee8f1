//! Ops that make tensors of nothing, or of one number.

use super::{TypeError, exactly, one_result};
use crate::{DType, Dim, Scalar, Shape, TensorData, TensorType};

/// Whether these bits are an element: a bool is 0 or 1, a trit -1, 0 or 1.
fn is_element(dtype: DType, bits: u64) -> bool {
    match dtype {
        DType::Bool => bits <= 1,
        DType::Trit => matches!(bits, 0 | 1 | 0xff),
        _ => true,
    }
}

/// Whether a scalar is a legal element of its type.
pub(super) fn is_legal(scalar: Scalar) -> bool {
    // Deserialised scalars may carry bits beyond their width.
    Scalar::from_bits(scalar.dtype(), scalar.bits()) == scalar && is_element(scalar.dtype(), scalar.bits())
}

pub(super) fn constant(
    scalar: Scalar,
    operands: &[&TensorType],
    results: &[&TensorType],
) -> Result<(), TypeError> {
    exactly(operands, 0)?;
    let result = one_result(results)?;
    if !is_legal(scalar) {
        return Err(TypeError::Attribute("the constant is no element of its type"));
    }
    if *result != result.with_dtype(scalar.dtype()) {
        return form(result, "the constant has another element type or the result is packed");
    }
    Ok(())
}

pub(super) fn literal(data: &TensorData) -> Result<TensorType, TypeError> {
    let broken = TypeError::Attribute("the literal's bytes do not fit its shape or element type");
    let elements = data.shape.iter().try_fold(1usize, |n, size| n.checked_mul(*size));
    if elements.and_then(|n| n.checked_mul(data.dtype.bytes())) != Some(data.bytes.len()) {
        return Err(broken);
    }
    if data.dtype.bytes() == 1 && !data.bytes.iter().all(|byte| is_element(data.dtype, (*byte).into())) {
        return Err(broken);
    }
    let size = |size: &usize| i64::try_from(*size).map(Dim::constant);
    let shape: Shape = data.shape.iter().map(size).collect::<Result<_, _>>().map_err(|_| broken)?;
    Ok(TensorType::new(data.dtype, shape))
}

pub(super) fn iota(axis: u32, operands: &[&TensorType], results: &[&TensorType]) -> Result<(), TypeError> {
    exactly(operands, 0)?;
    let result = one_result(results)?;
    super::axis_of(axis, result)?;
    if *result != result.with_dtype(DType::I32) {
        return form(result, "counting gives plain i32");
    }
    Ok(())
}

pub(super) fn random(operands: &[&TensorType], results: &[&TensorType]) -> Result<(), TypeError> {
    exactly(operands, 1)?;
    if *operands[0] != TensorType::scalar(DType::I64) {
        return Err(TypeError::Operand { operand: 0, found: Box::new(operands[0].clone()) });
    }
    let result = one_result(results)?;
    if *result != result.with_dtype(DType::F32) {
        return form(result, "random numbers are plain f32");
    }
    Ok(())
}

/// The error for a declared result that cannot be.
pub(super) fn form(found: &TensorType, reason: &'static str) -> Result<(), TypeError> {
    Err(TypeError::ResultForm { found: Box::new(found.clone()), reason })
}
