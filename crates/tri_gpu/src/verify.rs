//! What a runtime relies on: kernels and launches fit the kernel IR that they are said to be of.

use std::collections::HashSet;

use tri_ir::{Dim, Symbol};
use tri_kernel_ir::{Module, Schedule, StepKind, computing};

use crate::{GpuCode, Kernel, Run};

/// Most threads of a block on every GPU.
const MAX_THREADS: u32 = 1024;

/// Most parameters of a kernel: 4 KiB of them is what every GPU takes.
const MAX_PARAMETERS: u64 = 512;

/// Code that does not fit itself or its kernel IR.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GpuCodeError {
    /// A kernel that nobody could launch.
    #[error("kernel {number} has {what}")]
    Kernel {
        /// Its number.
        number: usize,
        /// What is wrong with it.
        what: &'static str,
    },
    /// Another number of schedules, steps or launches than the kernel IR has.
    #[error("{found} {what} are listed where there are {expected}")]
    Count {
        /// Of what.
        what: &'static str,
        /// By the kernel IR.
        expected: usize,
        /// As listed.
        found: usize,
    },
    /// A launch that does not fit its kernel or its schedule.
    #[error("step {step} of `{schedule}` runs {what}")]
    Run {
        /// Name of the schedule.
        schedule: String,
        /// Position of the step.
        step: usize,
        /// What is wrong.
        what: &'static str,
    },
    /// A failure of a step that there is not.
    #[error("failure {0} is of a step that there is not")]
    Site(usize),
}

impl Run {
    /// How many runs a route has. Tiles that do not run together: choose; for each rank count and order; for each chunk of the rows of a tile
    /// gather and, after the tile, add. Those of a group are in [`crate::group::Part`].
    pub const OF_A_ROUTE: usize = 5;
    /// Number of a size of a route's runs that the host gives: how many rows there are in a chunk.
    pub const ROWS: usize = 0;
    /// The same: the rank at hand.
    pub const RANK: usize = 5;
    /// The same: where a chunk begins in the order of rows.
    pub const START: usize = 6;
    /// The same of a group's runs: bytes that a pair has of the group's memory.
    pub const RECORD: usize = 5;

    /// How many runs a step has.
    fn number_of(step: &StepKind) -> usize {
        match step {
            StepKind::Nest(_)
            | StepKind::Contraction(_)
            | StepKind::Attention(_)
            | StepKind::Epilogue(_)
            | StepKind::QuantizeRows(_)
            | StepKind::Convolution(_)
            | StepKind::MaxPool(_)
            | StepKind::Clusters(_) => 1,
            StepKind::Route(_) => Run::OF_A_ROUTE,
            StepKind::Call(_) | StepKind::BindDim { .. } => 0,
        }
    }
}

impl GpuCode {
    /// Holds the code to the kernel IR that it is launched for: every number in it names something that is there.
    ///
    /// # Errors
    /// The first that does not.
    pub fn verify(&self, module: &Module) -> Result<(), GpuCodeError> {
        let mut names = HashSet::new();
        for (number, kernel) in self.kernels.iter().enumerate() {
            let what =
                self.defect_of(kernel).or((!names.insert(&kernel.name)).then_some("the name of another"));
            what.map_or(Ok(()), |what| Err(GpuCodeError::Kernel { number, what }))?;
        }
        count("schedules", module.schedules.len(), self.runs.len())?;
        let (computing, grouped) = (computing(module), self.grouped(module));
        for (schedule, steps) in module.schedules.iter().zip(&self.runs) {
            count("steps", schedule.steps.len(), steps.len())?;
            for (at, (step, runs)) in schedule.steps.iter().zip(steps).enumerate() {
                count("launches", Run::number_of(&step.kind), runs.len())?;
                let defect = runs.iter().find_map(|run| self.defect_in(schedule, run));
                let ungrouped = match &step.kind {
                    StepKind::Route(route) => {
                        route.runs_together(&computing) && !route.runs_together(&grouped)
                    }
                    _ => false,
                };
                let defect = defect.or(ungrouped.then_some("tiles together whose kernels are not for that"));
                if let Some(what) = defect {
                    return Err(GpuCodeError::Run { schedule: schedule.name.clone(), step: at, what });
                }
            }
        }
        if !self.places.is_empty() {
            count("schedules with places", module.schedules.len(), self.places.len())?;
            for (schedule, places) in module.schedules.iter().zip(&self.places) {
                count("places of steps", schedule.steps.len(), places.len())?;
            }
        }
        for (at, site) in self.sites.iter().enumerate() {
            let schedule = module.schedules.get(site.schedule as usize);
            if schedule.is_none_or(|schedule| site.step as usize >= schedule.steps.len()) {
                return Err(GpuCodeError::Site(at));
            }
        }
        Ok(())
    }

