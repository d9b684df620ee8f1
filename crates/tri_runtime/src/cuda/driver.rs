//! The driver's library, and devices.

#![expect(unsafe_code, reason = "the driver is a C library")]

use std::ffi::{CStr, c_void};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use cudarc::driver::result::{self, DriverError};
use cudarc::driver::sys;

use super::CudaError;

/// The oldest driver that has all functions that are called here: CUDA 11.4.
const OLDEST: i32 = 11040;

/// Most blocks of 128 threads that a multiprocessor has room for, of 2,048 threads.
const BLOCKS: u32 = 16;

/// Functions that are called here. What a library lacks would end the process when it is called.
const FUNCTIONS: [&CStr; 34] = [
    c"cuInit",
    c"cuDriverGetVersion",
    c"cuGetErrorName",
    c"cuGetErrorString",
    c"cuDeviceGet",
    c"cuDeviceGetCount",
    c"cuDeviceGetName",
    c"cuDeviceGetAttribute",
    c"cuDevicePrimaryCtxRetain",
    c"cuDevicePrimaryCtxRelease_v2",
    c"cuCtxSetCurrent",
    c"cuModuleLoadDataEx",
    c"cuModuleGetFunction",
    c"cuModuleUnload",
    c"cuMemAlloc_v2",
    c"cuMemFree_v2",
    c"cuMemAllocAsync",
    c"cuMemFreeAsync",
    c"cuMemHostAlloc",
    c"cuMemFreeHost",
    c"cuMemcpyHtoDAsync_v2",
    c"cuMemcpyDtoHAsync_v2",
    c"cuMemcpyDtoDAsync_v2",
    c"cuMemsetD8Async",
    c"cuLaunchKernel",
    c"cuStreamCreate",
    c"cuStreamDestroy_v2",
    c"cuStreamSynchronize",
    c"cuStreamBeginCapture_v2",
    c"cuStreamEndCapture",
    c"cuGraphInstantiateWithFlags",
    c"cuGraphLaunch",
    c"cuGraphExecDestroy",
    c"cuGraphDestroy",
];

/// A device that is in use.
#[derive(Debug)]
pub(crate) struct Device {
    pub(crate) ordinal: u32,
    /// As the driver calls it.
    pub(crate) name: String,
    /// Compute capability, ten times.
    pub(crate) capability: u32,
    /// Blocks of 128 threads that it has room for at a time.
    pub(super) blocks: u32,
    /// Whether memory is had in the order of a stream.
    pub(super) ordered_memory: bool,
    raw: sys::CUdevice,
    context: sys::CUcontext,
}

// SAFETY: a context may be current to any number of threads; the rest are numbers.
unsafe impl Send for Device {}
// SAFETY: as above.
unsafe impl Sync for Device {}

/// Devices in use: a second session shares the first one's.
static DEVICES: Mutex<Vec<Weak<Device>>> = Mutex::new(Vec::new());

/// Ten times the compute capability of an NVIDIA GPU: 90 for 9.0. GPUs are numbered from 0, as the driver counts.
///
/// # Errors
/// There is no driver, or no such GPU.
pub fn cuda_capability(ordinal: u32) -> Result<u32, CudaError> {
    Ok(Device::open(ordinal)?.capability)
}

impl Device {
    /// The device of that number.
    pub(crate) fn open(ordinal: u32) -> Result<Arc<Device>, CudaError> {
        let mut devices = DEVICES.lock().unwrap_or_else(PoisonError::into_inner);
        let known = devices.iter().filter_map(Weak::upgrade).find(|device| device.ordinal == ordinal);
        if let Some(device) = known {
            return Ok(device);
        }
        let device = Arc::new(Device::new(ordinal)?);
        devices.retain(|device| device.strong_count() > 0);
        devices.push(Arc::downgrade(&device));
        Ok(device)
    }

