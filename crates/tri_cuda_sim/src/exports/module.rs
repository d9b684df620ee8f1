//! Modules, kernels and launches.

#![expect(unsafe_code, reason = "functions of a C library")]

use std::ffi::{CStr, c_char, c_uint, c_void};
use std::sync::Arc;

use super::{Handle, give};
use crate::code::{Code, INVALID_HANDLE, INVALID_PTX, INVALID_VALUE, NOT_FOUND, OUT_OF_RESOURCES};
use crate::driver::{call, call_outside_capture};
use crate::module::{self, Function};
use crate::work::Work;

/// Options of a load, by their numbers.
const ERROR_LOG: c_uint = 5;
const ERROR_LOG_BYTES: c_uint = 6;

/// Most threads of a block.
const MAX_THREADS: u32 = 1024;

#[unsafe(no_mangle)]
unsafe extern "C" fn cuModuleLoadData(into: *mut Handle, image: *const c_char) -> Code {
    // SAFETY: without options there is nothing else to vouch for.
    unsafe { cuModuleLoadDataEx(into, image, 0, std::ptr::null(), std::ptr::null()) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuModuleLoadDataEx(
    into: *mut Handle,
    image: *const c_char,
    count: c_uint,
    options: *const c_uint,
    values: *const *mut c_void,
) -> Code {
    call_outside_capture(|driver| {
        if image.is_null() {
            return Err(INVALID_VALUE);
        }
        // SAFETY: an image of text ends with a zero.
        let text = unsafe { CStr::from_ptr(image) }.to_str().map_err(|_| INVALID_PTX)?;
        let loaded = module::load(text, &driver.settings).map_err(|(code, message)| {
            // SAFETY: as the caller vouches.
            unsafe { log(&message, count as usize, options, values) };
            code
        })?;
        let handle = driver.modules.add(Arc::new(loaded));
        // SAFETY: as the caller vouches.
        unsafe { give(into, handle) }
    })
}

/// Writes a message where the options of a load want it.
///
/// # Safety
/// There are `count` options and values, and the log has as many bytes as its option says.
unsafe fn log(message: &str, count: usize, options: *const c_uint, values: *const *mut c_void) {
    // SAFETY: as the caller vouches.
    let option = |wanted: c_uint| unsafe {
        (0..count).find(|at| *options.add(*at) == wanted).map(|at| *values.add(at))
    };
    let (Some(buffer), Some(bytes)) = (option(ERROR_LOG), option(ERROR_LOG_BYTES)) else { return };
    let Some(room) = bytes.addr().checked_sub(1) else { return };
    let message = &message.as_bytes()[..message.len().min(room)];
    let buffer = buffer.cast::<u8>();
    // SAFETY: the message and a zero fit.
    unsafe {
        buffer.copy_from_nonoverlapping(message.as_ptr(), message.len());
        buffer.add(message.len()).write(0);
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuModuleUnload(module: Handle) -> Code {
    call_outside_capture(|driver| driver.modules.remove(module).map(drop).ok_or(INVALID_HANDLE))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuModuleGetFunction(into: *mut Handle, module: Handle, name: *const c_char) -> Code {
    call(|driver| {
        let module = driver.modules.get(module).ok_or(INVALID_HANDLE)?.clone();
        // SAFETY: a name ends with a zero.
        let name = unsafe { CStr::from_ptr(name) }.to_str().map_err(|_| NOT_FOUND)?;
        let parameters = module.kernel(name).ok_or(NOT_FOUND)?.parameters;
        let handle = driver.functions.add(Function { module, kernel: name.to_owned(), parameters });
        // SAFETY: as the caller vouches.
        unsafe { give(into, handle) }
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuLaunchKernel(
    function: Handle,
    blocks: c_uint,
    blocks_y: c_uint,
    blocks_z: c_uint,
    threads: c_uint,
    threads_y: c_uint,
    threads_z: c_uint,
    shared_bytes: c_uint,
    stream: Handle,
    parameters: *const *const u64,
    extra: *const *const c_void,
) -> Code {
    call(|driver| {
        let function = driver.functions.get(function).ok_or(INVALID_HANDLE)?.clone();
        let flat = [blocks_y, blocks_z, threads_y, threads_z] == [1; 4];
        let fits = (1..=i32::MAX as u32).contains(&blocks) && (1..=MAX_THREADS).contains(&threads);
        if !flat || !fits || shared_bytes != 0 || parameters.is_null() || !extra.is_null() {
            return Err(INVALID_VALUE);
        }
        driver.launches += 1;
        if driver.launches == driver.settings.refused_launch {
            return Err(OUT_OF_RESOURCES);
        }
        // SAFETY: there is an address of 64 bits for each parameter, which the kernel tells the number of.
        let argument = |at: usize| unsafe { parameters.add(at).read().read_unaligned() };
        let arguments = (0..function.parameters).map(argument).collect();
        driver.submit(stream, Work::Launch { function, blocks, threads, arguments })
    })
}
