//! Calls.

use tri_ir::{Dim, FunctionId, Inst, StateId};

use super::{Failure, Scheduler};
use crate::plan::Region;
use crate::{BufferId, CallStep, ScheduleId, StepKind};

impl<'m> Scheduler<'m> {
    pub(super) fn call(
        &mut self,
        inst: &'m Inst,
        function: FunctionId,
        symbols: &[Dim],
        states: &[StateId],
    ) -> Result<(), Failure> {
        let params = self.store_all(&inst.args)?;
        let results = inst.results.iter().map(|value| self.target(*value)).collect();
        let states = states.iter().map(|state| self.states[state.index()]).collect();
        let schedule = ScheduleId(function.0);
        let workspace = self.callees(vec![(schedule, symbols.to_vec())]);
        let symbols = symbols.to_vec();
        self.step(StepKind::Call(CallStep { schedule, symbols, params, results, states, workspace }));
        Ok(())
    }

    pub(super) fn store_all(&mut self, values: &[tri_ir::Value]) -> Result<Vec<BufferId>, Failure> {
        values.iter().map(|value| self.store(*value)).collect()
    }

    /// The region that is the workspace of each of `callees` in turn.
    pub(super) fn callees(&mut self, callees: Vec<(ScheduleId, Vec<Dim>)>) -> u32 {
        self.regions.push(Region::Workspace { callees, step: self.steps.len() });
        self.regions.len() as u32 - 1
    }
}
