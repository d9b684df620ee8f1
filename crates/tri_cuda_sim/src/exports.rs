//! The functions of `libcuda`, under their names in the shared library, with the signatures of `cuda.h`.
//!
//! What a caller has to keep to is written there (CUDA Driver API reference); pointers that results are written to must be valid.

mod device;
mod event;
mod graph;
mod memory;
mod module;
mod stream;

use crate::code::{Code, INVALID_VALUE, SUCCESS};

/// A handle or an address of the caller.
type Handle = usize;

/// Writes a result to the caller's memory.
///
/// # Safety
/// `to` is null or valid for a `T`.
#[expect(unsafe_code, reason = "results go to the caller's memory")]
unsafe fn give<T>(to: *mut T, value: T) -> Result<(), Code> {
    if to.is_null() {
        return Err(INVALID_VALUE);
    }
    // SAFETY: it is not null, and the caller vouches for the rest.
    unsafe { to.write(value) };
    Ok(())
}

fn code(result: Result<(), Code>) -> Code {
    result.err().unwrap_or(SUCCESS)
}
