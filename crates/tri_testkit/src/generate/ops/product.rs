//! Products of matrices.

use tri_ir::DType;

use super::super::body::Body;
use super::super::sizes::{Dim, Type, number};
use crate::choices::Choices;

/// The dtypes that `@` multiplies, and that of the sums.
pub(super) const PRODUCTS: [(DType, DType, DType); 6] = [
    (DType::F32, DType::F32, DType::F32),
    (DType::F32, DType::Trit, DType::F32),
    (DType::I8, DType::Trit, DType::I32),
    (DType::I8, DType::I8, DType::I32),
    (DType::Bf16, DType::Bf16, DType::F32),
    (DType::F16, DType::F16, DType::F32),
];

/// `a @ b` in its forms: with a matrix, a vector, a transposed weight, a batch of matrices.
pub(super) fn matrix(b: &mut Body<'_>, c: &mut Choices) -> Option<()> {
    let is_left = |ty: &Type| ty.rank() > 0 && PRODUCTS.iter().any(|(left, ..)| *left == ty.dtype);
    let (left, ty) = b.find_or(c, is_left, |b, c| {
        let (dtype, ..) = c.pick(&PRODUCTS);
        let rank = 1 + c.below(3);
        Some(Type::new(dtype, b.shape(c, rank)))
    })?;
    let products: Vec<_> = PRODUCTS.into_iter().filter(|(dtype, ..)| *dtype == ty.dtype).collect();
    let (_, dtype, sum) = c.pick(&products);
    let inner = ty.last()?.clone();
    let outer = ty.axes[..ty.rank() - 1].to_vec();
    let form = c.below(4);
    if form == 3 && !ty.pack && ty.rank() > 2 {
        return batch(b, c, &left, &ty, dtype, sum);
    }
    if form == 2 {
        let right = b.of_type(c, &Type::new(dtype, vec![inner]))?;
        return b.emit(&format!("{left} @ {right}"), ty.with_axes(outer).with(sum));
    }
    let width = b.dim(c);
    let width = if ty.pack { b.static_dim(c) } else { width };
    let cost = [outer.clone(), vec![inner.clone(), width.clone()]].concat();
    let width = if b.is_cheap(&cost) { width } else { number(1 + c.below(3) as i64) };
    let (axes, turned): (Vec<Dim>, _) =
        if form == 0 { (vec![width.clone(), inner], ".T") } else { (vec![inner, width.clone()], "") };
    let right = b.of_type(c, &Type::new(dtype, axes))?;
    b.emit(&format!("{left} @ {right}{turned}"), ty.with_axes([outer, vec![width]].concat()).with(sum))
}

/// Matrices with the same leading axes.
fn batch(b: &mut Body<'_>, c: &mut Choices, left: &str, ty: &Type, dtype: DType, sum: DType) -> Option<()> {
    let mut axes = ty.axes.clone();
    let (rank, width) = (ty.rank(), number(1 + c.below(5) as i64));
    let turned = c.chance(50);
    axes[rank - 2] = if turned { width.clone() } else { ty.axes[rank - 1].clone() };
    axes[rank - 1] = if turned { ty.axes[rank - 1].clone() } else { width.clone() };
    let right = b.of_type(c, &Type::new(dtype, axes))?;
    let mut axes = ty.axes.clone();
    axes[rank - 1] = width;
    let turned = if turned { ".T" } else { "" };
    b.emit(&format!("{left} @ {right}{turned}"), ty.with_axes(axes).with(sum))
}
