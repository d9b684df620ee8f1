//! Artifacts: what compiling a program leaves behind, as the bytes of a `.tria` file.
//!
//! The bytes are a function of the source, the options and the compiler alone: no path, time or machine is in them, except
//! that the code section is for the CPU level at hand.

use std::path::Path;

use tri_artifact::{ArtifactWriter, Build, Golden};
use tri_cranelift::FunctionPool;
use tri_interp::Interpreter;
use tri_ir::Verified;
use tri_passes::OptLevel;
use tri_runtime::Model;

use crate::{Checkpoint, DriverError, GpuTarget, Skipped, Timing, backend, engine, golden, gpu};

/// Version of the rules of `docs/numerics.md` that compiled programs follow.
pub const NUMERICS_VERSION: u32 = 1;

/// Name and version of this compiler, as artifacts state them.
pub const COMPILER: &str = concat!("triton ", env!("CARGO_PKG_VERSION"));

/// What goes into an artifact.
#[derive(Debug)]
pub struct Package<'a> {
    /// The program after the passes.
    pub module: &'a Verified,
    /// Its kernel IR.
    pub kernel: &'a tri_kernel_ir::Verified,
    /// The level of those passes.
    pub level: OptLevel,
    /// A family of GPUs to compile for, besides this machine.
    pub gpu: Option<GpuTarget>,
    /// Where in the source the steps of the kernel IR stand, for errors of a GPU: [`Program::places`](crate::Program).
    pub places: Vec<Vec<String>>,
    /// blake3 of the source.
    pub source_hash: [u8; 32],
    /// Options that change the result, by name.
    pub options: Vec<(String, String)>,
    /// Weights; without them the artifact holds code only.
    pub checkpoint: Option<&'a Checkpoint>,
    /// The folder where bound weights lie until the artifact is written; in memory unless given.
    pub folder: Option<&'a Path>,
    /// Functions that need not be compiled again.
    pub pool: &'a FunctionPool,
}

/// A package put together.
#[derive(Debug)]
pub struct Assembled {
    /// The artifact.
    pub writer: ArtifactWriter,
    /// Its entries without golden call.
    pub skipped: Vec<Skipped>,
    /// All its functions.
    pub pool: FunctionPool,
}

impl Package<'_> {
    /// Compiles, binds and computes golden calls.
    ///
    /// # Errors
    /// A step that no kernel serves, a prologue that stops, or a tensor that no file can hold.
    pub fn assemble(self, timing: &mut Timing) -> Result<Assembled, DriverError> {
        let options = backend::options(self.level)?;
        let mut choices = vec![(engine::LEVEL_OPTION.to_owned(), (self.level as u8).to_string())];
        choices.extend(self.options);
        let build = Build {
            compiler: COMPILER.to_owned(),
            numerics: NUMERICS_VERSION,
            source_hash: self.source_hash,
            options: choices,
        };
        let begin = || ArtifactWriter::new(self.module, build);
        let (code, pool, writer) =
            backend::generate_reusing(self.kernel, &options, self.pool, begin, timing)?;
        let mut writer = writer?;
        let mut skipped = Vec::new();
        if let Some(checkpoint) = self.checkpoint {
            timing.stage("bind", || {
                let model = Model::from_parts(self.module.clone(), self.kernel.clone(), code.clone())?;
                writer
                    .write_weights(self.folder, |places| engine::store_weights(&model, checkpoint, places))?;
                Ok::<(), DriverError>(())
            })?;
            let calls = timing.stage("golden", || golden_section(self.module, checkpoint))?;
            skipped = calls.1;
            writer.golden(&calls.0)?;
        }
        timing.stage("link", || -> Result<(), DriverError> {
            writer.code(&backend::target(options.level), backend::encode(&code)?)?;
            Ok(())
        })?;
        if let Some(target) = self.gpu {
            let code =
                timing.stage("codegen (GPU)", || gpu::code(self.kernel, target, self.level, self.places))?;
            writer.gpu_code(&target.cpu(), code)?;
        }
        Ok(Assembled { writer, skipped, pool })
    }
}

fn golden_section(module: &Verified, checkpoint: &Checkpoint) -> Result<(Golden, Vec<Skipped>), DriverError> {
    let mut calls = golden::golden_tests(module)?;
    if !golden::is_affordable(module, module.prologue) {
        let skip = |entry: &tri_ir::Entry| Skipped {
            entry: entry.name.clone(),
            reason: "the prologue costs more than the interpreter is asked for".to_owned(),
        };
        return Ok((Golden { calls }, module.entries.iter().map(skip).collect()));
    }
    let weights = Interpreter::new(module).bind(&checkpoint.to_data())?;
    let (of_entries, skipped) = golden::golden_calls(module, &weights);
    calls.extend(of_entries);
    Ok((Golden { calls }, skipped))
}