    /// Of each schedule whether its kernels are there for groups, those of callees included.
    fn grouped(&self, module: &Module) -> Vec<bool> {
        let is_grouped = |number: u32| self.kernels.get(number as usize).is_some_and(|kernel| kernel.grouped);
        let mut known: Vec<bool> = Vec::with_capacity(module.schedules.len());
        for (schedule, steps) in module.schedules.iter().zip(&self.runs) {
            let all = schedule.steps.iter().zip(steps).all(|(step, runs)| match &step.kind {
                StepKind::Call(call) => known.get(call.schedule.index()).copied().unwrap_or(false),
                _ => runs.iter().all(|run| {
                    let many = self.kernels.get(run.kernel as usize).and_then(|kernel| kernel.many.as_ref());
                    is_grouped(run.kernel) && many.is_none_or(|many| is_grouped(many.kernel))
                }),
            });
            known.push(all);
        }
        known
    }

    fn defect_of(&self, kernel: &Kernel) -> Option<&'static str> {
        let letters = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if kernel.name.is_empty() || !kernel.name.chars().all(letters) {
            return Some("a name that is none in PTX");
        }
        if kernel.threads == 0 || kernel.threads > MAX_THREADS {
            return Some("blocks of no or too many threads");
        }
        if kernel.lanes < 1 || kernel.lanes > i64::from(kernel.threads) {
            return Some("no or too many threads for a unit of work");
        }
        if u64::from(kernel.buffers) + u64::from(kernel.sizes) >= MAX_PARAMETERS {
            return Some("more parameters than a GPU takes");
        }
        let knows = |dim: &Dim| symbols_below(dim, kernel.sizes as usize);
        if !kernel.axes.iter().all(knows) {
            return Some("an axis of a symbol that there is not");
        }
        let many = kernel.many.as_ref()?;
        let Some(other) = self.kernels.get(many.kernel as usize) else {
            return Some("a kernel for many rows that there is not");
        };
        if (other.buffers, other.sizes) != (kernel.buffers, kernel.sizes) {
            return Some("a kernel for many rows that takes something else");
        }
        let serves = many.of >= 1 && knows(&many.rows) && many.multiples.iter().all(knows);
        (!serves).then_some("a kernel for sizes that there are not")
    }

    fn defect_in(&self, schedule: &Schedule, run: &Run) -> Option<&'static str> {
        let Some(kernel) = self.kernels.get(run.kernel as usize) else {
            return Some("a kernel that there is not");
        };
        if run.buffers.len() != kernel.buffers as usize {
            return Some("a kernel on another number of buffers than it takes");
        }
        if run.sizes.len() != kernel.sizes as usize {
            return Some("a kernel with another number of sizes than it takes");
        }
        if run.buffers.iter().any(|buffer| buffer.index() >= schedule.buffers.len()) {
            return Some("a kernel on a buffer that there is not");
        }
        let knows = |dim: &Dim| symbols_below(dim, schedule.symbols.len());
        (!run.sizes.iter().all(knows)).then_some("a kernel with a size of a symbol that there is not")
    }
}

fn count(what: &'static str, expected: usize, found: usize) -> Result<(), GpuCodeError> {
    if expected == found { Ok(()) } else { Err(GpuCodeError::Count { what, expected, found }) }
}

fn symbols_below(dim: &Dim, count: usize) -> bool {
    let mut all = true;
    dim.for_each_var(&mut |symbol: &Symbol| all &= symbol.index() < count);
    all
}
