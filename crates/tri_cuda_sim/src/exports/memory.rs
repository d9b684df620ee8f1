//! Memory and copies.

#![expect(unsafe_code, reason = "functions of a C library")]

use std::ffi::{c_uchar, c_uint, c_void};

use super::{Handle, give};
use crate::code::{Code, SUCCESS};
use crate::driver::{call, call_outside_capture};
use crate::work::Work;

fn done(code: Code) -> Result<(), Code> {
    if code == SUCCESS { Ok(()) } else { Err(code) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuMemAlloc_v2(into: *mut u64, bytes: usize) -> Code {
    call_outside_capture(|driver| {
        let address = driver.memory.allocate(bytes, driver.settings.memory)?;
        // SAFETY: as the caller vouches.
        unsafe { give(into, address) }
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuMemFree_v2(address: u64) -> Code {
    call_outside_capture(|driver| {
        driver.finish_all()?;
        done(driver.memory.free(address))
    })
}

/// The memory is there at once: nothing can tell, but that it counts before its turn.
#[unsafe(no_mangle)]
unsafe extern "C" fn cuMemAllocAsync(into: *mut u64, bytes: usize, _stream: Handle) -> Code {
    call_outside_capture(|driver| {
        let address = driver.memory.allocate(bytes, driver.settings.memory)?;
        // SAFETY: as the caller vouches.
        unsafe { give(into, address) }
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuMemFreeAsync(address: u64, stream: Handle) -> Code {
    call(|driver| driver.submit(stream, Work::Free { address }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuMemGetInfo_v2(free: *mut usize, total: *mut usize) -> Code {
    call(|driver| {
        let all = driver.settings.memory;
        // SAFETY: as the caller vouches.
        unsafe {
            give(free, driver.memory.left(all) as usize)?;
            give(total, all as usize)
        }
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuMemHostAlloc(into: *mut Handle, bytes: usize, _flags: c_uint) -> Code {
    call_outside_capture(|driver| {
        let address = driver.memory.pin(bytes)?;
        // SAFETY: as the caller vouches.
        unsafe { give(into, address) }
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuMemFreeHost(address: *mut c_void) -> Code {
    call_outside_capture(|driver| {
        driver.finish_all()?;
        done(driver.memory.unpin(address.addr()))
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuMemcpyHtoDAsync_v2(
    to: u64,
    from: *const c_void,
    bytes: usize,
    stream: Handle,
) -> Code {
    call(|driver| {
        let from = driver.memory.pinned(from.addr(), bytes)?;
        driver.submit(stream, Work::Upload { to, from, bytes })
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuMemcpyDtoHAsync_v2(to: *mut c_void, from: u64, bytes: usize, stream: Handle) -> Code {
    call(|driver| {
        let to = driver.memory.pinned(to.addr(), bytes)?;
        driver.submit(stream, Work::Download { to, from, bytes })
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuMemcpyDtoDAsync_v2(to: u64, from: u64, bytes: usize, stream: Handle) -> Code {
    call(|driver| driver.submit(stream, Work::Copy { to, from, bytes }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuMemsetD8Async(to: u64, value: c_uchar, bytes: usize, stream: Handle) -> Code {
    call(|driver| driver.submit(stream, Work::Fill { to, value, bytes }))
}
