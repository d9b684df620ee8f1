//! All kernels of a module as one text of LLVM IR, and which step runs which kernel on what.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;
use tri_gpu::{GpuCode, Kernel, Run, Site};
use tri_ir::Origin;
use tri_kernel_ir::{Form, Module, Schedule, StepKind, Verified, computing, spelled_out};

use crate::emitter::Function;
use crate::group;
use crate::kernel::{self, THREADS};
use crate::kind::Kind;
use crate::nest::gathers;
use crate::route::{self, Fixed};

/// A module as kernels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lowered {
    /// LLVM IR without target.
    pub text: String,
    /// The kernels in the order in which they stand there, and what runs them; see [`GpuCode`].
    pub kernels: Vec<Kernel>,
    /// For each schedule and each of its steps, what it runs.
    pub runs: Vec<Vec<Vec<Run>>>,
    /// Steps that can fail.
    pub sites: Vec<Site>,
}

impl Lowered {
    /// The kernels as they are kept and launched, without places in the source. `text` is what was compiled from [`Lowered::text`],
    /// `fingerprint` that of the kernel IR.
    pub fn into_code(self, text: String, fingerprint: [u8; 32]) -> GpuCode {
        let Lowered { kernels, runs, sites, .. } = self;
        GpuCode { fingerprint, kernels, runs, places: Vec::new(), sites, text }
    }
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
    let computing = computing(module);
    let grouped = grouped(module, &computing);
    let mut lowering = Lowering { computing, grouped, ..Lowering::default() };
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

/// Of each schedule whether tiles of a group run it.
fn grouped(module: &Module, computing: &[bool]) -> Vec<bool> {
    let mut grouped = vec![false; module.schedules.len()];
    // Callers come after callees.
    for (at, schedule) in module.schedules.iter().enumerate().rev() {
        for step in &schedule.steps {
            match &step.kind {
                StepKind::Route(route) if route.runs_together(computing) => {
                    route.tiles.iter().for_each(|tile| grouped[tile.schedule.index()] = true);
                }
                StepKind::Call(call) if grouped[at] => grouped[call.schedule.index()] = true,
                _ => {}
            }
        }
    }
    grouped
}

#[derive(Default)]
struct Lowering {
    /// What `computing` says of the module.
    computing: Vec<bool>,
    /// Schedules that tiles of a group run.
    grouped: Vec<bool>,
    text: String,
    declarations: BTreeSet<String>,
    kernels: Vec<Kernel>,
    known: FxHashMap<Form, u32>,
    runs: Vec<Vec<Vec<Run>>>,
    sites: Vec<Site>,
}

impl Lowering {
    fn step(&mut self, schedule: &Schedule, at: usize, step: &StepKind) -> Result<Vec<Run>, &'static str> {
        let mut failure = 0;
        match step {
            StepKind::Nest(nest) if gathers(nest) => {
                self.sites.push(Site { schedule: self.runs.len() as u32, step: at as u32 });
                failure = self.sites.len() as i64;
            }
            StepKind::Clusters(step) => {
                let fixed =
                    route::clusters(schedule, step, THREADS).map_err(|_| "a choice of so many clusters")?;
                return Ok(vec![self.fixed(fixed)]);
            }
            StepKind::Route(step) => {
                let fixed = if step.runs_together(&self.computing) {
                    group::route(schedule, step, THREADS)
                } else {
                    route::route(schedule, step, THREADS)
                };
                let fixed = fixed.map_err(|_| "a route of so many tiles")?;
                return Ok(fixed.into_iter().map(|fixed| self.fixed(fixed)).collect());
            }
            _ => {}
        }
        let step = spelled_out(step).map_err(|_| "rows of so many elements")?;
        let Some((form, arguments)) = Form::of(schedule, &step, failure) else {
            return Ok(Vec::new());
        };
        let kernel = match self.known.get(&form) {
            Some(kernel) => *kernel,
            None => self.kernel(&form, &schedule.name, at)?,
        };
        if self.grouped[self.runs.len()] && !self.kernels[kernel as usize].grouped {
            self.group(&form, kernel);
        }
        self.known.entry(form).or_insert(kernel);
        Ok(vec![Run { kernel, sizes: arguments.sizes, buffers: arguments.buffers }])
    }

    /// Runs a kernel that is made once, whoever needs it.
    fn fixed(&mut self, mut fixed: Fixed) -> Run {
        let (sizes, buffers) = (std::mem::take(&mut fixed.sizes), std::mem::take(&mut fixed.buffers));
        let known = self.kernels.iter().position(|kernel| kernel.name == fixed.name);
        let kernel = known.map(|at| at as u32).unwrap_or_else(|| {
            let (kernel, function) = kernel::of_fixed(fixed, buffers.len() as u32, sizes.len() as u32);
            self.add(kernel, function)
        });
        Run { kernel, sizes, buffers }
    }

    fn add(&mut self, kernel: Kernel, function: Function) -> u32 {
        self.write(function);
        self.kernels.push(kernel);
        self.kernels.len() as u32 - 1
    }

    fn write(&mut self, function: Function) {
        self.text.push_str(&function.text);
        self.declarations.extend(function.declarations);
    }

    /// Makes the kernels of a form for groups.
    fn group(&mut self, form: &Form, number: u32) {
        let many = self.kernels[number as usize].many.as_ref().map(|many| many.kernel);
        for (number, is_many) in [(number, false)].into_iter().chain(many.map(|many| (many, true))) {
            let kernel = &mut self.kernels[number as usize];
            kernel.grouped = true;
            let function = kernel::of_group(form, kernel, is_many);
            self.write(function);
        }
    }

    fn kernel(&mut self, form: &Form, schedule: &str, step: usize) -> Result<u32, &'static str> {
        let number = self.kernels.len() as u32;
        let letter = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
        let readable: String = schedule.chars().map(letter).collect();
        let name = |number: u32, kind: Kind| format!("k{number}_{}_{readable}_{step}", kind.name());
        let (kernel, function) = kernel::of_form(form, name(number, kernel::kind(form)))?;
        let many = match kernel::many_kind(form) {
            Some(kind) => kernel::of_many(form, name(number + 1, kind), number + 1)?,
            None => None,
        };
        self.add(kernel, function);
        if let Some((kernel, function, many)) = many {
            self.add(kernel, function);
            self.kernels[number as usize].many = Some(many);
        }
        Ok(number)
    }
}
