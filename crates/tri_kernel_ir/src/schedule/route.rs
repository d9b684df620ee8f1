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
        let (rows_of, scores) = (operands[0], operands[1]);
        let gates = weighted.then(|| operands[2]);
        let mut captures = operands.iter().skip(if weighted { 3 } else { 2 }).copied();
        let rows = self.shape(inst.args[0])[0].clone();
        let mut targets = Vec::with_capacity(tiles.len());
        let mut callees = Vec::with_capacity(tiles.len());
        for tile in tiles {
            let schedule = ScheduleId(tile.function.0);
            let captures = captures.by_ref().take(tile.captures as usize).collect();
            let mut symbols = vec![Dim::constant(RouteStep::TOGETHER)];
            symbols.extend(tile.symbols.iter().cloned());
            callees.push((schedule, symbols));
            targets.push(RouteTile { schedule, symbols: tile.symbols.clone(), captures });
        }
        let out = self.target(inst.results[0]);
        let (x, result) = (self.ty(inst.args[0]), self.ty(inst.results[0]));
        let chunks = |ty: &TensorType| {
            let mut shape = ty.shape.clone();
            shape[0] = Dim::constant(RouteStep::TOGETHER * RouteStep::LANES as i64);
            ty.with_shape(shape)
        };
        let numbers = |shape: Vec<Dim>| TensorType::new(DType::I32, shape);
        let scratch = [
            numbers(vec![rows.clone(), Dim::constant(top.into())]),
            numbers(vec![rows.clone()]),
            numbers(vec![rows.add(&Dim::constant(1))?]),
            numbers(vec![Dim::constant(tiles.len() as i64 + 1)]),
            chunks(x),
            chunks(result),
        ];
        let scratch = scratch.map(|ty| self.workspace(&ty));
        let workspaces = std::array::from_fn(|_| self.callees(callees.clone()));
        let step =
            RouteStep { rows, top, x: rows_of, scores, gates, out, tiles: targets, scratch, workspaces };
        self.step(StepKind::Route(step));
        Ok(())
    }
}
