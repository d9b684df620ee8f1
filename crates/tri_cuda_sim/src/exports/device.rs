//! Devices and contexts.

#![expect(unsafe_code, reason = "functions of a C library")]

use std::ffi::{CStr, c_char, c_int, c_uint};

use super::{Handle, code, give};
use crate::code::{Code, INVALID_DEVICE, INVALID_VALUE, NO_DEVICE, NOT_INITIALIZED, SUCCESS, describe};
use crate::driver::{CURRENT, Driver, call_outside_capture, driver};

/// Attributes of a device, by their numbers.
const MULTIPROCESSORS: c_int = 16;
const MAJOR: c_int = 75;
const MINOR: c_int = 76;
const MEMORY_POOLS: c_int = 115;

const NAME: &CStr = c"simulated GPU";

fn device(driver: &Driver, ordinal: c_int) -> Result<usize, Code> {
    if !driver.initialized {
        return Err(NOT_INITIALIZED);
    }
    let known = usize::try_from(ordinal).ok().filter(|at| *at < driver.contexts.len());
    known.ok_or(INVALID_DEVICE)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuInit(flags: c_uint) -> Code {
    let mut driver = driver();
    if flags != 0 {
        return INVALID_VALUE;
    }
    if driver.contexts.is_empty() {
        return NO_DEVICE;
    }
    driver.initialized = true;
    SUCCESS
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuDriverGetVersion(version: *mut c_int) -> Code {
    let settings = driver().settings;
    // SAFETY: as the caller vouches.
    code(unsafe { give(version, settings.version as c_int) })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuDeviceGetCount(count: *mut c_int) -> Code {
    let driver = driver();
    if !driver.initialized {
        return NOT_INITIALIZED;
    }
    // SAFETY: as the caller vouches.
    code(unsafe { give(count, driver.contexts.len() as c_int) })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuDeviceGet(into: *mut c_int, ordinal: c_int) -> Code {
    // SAFETY: as the caller vouches.
    code(device(&driver(), ordinal).and_then(|_| unsafe { give(into, ordinal) }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuDeviceGetName(into: *mut c_char, length: c_int, ordinal: c_int) -> Code {
    let name = NAME.to_bytes_with_nul();
    if let Err(code) = device(&driver(), ordinal) {
        return code;
    }
    if into.is_null() || (length as usize) < name.len() {
        return INVALID_VALUE;
    }
    // SAFETY: there is room for the name.
    unsafe { into.copy_from_nonoverlapping(name.as_ptr().cast(), name.len()) };
    SUCCESS
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuDeviceGetAttribute(into: *mut c_int, attribute: c_int, ordinal: c_int) -> Code {
    let driver = driver();
    let capability = driver.settings.capability as c_int;
    let value = device(&driver, ordinal).and(match attribute {
        MAJOR => Ok(capability / 10),
        MINOR => Ok(capability % 10),
        MULTIPROCESSORS | MEMORY_POOLS => Ok(1),
        _ => Err(INVALID_VALUE),
    });
    // SAFETY: as the caller vouches.
    code(value.and_then(|value| unsafe { give(into, value) }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuDevicePrimaryCtxRetain(into: *mut Handle, ordinal: c_int) -> Code {
    let mut driver = driver();
    let retained = device(&driver, ordinal).map(|at| {
        driver.contexts[at] += 1;
        at + 1
    });
    // SAFETY: as the caller vouches.
    code(retained.and_then(|handle| unsafe { give(into, handle) }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuDevicePrimaryCtxRelease_v2(ordinal: c_int) -> Code {
    let mut driver = driver();
    let released = device(&driver, ordinal).and_then(|at| {
        driver.contexts[at] = driver.contexts[at].checked_sub(1).ok_or(INVALID_VALUE)?;
        Ok(())
    });
    code(released)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuCtxSetCurrent(context: Handle) -> Code {
    if context > driver().contexts.len() {
        return INVALID_VALUE;
    }
    CURRENT.set(context);
    SUCCESS
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuCtxSynchronize() -> Code {
    call_outside_capture(Driver::finish_all)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuGetErrorName(error: Code, into: *mut *const c_char) -> Code {
    let name = describe(error).map(|(name, _)| name.as_ptr()).ok_or(INVALID_VALUE);
    // SAFETY: as the caller vouches.
    code(name.and_then(|name| unsafe { give(into, name) }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuGetErrorString(error: Code, into: *mut *const c_char) -> Code {
    let text = describe(error).map(|(_, text)| text.as_ptr()).ok_or(INVALID_VALUE);
    // SAFETY: as the caller vouches.
    code(text.and_then(|text| unsafe { give(into, text) }))
}
