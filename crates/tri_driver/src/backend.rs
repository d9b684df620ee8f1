//! From tensor IR to machine code: schedule, generate. The only module of the driver that knows these crates.

use tri_artifact::ArtifactError;
use tri_cranelift::{Code, Effort, FunctionPool, Options};
use tri_ir::Verified;
use tri_kernels::CpuLevel;
use tri_passes::OptLevel;

use crate::{DriverError, Timing, fusion_of};

/// The verified kernel IR of a module.
pub(crate) fn schedule(
    module: &Verified,
    level: OptLevel,
    timing: &mut Timing,
) -> Result<tri_kernel_ir::Verified, DriverError> {
    timing.stage("schedule", || {
        let schedules = tri_kernel_ir::schedule(module, fusion_of(level))?;
        tri_kernel_ir::verify(schedules).map_err(DriverError::KernelIr)
    })
}

/// How machine code of an -O level is made: for the CPU level at hand, and at -O0 above all soon.
///
/// # Errors
/// The environment asks for a CPU level that does not exist.
pub(crate) fn options(level: OptLevel) -> Result<Options, DriverError> {
    Ok(options_for(cpu_level()?, level))
}

/// The same for a CPU level.
pub(crate) fn options_for(cpu: CpuLevel, level: OptLevel) -> Options {
    let effort = if level == OptLevel::O0 { Effort::Quick } else { Effort::Thorough };
    Options { effort, ..Options::new(cpu) }
}

/// Machine code of kernel IR.
pub(crate) fn generate(
    kernel: &tri_kernel_ir::Verified,
    options: &Options,
    timing: &mut Timing,
) -> Result<Code, DriverError> {
    Ok(timing.stage("codegen", || tri_cranelift::compile(kernel, options))?)
}

/// The same, but for functions that a pool holds, while another core does something else.
pub(crate) fn generate_reusing<T: Send>(
    kernel: &tri_kernel_ir::Verified,
    options: &Options,
    pool: &FunctionPool,
    beside: impl FnOnce() -> T + Send,
    timing: &mut Timing,
) -> Result<(Code, FunctionPool, T), DriverError> {
    let generate = || tri_cranelift::compile_reusing(kernel, options, pool);
    let (compiled, other) = timing.stage("codegen", || rayon::join(generate, beside));
    let (code, pool, runs) = compiled?;
    timing.functions(runs);
    Ok((code, pool, other))
}

/// Machine code as the bytes of a code section.
pub(crate) fn encode(code: &Code) -> Result<Vec<u8>, DriverError> {
    let malformed =
        |error: postcard::Error| ArtifactError::Malformed { section: "code", reason: error.to_string() };
    // Large enough: what stands beside the instructions is a few words a schedule.
    let room = code.bytes.len() + 8 * code.schedules.len() + 32 * code.sites.len() + 64;
    Ok(postcard::to_extend(code, Vec::with_capacity(room)).map_err(malformed)?)
}

/// Cranelift IR as text.
pub(crate) fn clif(kernel: &tri_kernel_ir::Verified, options: &Options) -> Result<String, DriverError> {
    Ok(tri_cranelift::emit_clif(kernel, options)?)
}

/// Instructions as text.
pub(crate) fn asm(kernel: &tri_kernel_ir::Verified, options: &Options) -> Result<String, DriverError> {
    Ok(tri_cranelift::emit_asm(kernel, options)?)
}

/// The highest CPU level that this machine has and the user allows.
pub(crate) fn cpu_level() -> Result<CpuLevel, DriverError> {
    CpuLevel::detect().map_err(|value| DriverError::CpuLevel { value })
}

/// Name of the code section for a CPU level of this machine's architecture.
pub(crate) fn target(level: CpuLevel) -> String {
    tri_runtime::code_target(level)
}
