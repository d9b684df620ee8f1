//! Running one function of a program: fills its frame, calls it, reads what stopped it.

#![expect(unsafe_code, reason = "generated code is called")]

use tri_cranelift::{Failure, FailureKind, Site};
use tri_ir::{FunctionId, Symbol};
use tri_kernel_ir::{Step, StepKind, workspace_bytes};
use tri_kernels::{Context, unread_mark};

use crate::buffer::Buffer;
use crate::clock::{Clock, mark};
use crate::pool::{Pool, parallel};
use crate::program::Program;
use crate::{RuntimeError, sizes};

/// Addresses of what a function works on, in the order of its schedule. Each is as large as the schedule says for the sizes of
/// the call, and aligned to its elements.
#[derive(Debug, Default)]
pub(crate) struct Operands {
    pub(crate) params: Vec<*const u8>,
    pub(crate) results: Vec<*mut u8>,
    pub(crate) states: Vec<*mut u8>,
}

/// Memory that calls use again.
#[derive(Debug, Default)]
pub(crate) struct Arena {
    workspace: Buffer,
    frame: Vec<i64>,
    outer: Vec<i64>,
    /// The sizes that each function ran with last.
    plans: Vec<Plan>,
    /// Reads the marks of a call that is timed.
    pub(crate) clock: Option<Clock>,
}

/// What was found out about a function for given sizes.
#[derive(Debug)]
struct Plan {
    function: FunctionId,
    outer: Vec<i64>,
    /// Bytes of its workspace.
    workspace: usize,
}

impl Program {
    /// Runs a function.
    ///
    /// # Safety
    /// Every address in `operands` is valid for the size that the function's types give it for `symbols`, results and
    /// states for writing, and none overlaps another.
    pub(crate) unsafe fn run(
        &self,
        entry: &str,
        function: FunctionId,
        symbols: &[i64],
        operands: &Operands,
        arena: &mut Arena,
        pool: &Pool,
    ) -> Result<(), RuntimeError> {
        let schedule = Program::schedule_of(function);
        arena.outer.clear();
        arena.outer.extend(self.outer_sizes(function, symbols));
        let bytes = self.plan(entry, function, arena)?;
        arena.workspace.resize(bytes)?;
        let layout = &self.layouts[schedule.index()];
        let frame = &mut arena.frame;
        frame.clear();
        frame.resize(layout.words(), 0);
        frame[layout.symbols()].copy_from_slice(symbols);
        for (word, address) in frame[layout.params()].iter_mut().zip(&operands.params) {
            *word = address.addr() as i64;
        }
        for (word, address) in frame[layout.results()].iter_mut().zip(&operands.results) {
            *word = address.addr() as i64;
        }
        for (word, address) in frame[layout.states()].iter_mut().zip(&operands.states) {
            *word = address.addr() as i64;
        }
        frame[layout.workspace()] = arena.workspace.as_mut_ptr().addr() as i64;
        let mut ctx = Context {
            kernels: self.table,
            parallel,
            pool: std::ptr::from_ref(pool).cast_mut().cast(),
            error: 0,
            error_value: 0,
            threads: pool.threads() as i64,
            scratch: std::ptr::null_mut(),
            mark: unread_mark,
            marks: std::ptr::null_mut(),
        };
        if let Some(clock) = &arena.clock {
            (ctx.mark, ctx.marks) = (mark, std::ptr::from_ref(clock).cast_mut().cast());
        }
        let entry_point = self.executable.schedule(schedule);
        // SAFETY: the code was compiled from these schedules for this table; the frame is laid out as it expects, with a
        // workspace as large as the plan says and operands as the caller promises.
        unsafe { entry_point(&raw mut ctx, frame.as_mut_ptr(), 0, 0) };
        self.failure(entry, &ctx)
    }

