//! Softmax: largest, exponentials into the result, their sum, quotients (rule 8).

use tri_ir::{BinaryOp, Inst, ReduceOp, UnaryOp};

use super::nest::NestBuilder;
use super::reduce::split;
use super::{Failure, Scheduler};
use crate::{Access, ExprId, Store};

impl<'m> Scheduler<'m> {
    pub(super) fn softmax(&mut self, inst: &'m Inst, axis: u32) -> Result<(), Failure> {
        let (x, result) = (inst.args[0], inst.results[0]);
        let (outer, inner, at) = split(self.shape(x), &[axis]);
        let mut nest = NestBuilder::new("softmax", outer, inner);
        let x = self.element(&mut nest, x, &at)?;
        let buffer = self.target(result);
        let to = self.element_of(buffer, &at)?;
        self.softmax_of(&mut nest, x, to);
        self.nest(nest)
    }

    /// The softmax along the inner axes of a nest of the element `x`, to an element of its own.
    pub(super) fn softmax_of(&self, nest: &mut NestBuilder, x: ExprId, to: Access) {
        let largest = nest.reduce(ReduceOp::Max, x);
        let nothing = nest.f32(f32::NEG_INFINITY);
        let masked = nest.binary(BinaryOp::Eq, largest, nothing);
        let masked = nest.once(masked);
        let difference = nest.binary(BinaryOp::Sub, x, largest);
        let value = nest.unary(UnaryOp::Exp, difference);
        nest.map(vec![Store { to: to.clone(), value }]);
        let stored = nest.load(to.clone());
        let sum = nest.reduce(ReduceOp::Sum, stored);
        let quotient = nest.binary(BinaryOp::Div, stored, sum);
        let zero = nest.f32(0.0);
        let value = nest.select(masked, zero, quotient);
        nest.map(vec![Store { to, value }]);
    }
}
