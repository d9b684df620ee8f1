//! Movement that is not a view: reshape, concat, pad, gather.

use tri_ir::{Dim, Encoding, Inst, Scalar, Value};

use super::affine::Affine;
use super::nest::{NestBuilder, guard};
use super::{Failure, Scheduler};
use crate::{Expr, Place, Store};

impl<'m> Scheduler<'m> {
    pub(super) fn plain(&self, value: Value) -> Result<(), Failure> {
        let is_plain = self.function.encoding(value) == Encoding::Plain;
        is_plain.then_some(()).ok_or(Failure::Unsupported("an operand is in a packed encoding"))
    }

    /// Another name for the operand's memory.
    pub(super) fn reshape(&mut self, inst: &'m Inst) -> Result<(), Failure> {
        self.plain(inst.args[0])?;
        let from = self.store(inst.args[0])?;
        let result = inst.results[0];
        self.stored[result.index()] = Some(self.buffer(self.ty(result), Place::Alias(from)));
        Ok(())
    }

    /// One copy for each operand.
    pub(super) fn concat(&mut self, inst: &'m Inst, axis: usize) -> Result<(), Failure> {
        let buffer = self.target(inst.results[0]);
        let mut start = Dim::constant(0);
        for arg in &inst.args {
            let shape = self.shape(*arg);
            let mut nest = NestBuilder::new("concat", shape.to_vec(), Vec::new());
            let mut at = Affine::indices(0, shape.len());
            let value = self.element(&mut nest, *arg, &at)?;
            at[axis] = at[axis].offset_by(&start)?;
            start = start.add(&shape[axis])?;
            nest.map(vec![Store { to: self.element_of(buffer, &at)?, value }]);
            self.nest(nest)?;
        }
        Ok(())
    }

    pub(super) fn pad(&mut self, inst: &'m Inst, low: &[Dim], otherwise: Scalar) -> Result<(), Failure> {
        let (x, result) = (inst.args[0], inst.results[0]);
        let shape = self.shape(result);
        let at = Affine::indices(0, shape.len());
        let inside: Vec<Affine> =
            at.iter().zip(low).map(|(at, low)| at.offset_by(&low.neg()?)).collect::<Result<_, _>>()?;
        if self.locate(x, &inside)?.is_none() {
            self.store(x)?;
        }
        let access = self.locate(x, &inside)?.ok_or(Failure::Unsupported("its operand has no memory"))?;
        let guards =
            inside.into_iter().zip(self.shape(x)).map(|(at, size)| guard(at, size.clone())).collect();
        let mut nest = NestBuilder::new("pad", shape.to_vec(), Vec::new());
        let value = nest.push(Expr::GuardedLoad { access, guards, otherwise });
        let buffer = self.target(result);
        nest.map(vec![Store { to: self.element_of(buffer, &at)?, value }]);
        self.nest(nest)
    }

    pub(super) fn gather(&mut self, inst: &'m Inst) -> Result<(), Failure> {
        let (table, index, result) = (inst.args[0], inst.args[1], inst.results[0]);
        let (rows, shape) = (self.shape(table), self.shape(result));
        let mut nest = NestBuilder::new("gather", shape.to_vec(), Vec::new());
        let at = Affine::indices(0, shape.len());
        let (row, column) = at.split_at(self.shape(index).len());
        let row = self.element(&mut nest, index, row)?;
        let mut first = vec![Affine::zero()];
        first.extend_from_slice(column);
        let from = self.store(table)?;
        let access = self.element_of(from, &first)?;
        let stride = Dim::product(&rows[1..])?;
        let value = nest.push(Expr::GatherLoad { access, row, rows: rows[0].clone(), stride });
        let buffer = self.target(result);
        nest.map(vec![Store { to: self.element_of(buffer, &at)?, value }]);
        self.nest(nest)
    }
}
