//! The salsa queries behind the typed HIR: elaboration, the passes, and kernel IR. Thin wrappers over plain functions.
//!
//! Elaboration and the passes are one query each for a whole program: instances, names and the prologue belong to the module, and
//! both together cost less than a tenth of a compilation. Then the module falls into its functions, each [detached](tri_ir::detach) from
//! its surroundings and known by its contents, and each is scheduled by a query of its own, all cores at once. After an edit the functions that
//! still compute the same are the same, so only the others are scheduled; [`tri_cranelift::FunctionPool`] does as much for machine code.
//!
//! White space and comments reach none of these queries, because they reach no item ([`tri_hir`]).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;
use tri_db::{Db, PartTime, RootDatabase, SourceFile};
use tri_diagnostics::Diagnostic;
use tri_ir::{Function, Module, Verified, VerifyError};
use tri_kernel_ir::{Fusion, Schedule, ScheduleError};
use tri_lower::SourceMap;
use tri_passes::{OptLevel, PassError, PassRun};

use crate::{DriverError, fusion_of};

/// A program as tensor IR, before the passes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Elaborated {
    /// The module.
    pub(crate) module: Verified,
    /// Where its instructions come from.
    pub(crate) source_map: SourceMap,
}

/// Why a query has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stopped {
    /// The program is wrong.
    Diagnostics(Vec<Diagnostic>),
    /// Elaboration made IR that does not verify.
    Elaboration(VerifyError),
    /// A pass made IR that does not verify.
    Pass(Box<PassError>),
    /// A step that no kernel serves.
    Schedule(ScheduleError),
    /// Scheduling made kernel IR that does not verify.
    KernelIr(tri_kernel_ir::VerifyError),
}

/// The model and the tests of a file that the checker accepts.
#[salsa::tracked(returns(ref))]
pub(crate) fn elaborated(db: &dyn Db, file: SourceFile) -> Result<Elaborated, Stopped> {
    let model = db.options().model(db).clone();
    let options = tri_lower::Options { model, ..tri_lower::Options::default() };
    let lowered = tri_lower::lower(db, file, &options).map_err(Stopped::Diagnostics)?;
    let module = tri_ir::verify(lowered.module).map_err(Stopped::Elaboration)?;
    Ok(Elaborated { module, source_map: lowered.source_map })
}

/// The program after the passes of a level.
#[salsa::tracked(returns(ref))]
pub(crate) fn optimized(db: &dyn Db, file: SourceFile, level: OptLevel) -> Result<Verified, Stopped> {
    let elaborated = elaborated(db, file).as_ref().map_err(Clone::clone)?;
    let mut note = |run: &PassRun, _: &Module| {
        db.unwind_if_revision_cancelled();
        db.note_time(PartTime { name: run.pass.name, start: run.start, time: run.time });
    };
    tri_passes::optimize(&elaborated.module, level, &mut note).map_err(Stopped::Pass)
}

/// What a function computes, whatever it is called and wherever it stands.
#[salsa::interned(debug)]
pub(crate) struct Computation<'db> {
    /// The function, detached.
    #[returns(ref)]
    pub(crate) function: Arc<Function>,
}

/// How a computation runs on a machine.
#[salsa::tracked(returns(ref))]
fn scheduled<'db>(
    db: &'db dyn Db,
    computation: Computation<'db>,
    fusion: Fusion,
) -> Result<Schedule, ScheduleError> {
    tri_kernel_ir::schedule_function(computation.function(db), fusion)
}

/// The kernel IR of a program.
#[salsa::tracked(returns(ref))]
pub(crate) fn kernel_ir(
    db: &dyn Db,
    file: SourceFile,
    level: OptLevel,
) -> Result<tri_kernel_ir::Verified, Stopped> {
    let module = optimized(db, file, level).as_ref().map_err(Clone::clone)?;
    let mut schedules = Vec::with_capacity(module.functions.len());
    for (computation, attached) in in_parallel(db, module, fusion_of(level)) {
        // It is known by then; asked again because what another thread asks is not held against this query.
        let _ = scheduled(db, Computation::new(db, computation), fusion_of(level));
        schedules.push(attached?);
    }
    tri_kernel_ir::verify(tri_kernel_ir::Module { schedules }).map_err(Stopped::KernelIr)
}

/// The functions of a module by themselves with their schedules as those of the module, by all cores.
fn in_parallel(
    db: &dyn Db,
    module: &Module,
    fusion: Fusion,
) -> Vec<(Arc<Function>, Result<Schedule, Stopped>)> {
    let next = AtomicUsize::new(0);
    let schedule = |db: &RootDatabase| {
        let mut done = Vec::new();
        loop {
            // Callers come after callees and are the larger, so the last are begun first.
            let taken = next.fetch_add(1, Ordering::Relaxed) + 1;
            let Some(at) = module.functions.len().checked_sub(taken) else { return done };
            let function = &module.functions[at];
            let (function, links) = tri_ir::detach(function);
            let function = Arc::new(function);
            let schedule = match scheduled(db, Computation::new(db, function.clone()), fusion) {
                Ok(schedule) => Ok(tri_kernel_ir::attach(schedule, &links)),
                Err(error) => Err(Stopped::Schedule(tri_kernel_ir::attach_error(error, &links))),
            };
            done.push((at, (function, schedule)));
        }
    };
    // The thread that asks may be one of those that work, and has its own handle at hand.
    let run = |db: RootDatabase| salsa::attach_allow_change(&db, || schedule(&db));
    let threads = rayon::current_num_threads().min(module.functions.len());
    let handles: Vec<RootDatabase> = (0..threads).map(|_| db.for_thread()).collect();
    let mut done: Vec<_> = handles.into_par_iter().flat_map_iter(run).collect();
    done.sort_unstable_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, scheduled)| scheduled).collect()
}

impl From<&Stopped> for crate::ElaborateError {
    fn from(stopped: &Stopped) -> Self {
        crate::ElaborateError::Driver(match stopped.clone() {
            Stopped::Diagnostics(found) => return crate::ElaborateError::Diagnostics(found),
            Stopped::Elaboration(error) => DriverError::Elaboration(error),
            Stopped::Pass(error) => DriverError::Pass(error),
            Stopped::Schedule(error) => DriverError::Schedule(error),
            Stopped::KernelIr(error) => DriverError::KernelIr(error),
        })
    }
}
