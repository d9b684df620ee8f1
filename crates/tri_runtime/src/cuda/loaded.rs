//! A model's kernels on a device.

#![expect(unsafe_code, reason = "the driver is a C library")]

use std::ffi::CString;
use std::sync::{Arc, Mutex, PoisonError};

use cudarc::driver::result;
use cudarc::driver::sys;
use tri_cranelift::Code;
use tri_gpu::{GpuCode, Kernel, Site};
use tri_kernel_ir::{Fusion, Module, StepKind, Verified, computing};

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
    /// The same for the tiles of groups, of kernels that have such a form.
    pub(super) grouped: Vec<Option<Function>>,
    /// What `computing` says of the schedules.
    pub(super) computing: Vec<bool>,
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
        let computing = computing(&kernels);
        let decides = decisions(&kernels, &computing);
        let (functions, grouped) = (Vec::new(), Vec::new());
        let mut loaded = Loaded { device, kernels, code, functions, grouped, computing, decides, module };
        let function = |name: String| {
            let missing = |_| RuntimeError::Code(format!("its PTX has no kernel `{name}`"));
            let symbol = CString::new(name.as_str()).unwrap_or_default();
            // SAFETY: the module is loaded, and unloaded when `loaded` is dropped.
            let function = unsafe { result::module::get_function(module, symbol) };
            function.map(Function).map_err(missing)
        };
        for kernel in &loaded.code.kernels {
            loaded.functions.push(function(kernel.name.clone())?);
            let grouped = kernel.grouped.then(|| function(format!("{}{}", kernel.name, Kernel::GROUPED)));
            loaded.grouped.push(grouped.transpose()?);
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
    for fusion in Fusion::ALL {
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
fn decisions(module: &Module, computing: &[bool]) -> Vec<bool> {
    let mut decides: Vec<bool> = Vec::with_capacity(module.schedules.len());
    for schedule in &module.schedules {
        let step = |step: &StepKind| match step {
            StepKind::BindDim { .. } => true,
            StepKind::Route(route) => !route.runs_together(computing),
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
