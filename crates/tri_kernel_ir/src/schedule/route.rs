//! Routes.

use tri_ir::{DType, Dim, Inst, TensorType, Tile};

use super::{Failure, Scheduler};
use crate::{RouteStep, RouteTile, ScheduleId, StepKind};

impl<'m> Scheduler<'m> {
    pub(super) fn route(
        &mut self,
        inst: &'m Inst,
        top: u32,
        weighted: bool,
        tiles: &[Tile],
    ) -> Result<(), Failure> {
        let operands = self.store_all(&inst.args)?;
        let (x, scores) = (operands[0], operands[1]);
        let gates = weighted.then(|| operands[2]);
        let mut captures = operands.iter().skip(if weighted { 3 } else { 2 }).copied();
        let rows = self.shape(inst.args[0])[0].clone();
        let mut targets = Vec::with_capacity(tiles.len());
        let mut callees = Vec::with_capacity(tiles.len());
        for tile in tiles {
            let schedule = ScheduleId(tile.function.0);
            let captures = captures.by_ref().take(tile.captures as usize).collect();
            let mut symbols = vec![rows.clone()];
            symbols.extend(tile.symbols.iter().cloned());
            callees.push((schedule, symbols));
            targets.push(RouteTile { schedule, symbols: tile.symbols.clone(), captures });
        }
        let out = self.target(inst.results[0]);
        let (top_dim, count) = (Dim::constant(top.into()), Dim::constant(tiles.len() as i64 + 1));
        let scratch = [
            TensorType::new(DType::I32, vec![rows.clone(), top_dim]),
            TensorType::new(DType::I32, vec![rows.clone()]),
            TensorType::new(DType::I32, vec![count]),
            self.ty(inst.args[0]).clone(),
            self.ty(inst.results[0]).clone(),
        ];
        let scratch = scratch.map(|ty| self.workspace(&ty));
        let workspace = self.callees(callees);
        let step = RouteStep { rows, top, x, scores, gates, out, tiles: targets, scratch, workspace };
        self.step(StepKind::Route(step));
        Ok(())
    }
}
