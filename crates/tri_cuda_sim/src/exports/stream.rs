//! Streams, and their capture.

#![expect(unsafe_code, reason = "functions of a C library")]

use std::ffi::{c_int, c_uint};
use std::sync::Arc;

use super::{Handle, give};
use crate::code::{CAPTURE_INVALIDATED, Code, ILLEGAL_STATE, INVALID_HANDLE, INVALID_VALUE};
use crate::driver::call;
use crate::work::{Capture, CaptureMode, Stream, Work};

#[unsafe(no_mangle)]
unsafe extern "C" fn cuStreamCreate(into: *mut Handle, _flags: c_uint) -> Code {
    call(|driver| {
        let handle = driver.streams.add(Stream::default());
        // SAFETY: as the caller vouches.
        unsafe { give(into, handle) }
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuStreamDestroy_v2(stream: Handle) -> Code {
    call(|driver| {
        driver.finish(stream)?;
        driver.streams.remove(stream).map(drop).ok_or(INVALID_HANDLE)
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuStreamSynchronize(stream: Handle) -> Code {
    call(|driver| driver.finish(stream))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuStreamWaitEvent(stream: Handle, event: Handle, _flags: c_uint) -> Code {
    call(|driver| {
        let number = driver.events.get(event).ok_or(INVALID_HANDLE)?.recorded;
        driver.submit(stream, Work::Wait { event, number })
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuStreamBeginCapture_v2(stream: Handle, mode: c_uint) -> Code {
    call(|driver| {
        let mode = match mode {
            0 => CaptureMode::Nobody,
            1 => CaptureMode::ThisThread,
            2 => CaptureMode::Relaxed,
            _ => return Err(INVALID_VALUE),
        };
        let stream = driver.streams.get_mut(stream).ok_or(INVALID_HANDLE)?;
        if stream.capture.is_some() {
            return Err(ILLEGAL_STATE);
        }
        let thread = std::thread::current().id();
        stream.capture = Some(Capture { work: Vec::new(), mode, thread, broken: false });
        Ok(())
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuStreamEndCapture(stream: Handle, into: *mut Handle) -> Code {
    call(|driver| {
        let stream = driver.streams.get_mut(stream).ok_or(INVALID_HANDLE)?;
        let capture = stream.capture.take().ok_or(ILLEGAL_STATE)?;
        if capture.broken {
            return Err(CAPTURE_INVALIDATED);
        }
        let handle = driver.graphs.add(Arc::new(capture.work));
        // SAFETY: as the caller vouches.
        unsafe { give(into, handle) }
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuStreamIsCapturing(stream: Handle, into: *mut c_int) -> Code {
    call(|driver| {
        let stream = driver.streams.get(stream).ok_or(INVALID_HANDLE)?;
        let status = stream.capture.as_ref().map_or(0, |capture| if capture.broken { 2 } else { 1 });
        // SAFETY: as the caller vouches.
        unsafe { give(into, status) }
    })
}
