//! Contractions and convolutions.

use super::{TypeError, axis_of, exactly, misfit, product, rank, windows};
use crate::{Conv2d, DType, Dim, Encoding, TensorType};

/// Element type of a sum of products.
fn sum_of_products(left: DType, right: DType) -> Option<DType> {
    match (left, right) {
        (DType::I8, DType::Trit | DType::I8) => Some(DType::I32),
        (DType::F32, DType::Trit | DType::F32) | (DType::Bf16, DType::Bf16) | (DType::F16, DType::F16) => {
            Some(DType::F32)
        }
        _ => None,
    }
}

/// Exact i32 sums need a length for which no operands can leave i32. A length known only at run time passes.
fn fits_i32(terms: &Dim, left: DType, right: DType) -> Result<(), TypeError> {
    let largest: i64 = match (left, right) {
        (DType::I8, DType::Trit) => 128,
        (DType::I8, DType::I8) => 128 * 128,
        _ => return Ok(()),
    };
    match terms.as_constant() {
        Some(terms) if terms.saturating_mul(largest) > i32::MAX.into() => {
            Err(TypeError::Wraps { terms, left, right })
        }
        _ => Ok(()),
    }
}

/// Marks an axis as named; an error if it is named twice.
fn mark(seen: &mut [bool], axis: u32, ty: &TensorType) -> Result<usize, TypeError> {
    let at = axis_of(axis, ty)?;
    if std::mem::replace(&mut seen[at], true) {
        return Err(TypeError::Attribute("a contraction names an axis twice"));
    }
    Ok(at)
}

pub(super) fn contract(
    batch: &[(u32, u32)],
    contract: &[(u32, u32)],
    operands: &[&TensorType],
) -> Result<TensorType, TypeError> {
    exactly(operands, 2)?;
    let (a, b) = (operands[0], operands[1]);
    let dtype = sum_of_products(a.dtype, b.dtype).ok_or(TypeError::Dtype { operand: 1, found: b.dtype })?;
    let (mut seen_a, mut seen_b) = (vec![false; a.rank()], vec![false; b.rank()]);
    let (mut shape, mut summed) = (Vec::new(), Vec::new());
    for (i, (left, right)) in batch.iter().chain(contract).enumerate() {
        let (left, right) = (mark(&mut seen_a, *left, a)?, mark(&mut seen_b, *right, b)?);
        if a.shape[left] != b.shape[right] {
            return Err(misfit(operands, 1));
        }
        if i < batch.len() { &mut shape } else { &mut summed }.push(a.shape[left].clone());
    }
    if b.encoding != Encoding::Plain && (b.rank() != 2 || !batch.is_empty() || !matches!(contract, [(_, 1)]))
    {
        return Err(TypeError::Encoded { operand: 1, found: b.encoding });
    }
    fits_i32(&product(&summed)?, a.dtype, b.dtype)?;
    for (ty, seen) in [(a, seen_a), (b, seen_b)] {
        shape.extend(ty.shape.iter().zip(seen).filter(|(_, seen)| !seen).map(|(dim, _)| dim.clone()));
    }
    Ok(TensorType::new(dtype, shape))
}

pub(super) fn conv2d(attributes: Conv2d, operands: &[&TensorType]) -> Result<TensorType, TypeError> {
    exactly(operands, 2)?;
    rank(operands, 0, 4)?;
    let (x, w) = (operands[0], operands[1]);
    let sum = sum_of_products(x.dtype, w.dtype).filter(|_| !matches!(x.dtype, DType::F16 | DType::Bf16));
    let dtype = sum.ok_or(TypeError::Dtype { operand: 1, found: w.dtype })?;
    let Conv2d { stride, padding, dilation, groups, kernel } = attributes;
    if stride.contains(&0) || dilation.contains(&0) || groups == 0 {
        return Err(TypeError::Attribute("stride, dilation and groups of a convolution are at least 1"));
    }
    let groups = Dim::constant(groups.into());
    if kernel.is_some() != (w.encoding != Encoding::Plain) {
        return Err(TypeError::Attribute(
            "a convolution names its kernel's sizes where its weight is packed",
        ));
    }
    let kernel = match kernel {
        Some(sizes) => packed_kernel(sizes, &groups, operands)?,
        None => plain_kernel(&groups, operands)?,
    };
    if w.shape[0].try_exact_div(&groups)?.is_none() {
        return Err(TypeError::Attribute("the output channels do not divide into the groups"));
    }
    fits_i32(&product(&w.shape[1..])?, x.dtype, w.dtype)?;
    let mut shape = vec![x.shape[0].clone(), w.shape[0].clone()];
    for axis in 0..2 {
        // dilation * (kernel - 1) + 1
        let one = Dim::constant(1);
        let extent = kernel[axis].sub(&one)?.mul(&Dim::constant(dilation[axis].into()))?.add(&one)?;
        shape.push(windows(&x.shape[axis + 2], padding[axis], &extent, stride[axis])?);
    }
    Ok(TensorType::new(dtype, shape))
}

/// Rows and columns of the kernel of a weight `[O, C / groups, KH, KW]`.
fn plain_kernel(groups: &Dim, operands: &[&TensorType]) -> Result<[Dim; 2], TypeError> {
    rank(operands, 1, 4)?;
    let (x, w) = (operands[0], operands[1]);
    if w.shape[1].mul(groups)? != x.shape[1] {
        return Err(misfit(operands, 1));
    }
    Ok([w.shape[2].clone(), w.shape[3].clone()])
}

/// The same of a weight `[O, C / groups * KH * KW]` whose rows are packed.
fn packed_kernel(sizes: [u32; 2], groups: &Dim, operands: &[&TensorType]) -> Result<[Dim; 2], TypeError> {
    rank(operands, 1, 2)?;
    if sizes.contains(&0) {
        return Err(TypeError::Attribute("the kernel of a packed weight has at least one row and column"));
    }
    let (x, w) = (operands[0], operands[1]);
    let kernel = sizes.map(|size| Dim::constant(size.into()));
    let channels = x.shape[1].try_exact_div(groups)?;
    let row = channels.map(|channels| product(&[channels, kernel[0].clone(), kernel[1].clone()]));
    if row.transpose()?.as_ref() != Some(&w.shape[1]) {
        return Err(misfit(operands, 1));
    }
    Ok(kernel)
}
