//! Two-dimensional pooling. A window's elements are taken row by row, those in the padding skipped.

use tri_ir::math::max_f32;
use tri_ir::{Pool2d, PoolKind};

use super::reduction::sum;
use crate::tensor::{Elements, Tensor};

pub(crate) fn pool2d(x: &Tensor, attributes: Pool2d, shape: Vec<usize>) -> Tensor {
    let elements = match (x.elements(), attributes.kind) {
        (Elements::F32(v), PoolKind::Max) => Elements::F32(windows(v, x, attributes, &shape, |window| {
            window.iter().copied().reduce(max_f32).unwrap_or(f32::NEG_INFINITY)
        })),
        (Elements::F32(v), PoolKind::Avg) => Elements::F32(windows(v, x, attributes, &shape, |window| {
            sum(window.iter().copied()) / window.len() as f32
        })),
        (Elements::I8(v), _) => Elements::I8(windows(v, x, attributes, &shape, |window| {
            window.iter().copied().max().unwrap_or(i8::MIN)
        })),
        (Elements::I32(v), _) => Elements::I32(windows(v, x, attributes, &shape, |window| {
            window.iter().copied().max().unwrap_or(i32::MIN)
        })),
        (elements, _) => unreachable!("verified: no pooling of {:?}", elements.dtype()),
    };
    Tensor::new(shape, elements)
}

/// `fold` of the elements of each window.
fn windows<T: Copy>(
    elements: &[T],
    x: &Tensor,
    attributes: Pool2d,
    shape: &[usize],
    fold: impl Fn(&[T]) -> T,
) -> Vec<T> {
    let (size, planes) = ([x.shape[2], x.shape[3]], shape[0] * shape[1]);
    // Rows or columns of the operand that a window covers.
    let covered = |axis: usize, output: usize| {
        let start = output * attributes.stride[axis] as usize;
        let (padding, extent) = (attributes.padding[axis] as usize, attributes.size[axis] as usize);
        start.saturating_sub(padding).min(size[axis])
            ..(start + extent).saturating_sub(padding).min(size[axis])
    };
    let mut result = Vec::with_capacity(shape.iter().product());
    let mut window = Vec::new();
    for plane in 0..planes {
        for row in 0..shape[2] {
            for column in 0..shape[3] {
                window.clear();
                for y in covered(0, row) {
                    let line = (plane * size[0] + y) * size[1];
                    window.extend(covered(1, column).map(|x| elements[line + x]));
                }
                result.push(fold(&window));
            }
        }
    }
    result
}
