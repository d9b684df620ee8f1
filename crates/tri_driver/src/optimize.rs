//! The -O levels, and the stages after the passes as text.

use tri_kernel_ir::Fusion;
use tri_passes::OptLevel;

use crate::report::run_name;
use crate::{ElaborateError, GpuTarget, Program, Timing, backend, gpu};

/// The level of `-O0` to `-O3`; higher numbers are the highest.
pub fn level_of(number: u8) -> OptLevel {
    match number {
        0 => OptLevel::O0,
        1 => OptLevel::O1,
        2 => OptLevel::O2,
        _ => OptLevel::O3,
    }
}

/// How much scheduling fuses at a level.
pub fn fusion_of(level: OptLevel) -> Fusion {
    match level {
        OptLevel::O0 | OptLevel::O1 => Fusion::None,
        OptLevel::O2 => Fusion::Full,
        OptLevel::O3 => Fusion::Siblings,
    }
}

/// A stage after the passes that can be printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Tensor IR.
    Ir,
    /// Kernel IR.
    Kir,
    /// Cranelift IR.
    Clif,
    /// Machine instructions.
    Asm,
    /// LLVM IR of GPU kernels, after LLVM's passes.
    Llvm(GpuTarget),
    /// PTX of GPU kernels.
    Ptx(GpuTarget),
}

/// A stage of an accepted program as text.
///
/// # Errors
/// The stage cannot be reached: an error that only elaboration finds, a step that no kernel serves, a machine or build without code generator.
pub fn emit(
    program: &Program,
    level: OptLevel,
    stage: Stage,
    timing: &mut Timing,
) -> Result<String, ElaborateError> {
    if stage == Stage::Ir {
        return Ok(program.optimized(level, timing)?.to_string());
    }
    let kernel = program.kernel_ir(level, timing)?;
    let options = backend::options(level)?;
    Ok(match stage {
        Stage::Ir | Stage::Kir => kernel.to_string(),
        Stage::Clif => backend::clif(kernel, &options)?,
        Stage::Asm => backend::asm(kernel, &options)?,
        Stage::Llvm(target) => gpu::llvm(kernel, target, level)?,
        Stage::Ptx(target) => gpu::ptx(kernel, target, level)?,
    })
}

/// The runs of passes at a level, as `--emit ir-after=` calls them.
pub fn pass_runs(level: OptLevel) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for pass in level.pipeline() {
        names.push(run_name(pass.name, names.iter().map(String::as_str)));
    }
    names
}

/// The tensor IR of an accepted program after a run of a pass, by its name; none if the level has no such run.
///
/// # Errors
/// Those of [`Program::optimized`].
pub fn emit_after(program: &Program, level: OptLevel, run: &str) -> Result<Option<String>, ElaborateError> {
    let (elaborated, _) = program.elaborated()?;
    let Some(wanted) = pass_runs(level).iter().position(|name| name == run) else { return Ok(None) };
    let (mut at, mut text) = (0, None);
    let mut note = |_: &tri_passes::PassRun, module: &tri_ir::Module| {
        if at == wanted {
            text = Some(module.to_string());
        }
        at += 1;
    };
    tri_passes::optimize(elaborated, level, &mut note).map_err(crate::DriverError::Pass)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use super::*;
    use crate::SourceOptions;

    const DOUBLE: &str = "model Double() {
    fn forward[B](x: f32[B]) -> f32[B] {
        x + x
    }
}
";

    #[test]
    fn every_stage_prints_and_every_pass_is_timed() {
        let mut timing = Timing::default();
        let system = Arc::new(tri_db::MemorySystem::new([("double.tri", DOUBLE)]));
        let options = SourceOptions::default();
        let program = Program::open_in(system, Path::new("double.tri"), &options).unwrap();
        for level in [OptLevel::O0, OptLevel::O1, OptLevel::O2, OptLevel::O3] {
            let mut text = |stage| emit(&program, level, stage, &mut timing).unwrap();
            assert!(text(Stage::Ir).contains("add"));
            assert!(text(Stage::Kir).contains("schedule"));
            assert!(text(Stage::Clif).contains("fadd"));
            assert!(!text(Stage::Asm).is_empty());
        }
        for run in pass_runs(OptLevel::O2) {
            let text = emit_after(&program, OptLevel::O2, &run).unwrap().unwrap();
            tri_ir::verify(tri_ir::parse(&text).unwrap()).unwrap();
        }
        assert_eq!(emit_after(&program, OptLevel::O0, "share").unwrap(), None);
        let names: Vec<&str> = timing.stages().into_iter().map(|(name, _)| name).collect();
        assert!(names.contains(&"split-prologue") && names.contains(&"schedule"), "{names:?}");
    }
}
