//! Two-dimensional pooling: the largest of f32 through a kernel, else a fold over each window that skips the padding.

use tri_ir::{BinaryOp, DType, Dim, Inst, Pool2d, PoolKind, ReduceOp, Scalar};

use super::affine::Affine;
use super::nest::{NestBuilder, access, guard};
use super::{Failure, Scheduler};
use crate::{Expr, Fold, MaxPool, StepKind};

impl<'m> Scheduler<'m> {
    pub(super) fn pool2d(&mut self, inst: &'m Inst, attributes: Pool2d) -> Result<(), Failure> {
        let (x, result) = (inst.args[0], inst.results[0]);
        let input = self.store(x)?;
        let shape = self.shape(x);
        let window: Vec<Dim> = attributes.size.iter().map(|size| Dim::constant((*size).into())).collect();
        let mut nest = NestBuilder::new("pool2d", self.shape(result).to_vec(), window);
        let mut at = Affine::indices(0, 4);
        let mut guards = Vec::new();
        for axis in 0..2 {
            let start = Affine::index(2 + axis).scale(&i64::from(attributes.stride[axis]).into())?;
            let padding = Dim::constant(-i64::from(attributes.padding[axis]));
            at[2 + axis] = start.add(&Affine::index(4 + axis))?.offset_by(&padding)?;
            guards.push(guard(at[2 + axis].clone(), shape[2 + axis].clone()));
        }
        let position = Affine::row_major(shape, &at)?;
        let zero = Scalar::from_bits(self.dtype(x), 0);
        let value = nest.push(Expr::GuardedLoad {
            access: access(input, position),
            guards: guards.clone(),
            otherwise: zero,
        });
        let inside = nest.push(Expr::Holds(guards));
        let value = match attributes.kind {
            PoolKind::Max => nest.fold(Fold::Reduce(ReduceOp::Max), value, Some(inside)),
            PoolKind::Avg => {
                let sum = nest.fold(Fold::Reduce(ReduceOp::Sum), value, Some(inside));
                let count = nest.fold(Fold::Count, value, Some(inside));
                let count = nest.cast(DType::F32, count);
                nest.binary(BinaryOp::Div, sum, count)
            }
        };
        let buffer = self.target(result);
        nest.store_once(self.element_of(buffer, &Affine::indices(0, 4))?, value);
        if attributes.kind == PoolKind::Max && self.dtype(x) == DType::F32 {
            let nest = nest.finish()?;
            self.step(StepKind::MaxPool(MaxPool { attributes, input, out: buffer, nest }));
            return Ok(());
        }
        self.nest(nest)
    }
}
