//! Reductions and argmax.

use tri_ir::{Dim, Inst, ReduceOp};

use super::affine::Affine;
use super::nest::NestBuilder;
use super::{Failure, Scheduler};
use crate::Fold;

impl<'m> Scheduler<'m> {
    pub(super) fn reduce(&mut self, inst: &'m Inst, op: ReduceOp, axes: &[u32]) -> Result<(), Failure> {
        self.fold(inst, Fold::Reduce(op), axes)
    }

    pub(super) fn argmax(&mut self, inst: &'m Inst, axis: u32) -> Result<(), Failure> {
        self.fold(inst, Fold::ArgMax, &[axis])
    }

    /// Kept axes outside, folded axes inside.
    fn fold(&mut self, inst: &'m Inst, fold: Fold, axes: &[u32]) -> Result<(), Failure> {
        let (x, result) = (inst.args[0], inst.results[0]);
        let (outer, inner, at) = split(self.shape(x), axes);
        let kept = outer.len();
        let mut nest = NestBuilder::new(inst.op.name(), outer, inner);
        let value = self.element(&mut nest, x, &at)?;
        let value = nest.fold(fold, value, None);
        let buffer = self.target(result);
        nest.store_once(self.element_of(buffer, &Affine::indices(0, kept))?, value);
        self.nest(nest)
    }
}

/// The axes that are not in `inner_axes`, those that are, and the index of an element over the former, then the latter.
pub(super) fn split(shape: &[Dim], inner_axes: &[u32]) -> (Vec<Dim>, Vec<Dim>, Vec<Affine>) {
    let is_inner = |axis: usize| inner_axes.contains(&(axis as u32));
    let outer: Vec<usize> = (0..shape.len()).filter(|axis| !is_inner(*axis)).collect();
    let inner: Vec<usize> = (0..shape.len()).filter(|axis| is_inner(*axis)).collect();
    let mut at = vec![Affine::zero(); shape.len()];
    for (index, axis) in outer.iter().chain(&inner).enumerate() {
        at[*axis] = Affine::index(index);
    }
    let sizes = |axes: &[usize]| axes.iter().map(|axis| shape[*axis].clone()).collect();
    (sizes(&outer), sizes(&inner), at)
}
