//! A model's kernels on a device.

#![expect(unsafe_code, reason = "the driver is a C library")]

use std::ffi::CString;
use std::sync::{Arc, Mutex, PoisonError};

use cudarc::driver::result;
use cudarc::driver::sys;
use tri_cranelift::Code;
use tri_gpu::{GpuCode, Site};
use tri_kernel_ir::{Fusion, Module, StepKind, Verified};

use super::driver::{Device, refused};
use super::stream::Function;
use crate::program::schedule;
use crate::{Model, RuntimeError};

/// Where a model's kernels are loaded already.
#[derive(Debug, Default)]
pub(crate) struct Loads(Mutex<Vec<Arc<Loaded>>>);

/// Kernels on a device, and the schedules that launch them.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(super) device: Arc<Device>,
    pub(super) kernels: Verified,
    /// What runs what; its text is with the driver.
    pub(super) code: GpuCode,
    /// By the number of the kernel.
    pub(super) functions: Vec<Function>,
    /// Schedules in which the host decides something after it has looked at what kernels computed, callees included.
    pub(super) decides: Vec<bool>,
    module: sys::CUmodule,
}

/// A kernel that computes a step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Launch {
    pub(super) kernel: usize,
    pub(super) site: Site,
}

// SAFETY: a module may be used by any thread.
unsafe impl Send for Loaded {}
// SAFETY: as above.
unsafe impl Sync for Loaded {}

impl Loads {
    /// The kernels of a model on a device, compiled by the driver when they are asked for first.
    pub(crate) fn get(&self, model: &Model, ordinal: u32) -> Result<Arc<Loaded>, RuntimeError> {
        let mut loads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(loaded) = loads.iter().find(|loaded| loaded.device.ordinal == ordinal) {
            return Ok(loaded.clone());
        }
        let device = Device::open(ordinal)?;
        let (target, code) = model.gpu_code(&device.name, device.capability)?;
        let loaded = Arc::new(Loaded::new(model, device, &target, code)?);
        loads.push(loaded.clone());
        Ok(loaded)
    }
}

impl Loaded {
    fn new(
        model: &Model,
        device: Arc<Device>,
        target: &str,
        mut code: GpuCode,
    ) -> Result<Loaded, RuntimeError> {
        let kernels = kernels_of(model, &code)?;
        code.verify(&kernels).map_err(|error| RuntimeError::Code(error.to_string()))?;
        device.enter()?;
        let text = CString::new(std::mem::take(&mut code.text))
            .map_err(|_| RuntimeError::Code("its PTX has a zero byte".to_owned()))?;
        let module = device.load(target, &text)?;
        let decides = decisions(&kernels);
        let mut loaded = Loaded { device, kernels, code, functions: Vec::new(), decides, module };
        for kernel in &loaded.code.kernels {
            let name = CString::new(kernel.name.as_str()).unwrap_or_default();
            // SAFETY: the module is loaded, and unloaded when `loaded` is dropped.
            let function = unsafe { result::module::get_function(module, name) };
            let missing = |_| RuntimeError::Code(format!("its PTX has no kernel `{}`", kernel.name));
            loaded.functions.push(Function(function.map_err(missing)?));
        }
        Ok(loaded)
    }

    /// A kernel and where the source of the step stands that it computes, to people.
    pub(super) fn describe(&self, launch: Launch) -> String {
        let name = self.code.kernels.get(launch.kernel).map_or("", |kernel| &kernel.name);
        format!("`{name}`{}", self.place_text(launch.site))
    }

    /// Where the source of a step stands, as ` at digits.tri:12:9`; empty if nobody knows.
    pub(super) fn place_text(&self, site: Site) -> String {
        self.code.place(site).map_or_else(String::new, |place| format!(" at {place}"))
    }
}

impl Drop for Loaded {
    fn drop(&mut self) {
        if self.device.enter().is_ok() {
            // SAFETY: sessions hold what they launch, so nobody uses the kernels any more.
            let unloaded = unsafe { result::module::unload(self.module) };
            drop(unloaded.map_err(|error| refused("unload kernels", error)));
        }
    }
}

/// The schedules that code was made from.
fn kernels_of(model: &Model, code: &GpuCode) -> Result<Verified, RuntimeError> {
    let program = &model.program;
    if Code::fingerprint(&program.kernels) == code.fingerprint {
        return Ok(program.kernels.clone());
    }
    for fusion in [Fusion::Full, Fusion::None] {
        let kernels = schedule(&program.module, fusion)?;
        if Code::fingerprint(&kernels) == code.fingerprint {
            return Ok(kernels);
        }
    }
    let what = if program.probes.is_empty() {
        "by another version of the compiler"
    } else {
        "without a record of routes"
    };
    Err(RuntimeError::Code(format!("its code for GPUs was made {what}; compile the program again")))
}

/// Whether the host decides something in each schedule.
fn decisions(module: &Module) -> Vec<bool> {
    let mut decides: Vec<bool> = Vec::with_capacity(module.schedules.len());
    for schedule in &module.schedules {
        let step = |step: &StepKind| match step {
            StepKind::BindDim { .. } | StepKind::Route(_) => true,
            // Callees come before callers.
            StepKind::Call(call) => decides.get(call.schedule.index()).copied().unwrap_or(true),
            _ => false,
        };
        let any = schedule.steps.iter().any(|it| step(&it.kind));
        decides.push(any);
    }
    decides
}

/// The compute capability, ten times, that a target such as `sm_90` is for.
pub(crate) fn capability_of(target: &str) -> Option<u32> {
    target.strip_prefix("sm_")?.parse().ok()
}
