//! Events: moments of a stream, and the time between two of them, as the device measures it.

#![expect(unsafe_code, reason = "the driver is a C library")]

use std::sync::Arc;

use cudarc::driver::result;
use cudarc::driver::sys;

use super::CudaError;
use super::driver::refused;
use super::stream::Stream;

/// A moment of a stream.
#[derive(Debug)]
pub(super) struct Event {
    raw: sys::CUevent,
    stream: Arc<Stream>,
}

impl Event {
    pub(super) fn new(stream: &Arc<Stream>) -> Result<Event, CudaError> {
        stream.device.enter()?;
        let raw = result::event::create(sys::CUevent_flags::CU_EVENT_DEFAULT)
            .map_err(|error| refused("make an event", error))?;
        Ok(Event { raw, stream: stream.clone() })
    }

    /// Makes it the moment when all that is in the stream by now is done.
    pub(super) fn record(&self) -> Result<(), CudaError> {
        // SAFETY: both live.
        unsafe { result::event::record(self.raw, self.stream.raw) }
            .map_err(|error| refused("record an event", error))
    }

    /// Milliseconds from an earlier moment to this one; both have come.
    pub(super) fn since(&self, earlier: &Event) -> Result<f32, CudaError> {
        // SAFETY: both live.
        unsafe { result::event::elapsed(earlier.raw, self.raw) }
            .map_err(|error| refused("measure a time", error))
    }
}

impl Drop for Event {
    fn drop(&mut self) {
        if self.stream.device.enter().is_ok() {
            // SAFETY: nobody uses it any more. What fails when all is over leaves nothing to do.
            let _ = unsafe { result::event::destroy(self.raw) };
        }
    }
}
