//! Why the driver cannot do what it was asked for, other than diagnostics about the program.

use std::path::{Path, PathBuf};

use tri_artifact::ArtifactError;
use tri_cranelift::CodegenError;
use tri_import::ImportError;
use tri_interp::InterpError;
use tri_ir::VerifyError;
use tri_kernel_ir::ScheduleError;
use tri_kernels::CpuLevel;
use tri_passes::PassError;
use tri_runtime::RuntimeError;

use crate::WeightsError;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum DriverError {
    /// Something is wrong with a file that the error itself does not name.
    #[error("{}: {error}", path.display())]
    In {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: Box<DriverError>,
    },
    /// An artifact cannot be read or written.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// A tensor cannot be read or written.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// A checkpoint does not fit the model.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// A step that no kernel serves.
    #[error(transparent)]
    Schedule(#[from] ScheduleError),
    /// A step that the code generator refuses.
    #[error(transparent)]
    Codegen(#[from] CodegenError),
    /// A step that no GPU kernel serves.
    #[error(transparent)]
    Lower(#[from] tri_llvm::LowerError),
    /// Code for a GPU is asked for, and this build has no LLVM.
    #[error(
        "{target}: this triton was built without LLVM. `cargo build --release --features ptx` builds one with it, on a \
         machine with LLVM 22 (on Debian: apt-get install llvm-22-dev)"
    )]
    NoLlvm {
        /// The family of GPUs.
        target: tri_llvm::Target,
    },
    /// A GPU of a family that there is no code for.
    #[error("GPU {ordinal} is of sm_{capability}, and code can be made for sm_80 and later")]
    OldGpu {
        /// Its number.
        ordinal: u32,
        /// Ten times its compute capability.
        capability: u32,
    },
    /// LLVM refuses a kernel: a defect of the compiler.
    #[error("{0}")]
    Llvm(String),
    /// A model cannot be loaded or called.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// The reference interpreter stopped.
    #[error(transparent)]
    Interpret(#[from] InterpError),
    /// The CPU level that the environment asks for does not exist.
    #[error("{} is `{value}`, which is none of {}", CpuLevel::CAP_VARIABLE, levels())]
    CpuLevel {
        /// The variable's value.
        value: String,
    },
    /// A size for a dim that the program does not have.
    #[error("--dim {name}: the program has no `dim {name}`{}", near(near_miss))]
    UnknownDim {
        /// The name.
        name: String,
        /// A dim whose name is close.
        near_miss: Option<String>,
    },
    /// A value for a configuration that the model does not have.
    #[error("--config {name}: the model has no configuration `{name}`{}", near(near_miss))]
    UnknownConfiguration {
        /// The name.
        name: String,
        /// A configuration whose name is close.
        near_miss: Option<String>,
    },
    /// A size inside a function cannot be written in its caller's sizes.
    #[error("a value has a size that the results of an entry point cannot have: {0}")]
    Exposed(tri_dims::DimError),
    /// There is nothing to compile or call.
    #[error("{path} has no model with entry points")]
    NoModel {
        /// The file.
        path: String,
    },
    /// A source file cannot be read.
    #[error("cannot read {path}: {reason}")]
    Source {
        /// The file.
        path: String,
        /// What the system said.
        reason: String,
    },
    /// The tensor IR of an artifact does not verify.
    #[error("section tensor-ir is no valid program: {0}")]
    ArtifactIr(VerifyError),
    /// An artifact's manifest does not describe its tensor IR.
    #[error("the manifest does not describe the tensor IR")]
    Manifest,
    /// Machine code in an artifact is not what its tensor IR compiles to.
    #[error("section code/{target} differs from a fresh compilation")]
    CodeDiffers {
        /// Which machine it is for.
        target: String,
    },
    /// Kernels in an artifact are not what its tensor IR compiles to.
    #[error("section ptx/{} differs from a fresh compilation", target.cpu())]
    GpuCodeDiffers {
        /// Which family of GPUs they are for.
        target: tri_llvm::Target,
    },
    /// Elaboration made IR that does not verify: a defect of the compiler.
    #[error("elaboration made an invalid module: {0}")]
    Elaboration(VerifyError),
    /// A pass made IR that does not verify: a defect of the compiler.
    #[error(transparent)]
    Pass(#[from] Box<PassError>),
    /// Scheduling made kernel IR that does not verify: a defect of the compiler.
    #[error("scheduling made an invalid module: {0}")]
    KernelIr(tri_kernel_ir::VerifyError),
}

impl DriverError {
    /// The stable code, a page of `docs/diagnostics`; none if the toolchain is at fault.
    pub fn code(&self) -> Option<&'static str> {
        Some(match self {
            DriverError::In { error, .. } => return error.code(),
            DriverError::Artifact(error) => error.code(),
            DriverError::Import(error) => error.code(),
            DriverError::Weights(error) => error.code(),
            DriverError::Runtime(error) => error.code(),
            DriverError::Interpret(error) => error.code(),
            DriverError::Source { .. } => "E4001",
            DriverError::ArtifactIr(_) | DriverError::Manifest => "E4015",
            DriverError::CodeDiffers { .. } | DriverError::GpuCodeDiffers { .. } => "E4019",
            DriverError::Schedule(_)
            | DriverError::Codegen(_)
            | DriverError::Lower(_)
            | DriverError::NoLlvm { .. }
            | DriverError::OldGpu { .. } => "E5001",
            DriverError::CpuLevel { .. } => "E5002",
            DriverError::UnknownDim { .. } | DriverError::UnknownConfiguration { .. } => "E1001",
            DriverError::NoModel { .. } => "E2904",
            DriverError::Exposed(_) => "E4038",
            DriverError::Elaboration(_)
            | DriverError::Pass(_)
            | DriverError::KernelIr(_)
            | DriverError::Llvm(_) => return None,
        })
    }

    /// Whether the toolchain is at fault, whatever the input.
    pub fn is_internal(&self) -> bool {
        self.code().is_none() || matches!(self, DriverError::Runtime(RuntimeError::UnknownFailure(_)))
    }

    /// The error with the artifact that it is about, unless it says so itself.
    pub(crate) fn within(self, path: &Path) -> DriverError {
        let is_about_contents = match &self {
            DriverError::Artifact(error) | DriverError::Runtime(RuntimeError::Artifact(error)) => {
                !matches!(error, ArtifactError::Open { .. } | ArtifactError::Write { .. })
            }
            DriverError::Runtime(
                RuntimeError::Ir(_)
                | RuntimeError::Code(_)
                | RuntimeError::NoWeights
                | RuntimeError::Golden { .. }
                | RuntimeError::GoldenShape { .. },
            )
            | DriverError::ArtifactIr(_)
            | DriverError::Manifest
            | DriverError::CodeDiffers { .. }
            | DriverError::GpuCodeDiffers { .. } => true,
            _ => false,
        };
        if is_about_contents {
            DriverError::In { path: path.to_owned(), error: Box::new(self) }
        } else {
            self
        }
    }
}

fn near(near_miss: &Option<String>) -> String {
    near_miss.as_ref().map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}

fn levels() -> String {
    CpuLevel::ALL.map(|level| format!("`{}`", level.name())).join(", ")
}
