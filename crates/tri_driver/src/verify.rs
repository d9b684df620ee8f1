//! Whether an artifact is what it claims to be: every byte, the signature, the IR, the machine code, the golden calls.

use std::path::Path;

use tri_artifact::{Artifact, Callee, GoldenCall, Interface, PublicKey};
use tri_cranelift::Code;
use tri_ir::{DType, TensorData, Verified};
use tri_kernels::CpuLevel;
use tri_passes::OptLevel;

use crate::{DriverError, Engine, OpenOptions, Timing, backend, golden, initial_parameters, level_of};

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
    let artifact = Artifact::open(path)?;
    let mut result = Verification::default();
    timing.stage("hashes", || artifact.verify_all())?;
    result.held.push(format!("hashes of {} sections", artifact.sections().len()));
    if let Some(key) = key {
        let signer = artifact.verify_signature(&[key])?;
        result.held.push(format!("signature by {signer}"));
    }
    let module =
        timing.stage("verify", || tri_ir::verify(artifact.module()?).map_err(DriverError::ArtifactIr))?;
    result.held.push(format!("tensor IR of {} functions", module.functions.len()));
    if Interface::of(&module)? != artifact.manifest().interface {
        return Err(DriverError::Manifest);
    }
    result.held.push("manifest describes the tensor IR".to_owned());
    let targets: Vec<String> = artifact.code_targets().map(str::to_owned).collect();
    for target in targets {
        match code_level(&target) {
            Some(level) => {
                hold_code(&artifact, &module, &target, level, timing)?;
                result.held.push(format!("code/{target} equals a fresh compilation"));
            }
            None => result.skipped.push(format!("code/{target}: for another architecture")),
        }
    }
    let calls = artifact.golden()?.calls;
    if !calls.is_empty() {
        hold_calls(path, module, &calls, timing)?;
        result.held.push(format!("{} golden calls, bit for bit", calls.len()));
    }
    Ok(result)
}

/// The level of a code section of this architecture.
fn code_level(target: &str) -> Option<CpuLevel> {
    CpuLevel::ALL.into_iter().find(|level| backend::target(*level) == target)
}

fn hold_code(
    artifact: &Artifact,
    module: &Verified,
    target: &str,
    level: CpuLevel,
    timing: &mut Timing,
) -> Result<(), DriverError> {
    let options = &artifact.manifest().build.options;
    let opt_level =
        options.iter().find(|(name, _)| name == "opt-level").and_then(|(_, value)| value.parse().ok());
    let kernel = backend::schedule(module, level_of(opt_level.unwrap_or(2)), timing)?;
    let fresh: Code = backend::generate(&kernel, level, timing)?;
    let stored: Option<Code> = artifact.code(target)?.and_then(|bytes| postcard::from_bytes(bytes).ok());
    if stored == Some(fresh) { Ok(()) } else { Err(DriverError::CodeDiffers { target: target.to_owned() }) }
}

/// Repeats golden calls: of entries with the weights of the artifact, of tests with initial values.
fn hold_calls(
    path: &Path,
    module: Verified,
    calls: &[GoldenCall],
    timing: &mut Timing,
) -> Result<(), DriverError> {
    let is_entry = |call: &&GoldenCall| matches!(call.callee, Callee::Entry(_));
    let (entries, tests): (Vec<&GoldenCall>, Vec<&GoldenCall>) = calls.iter().partition(is_entry);
    if !entries.is_empty() {
        let mut engine = Engine::open(path, &OpenOptions::default(), timing)?;
        timing.stage("golden", || entries.iter().try_for_each(|call| hold_call(&mut engine, call)))?;
    }
    if !tests.is_empty() {
        let parameters = initial_parameters(&module)?;
        let mut engine = Engine::compile(module, OptLevel::default(), &parameters, None, timing)?;
        timing.stage("golden", || tests.iter().try_for_each(|call| hold_call(&mut engine, call)))?;
    }
    Ok(())
}

fn hold_call(engine: &mut Engine, call: &GoldenCall) -> Result<(), DriverError> {
    let (Callee::Entry(name) | Callee::Test(name)) = &call.callee;
    let outputs = match &call.callee {
        Callee::Entry(entry) => {
            engine.reset()?;
            engine.call(entry, &call.inputs)?
        }
        Callee::Test(name) => engine.run_test(name)?.into_iter().map(golden::truth).collect(),
    };
    let same =
        outputs.len() == call.outputs.len() && outputs.iter().zip(&call.outputs).all(|(a, b)| equal(a, b));
    if same { Ok(()) } else { Err(DriverError::GoldenDiffers { callee: name.clone() }) }
}

/// Whether two tensors have the same bits, where any NaN equals any NaN (`docs/numerics.md`).
fn equal(found: &TensorData, expected: &TensorData) -> bool {
    if (found.dtype, &found.shape) != (expected.dtype, &expected.shape) {
        return false;
    }
    let width = found.dtype.bytes();
    let mut elements = std::iter::zip(found.bytes.chunks_exact(width), expected.bytes.chunks_exact(width));
    elements.all(|(a, b)| a == b || is_nan(found.dtype, a) && is_nan(found.dtype, b))
}

/// Whether the bytes of an element are a NaN: an exponent of ones, a fraction that is not zero.
fn is_nan(dtype: DType, bytes: &[u8]) -> bool {
    let bits = bytes.iter().rev().fold(0u64, |bits, byte| bits << 8 | u64::from(*byte));
    match dtype {
        DType::F32 => bits & 0x7fff_ffff > 0x7f80_0000,
        DType::F16 => bits & 0x7fff > 0x7c00,
        DType::Bf16 => bits & 0x7fff > 0x7f80,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_nan_equals_any_nan_and_zeros_keep_their_sign() {
        let tensor =
            |elements: [u32; 2]| TensorData::from_f32(vec![2], &elements.map(f32::from_bits)).unwrap();
        assert!(equal(&tensor([0x7fc0_0000, 0]), &tensor([0xffc0_0001, 0])));
        assert!(!equal(&tensor([0x7fc0_0000, 0]), &tensor([0x7f80_0000, 0])));
        assert!(!equal(&tensor([0, 0]), &tensor([0x8000_0000, 0])));
        assert!(is_nan(DType::F16, &[1, 0x7c]) && !is_nan(DType::F16, &[0, 0xfc]));
    }
}
