//! A module compiled for this machine.

use tri_artifact::Artifact;
use tri_cranelift::{Code, Executable, FrameLayout};
use tri_ir::{FunctionId, StateId, Verified};
use tri_kernel_ir::{Fusion, ScheduleId};
use tri_kernels::KernelTable;

use crate::rollback::states_at_risk;
use crate::routes::{Probe, instrument};
use crate::{Instrument, Options, RuntimeError};

/// Tensor IR, its schedules, and its machine code.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) module: Verified,
    pub(crate) kernels: tri_kernel_ir::Verified,
    pub(crate) code: Code,
    pub(crate) executable: Executable,
    pub(crate) table: &'static KernelTable,
    pub(crate) layouts: Vec<FrameLayout>,
    /// States that each entry must be able to put back when it stops.
    pub(crate) at_risk: Vec<Vec<StateId>>,
    /// What the last results of each entry say about routes; empty for a model that does not record them.
    pub(crate) probes: Vec<Vec<Probe>>,
    /// Whether the code marks its steps.
    pub(crate) marks: bool,
}

impl Program {
    /// Compiles a module.
    pub(crate) fn compile(module: Verified, options: &Options) -> Result<Program, RuntimeError> {
        let (module, probes) = if options.instrument == Instrument::Routes {
            let (module, probes) = instrument(module.into_inner());
            (tri_ir::verify(module).map_err(|error| RuntimeError::Ir(Box::new(error)))?, probes)
        } else {
            (module, Vec::new())
        };
        let kernels = schedule(&module, options.fusion)?;
        let marks = options.instrument == Instrument::Steps;
        let code_options = tri_cranelift::Options { marks, ..tri_cranelift::Options::new(options.level()?) };
        let code = tri_cranelift::compile(&kernels, &code_options)
            .map_err(|error| RuntimeError::Compile(error.to_string()))?;
        Ok(Program { probes, marks, ..Program::assemble(module, kernels, code)? })
    }

    /// A module with code made for it before.
    pub(crate) fn assemble(
        module: Verified,
        kernels: tri_kernel_ir::Verified,
        code: Code,
    ) -> Result<Program, RuntimeError> {
        let table = KernelTable::for_level(code.level).ok_or(RuntimeError::Level(code.level.name()))?;
        if code.schedules.len() != kernels.schedules.len() {
            return Err(RuntimeError::Code("it belongs to another program".to_owned()));
        }
        let executable = Executable::map(&code)?;
        let layouts = kernels.schedules.iter().map(FrameLayout::of).collect();
        let at_risk = states_at_risk(&module);
        Ok(Program {
            module,
            kernels,
            code,
            executable,
            table,
            layouts,
            at_risk,
            probes: Vec::new(),
            marks: false,
        })
    }

    /// The schedule of a function.
    pub(crate) fn schedule_of(function: FunctionId) -> ScheduleId {
        ScheduleId(function.0)
    }
}

/// The verified schedules of a module.
pub(crate) fn schedule(module: &Verified, fusion: Fusion) -> Result<tri_kernel_ir::Verified, RuntimeError> {
    let kernels =
        tri_kernel_ir::schedule(module, fusion).map_err(|error| RuntimeError::Compile(error.to_string()))?;
    tri_kernel_ir::verify(kernels).map_err(|error| RuntimeError::Compile(error.to_string()))
}

/// The verified tensor IR of an artifact.
pub(crate) fn module_of(artifact: &Artifact) -> Result<Verified, RuntimeError> {
    tri_ir::verify(artifact.module()?).map_err(|error| RuntimeError::Ir(Box::new(error)))
}
