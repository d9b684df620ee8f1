//! The GPU of this machine, for what needs one.

use std::process::Command;

use anyhow::{Context, Result};

/// A GPU as its driver describes it.
pub(crate) struct Gpu {
    pub(crate) name: String,
    pub(crate) driver: String,
    /// Compute capability, such as `9.0`.
    pub(crate) capability: String,
}

impl Gpu {
    /// The first of this machine.
    pub(crate) fn find() -> Result<Gpu> {
        let query = ["--query-gpu=name,driver_version,compute_cap", "--format=csv,noheader"];
        let missing = "this needs an NVIDIA GPU with its driver";
        let output = Command::new("nvidia-smi").args(query).output();
        let output = output.with_context(|| format!("{missing}, and `nvidia-smi` cannot be run"))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let gpu = Gpu::of(text.lines().next().unwrap_or_default()).filter(|_| output.status.success());
        let gpu = gpu.with_context(|| format!("{missing}, and `nvidia-smi` finds none: {}", text.trim()))?;
        eprintln!("xtask: {}, compute capability {}, driver {}", gpu.name, gpu.capability, gpu.driver);
        Ok(gpu)
    }

    /// Reads `NVIDIA H200, 550.54.15, 9.0`.
    fn of(line: &str) -> Option<Gpu> {
        let mut parts = line.split(',').map(|part| part.trim().to_owned());
        let (name, driver, capability) = (parts.next()?, parts.next()?, parts.next()?);
        capability.split_once('.')?;
        Some(Gpu { name, driver, capability })
    }

    /// The family to compile for.
    pub(crate) fn target(&self) -> String {
        format!("ptx:sm_{}", self.capability.replace('.', ""))
    }
}

#[cfg(test)]
mod tests {
    use super::Gpu;

    #[test]
    fn a_gpu_is_read_from_a_line() {
        let gpu = Gpu::of("NVIDIA H200, 550.54.15, 9.0").map(|gpu| (gpu.name.clone(), gpu.target()));
        assert_eq!(gpu, Some(("NVIDIA H200".to_owned(), "ptx:sm_90".to_owned())));
        assert!(Gpu::of("No devices were found").is_none());
        assert!(Gpu::of("").is_none());
    }
}
