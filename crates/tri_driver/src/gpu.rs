//! From kernel IR to code for GPUs, through LLVM. A build without the feature `ptx` says how to get one with it.

use tri_kernel_ir::Verified;
use tri_llvm::Target;
use tri_passes::OptLevel;
use tri_runtime::GpuCode;

use crate::DriverError;

/// The family of GPUs that a section is for, if this compiler knows it.
pub(crate) fn target_of(section: &str) -> Option<Target> {
    Target::ALL.into_iter().find(|target| target.cpu() == section)
}

/// The family of GPUs to compile for where a device has ten times this compute capability: its own, or the latest before it.
pub(crate) fn target_for(capability: u32) -> Option<Target> {
    let serves = |target: &Target| {
        let family = target.cpu().strip_prefix("sm_").and_then(|family| family.parse::<u32>().ok());
        family.is_some_and(|family| family <= capability)
    };
    Target::ALL.into_iter().rev().find(serves)
}

/// Whether this build has LLVM.
pub(crate) const HAS_LLVM: bool = cfg!(feature = "ptx");

/// The contents of a section for a family of GPUs: PTX with its launch schedule, and where in the source steps stand.
#[cfg(feature = "ptx")]
pub(crate) fn code(
    kernel: &Verified,
    target: Target,
    level: OptLevel,
    places: Vec<Vec<String>>,
) -> Result<Vec<u8>, DriverError> {
    let code = GpuCode { places, ..gpu_code(kernel, target, level)? };
    let malformed = |error: postcard::Error| tri_artifact::ArtifactError::Malformed {
        section: "ptx",
        reason: error.to_string(),
    };
    Ok(postcard::to_stdvec(&code).map_err(malformed)?)
}

/// PTX with its launch schedule.
#[cfg(feature = "ptx")]
pub(crate) fn gpu_code(kernel: &Verified, target: Target, level: OptLevel) -> Result<GpuCode, DriverError> {
    let lowered = tri_llvm::lower(kernel)?;
    let ptx = target.compile(&lowered, effort(level)).map_err(refused)?;
    Ok(lowered.into_code(ptx, tri_cranelift::Code::fingerprint(kernel)))
}

/// LLVM IR of the kernels, after LLVM's passes.
#[cfg(feature = "ptx")]
pub(crate) fn llvm(kernel: &Verified, target: Target, level: OptLevel) -> Result<String, DriverError> {
    target.llvm(&tri_llvm::lower(kernel)?, effort(level)).map_err(refused)
}

/// PTX of the kernels.
#[cfg(feature = "ptx")]
pub(crate) fn ptx(kernel: &Verified, target: Target, level: OptLevel) -> Result<String, DriverError> {
    target.compile(&tri_llvm::lower(kernel)?, effort(level)).map_err(refused)
}

#[cfg(feature = "ptx")]
fn effort(level: OptLevel) -> tri_llvm::Effort {
    if level == OptLevel::O3 { tri_llvm::Effort::High } else { tri_llvm::Effort::Usual }
}

#[cfg(feature = "ptx")]
fn refused(error: tri_llvm::PtxError) -> DriverError {
    DriverError::Llvm(error.to_string())
}

/// Never made: there is no LLVM in this build.
#[cfg(not(feature = "ptx"))]
pub(crate) fn code(
    _: &Verified,
    target: Target,
    _: OptLevel,
    _: Vec<Vec<String>>,
) -> Result<Vec<u8>, DriverError> {
    Err(DriverError::NoLlvm { target })
}

/// Never made: there is no LLVM in this build.
#[cfg(not(feature = "ptx"))]
pub(crate) fn gpu_code(_: &Verified, target: Target, _: OptLevel) -> Result<GpuCode, DriverError> {
    Err(DriverError::NoLlvm { target })
}

/// Never made: there is no LLVM in this build.
#[cfg(not(feature = "ptx"))]
pub(crate) fn llvm(_: &Verified, target: Target, _: OptLevel) -> Result<String, DriverError> {
    Err(DriverError::NoLlvm { target })
}

/// Never made: there is no LLVM in this build.
#[cfg(not(feature = "ptx"))]
pub(crate) fn ptx(_: &Verified, target: Target, _: OptLevel) -> Result<String, DriverError> {
    Err(DriverError::NoLlvm { target })
}
