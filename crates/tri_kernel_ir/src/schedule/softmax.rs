//! Softmax: a map of its operand into the result, and there the kernel for rows (rule 8).

use tri_ir::Inst;

use super::nest::NestBuilder;
use super::reduce::split;
use super::{Failure, Scheduler};
use crate::softmax::nest_spelled_out;
use crate::{Access, ExprId, StepKind, Store};

impl<'m> Scheduler<'m> {
    pub(super) fn softmax(&mut self, inst: &'m Inst, axis: u32) -> Result<(), Failure> {
        let (x, result) = (inst.args[0], inst.results[0]);
        let (outer, inner, at) = split(self.shape(x), &[axis]);
        let mut nest = NestBuilder::new("softmax", outer, inner);
        let x = self.element(&mut nest, x, &at)?;
        let buffer = self.target(result);
        self.softmax_of(&mut nest, x, self.element_of(buffer, &at)?);
        let nest = nest.finish()?;
        // The kernel takes neighbours.
        let is_row = axis as usize + 1 == self.shape(result).len();
        self.step(StepKind::Nest(if is_row { nest } else { nest_spelled_out(&nest) }));
        Ok(())
    }

    /// The softmax along the inner axis of a nest of the element `x`, to an element of its own.
    pub(super) fn softmax_of(&self, nest: &mut NestBuilder, x: ExprId, to: Access) {
        if !nest.is_load(x, &to) {
            nest.map(vec![Store { to: to.clone(), value: x }]);
        }
        nest.softmax(to);
    }
}