    /// Shows that all accesses are in range for the sizes in `arena.outer`, unless the function ran with them last.
    /// Gives the bytes of the workspace.
    fn plan(&self, entry: &str, function: FunctionId, arena: &mut Arena) -> Result<usize, RuntimeError> {
        let known = arena.plans.iter().position(|plan| plan.function == function);
        if let Some(plan) = known.map(|at| &arena.plans[at])
            && plan.outer == arena.outer
        {
            return Ok(plan.workspace);
        }
        let workspace = self.workspace(entry, function, &arena.outer, &self.kernels)?;
        let plan = Plan { function, outer: arena.outer.clone(), workspace };
        match known {
            Some(at) => arena.plans[at] = plan,
            None => arena.plans.push(plan),
        }
        Ok(workspace)
    }

    /// Shows that all accesses of a function are in range for the sizes that callers give. Gives the bytes of its workspace by a
    /// schedule of the module.
    pub(crate) fn workspace(
        &self,
        entry: &str,
        function: FunctionId,
        outer: &[i64],
        kernels: &tri_kernel_ir::Module,
    ) -> Result<usize, RuntimeError> {
        let size_error = |reason: String| RuntimeError::Size { entry: entry.to_owned(), reason };
        sizes::check(&self.module, function, outer).map_err(size_error)?;
        let bytes = workspace_bytes(kernels, Program::schedule_of(function), outer)
            .map_err(|error| size_error(error.to_string()))?;
        let workspace = usize::try_from(bytes).ok().filter(|bytes| *bytes <= isize::MAX as usize / 2);
        workspace.ok_or_else(|| RuntimeError::TooLarge { entry: entry.to_owned() })
    }

    /// The sizes of a function that callers give, among all of its sizes.
    pub(crate) fn outer_sizes(&self, function: FunctionId, symbols: &[i64]) -> impl Iterator<Item = i64> {
        let infos = &self.module.function(function).symbols;
        symbols.iter().zip(infos).filter(|(_, info)| !info.bound_inside).map(|(size, _)| *size)
    }

    fn failure(&self, entry: &str, ctx: &Context) -> Result<(), RuntimeError> {
        let failure =
            Failure::decode(&self.code, ctx.error, ctx.error_value).map_err(RuntimeError::UnknownFailure)?;
        let Some(failure) = failure else { return Ok(()) };
        let function = self.module.functions.get(failure.site.schedule as usize);
        let (entry, value) = (entry.to_owned(), failure.value);
        let function = function.map_or_else(String::new, |function| function.name.clone());
        Err(match failure.kind {
            FailureKind::RowOutOfRange => RuntimeError::RowOutOfRange { entry, function, row: value },
            FailureKind::NegativeSize | FailureKind::SizeTooLarge => {
                let Site { schedule, step, .. } = failure.site;
                let (dim, condition) = broken_condition(&self.kernels, failure.kind, [schedule, step]);
                RuntimeError::RunTimeSize { entry, function, dim, value, condition }
            }
        })
    }
}

/// The size that a step of a schedule could not bind, and what it must fulfil.
pub(crate) fn broken_condition(
    kernels: &tri_kernel_ir::Module,
    kind: FailureKind,
    [schedule, step]: [u32; 2],
) -> (String, String) {
    let schedule = kernels.schedules.get(schedule as usize);
    let step = schedule.and_then(|schedule| Some((schedule, schedule.steps.get(step as usize)?)));
    let Some((schedule, Step { kind: StepKind::BindDim { symbol, at_most, .. }, .. })) = step else {
        return ("a size".to_owned(), "its conditions exclude that".to_owned());
    };
    let info = &schedule.symbols[symbol.index()];
    if kind == FailureKind::NegativeSize {
        return (info.name.clone(), "no size is negative".to_owned());
    }
    let name = |symbol: &Symbol, f: &mut std::fmt::Formatter<'_>| {
        f.write_str(&schedule.symbols[symbol.index()].name)
    };
    let stated: Vec<String> = at_most
        .iter()
        .map(|(left, right)| format!("`{} <= {}`", left.display(&name), right.display(&name)))
        .collect();
    let condition = match info.max {
        Some(max) if stated.is_empty() => format!("must be at most {max}"),
        _ => format!("{} must hold", stated.join(" and ")),
    };
    (info.name.clone(), condition)
}
