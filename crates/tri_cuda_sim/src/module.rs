//! Loading PTX: what a driver checks before it runs any of it.

use std::sync::Arc;

use tri_ptx_sim::Module;

use crate::Settings;
use crate::code::{Code, INVALID_PTX, NO_BINARY_FOR_GPU, UNSUPPORTED_PTX_VERSION};

/// A kernel that was looked up.
#[derive(Clone, Debug)]
pub(crate) struct Function {
    pub(crate) module: Arc<Module>,
    pub(crate) kernel: String,
    pub(crate) parameters: usize,
}

/// Reads PTX for a machine; what is wrong is told with its result.
pub(crate) fn load(text: &str, settings: &Settings) -> Result<Module, (Code, String)> {
    let directive = |name: &str| {
        let mut lines = text.lines().map(str::trim);
        lines.find_map(|line| line.strip_prefix(name)).map(str::trim).map(str::to_owned)
    };
    let version = directive(".version").as_deref().and_then(tenths);
    let version = version.ok_or((INVALID_PTX, "Missing .version directive".to_owned()))?;
    if version > newest(settings.version) {
        return Err((UNSUPPORTED_PTX_VERSION, "Unsupported .version".to_owned()));
    }
    let target = directive(".target");
    let target = target.as_deref().and_then(|target| target.strip_prefix("sm_"));
    let target = target.and_then(|target| target.split([',', ' ']).next()?.parse::<u32>().ok());
    let target = target.ok_or((INVALID_PTX, "Missing .target directive".to_owned()))?;
    if target > settings.capability {
        return Err((NO_BINARY_FOR_GPU, format!("sm_{target} is beyond this device")));
    }
    Module::parse(text).map_err(|error| (INVALID_PTX, format!("ptxas fatal: {error}")))
}

/// `7.8` as 78.
fn tenths(version: &str) -> Option<u32> {
    let (major, minor) = version.split_once('.')?;
    Some(10 * major.parse::<u32>().ok()? + minor.parse::<u32>().ok()?)
}

/// The newest version of PTX, in tenths, that the driver of a version of CUDA takes (PTX ISA, release notes).
fn newest(cuda: u32) -> u32 {
    let (major, minor) = (cuda / 1000, cuda % 1000 / 10);
    match major {
        0..=10 => 65,
        11 => 70 + minor.min(8),
        12 => 80 + minor.min(8),
        _ => 90 + minor.min(9),
    }
}
