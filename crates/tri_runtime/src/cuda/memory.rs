//! Memory of a device, and memory of the host that a device copies from and to by itself.

#![expect(unsafe_code, reason = "the driver is a C library")]

use std::sync::Arc;

use cudarc::driver::result::{self, DriverError};
use cudarc::driver::sys::CUresult;

use super::CudaError;
use super::driver::{Device, refused};
use super::stream::Stream;

/// What addresses within an allocation are multiples of where a tensor begins: loads of 16 bytes and more stay aligned.
pub(super) const ALIGNMENT: usize = 256;

/// Memory of a device, in the order of a stream: it is there for what comes after, and is given back after what came before.
#[derive(Debug)]
pub(super) struct Memory {
    pub(super) address: u64,
    pub(super) bytes: usize,
    stream: Arc<Stream>,
}

impl Memory {
    /// At least that much, without value.
    pub(super) fn new(stream: &Arc<Stream>, bytes: usize) -> Result<Memory, CudaError> {
        let bytes = bytes.max(1).next_multiple_of(ALIGNMENT);
        let device = &stream.device;
        device.enter()?;
        // SAFETY: the stream lives; nobody reads the memory before it is written.
        let address = unsafe {
            if device.ordered_memory {
                result::malloc_async(stream.raw, bytes)
            } else {
                result::malloc_sync(bytes)
            }
        };
        let address = address.map_err(|error| out_of_memory(device, bytes, error))?;
        Ok(Memory { address, bytes, stream: stream.clone() })
    }

    /// Makes it at least that large. Gives whether it moved; what was in it is lost then.
    pub(super) fn grow(&mut self, bytes: usize) -> Result<bool, CudaError> {
        if bytes <= self.bytes {
            return Ok(false);
        }
        *self = Memory::new(&self.stream, bytes)?;
        Ok(true)
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        let device = &self.stream.device;
        if device.enter().is_ok() {
            // SAFETY: allocated so, and nobody uses it any more. What fails when all is over leaves nothing to do.
            let _ = unsafe {
                if device.ordered_memory {
                    result::free_async(self.address, self.stream.raw)
                } else {
                    result::free_sync(self.address)
                }
            };
        }
    }
}

fn out_of_memory(device: &Device, bytes: usize, error: DriverError) -> CudaError {
    match error {
        DriverError(CUresult::CUDA_ERROR_OUT_OF_MEMORY) => {
            CudaError::Memory { bytes, device: device.name.clone(), purpose: String::new() }
        }
        error => refused("give memory", error),
    }
}

/// Pinned memory of the host.
#[derive(Debug)]
pub(super) struct Pinned {
    address: *mut u8,
    bytes: usize,
    device: Arc<Device>,
}

// SAFETY: the memory belongs to this value alone.
unsafe impl Send for Pinned {}

impl Pinned {
    /// At least that much, all zero.
    pub(super) fn new(device: &Arc<Device>, bytes: usize) -> Result<Pinned, CudaError> {
        let bytes = bytes.max(1).next_multiple_of(ALIGNMENT);
        device.enter()?;
        // SAFETY: the memory is given back once, when this is dropped.
        let address = unsafe { result::malloc_host(bytes, 0) };
        let address: *mut u8 = address.map_err(|error| out_of_memory(device, bytes, error))?.cast();
        // SAFETY: there are as many bytes.
        unsafe { address.write_bytes(0, bytes) };
        Ok(Pinned { address, bytes, device: device.clone() })
    }

    /// Makes it at least that large. Gives whether it moved; what was in it is lost then.
    pub(super) fn grow(&mut self, bytes: usize) -> Result<bool, CudaError> {
        if bytes <= self.bytes {
            return Ok(false);
        }
        *self = Pinned::new(&self.device, bytes)?;
        Ok(true)
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        // SAFETY: all bytes have values. The device writes them only between a call of `Stream::download` and the end of that
        // stream's work, during which owners do not look.
        unsafe { std::slice::from_raw_parts(self.address, self.bytes) }
    }

    /// A part, apart from which others may be written by the device meanwhile.
    pub(super) fn range_mut(&mut self, offset: usize, bytes: usize) -> &mut [u8] {
        assert!(
            offset.checked_add(bytes).is_some_and(|end| end <= self.bytes),
            "the part is within the memory"
        );
        // SAFETY: the part is within the memory, and the borrow is exclusive.
        unsafe { std::slice::from_raw_parts_mut(self.address.add(offset), bytes) }
    }

    pub(super) fn as_mut_slice(&mut self) -> &mut [u8] {
        // SAFETY: as above, and the borrow is exclusive.
        unsafe { std::slice::from_raw_parts_mut(self.address, self.bytes) }
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        if self.device.enter().is_ok() {
            // SAFETY: allocated so, and nobody uses it any more.
            let _ = unsafe { result::free_host(self.address.cast()) };
        }
    }
}
