//! The passes, and the stages after them as text.

use tri_ir::{Module, Verified};
use tri_passes::OptLevel;

use crate::{DriverError, Timing, backend};

/// The level of `-O0` to `-O3`; higher numbers are the highest.
pub fn level_of(number: u8) -> OptLevel {
    match number {
        0 => OptLevel::O0,
        1 => OptLevel::O1,
        2 => OptLevel::O2,
        _ => OptLevel::O3,
    }
}

/// The module after the passes of a level. Each pass is a stage.
///
/// # Errors
/// A pass makes an invalid module, which is a defect of the pass.
pub fn optimize(module: Verified, level: OptLevel, timing: &mut Timing) -> Result<Verified, DriverError> {
    Ok(tri_passes::optimize(module, level, &mut |run, _: &Module| timing.add(run.pass.name, run.time))?)
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
}

/// A stage of an optimised module as text.
///
/// # Errors
/// The stage cannot be reached: a step that no kernel serves, a machine without code generator.
pub fn emit(
    module: &Verified,
    level: OptLevel,
    stage: Stage,
    timing: &mut Timing,
) -> Result<String, DriverError> {
    let module_text: &Module = module;
    if stage == Stage::Ir {
        return Ok(module_text.to_string());
    }
    let kernel = backend::schedule(module, level, timing)?;
    let options = backend::options(level)?;
    match stage {
        Stage::Ir | Stage::Kir => Ok(kernel.to_string()),
        Stage::Clif => backend::clif(&kernel, &options),
        Stage::Asm => backend::asm(&kernel, &options),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOUBLE: &str = r#"module "double"

fn @forward<B: 0 up>(%0: f32[B]) -> (%1) {
  %1 = add %0, %0 : f32[B]
}

entry "forward" = @forward {
  input "x" : f32[B] axes ["B"]
  output f32[B] axes ["B"]
}
"#;

    #[test]
    fn every_stage_prints_and_every_pass_is_timed() {
        let mut timing = Timing::default();
        for level in [OptLevel::O0, OptLevel::O1, OptLevel::O2, OptLevel::O3] {
            let module = tri_ir::verify(tri_ir::parse(DOUBLE).unwrap()).unwrap();
            let module = optimize(module, level, &mut timing).unwrap();
            let mut text = |stage| emit(&module, level, stage, &mut timing).unwrap();
            assert!(text(Stage::Ir).contains("add"));
            assert!(text(Stage::Kir).contains("schedule"));
            assert!(text(Stage::Clif).contains("fadd"));
            assert!(!text(Stage::Asm).is_empty());
        }
        let names: Vec<&str> = timing.stages().into_iter().map(|(name, _)| name).collect();
        assert!(names.contains(&"split-prologue") && names.contains(&"schedule"), "{names:?}");
    }
}
