//! Which kernel each operation of an artifact runs as on this machine, and why.

use std::path::Path;

use tri_artifact::Artifact;
use tri_ir::{FunctionId, Module};
use tri_kernel_ir::{KernelChoice, ScheduleId};
use tri_kernels::CpuLevel;
use tri_passes::OptLevel;

use crate::report::memory_text;
use crate::{DriverError, backend, engine, fusion_of};

/// The kernels of an artifact.
#[derive(Clone, Debug)]
pub struct KernelChoices {
    /// Instructions that micro-kernels use on this machine.
    pub cpu: CpuLevel,
    /// The level that the artifact was compiled at.
    pub level: OptLevel,
    /// Functions that entry points and the prologue call, callees first.
    pub functions: Vec<FunctionKernels>,
}

/// The kernels of one function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionKernels {
    /// The function.
    pub name: String,
    /// Its operations, in order.
    pub choices: Vec<KernelChoice>,
}

/// The kernels of the artifact at `path`.
///
/// # Errors
/// The file cannot be read or believed, or no kernel serves an operation.
pub fn explain_kernels(path: &Path) -> Result<KernelChoices, DriverError> {
    let explained = Artifact::open(path).map_err(DriverError::from).and_then(|artifact| explain(&artifact));
    explained.map_err(|error| error.within(path))
}

fn explain(artifact: &Artifact) -> Result<KernelChoices, DriverError> {
    let module = tri_ir::verify(artifact.module()?).map_err(DriverError::ArtifactIr)?;
    let (cpu, level) = (backend::cpu_level()?, engine::level_in(artifact));
    let fusion = fusion_of(level);
    let wanted = called(&module);
    let functions = module.functions.iter().enumerate().filter(|(at, _)| wanted[*at]);
    let functions = functions.map(|(at, function)| {
        let choices = tri_kernel_ir::explain(&module, FunctionId(at as u32), fusion)?;
        Ok(FunctionKernels { name: function.name.clone(), choices })
    });
    Ok(KernelChoices { cpu, level, functions: functions.collect::<Result<_, DriverError>>()? })
}

/// Which functions entry points and the prologue call, directly or not.
pub(crate) fn called(module: &Module) -> Vec<bool> {
    let mut called = vec![false; module.functions.len()];
    let roots = module.entries.iter().map(|entry| entry.function).chain(module.prologue);
    roots.for_each(|root: FunctionId| called[root.index()] = true);
    // Callees come before callers.
    for at in (0..module.functions.len()).rev() {
        if called[at] {
            mark_callees(module, at, &mut called);
        }
    }
    called
}

fn mark_callees(module: &Module, at: usize, called: &mut [bool]) {
    let callees = module.functions[at].insts.iter().flat_map(|inst| inst.op.callees());
    callees.for_each(|callee| called[callee.index()] = true);
}

/// What each entry point of an artifact works in beside its inputs and results, as a formula of the sizes known only when it runs: `37.5
/// KiB × B`. Intermediate values that do not live at the same time share memory.
///
/// # Errors
/// The tensor IR of the artifact is damaged, or no kernel serves an operation.
pub fn activation_memory(artifact: &Artifact) -> Result<Vec<String>, DriverError> {
    let module = tri_ir::verify(artifact.module()?).map_err(DriverError::ArtifactIr)?;
    let fusion = fusion_of(engine::level_in(artifact));
    let kernels = tri_kernel_ir::schedule(&module, fusion)?;
    let workspaces = tri_kernel_ir::workspace(&kernels);
    let memory = |entry: &tri_ir::Entry| memory_text(&module, ScheduleId(entry.function.0), &workspaces);
    Ok(module.entries.iter().map(memory).collect())
}
