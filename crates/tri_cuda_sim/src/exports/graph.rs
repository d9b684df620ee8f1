//! Graphs of captured work.

#![expect(unsafe_code, reason = "functions of a C library")]

use std::ffi::c_ulonglong;

use super::{Handle, give};
use crate::code::{Code, INVALID_HANDLE};
use crate::driver::call;
use crate::work::Work;

#[unsafe(no_mangle)]
unsafe extern "C" fn cuGraphInstantiateWithFlags(
    into: *mut Handle,
    graph: Handle,
    _flags: c_ulonglong,
) -> Code {
    call(|driver| {
        let work = driver.graphs.get(graph).ok_or(INVALID_HANDLE)?.clone();
        let handle = driver.executables.add(work);
        // SAFETY: as the caller vouches.
        unsafe { give(into, handle) }
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuGraphLaunch(executable: Handle, stream: Handle) -> Code {
    call(|driver| {
        let work = driver.executables.get(executable).ok_or(INVALID_HANDLE)?.clone();
        driver.submit(stream, Work::Graph(work))
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuGraphExecDestroy(executable: Handle) -> Code {
    call(|driver| driver.executables.remove(executable).map(drop).ok_or(INVALID_HANDLE))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cuGraphDestroy(graph: Handle) -> Code {
    call(|driver| driver.graphs.remove(graph).map(drop).ok_or(INVALID_HANDLE))
}
