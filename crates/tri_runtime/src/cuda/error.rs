//! Why a model does not run on a GPU.

/// What is missing, or what went wrong, on the way to a GPU.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CudaError {
    /// No library of a driver.
    #[error(
        "no CUDA driver is installed: `libcuda.so` is not found; it comes with the driver of an NVIDIA GPU"
    )]
    NoDriver,
    /// A driver without what the runtime needs.
    #[error("the CUDA driver is too old: it is {found}, and one {needed} or later is needed")]
    OldDriver {
        /// What it is.
        found: String,
        /// What it would have to be.
        needed: String,
    },
    /// No such device.
    #[error("there is no GPU {ordinal}: the CUDA driver finds {}", numbered(*count))]
    NoDevice {
        /// As asked for, from 0.
        ordinal: u32,
        /// How many there are.
        count: u32,
    },
    /// No code for the device.
    #[error("the model has no code for {device} (sm_{capability}){}: compile it with `--target ptx:sm_{}`", others(known), target_for(*capability))]
    NoCode {
        /// The device's name.
        device: String,
        /// Its compute capability, ten times.
        capability: u32,
        /// Targets that the model has code for.
        known: Vec<String>,
    },
    /// Code that nobody vouches for.
    #[error("the artifact's code for GPUs is not executed unless the file is trusted: `--trust-code`")]
    Untrusted,
    /// The driver does not take the PTX.
    #[error("the CUDA driver does not take the PTX for {target}: {reason}")]
    Ptx {
        /// What it was made for.
        target: String,
        /// The driver's words.
        reason: String,
    },
    /// Too little memory on the device.
    #[error("{bytes} bytes of memory cannot be had on {device}{purpose}")]
    Memory {
        /// What they are for, after a comma, if it is known.
        purpose: String,
        /// How many were asked for.
        bytes: usize,
        /// The device's name.
        device: String,
    },
    /// A kernel cannot be launched.
    #[error(
        "kernel `{kernel}`, which computes step {step} of `{function}`{place}, cannot be launched: {reason}"
    )]
    Launch {
        /// Its name in PTX.
        kernel: String,
        /// The function whose step it computes.
        function: String,
        /// Position of the step.
        step: usize,
        /// Where its source stands, after ` at `, if that is known.
        place: String,
        /// The driver's words.
        reason: String,
    },
    /// A kernel stopped the device.
    #[error("{kernels} of `{entry}` stopped the GPU: {reason}")]
    Stopped {
        /// Which kernel, or up to which one.
        kernels: String,
        /// The entry point.
        entry: String,
        /// The driver's words.
        reason: String,
    },
    /// Something else.
    #[error("the CUDA driver refuses to {action}: {reason}")]
    Refused {
        /// What was asked of it.
        action: &'static str,
        /// The driver's words.
        reason: String,
    },
}

impl CudaError {
    /// The stable code, a page of `docs/diagnostics`.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            CudaError::NoDriver | CudaError::OldDriver { .. } | CudaError::NoDevice { .. } => "E5005",
            CudaError::NoCode { .. } | CudaError::Untrusted => "E5006",
            CudaError::Memory { .. } => "E5003",
            CudaError::Ptx { .. }
            | CudaError::Launch { .. }
            | CudaError::Stopped { .. }
            | CudaError::Refused { .. } => "E5007",
        }
    }
}

fn numbered(count: u32) -> String {
    match count {
        0 => "none".to_owned(),
        1 => "1, number 0".to_owned(),
        n => format!("{n}, numbers 0 to {}", n - 1),
    }
}

fn others(known: &[String]) -> String {
    if known.is_empty() { String::new() } else { format!(", only for {}", known.join(", ")) }
}

/// The target to compile for: the family that the device belongs to, or the latest before it.
fn target_for(capability: u32) -> u32 {
    let families = [80, 86, 89, 90, 100, 120];
    families.into_iter().rev().find(|family| *family <= capability).unwrap_or(families[0])
}
