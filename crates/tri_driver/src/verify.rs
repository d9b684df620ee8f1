//! Whether an artifact is what it claims to be: every byte, the signature, the IR, the machine code, the golden calls.

use std::path::Path;

use tri_artifact::{Artifact, Interface, PublicKey};
use tri_ir::Verified;
use tri_kernels::CpuLevel;
use tri_runtime::{Instrument, Trust};

use crate::{DriverError, GpuTarget, Timing, backend, engine, gpu};

/// What held.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verification {
    /// In words, in the order in which they were checked.
    pub held: Vec<String>,
    /// What could not be checked on this machine, and why.
    pub skipped: Vec<String>,
}

/// Checks the artifact at `path`, signed by `key` if that is given.
///
/// # Errors
/// The first thing that does not hold.
pub fn verify_artifact(
    path: &Path,
    key: Option<PublicKey>,
    timing: &mut Timing,
) -> Result<Verification, DriverError> {
    let verified =
        Artifact::open(path).map_err(DriverError::from).and_then(|artifact| verify(artifact, key, timing));
    verified.map_err(|error| error.within(path))
}

/// [`verify_artifact`] with errors that leave open which artifact they are about.
pub(crate) fn verify(
    artifact: Artifact,
    key: Option<PublicKey>,
    timing: &mut Timing,
) -> Result<Verification, DriverError> {
    let mut result = Verification::default();
    timing.stage("hashes", || artifact.verify_all())?;
    result.held.push(format!("hashes of {} sections", artifact.sections().len()));
    if let Some(key) = key {
        let signer = artifact.verify_signature(&[key])?;
        result.held.push(format!("signature by {signer}"));
    }
    let module = artifact.module()?;
    let module = timing.stage("tensor IR", || tri_ir::verify(module)).map_err(DriverError::ArtifactIr)?;
    result.held.push(format!("tensor IR of {} functions", module.functions.len()));
    if Interface::of(&module)? != artifact.manifest().interface {
        return Err(DriverError::Manifest);
    }
    result.held.push("manifest, by the tensor IR".to_owned());
    for target in artifact.code_targets() {
        match CpuLevel::ALL.into_iter().find(|level| backend::target(*level) == target) {
            Some(level) => {
                hold_code(&artifact, &module, level, timing)?;
                result.held.push(format!("code/{target}, by a fresh compilation"));
            }
            None => result.skipped.push(format!("code/{target}: for another architecture")),
        }
    }
    for name in artifact.gpu_targets() {
        match gpu::target_of(name) {
            Some(target) if gpu::HAS_LLVM => {
                hold_gpu_code(&artifact, &module, target, timing)?;
                result.held.push(format!("ptx/{name}, by a fresh compilation"));
            }
            Some(_) => result.skipped.push(format!("ptx/{name}: this triton was built without LLVM")),
            None => {
                result.skipped.push(format!("ptx/{name}: a family of GPUs that this triton does not know"))
            }
        }
    }
    let model = timing.stage("load", || engine::load(artifact, Trust::Nothing, Instrument::Nothing))?;
    let calls = timing.stage("golden", || model.verify_golden())?;
    result.held.push(format!("{calls} golden calls, bit for bit"));
    Ok(result)
}

/// The machine code of a level is what the tensor IR compiles to.
fn hold_code(
    artifact: &Artifact,
    module: &Verified,
    level: CpuLevel,
    timing: &mut Timing,
) -> Result<(), DriverError> {
    let opt_level = engine::level_in(artifact);
    let kernel = backend::schedule(module, opt_level, timing)?;
    let fresh =
        backend::encode(&backend::generate(&kernel, &backend::options_for(level, opt_level), timing)?)?;
    let target = backend::target(level);
    let same = artifact.code(&target)? == Some(fresh.as_slice());
    if same { Ok(()) } else { Err(DriverError::CodeDiffers { target }) }
}

/// The code for a family of GPUs is what the tensor IR compiles to.
fn hold_gpu_code(
    artifact: &Artifact,
    module: &Verified,
    target: GpuTarget,
    timing: &mut Timing,
) -> Result<(), DriverError> {
    let level = engine::level_in(artifact);
    let kernel = backend::schedule(module, level, timing)?;
    let fresh = timing.stage("codegen (GPU)", || gpu::gpu_code(&kernel, target, level))?;
    let bytes = artifact.gpu_code(&target.cpu())?.unwrap_or_default();
    // Where the source stood is not in the tensor IR; it decides nothing.
    let found = postcard::from_bytes::<tri_runtime::GpuCode>(bytes).ok();
    let same = found.is_some_and(|found| tri_runtime::GpuCode { places: Vec::new(), ..found } == fresh);
    if same { Ok(()) } else { Err(DriverError::GpuCodeDiffers { target }) }
}