    fn new(ordinal: u32) -> Result<Device, CudaError> {
        library()?;
        let count = match result::init().and_then(|()| result::device::get_count()) {
            Ok(count) => count.unsigned_abs(),
            Err(DriverError(sys::CUresult::CUDA_ERROR_NO_DEVICE)) => 0,
            Err(error) => return Err(refused("begin", error)),
        };
        let number = i32::try_from(ordinal).ok().filter(|_| ordinal < count);
        let number = number.ok_or(CudaError::NoDevice { ordinal, count })?;
        let raw = result::device::get(number).map_err(|error| refused("name a device", error))?;
        let name = result::device::get_name(raw).map_err(|error| refused("name a device", error))?;
        let attribute = |attribute| {
            // SAFETY: the device is the driver's.
            unsafe { result::device::get_attribute(raw, attribute) }
                .map_err(|error| refused("describe a device", error))
        };
        use sys::CUdevice_attribute as Attribute;
        let major = attribute(Attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)?;
        let minor = attribute(Attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR)?;
        let processors = attribute(Attribute::CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT)?.unsigned_abs();
        let pools = attribute(Attribute::CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED)?;
        // SAFETY: the device is the driver's; what is retained here is released when this is dropped.
        let context = unsafe { result::primary_ctx::retain(raw) };
        let context = context.map_err(|error| refused("use a device", error))?;
        let capability = (10 * major + minor).unsigned_abs();
        let blocks = processors.max(1).saturating_mul(BLOCKS);
        Ok(Device { ordinal, name, capability, blocks, ordered_memory: pools != 0, raw, context })
    }

    /// Makes this thread's calls go to the device.
    pub(crate) fn enter(&self) -> Result<(), CudaError> {
        // SAFETY: the context is retained as long as this lives.
        unsafe { result::ctx::set_current(self.context) }.map_err(|error| refused("use a device", error))
    }

    /// Compiles PTX for the device.
    pub(super) fn load(&self, target: &str, ptx: &CStr) -> Result<sys::CUmodule, CudaError> {
        use sys::CUjit_option as Option;
        let mut log = vec![0u8; 8 << 10];
        let mut options = [Option::CU_JIT_ERROR_LOG_BUFFER, Option::CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES];
        let bytes = std::ptr::without_provenance_mut::<c_void>(log.len());
        let mut values = [log.as_mut_ptr().cast::<c_void>(), bytes];
        let mut module = std::ptr::null_mut();
        // SAFETY: the text ends with a zero, the log is as long as its option says, and all live until the call returns.
        let loaded = unsafe {
            sys::cuModuleLoadDataEx(
                &raw mut module,
                ptx.as_ptr().cast(),
                options.len() as u32,
                options.as_mut_ptr(),
                values.as_mut_ptr(),
            )
        };
        loaded.result().map(|()| module).map_err(|error| {
            let log = CStr::from_bytes_until_nul(&log).unwrap_or_default().to_string_lossy();
            let words = words(error);
            let reason = if log.is_empty() { words } else { format!("{words}\n{}", log.trim_end()) };
            CudaError::Ptx { target: target.to_owned(), reason }
        })
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        // SAFETY: retained once, when this was made. A driver that fails to release leaves nothing to do.
        let _ = unsafe { result::primary_ctx::release(self.raw) };
    }
}

/// Makes sure that the library is there, with all that is called here. cudarc ends the process where something is missing.
fn library() -> Result<(), CudaError> {
    // SAFETY: opening the driver's library runs what it does when it is loaded, which the system vouches for.
    if !unsafe { sys::is_culib_present() } {
        return Err(CudaError::NoDriver);
    }
    // SAFETY: as above; it is there.
    let library = unsafe { sys::culib() };
    let needed = version(OLDEST);
    let mut found = 0;
    // SAFETY: the function takes an address to write to.
    let known = unsafe {
        type Version = unsafe extern "C" fn(*mut i32) -> u32;
        library
            .get::<Version>(c"cuDriverGetVersion".to_bytes_with_nul())
            .is_ok_and(|get| get(&raw mut found) == 0)
    };
    if !known || found < OLDEST {
        let found = if known { version(found) } else { "of an unknown version".to_owned() };
        return Err(CudaError::OldDriver { found, needed });
    }
    let has = |name: &&CStr| {
        // SAFETY: the function is not called here.
        unsafe { library.get::<unsafe extern "C" fn()>(name.to_bytes_with_nul()) }.is_ok()
    };
    match FUNCTIONS.iter().find(|name| !has(name)) {
        None => Ok(()),
        Some(name) => {
            let found = format!("{} without the function {}", version(found), name.to_string_lossy());
            Err(CudaError::OldDriver { found, needed })
        }
    }
}

fn version(number: i32) -> String {
    format!("for CUDA {}.{}", number / 1000, number % 1000 / 10)
}

/// An error of a call that nothing more is known about.
pub(super) fn refused(action: &'static str, error: DriverError) -> CudaError {
    CudaError::Refused { action, reason: words(error) }
}

/// What the driver says of an error.
pub(super) fn words(error: DriverError) -> String {
    let name = error
        .error_name()
        .map_or_else(|_| format!("{:?}", error.0), |name| name.to_string_lossy().into_owned());
    match error.error_string() {
        Ok(text) => format!("{} ({name})", text.to_string_lossy().trim_end_matches('.')),
        Err(_) => name,
    }
}
