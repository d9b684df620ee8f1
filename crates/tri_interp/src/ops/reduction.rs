//! Reductions along axes (rules 5, 6 and 8).

use half::{bf16, f16};
use tri_ir::ReduceOp;
use tri_ir::math::{self, Native, max_f32, min_f32, rank_above};

use crate::tensor::{Elements, Tensor, axes_last, permuted};

/// Rule 5: sixteen partial sums, then a tree.
pub(crate) fn sum(x: impl IntoIterator<Item = f32>) -> f32 {
    let mut partial = [0f32; 16];
    for (i, x) in x.into_iter().enumerate() {
        partial[i % 16] += x;
    }
    for half in [8, 4, 2, 1] {
        for j in 0..half {
            partial[j] += partial[j + half];
        }
    }
    partial[0]
}

/// Rule 6 over a row; -inf of nothing.
pub(crate) fn largest(row: &[f32]) -> f32 {
    row.iter().copied().reduce(max_f32).unwrap_or(f32::NEG_INFINITY)
}

fn smallest(row: &[f32]) -> f32 {
    row.iter().copied().reduce(min_f32).unwrap_or(f32::INFINITY)
}

/// Folds each of `count` rows of `length` elements.
fn rows<T, R>(elements: &[T], count: usize, length: usize, fold: impl Fn(&[T]) -> R) -> Vec<R> {
    (0..count).map(|row| fold(&elements[row * length..(row + 1) * length])).collect()
}

pub(crate) fn reduce(op: ReduceOp, x: &Tensor, axes: &[u32], shape: Vec<usize>) -> Tensor {
    let axes: Vec<usize> = axes.iter().map(|axis| *axis as usize).collect();
    let length: usize = axes.iter().map(|axis| x.shape[*axis]).product();
    let count = shape.iter().product();
    let x = permuted(x, &axes_last(x.shape.len(), &axes));
    macro_rules! integers {
        ($v:expr, $ty:ty) => {
            rows($v, count, length, |row: &[$ty]| match op {
                ReduceOp::Sum => row.iter().fold(0, |sum: $ty, x| sum.wrapping_add(*x)),
                ReduceOp::Max => row.iter().copied().max().unwrap_or(<$ty>::MIN),
                _ => row.iter().copied().min().unwrap_or(<$ty>::MAX),
            })
        };
    }
    let floats = |v: &[f32]| {
        rows(v, count, length, |row| match op {
            ReduceOp::Sum => sum(row.iter().copied()),
            ReduceOp::Max => largest(row),
            _ => smallest(row),
        })
    };
    let elements = match x.elements() {
        Elements::Bool(v) => Elements::Bool(rows(v, count, length, |row| match op {
            ReduceOp::All => row.iter().all(|x| *x),
            _ => row.iter().any(|x| *x),
        })),
        Elements::I8(v) => Elements::I8(integers!(v, i8)),
        Elements::U8(v) => Elements::U8(integers!(v, u8)),
        Elements::I32(v) => Elements::I32(integers!(v, i32)),
        Elements::I64(v) => Elements::I64(integers!(v, i64)),
        Elements::F32(v) => Elements::F32(floats(v)),
        // Largest and smallest only, which are elements: widening and back is exact.
        Elements::F16(v) => {
            let wide: Vec<f32> = v.iter().map(|x| x.to_f32()).collect();
            Elements::F16(floats(&wide).into_iter().map(f16::from_f32).collect())
        }
        Elements::Bf16(v) => {
            let wide: Vec<f32> = v.iter().map(|x| x.to_f32()).collect();
            Elements::Bf16(floats(&wide).into_iter().map(bf16::from_f32).collect())
        }
        Elements::Trit(_) => unreachable!("verified: trits are not reduced"),
    };
    Tensor::new(shape, elements)
}

/// Rule 6: first index that no other ranks above.
pub(crate) fn first_of_largest<T: Copy>(row: &[T], above: impl Fn(T, T) -> bool) -> usize {
    let mut best = 0;
    for (i, x) in row.iter().enumerate() {
        if above(*x, row[best]) {
            best = i;
        }
    }
    best
}

pub(crate) fn argmax(x: &Tensor, axis: usize, shape: Vec<usize>) -> Tensor {
    let (length, count) = (x.shape[axis], shape.iter().product());
    let x = permuted(x, &axes_last(x.shape.len(), &[axis]));
    fn indices<T: Copy>(v: &[T], count: usize, length: usize, above: impl Fn(T, T) -> bool) -> Vec<i32> {
        rows(v, count, length, |row| first_of_largest(row, &above) as i32)
    }
    let elements = match x.elements() {
        Elements::Trit(v) | Elements::I8(v) => indices(v, count, length, |a, b| a > b),
        Elements::Bool(v) => indices(v, count, length, |a, b| a & !b),
        Elements::U8(v) => indices(v, count, length, |a, b| a > b),
        Elements::I32(v) => indices(v, count, length, |a, b| a > b),
        Elements::I64(v) => indices(v, count, length, |a, b| a > b),
        Elements::F16(v) => indices(v, count, length, |a, b| rank_above(a.to_f32(), b.to_f32())),
        Elements::Bf16(v) => indices(v, count, length, |a, b| rank_above(a.to_f32(), b.to_f32())),
        Elements::F32(v) => indices(v, count, length, rank_above),
    };
    Tensor::new(shape, Elements::I32(elements))
}

/// Rule 8 on one row.
fn softmax_row(row: &mut [f32]) {
    let max = largest(row);
    if max == f32::NEG_INFINITY {
        row.fill(0.0);
        return;
    }
    for x in row.iter_mut() {
        *x = math::exp(&mut Native, *x - max);
    }
    let sum = sum(row.iter().copied());
    for x in row {
        *x /= sum;
    }
}

pub(crate) fn softmax(x: &Tensor, axis: usize) -> Tensor {
    let order = axes_last(x.shape.len(), &[axis]);
    let moved = permuted(x, &order);
    let mut elements = moved.as_f32().to_vec();
    elements.chunks_exact_mut(x.shape[axis].max(1)).for_each(softmax_row);
    // The way back: where each axis went.
    let mut back = vec![0; order.len()];
    for (to, from) in order.iter().enumerate() {
        back[*from] = to;
    }
    permuted(&Tensor::f32(moved.shape, elements), &back)
}
