//! Events: places in a stream.

#![expect(unsafe_code, reason = "functions of a C library")]

use std::ffi::c_uint;

use super::{Handle, give};
use crate::code::{Code, INVALID_HANDLE, NOT_READY};
use crate::driver::{Driver, call};
use crate::work::{Event, Work};

#[unsafe(no_mangle)]
unsafe extern "C" fn cuEventCreate(into: *mut Handle, _flags: c_uint) -> Code {
    call(|driver| {
        let handle = driver.events.add(Event::default());
        // SAFETY: as the caller vouches.
        unsafe { give(into, handle) }
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuEventRecord(event: Handle, stream: Handle) -> Code {
    call(|driver| {
        let found = driver.events.get_mut(event).ok_or(INVALID_HANDLE)?;
        found.recorded += 1;
        found.stream = stream;
        let number = found.recorded;
        driver.submit(stream, Work::Record { event, number })
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuEventSynchronize(event: Handle) -> Code {
    call(|driver| {
        let number = driver.events.get(event).ok_or(INVALID_HANDLE)?.recorded;
        driver.reach(event, number)
    })
}

/// The time of the host between the moments when the simulator came by.
#[unsafe(no_mangle)]
unsafe extern "C" fn cuEventElapsedTime(into: *mut f32, start: Handle, end: Handle) -> Code {
    call(|driver| {
        let at = |driver: &Driver, event: Handle| {
            let event = driver.events.get(event).ok_or(INVALID_HANDLE)?;
            event.at.filter(|_| event.reached == event.recorded).ok_or(NOT_READY)
        };
        let (start, end) = (at(driver, start)?, at(driver, end)?);
        // SAFETY: as the caller vouches.
        unsafe { give(into, end.saturating_duration_since(start).as_secs_f32() * 1000.0) }
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuEventDestroy_v2(event: Handle) -> Code {
    call(|driver| driver.events.remove(event).map(drop).ok_or(INVALID_HANDLE))
}
