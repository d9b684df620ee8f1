//! Whether the tiles of a route can run together: each step of their schedules once for the rows of all tiles, without a host that looks at
//! how many rows a tile has. How they then run is a backend's matter.

use tri_ir::Op;

use crate::{Module, RouteStep, StepKind};

impl RouteStep {
    /// Whether the tiles run together, for what [`computing`] says of the module.
    pub fn runs_together(&self, computing: &[bool]) -> bool {
        self.tiles.iter().all(|tile| computing.get(tile.schedule.index()).copied().unwrap_or(false))
    }
}

/// Of each schedule whether all its steps, and those of what it calls, compute for a number of rows that only the device knows: none
/// routes or chooses tiles, binds a size or has states.
pub fn computing(module: &Module) -> Vec<bool> {
    let mut known: Vec<bool> = Vec::with_capacity(module.schedules.len());
    for schedule in &module.schedules {
        let computes = schedule.steps.iter().all(|step| match &step.kind {
            StepKind::Nest(_)
            | StepKind::Contraction(_)
            | StepKind::Attention(_)
            | StepKind::Epilogue(_)
            | StepKind::QuantizeRows(_)
            | StepKind::Convolution(_)
            | StepKind::MaxPool(_) => true,
            // Callees come before callers.
            StepKind::Call(call) => known.get(call.schedule.index()).copied().unwrap_or(false),
            StepKind::Clusters(_) | StepKind::Route(_) | StepKind::BindDim { .. } => false,
        });
        known.push(computes && schedule.states.is_empty());
    }
    known
}

/// The same of functions, without schedules of them.
pub(crate) fn computing_functions(module: &tri_ir::Module) -> Vec<bool> {
    let mut known: Vec<bool> = Vec::with_capacity(module.functions.len());
    for function in &module.functions {
        let computes = function.insts.iter().all(|inst| match &inst.op {
            Op::Route { .. } | Op::ArgMaxClusters => false,
            Op::Call { function, .. } => known.get(function.index()).copied().unwrap_or(false),
            _ => true,
        });
        let is_bound = function.symbols.iter().any(|symbol| symbol.bound_inside);
        known.push(computes && !is_bound && function.states.is_empty());
    }
    known
}
