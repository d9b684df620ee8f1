//! Straight-through surrogates: what training differentiates in place of quantisers.
//!
//! A surrogate gives digits that are not rounded, `x / scale`, so digits times scale are `x`, and the derivative into `x` is the identity
//! that numerics.md promises. Digits of a type that has no fractions then are *soft*: an `i8`, `trit` or `i32` of the IR whose elements are
//! f32. Soft values go through arithmetic, sums, contractions and movement. Whatever else takes one, a cast to an integer
//! above all (signatures are made so), takes it rounded: there the gradient ends.

use tri_ir::{DType, Function, Inst, Op, Quantizer, ReduceOp, UnaryOp};

use crate::ops::{cast, quantize};
use crate::tensor::Tensor;

/// Whether a value's elements are f32 where its type says otherwise.
fn is_soft(tensor: &Tensor, dtype: DType) -> bool {
    tensor.dtype() == DType::F32 && dtype != DType::F32
}

/// A soft value rounded to its type.
fn harden(tensor: &Tensor, dtype: DType) -> Tensor {
    if is_soft(tensor, dtype) { cast::cast(tensor, dtype) } else { tensor.clone() }
}

/// A number beside soft ones.
fn soften(tensor: &Tensor, dtype: DType) -> Tensor {
    if dtype.is_int() || dtype == DType::Trit { cast::cast(tensor, DType::F32) } else { tensor.clone() }
}

/// Digits that are not rounded, and the scales that the quantiser gives.
pub(crate) fn digits(quantizer: Quantizer, x: &Tensor) -> Vec<Tensor> {
    let mut results = quantize::quantize(quantizer, x);
    let elements = x.as_f32();
    let soft = match results.get(1) {
        None => elements.to_vec(),
        Some(scales) => {
            let scales = scales.as_f32();
            let each = elements.len() / scales.len().max(1);
            let ratio = |(at, x): (usize, &f32)| match scales.get(at / each.max(1)) {
                Some(scale) if *scale != 0.0 => x / scale,
                _ => 0.0,
            };
            elements.iter().enumerate().map(ratio).collect()
        }
    };
    results[0] = Tensor::f32(x.shape.clone(), soft);
    results
}

/// The operands as an instruction can take them when some are soft.
pub(crate) fn operands(function: &Function, inst: &Inst, operands: &[&Tensor]) -> Vec<Tensor> {
    let dtype = |at: usize| function.dtype(inst.args[at]);
    let any_soft = operands.iter().enumerate().any(|(at, tensor)| is_soft(tensor, dtype(at)));
    let treat = |(at, tensor): (usize, &&Tensor)| -> Tensor {
        match &inst.op {
            _ if !any_soft => (*tensor).clone(),
            Op::Binary(_) | Op::Select | Op::Concat { .. } | Op::Contract { .. } | Op::Conv2d(_) => {
                soften(tensor, dtype(at))
            }
            Op::Unary(UnaryOp::Neg | UnaryOp::Abs)
            | Op::Reduce { op: ReduceOp::Sum, .. }
            | Op::Reshape
            | Op::Permute { .. }
            | Op::Broadcast
            | Op::Slice { .. }
            | Op::Encode
            | Op::Call { .. } => (*tensor).clone(),
            Op::Cast if inst.results.first().is_some_and(|result| function.dtype(*result).is_float()) => {
                (*tensor).clone()
            }
            // The table of a gather, and the weights of tiles.
            Op::Gather if at == 0 => (*tensor).clone(),
            Op::Route { weighted, .. } if at >= 2 + usize::from(*weighted) => (*tensor).clone(),
            _ => harden(tensor, dtype(at)),
        }
    };
    operands.iter().enumerate().map(treat).collect()
}
