//! Ops that treat elements one by one.

use super::source::form;
use super::{TypeError, exactly, misfit, one_result};
use crate::{BinaryOp, DType, TensorType, UnaryOp};

pub(super) fn unary(op: UnaryOp, operands: &[&TensorType]) -> Result<TensorType, TypeError> {
    exactly(operands, 1)?;
    let dtype = operands[0].dtype;
    let signed = matches!(dtype, DType::I8 | DType::I32 | DType::I64);
    let accepted = match op {
        UnaryOp::Neg => dtype.is_float() || signed || dtype == DType::Trit,
        UnaryOp::Not => dtype == DType::Bool,
        UnaryOp::Abs => dtype.is_float() || signed,
        UnaryOp::Sign => dtype.is_float() || dtype.is_int() || dtype == DType::Trit,
        UnaryOp::IsFinite | UnaryOp::IsNan => dtype.is_float(),
        UnaryOp::Sqrt
        | UnaryOp::Rsqrt
        | UnaryOp::Floor
        | UnaryOp::Ceil
        | UnaryOp::Round
        | UnaryOp::Exp
        | UnaryOp::Log
        | UnaryOp::Tanh
        | UnaryOp::Sigmoid
        | UnaryOp::Erf
        | UnaryOp::Sin
        | UnaryOp::Cos => dtype == DType::F32,
    };
    if !accepted {
        return Err(TypeError::Dtype { operand: 0, found: dtype });
    }
    let result = if matches!(op, UnaryOp::IsFinite | UnaryOp::IsNan) { DType::Bool } else { dtype };
    Ok(operands[0].with_dtype(result))
}

pub(super) fn binary(op: BinaryOp, operands: &[&TensorType]) -> Result<TensorType, TypeError> {
    exactly(operands, 2)?;
    let dtype = operands[0].dtype;
    let number = dtype.is_float() || dtype.is_int();
    let accepted = match op {
        BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Div | BinaryOp::Min | BinaryOp::Max => {
            number
        }
        BinaryOp::Rem => dtype.is_int(),
        BinaryOp::Pow => dtype == DType::F32,
        BinaryOp::And | BinaryOp::Or => dtype == DType::Bool,
        BinaryOp::Eq | BinaryOp::Ne => true,
        BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge => number || dtype == DType::Trit,
    };
    if !accepted {
        return Err(TypeError::Dtype { operand: 0, found: dtype });
    }
    if operands[1] != operands[0] {
        return Err(misfit(operands, 1));
    }
    Ok(operands[0].with_dtype(if op.is_comparison() { DType::Bool } else { dtype }))
}

pub(super) fn select(operands: &[&TensorType]) -> Result<TensorType, TypeError> {
    exactly(operands, 3)?;
    if operands[0].dtype != DType::Bool {
        return Err(TypeError::Dtype { operand: 0, found: operands[0].dtype });
    }
    if operands[1].shape != operands[0].shape {
        return Err(misfit(operands, 1));
    }
    if operands[2] != operands[1] {
        return Err(misfit(operands, 2));
    }
    Ok(operands[1].clone())
}

pub(super) fn cast(operands: &[&TensorType], results: &[&TensorType]) -> Result<(), TypeError> {
    exactly(operands, 1)?;
    let result = one_result(results)?;
    if *result != operands[0].with_dtype(result.dtype) {
        return form(result, "a cast keeps the shape and gives a plain tensor");
    }
    Ok(())
}
