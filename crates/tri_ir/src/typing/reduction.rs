//! Ops along axes: reductions, argmax, softmax, pooling, quantisers.

use super::source::is_legal;
use super::{TypeError, axis_of, exactly, misfit, rank, windows};
use crate::{DType, Dim, Pool2d, PoolKind, Quantizer, ReduceOp, TensorType};

fn dtype_error(operands: &[&TensorType]) -> TypeError {
    TypeError::Dtype { operand: 0, found: operands[0].dtype }
}

fn without(ty: &TensorType, axes: &[u32]) -> Vec<Dim> {
    let kept = |(axis, _): &(usize, &Dim)| !axes.iter().any(|gone| *gone as usize == *axis);
    ty.shape.iter().enumerate().filter(kept).map(|(_, dim)| dim.clone()).collect()
}

pub(super) fn reduce(op: ReduceOp, axes: &[u32], operands: &[&TensorType]) -> Result<TensorType, TypeError> {
    exactly(operands, 1)?;
    let ty = operands[0];
    let accepted = match op {
        ReduceOp::Sum => ty.dtype == DType::F32 || ty.dtype.is_int(),
        ReduceOp::Max | ReduceOp::Min => ty.dtype.is_float() || ty.dtype.is_int(),
        ReduceOp::All | ReduceOp::Any => ty.dtype == DType::Bool,
    };
    if !accepted {
        return Err(dtype_error(operands));
    }
    for (i, axis) in axes.iter().enumerate() {
        axis_of(*axis, ty)?;
        if i > 0 && axes[i - 1] >= *axis {
            return Err(TypeError::Axis { axis: *axis, rank: ty.rank() });
        }
    }
    Ok(ty.with_shape(without(ty, axes)))
}

pub(super) fn argmax(axis: u32, operands: &[&TensorType]) -> Result<TensorType, TypeError> {
    exactly(operands, 1)?;
    let ty = operands[0];
    axis_of(axis, ty)?;
    if !ty.dtype.is_float() && !ty.dtype.is_int() {
        return Err(dtype_error(operands));
    }
    Ok(TensorType::new(DType::I32, without(ty, &[axis])))
}

pub(super) fn argmax_clusters(operands: &[&TensorType]) -> Result<TensorType, TypeError> {
    exactly(operands, 3)?;
    for (operand, (dtype, axes)) in
        [(DType::F32, 2), (DType::Trit, 2), (DType::Trit, 3)].into_iter().enumerate()
    {
        rank(operands, operand, axes)?;
        if operands[operand].dtype != dtype {
            return Err(TypeError::Dtype { operand, found: operands[operand].dtype });
        }
    }
    let (width, clusters) = (&operands[0].shape[1], &operands[1].shape);
    for (operand, fits) in [
        (1, clusters[1] == *width),
        (2, operands[2].shape[0] == clusters[0] && operands[2].shape[2] == *width),
    ] {
        if !fits {
            return Err(misfit(operands, operand));
        }
    }
    Ok(TensorType::new(DType::I32, vec![operands[0].shape[0].clone()]))
}

pub(super) fn softmax(axis: u32, operands: &[&TensorType]) -> Result<TensorType, TypeError> {
    exactly(operands, 1)?;
    axis_of(axis, operands[0])?;
    if operands[0].dtype != DType::F32 {
        return Err(dtype_error(operands));
    }
    Ok(operands[0].clone())
}

pub(super) fn pool2d(attributes: Pool2d, operands: &[&TensorType]) -> Result<TensorType, TypeError> {
    exactly(operands, 1)?;
    rank(operands, 0, 4)?;
    let ty = operands[0];
    let accepted = match attributes.kind {
        PoolKind::Max => matches!(ty.dtype, DType::F32 | DType::I8 | DType::I32),
        PoolKind::Avg => ty.dtype == DType::F32,
    };
    if !accepted {
        return Err(dtype_error(operands));
    }
    let Pool2d { size, stride, padding, .. } = attributes;
    if size.contains(&0) || stride.contains(&0) || (0..2).any(|axis| padding[axis] >= size[axis]) {
        return Err(TypeError::Attribute(
            "a pooling window and stride are at least 1, its padding is below its size",
        ));
    }
    let mut shape = ty.shape[..2].to_vec();
    for axis in 0..2 {
        let extent = Dim::constant(size[axis].into());
        shape.push(windows(&ty.shape[axis + 2], padding[axis], &extent, stride[axis])?);
    }
    Ok(ty.with_shape(shape))
}

pub(super) fn quantize(quantizer: Quantizer, operands: &[&TensorType]) -> Result<Vec<TensorType>, TypeError> {
    exactly(operands, 1)?;
    let ty = operands[0];
    if ty.dtype != DType::F32 {
        return Err(dtype_error(operands));
    }
    let rows = ty.shape.split_last();
    let rows = rows.ok_or(TypeError::Rank { operand: 0, expected: 1, found: 0 });
    let trits = ty.with_dtype(DType::Trit);
    Ok(match quantizer {
        Quantizer::QuantizeRows => vec![ty.with_dtype(DType::I8), ty.with_shape(rows?.1.to_vec())],
        Quantizer::TernarizeRows | Quantizer::TernarizeTwn => vec![trits, ty.with_shape(rows?.1.to_vec())],
        Quantizer::TernarizeTensor => vec![trits, ty.with_shape(Vec::new())],
        Quantizer::TernarizeGroups { group } => {
            let (row, outer) = rows?;
            let mut shape = outer.to_vec();
            shape.push(row.exact_div(&Dim::constant(group.into()))?);
            vec![trits, ty.with_shape(shape)]
        }
        Quantizer::TernarizeAt { threshold } => {
            if threshold.dtype() != DType::F32 || !is_legal(threshold) {
                return Err(TypeError::Attribute("the threshold is an f32"));
            }
            vec![trits]
        }
    })
}
