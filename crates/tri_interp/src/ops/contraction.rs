//! Contractions (rules 2 to 4). Both operands are brought to `[batch, M, K]` and `[batch, K, N]`; then every output
//! is one chain over k, and the loops run along N, where outputs are neighbours.

use half::{bf16, f16};
use tri_ir::math::fma;

use crate::tensor::{Elements, Tensor, axes_last, permuted};

/// Sizes of a contraction.
#[derive(Clone, Copy)]
struct Extents {
    batch: usize,
    m: usize,
    k: usize,
    n: usize,
}

pub(crate) fn contract(
    a: &Tensor,
    b: &Tensor,
    batch: &[(u32, u32)],
    contract: &[(u32, u32)],
    shape: Vec<usize>,
) -> Tensor {
    let left = |pairs: &[(u32, u32)]| pairs.iter().map(|(left, _)| *left as usize).collect::<Vec<_>>();
    let right = |pairs: &[(u32, u32)]| pairs.iter().map(|(_, right)| *right as usize).collect::<Vec<_>>();
    let size =
        |tensor: &Tensor, axes: &[usize]| axes.iter().map(|axis| tensor.shape[*axis]).product::<usize>();

    // a: batch, free, contracted; b: batch, contracted, free.
    let (batch_a, k_a) = (left(batch), left(contract));
    let order_a: Vec<usize> =
        batch_a.iter().copied().chain(others(a, &batch_a, &k_a)).chain(k_a.iter().copied()).collect();
    let (batch_b, k_b) = (right(batch), right(contract));
    let order_b: Vec<usize> = batch_b.iter().chain(&k_b).copied().chain(others(b, &batch_b, &k_b)).collect();
    let extents = Extents {
        batch: size(a, &batch_a),
        m: size(a, &others(a, &batch_a, &k_a)),
        k: size(a, &k_a),
        n: size(b, &others(b, &batch_b, &k_b)),
    };
    let (a, b) = (permuted(a, &order_a), permuted(b, &order_b));
    Tensor::new(shape, chains(extents, a.elements(), b.elements()))
}

fn others(tensor: &Tensor, batch: &[usize], contracted: &[usize]) -> Vec<usize> {
    let named: Vec<usize> = batch.iter().chain(contracted).copied().collect();
    let mut axes = axes_last(tensor.shape.len(), &named);
    axes.truncate(tensor.shape.len() - named.len());
    axes
}

fn chains(extents: Extents, a: &Elements, b: &Elements) -> Elements {
    match (a, b) {
        (Elements::F32(a), Elements::F32(b)) => Elements::F32(sums(extents, a, b, fma_step)),
        (Elements::F32(a), Elements::Trit(b)) => Elements::F32(sums(extents, a, b, trit_step)),
        (Elements::I8(a), Elements::Trit(b) | Elements::I8(b)) => {
            Elements::I32(sums(extents, a, b, integer_step))
        }
        (Elements::Bf16(a), Elements::Bf16(b)) => {
            let wide = |v: &[bf16]| v.iter().map(|x| x.to_f32()).collect::<Vec<_>>();
            Elements::F32(sums(extents, &wide(a), &wide(b), fma_step))
        }
        (Elements::F16(a), Elements::F16(b)) => {
            let wide = |v: &[f16]| v.iter().map(|x| x.to_f32()).collect::<Vec<_>>();
            Elements::F32(sums(extents, &wide(a), &wide(b), fma_step))
        }
        (a, b) => unreachable!("verified: no contraction of {:?} and {:?}", a.dtype(), b.dtype()),
    }
}

/// Rule 2.
#[inline(always)]
pub(super) fn fma_step(sum: f32, a: f32, b: f32) -> f32 {
    fma(a, b, sum)
}

/// Rule 3.
#[inline(always)]
pub(super) fn trit_step(sum: f32, a: f32, trit: i8) -> f32 {
    match trit {
        0 => sum,
        1 => sum + a,
        _ => sum - a,
    }
}

/// Rule 4; where no length proves that sums fit i32, they wrap.
#[inline(always)]
pub(super) fn integer_step(sum: i32, a: i8, b: i8) -> i32 {
    sum.wrapping_add(i32::from(a) * i32::from(b))
}

/// `sum = step(sum, a, b)` for a row of sums that share `a`.
#[inline(always)]
pub(super) fn step_row<A: Copy, B: Copy, S: Copy>(
    sums: &mut [S],
    a: A,
    row: &[B],
    step: impl Fn(S, A, B) -> S,
) {
    for (sum, b) in sums.iter_mut().zip(row) {
        *sum = step(*sum, a, *b);
    }
}

fn sums<A: Copy, B: Copy, S: Copy + Default>(
    extents: Extents,
    a: &[A],
    b: &[B],
    step: impl Fn(S, A, B) -> S + Copy,
) -> Vec<S> {
    let Extents { batch, m, k, n } = extents;
    let mut result = vec![S::default(); batch * m * n];
    if n == 0 || k == 0 {
        return result;
    }
    for (index, sums) in result.chunks_exact_mut(n).enumerate() {
        let row = &a[index * k..(index + 1) * k];
        let columns = &b[index / m * k * n..(index / m + 1) * k * n];
        for (a, columns) in row.iter().zip(columns.chunks_exact(n)) {
            step_row(sums, *a, columns, step);
        }
    }
    result
}
