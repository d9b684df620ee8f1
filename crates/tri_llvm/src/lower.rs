//! All kernels of a module as one text of LLVM IR, and which step runs which kernel on what.

use std::collections::BTreeSet;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use tri_ir::{Dim, Origin};
use tri_kernel_ir::{BufferId, Form, Schedule, StepKind, Verified};

use crate::Kernel;
use crate::emitter::Function;
use crate::kernel::THREADS;
use crate::nest::gathers;
use crate::route::{self, Fixed};

/// A module as kernels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lowered {
    /// LLVM IR without target.
    pub text: String,
    /// In the order in which they stand there.
    pub kernels: Vec<Kernel>,
    /// For each schedule and each of its steps, what it runs. A nest, a contraction, a quantiser of rows, a convolution and a choice through
    /// clusters run one kernel. A route has five: the first runs once; for each rank, counting up, the second and third, after which the host
    /// reads how many rows each tile has; for each chunk of at most [`tri_kernel_ir::RouteStep::TOGETHER`] rows of each tile the fourth, the
    /// tile's own steps, then the fifth. The last two sizes of each are the rank and the place of the chunk's first row among the rows in order; of
    /// the fourth and fifth the first size is the number of rows of the chunk. Other steps run none.
    pub runs: Vec<Vec<Vec<Run>>>,
    /// The schedule and step of each place where a kernel can fail. The word that a failure at place `i` stores is `i + 1`.
    pub sites: Vec<(u32, u32)>,
}

/// A step that runs a kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Its number.
    pub kernel: usize,
    /// Values of the form's symbols, in the schedule's.
    pub sizes: Vec<Dim>,
    /// The form's buffers.
    pub buffers: Vec<BufferId>,
}

/// A step that no kernel serves.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no GPU kernel serves {what} (step {step} of `{schedule}`); docs/gpu.md says what is served")]
pub struct LowerError {
    /// Name of the schedule.
    pub schedule: String,
    /// Position of the step.
    pub step: usize,
    /// What it is.
    pub what: &'static str,
    /// The source expression, if the step has one.
    pub origin: Option<Origin>,
}

/// Makes a kernel of every form of a module.
///
/// # Errors
/// The first step that no kernel serves.
pub fn lower(module: &Verified) -> Result<Lowered, LowerError> {
    let mut lowering = Lowering::default();
    for schedule in &module.schedules {
        let steps = schedule.steps.iter().enumerate();
        let runs = steps.map(|(at, step)| {
            let unserved =
                |what| LowerError { schedule: schedule.name.clone(), step: at, what, origin: step.origin };
            lowering.step(schedule, at, &step.kind).map_err(unserved)
        });
        let runs = runs.collect::<Result<_, _>>()?;
        lowering.runs.push(runs);
    }
    let declarations: Vec<&str> = lowering.declarations.iter().map(String::as_str).collect();
    let text = format!("{}\n{}\n", lowering.text, declarations.join("\n"));
    Ok(Lowered { text, kernels: lowering.kernels, runs: lowering.runs, sites: lowering.sites })
}

#[derive(Default)]
struct Lowering {
    text: String,
    declarations: BTreeSet<String>,
    kernels: Vec<Kernel>,
    known: FxHashMap<Arc<Form>, usize>,
    runs: Vec<Vec<Vec<Run>>>,
    sites: Vec<(u32, u32)>,
}

impl Lowering {
    fn step(&mut self, schedule: &Schedule, at: usize, step: &StepKind) -> Result<Vec<Run>, &'static str> {
        let mut failure = 0;
        match step {
            StepKind::Nest(nest) if gathers(nest) => {
                self.sites.push((self.runs.len() as u32, at as u32));
                failure = self.sites.len() as i64;
            }
            StepKind::Clusters(step) => {
                let fixed =
                    route::clusters(schedule, step, THREADS).map_err(|_| "a choice of so many clusters")?;
                return Ok(vec![self.fixed(fixed)]);
            }
            StepKind::Route(step) => {
                let fixed = route::route(schedule, step, THREADS).map_err(|_| "a route of so many tiles")?;
                return Ok(fixed.into_iter().map(|fixed| self.fixed(fixed)).collect());
            }
            _ => {}
        }
        let Some((form, arguments)) = Form::of(schedule, step, failure) else { return Ok(Vec::new()) };
        let kernel = match self.known.get(&form) {
            Some(kernel) => *kernel,
            None => self.kernel(form, &schedule.name, at)?,
        };
        Ok(vec![Run { kernel, sizes: arguments.sizes, buffers: arguments.buffers }])
    }

    /// Runs a kernel that is made once, whoever needs it.
    fn fixed(&mut self, mut fixed: Fixed) -> Run {
        let (sizes, buffers) = (std::mem::take(&mut fixed.sizes), std::mem::take(&mut fixed.buffers));
        let known = self.kernels.iter().position(|kernel| kernel.name == fixed.name);
        let kernel = known.unwrap_or_else(|| {
            let (kernel, function) = Kernel::fixed(fixed);
            self.add(kernel, function)
        });
        Run { kernel, sizes, buffers }
    }

    fn add(&mut self, kernel: Kernel, function: Function) -> usize {
        self.text.push_str(&function.text);
        self.declarations.extend(function.declarations);
        self.kernels.push(kernel);
        self.kernels.len() - 1
    }

    fn kernel(&mut self, form: Form, schedule: &str, step: usize) -> Result<usize, &'static str> {
        let number = self.kernels.len();
        let letter = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
        let readable: String = schedule.chars().map(letter).collect();
        let (kernel, function) = Kernel::of(&form, format!("k{number}_{readable}_{step}"))?;
        self.known.insert(Arc::new(form), number);
        Ok(self.add(kernel, function))
    }
}
