//! States: read where they lie if nothing overwrites them later, else copied; written by a nest.

use tri_ir::{Dim, Inst, Op, StateId};

use super::affine::Affine;
use super::nest::NestBuilder;
use super::{Failure, Scheduler};
use crate::{Place, Store};

impl<'m> Scheduler<'m> {
    pub(super) fn state_read(&mut self, at: usize, inst: &'m Inst, state: StateId) -> Result<(), Failure> {
        let result = inst.results[0];
        let changes = self.function.insts[at + 1..].iter().any(|later| match &later.op {
            Op::StateWrite { state: written, .. } => *written == state,
            Op::Call { states, .. } => states.contains(&state),
            _ => false,
        });
        let buffer = self.states[state.index()];
        if !changes {
            let ty = self.ty(result);
            self.stored[result.index()] = Some(self.buffer(ty, Place::Alias(buffer)));
            return Ok(());
        }
        self.stored[result.index()] = Some(buffer);
        let target = match self.result_of[result.index()] {
            Some(i) => self.buffer(self.ty(result), Place::Result(i)),
            None => self.workspace(self.ty(result)),
        };
        self.copy(result, target)?;
        self.stored[result.index()] = Some(target);
        Ok(())
    }

    pub(super) fn state_write(
        &mut self,
        inst: &'m Inst,
        state: StateId,
        starts: &[Dim],
    ) -> Result<(), Failure> {
        let x = inst.args[0];
        let shape = self.shape(x);
        let mut nest = NestBuilder::new("state_write", shape.to_vec(), Vec::new());
        let at = Affine::indices(0, shape.len());
        let value = self.element(&mut nest, x, &at)?;
        let moved = at.iter().zip(starts).map(|(at, start)| at.offset_by(start));
        let moved: Vec<Affine> = moved.collect::<Result<_, _>>()?;
        let to = self.element_of(self.states[state.index()], &moved)?;
        nest.map(vec![Store { to, value }]);
        self.nest(nest)
    }
}
