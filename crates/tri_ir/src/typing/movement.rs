//! Ops that move elements without computing.

use super::source::{form, is_legal};
use super::{TypeError, axis_of, exactly, misfit, one_result, product};
use crate::{DType, Dim, Encoding, Scalar, Shape, TensorType};

pub(super) fn permute(perm: &[u32], operands: &[&TensorType]) -> Result<TensorType, TypeError> {
    exactly(operands, 1)?;
    let ty = operands[0];
    if perm.len() != ty.rank() {
        return Err(TypeError::Rank { operand: 0, expected: perm.len(), found: ty.rank() });
    }
    let mut seen = vec![false; ty.rank()];
    let mut shape = Vec::with_capacity(perm.len());
    for axis in perm {
        let at = axis_of(*axis, ty)?;
        if std::mem::replace(&mut seen[at], true) {
            return Err(TypeError::Attribute("the permutation names an axis twice"));
        }
        shape.push(ty.shape[at].clone());
    }
    Ok(ty.with_shape(shape))
}

pub(super) fn concat(axis: u32, operands: &[&TensorType]) -> Result<TensorType, TypeError> {
    let Some(first) = operands.first() else {
        return Err(TypeError::OperandCount { expected: 1, found: 0 });
    };
    let at = axis_of(axis, first)?;
    let mut size = Dim::default();
    for (operand, ty) in operands.iter().enumerate() {
        let fits = ty.dtype == first.dtype && ty.rank() == first.rank();
        let agrees = |i: usize| i == at || ty.shape[i] == first.shape[i];
        if !fits || !(0..first.rank()).all(agrees) {
            return Err(misfit(operands, operand));
        }
        size = size.add(&ty.shape[at])?;
        if size.terms().len() > super::MAX_TERMS {
            return Err(TypeError::TooComplex);
        }
    }
    let mut result = (*first).clone();
    result.shape[at] = size;
    Ok(result)
}

pub(super) fn gather(operands: &[&TensorType]) -> Result<TensorType, TypeError> {
    exactly(operands, 2)?;
    let (table, index) = (operands[0], operands[1]);
    if index.dtype != DType::I32 {
        return Err(TypeError::Dtype { operand: 1, found: index.dtype });
    }
    let Some((_, row)) = table.shape.split_first() else {
        return Err(TypeError::Rank { operand: 0, expected: 1, found: 0 });
    };
    Ok(table.with_shape(index.shape.iter().chain(row).cloned().collect::<Shape>()))
}

pub(super) fn broadcast(operands: &[&TensorType], results: &[&TensorType]) -> Result<(), TypeError> {
    exactly(operands, 1)?;
    let (from, to) = (operands[0], one_result(results)?);
    if *to != from.with_shape(to.shape.clone()) || to.rank() < from.rank() {
        return form(to, "a broadcast keeps the element type and loses no axis");
    }
    let one = Dim::constant(1);
    let aligned = &to.shape[to.rank() - from.rank()..];
    if from.shape.iter().zip(aligned).any(|(from, to)| from != to && *from != one) {
        return form(to, "a broadcast stretches axes of length 1 only");
    }
    Ok(())
}

pub(super) fn reshape(operands: &[&TensorType], results: &[&TensorType]) -> Result<(), TypeError> {
    exactly(operands, 1)?;
    let (from, to) = (operands[0], one_result(results)?);
    if *to != from.with_shape(to.shape.clone()) {
        return form(to, "a reshape keeps the element type and gives a plain tensor");
    }
    if product(&from.shape)? != product(&to.shape)? {
        return form(to, "a reshape keeps the number of elements");
    }
    Ok(())
}

pub(super) fn slice(
    starts: &[Dim],
    steps: &[u32],
    operands: &[&TensorType],
    results: &[&TensorType],
) -> Result<(), TypeError> {
    exactly(operands, 1)?;
    let (from, to) = (operands[0], one_result(results)?);
    if *to != from.with_shape(to.shape.clone()) || to.rank() != from.rank() {
        return form(to, "a slice keeps the element type and the rank");
    }
    if starts.len() != from.rank() || steps.len() != from.rank() || steps.contains(&0) {
        return Err(TypeError::Attribute("a slice has a start and a step of at least 1 for each axis"));
    }
    for (((start, step), from), size) in starts.iter().zip(steps).zip(&from.shape).zip(&to.shape) {
        let (Some(start), Some(size)) = (start.as_constant(), size.as_constant()) else { continue };
        let last = i128::from(start) + (i128::from(size) - 1) * i128::from(*step);
        let beyond = from.as_constant().is_some_and(|from| size > 0 && last >= i128::from(from));
        if start < 0 || beyond {
            return form(to, "the slice leaves its operand");
        }
    }
    Ok(())
}

pub(super) fn pad(
    low: &[Dim],
    value: Scalar,
    operands: &[&TensorType],
    results: &[&TensorType],
) -> Result<(), TypeError> {
    exactly(operands, 1)?;
    let (from, to) = (operands[0], one_result(results)?);
    if *to != from.with_shape(to.shape.clone()) || to.rank() != from.rank() || low.len() != from.rank() {
        return form(to, "padding keeps the element type and the rank");
    }
    if value.dtype() != from.dtype || !is_legal(value) {
        return Err(TypeError::Attribute("the padding value is no element of the operand's type"));
    }
    for ((low, from), to_size) in low.iter().zip(&from.shape).zip(&to.shape) {
        if low.as_constant().is_some_and(|low| low < 0) {
            return form(to, "the padding is negative");
        }
        let room = to_size.sub(from)?.sub(low)?;
        if room.as_constant().is_some_and(|room| room < 0) {
            return form(to, "the result has no room for its operand");
        }
    }
    Ok(())
}

pub(super) fn encode(operands: &[&TensorType], results: &[&TensorType]) -> Result<(), TypeError> {
    exactly(operands, 1)?;
    let (from, to) = (operands[0], one_result(results)?);
    if from.dtype != DType::Trit {
        return Err(TypeError::Dtype { operand: 0, found: from.dtype });
    }
    if to.dtype != DType::Trit || to.shape != from.shape {
        return form(to, "encoding keeps trits and shape");
    }
    if to.encoding != Encoding::Plain && to.rank() == 0 {
        return form(to, "packed trits lie in rows");
    }
    Ok(())
}
