//! Ops that move elements without computing.

use tri_ir::Scalar;

use crate::Fault;
use crate::tensor::{Elements, Tensor, map_elements, permuted, strides, view, zip_elements};

pub(crate) fn broadcast(x: &Tensor, shape: Vec<usize>) -> Tensor {
    let own = strides(&x.shape);
    let added = shape.len() - x.shape.len();
    // An axis that is added or stretched does not move through the operand.
    let stride = |axis: usize| match axis.checked_sub(added) {
        Some(axis) if x.shape[axis] != 1 => own[axis],
        _ => 0,
    };
    let strides: Vec<usize> = (0..shape.len()).map(stride).collect();
    let elements = map_elements!(x.elements(), v => view(v, &shape, &strides, 0));
    Tensor::new(shape, elements)
}

pub(crate) fn permute(x: &Tensor, perm: &[u32]) -> Tensor {
    let perm: Vec<usize> = perm.iter().map(|axis| *axis as usize).collect();
    permuted(x, &perm)
}

/// Whether `start .. start + extent` lies within an axis.
fn part(axis: usize, start: usize, extent: usize, size: usize) -> Result<(), Fault> {
    match start.checked_add(extent) {
        Some(end) if end <= size => Ok(()),
        _ => {
            let (start, extent) = (start as i64, extent as i64);
            Err(Fault::Part { axis, start, end: start.saturating_add(extent), size })
        }
    }
}

pub(crate) fn slice(x: &Tensor, starts: &[usize], steps: &[u32], shape: Vec<usize>) -> Result<Tensor, Fault> {
    for (axis, size) in shape.iter().enumerate() {
        // From the first element to the last one taken.
        let extent =
            size.checked_sub(1).map_or(0, |last| last.saturating_mul(steps[axis] as usize).saturating_add(1));
        part(axis, starts[axis], extent, x.shape[axis])?;
    }
    let own = strides(&x.shape);
    let offset =
        if shape.contains(&0) { 0 } else { starts.iter().zip(&own).map(|(i, stride)| i * stride).sum() };
    let strides: Vec<usize> =
        own.iter().zip(steps).map(|(stride, step)| stride.saturating_mul(*step as usize)).collect();
    let elements = map_elements!(x.elements(), v => view(v, &shape, &strides, offset));
    Ok(Tensor::new(shape, elements))
}

/// Copies a tensor into a larger one, from `starts` on.
fn place<T: Copy>(target: &mut [T], shape: &[usize], starts: &[usize], source: &[T], source_shape: &[usize]) {
    if source.is_empty() {
        return;
    }
    let (own, theirs) = (strides(shape), strides(source_shape));
    let inner = source_shape.last().copied().unwrap_or(1);
    for (row, elements) in source.chunks_exact(inner).enumerate() {
        let mut at = starts.last().copied().unwrap_or(0);
        for axis in 0..shape.len().saturating_sub(1) {
            at += (starts[axis] + row * inner / theirs[axis] % source_shape[axis]) * own[axis];
        }
        target[at..at + inner].copy_from_slice(elements);
    }
}

pub(crate) fn concat(operands: &[&Tensor], axis: usize, shape: Vec<usize>) -> Tensor {
    let count: usize = shape.iter().product();
    let mut result = match operands.first() {
        Some(first) => {
            map_elements!(first.elements(), v => vec![v.first().copied().unwrap_or_default(); count])
        }
        None => Elements::F32(Vec::new()),
    };
    let mut starts = vec![0; shape.len()];
    for operand in operands {
        result = zip_elements!(result, operand.elements(), (target, source) => {
            let mut target = target;
            place(&mut target, &shape, &starts, source, &operand.shape);
            target
        });
        starts[axis] += operand.shape[axis];
    }
    Tensor::new(shape, result)
}

pub(crate) fn pad(x: &Tensor, low: &[usize], value: Scalar, shape: Vec<usize>) -> Result<Tensor, Fault> {
    for (axis, size) in shape.iter().enumerate() {
        part(axis, low[axis], x.shape[axis], *size)?;
    }
    let mut result = Tensor::new(shape.clone(), Elements::filled(value, shape.iter().product()));
    overwrite(&mut result, low, x)?;
    Ok(result)
}

/// Overwrites the part of `target` that begins at `starts`.
pub(crate) fn overwrite(target: &mut Tensor, starts: &[usize], source: &Tensor) -> Result<(), Fault> {
    for (axis, size) in target.shape.iter().enumerate() {
        part(axis, starts[axis], source.shape[axis], *size)?;
    }
    let shape = target.shape.clone();
    let whole = std::mem::replace(target, Tensor::f32(Vec::new(), Vec::new())).into_elements();
    let elements = zip_elements!(whole, source.elements(), (whole, part) => {
        let mut whole = whole;
        place(&mut whole, &shape, starts, part, &source.shape);
        whole
    });
    *target = Tensor::new(shape, elements);
    Ok(())
}

pub(crate) fn gather(table: &Tensor, index: &Tensor, shape: Vec<usize>) -> Result<Tensor, Fault> {
    let rows = table.shape[0];
    let row: usize = table.shape[1..].iter().product();
    let at = |index: &i32| match usize::try_from(*index) {
        Ok(at) if at < rows => Ok(at),
        _ => Err(Fault::Index { index: *index, rows }),
    };
    let indices = index.as_i32().iter().map(at).collect::<Result<Vec<usize>, Fault>>()?;
    let elements = map_elements!(table.elements(), v => {
        indices.iter().flat_map(|at| v[at * row..(at + 1) * row].iter().copied()).collect()
    });
    Ok(Tensor::new(shape, elements))
}
