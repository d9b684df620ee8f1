//! Streams, and graphs of what was put into one.

#![expect(unsafe_code, reason = "the driver is a C library")]

use std::ffi::c_void;
use std::sync::Arc;

use cudarc::driver::result::{self, DriverError};
use cudarc::driver::sys;

use super::CudaError;
use super::driver::{Device, refused};
use super::memory::Pinned;

/// A queue of work for a device. Everything of a session is in one, so that nothing of it overlaps.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) device: Arc<Device>,
    pub(super) raw: sys::CUstream,
}

// SAFETY: a stream may be used by any thread; the driver takes one call at a time.
unsafe impl Send for Stream {}
// SAFETY: as above.
unsafe impl Sync for Stream {}

/// A kernel on a device.
#[derive(Clone, Copy, Debug)]
pub(super) struct Function(pub(super) sys::CUfunction);

// SAFETY: a function may be launched by any thread.
unsafe impl Send for Function {}
// SAFETY: as above.
unsafe impl Sync for Function {}

/// Work that is put into a stream as one.
#[derive(Debug)]
pub(super) struct Graph {
    raw: sys::CUgraphExec,
    device: Arc<Device>,
}

// SAFETY: a graph may be launched by any thread, and is by one at a time: `Stream::launch_graph` is called by its owner.
unsafe impl Send for Graph {}

impl Stream {
    pub(super) fn new(device: &Arc<Device>) -> Result<Arc<Stream>, CudaError> {
        device.enter()?;
        let raw = result::stream::create(result::stream::StreamKind::NonBlocking)
            .map_err(|error| refused("make a stream", error))?;
        Ok(Arc::new(Stream { device: device.clone(), raw }))
    }

    /// Waits until everything is done.
    pub(super) fn finish(&self) -> Result<(), DriverError> {
        // SAFETY: the stream lives.
        unsafe { result::stream::synchronize(self.raw) }
    }

    /// Copies the beginning of pinned memory to the device. It must not be changed before the stream has come there.
    pub(super) fn upload(&self, to: u64, from: &Pinned, bytes: usize) -> Result<(), CudaError> {
        if bytes == 0 {
            return Ok(());
        }
        let source = &from.as_slice()[..bytes];
        // SAFETY: the memory is pinned and outlives the work of its owner's stream, and the target is the caller's.
        unsafe { result::memcpy_htod_async(to, source, self.raw) }
            .map_err(|error| refused("copy to the device", error))
    }

    /// Copies from the device to pinned memory, which holds nothing there before the stream has come to it.
    pub(super) fn download(
        &self,
        to: &mut Pinned,
        offset: usize,
        from: u64,
        bytes: usize,
    ) -> Result<(), CudaError> {
        if bytes == 0 {
            return Ok(());
        }
        let target = to.range_mut(offset, bytes);
        // SAFETY: as in `upload`.
        unsafe { result::memcpy_dtoh_async(target, from, self.raw) }
            .map_err(|error| refused("copy from the device", error))
    }

    /// Copies any bytes to the device through pinned memory, and waits until they are there. (A copy from memory that is not pinned may
    /// not be done when the driver says so, and waits for no stream.)
    pub(super) fn upload_all(&self, to: u64, bytes: &[u8], through: &mut Pinned) -> Result<(), CudaError> {
        let mut to = to;
        let room = through.as_slice().len();
        for part in bytes.chunks(room) {
            through.as_mut_slice()[..part.len()].copy_from_slice(part);
            self.upload(to, through, part.len())?;
            self.finish().map_err(|error| refused("copy to the device", error))?;
            to += part.len() as u64;
        }
        Ok(())
    }

    /// Copies within the device.
    pub(super) fn copy(&self, to: u64, from: u64, bytes: usize) -> Result<(), CudaError> {
        if bytes == 0 {
            return Ok(());
        }
        // SAFETY: both are the caller's, and as large.
        unsafe { result::memcpy_dtod_async(to, from, bytes, self.raw) }
            .map_err(|error| refused("copy on the device", error))
    }

    /// Sets bytes of the device to zero.
    pub(super) fn clear(&self, at: u64, bytes: usize) -> Result<(), CudaError> {
        // SAFETY: they are the caller's.
        unsafe { result::memset_d8_async(at, 0, bytes, self.raw) }
            .map_err(|error| refused("clear memory", error))
    }

    /// Launches a kernel on arguments of 64 bits.
    ///
    /// # Safety
    /// They are what the kernel takes: addresses of memory that lives until the stream has come there, and as large as it expects for
    /// the sizes.
    pub(super) unsafe fn launch(
        &self,
        function: Function,
        blocks: u32,
        threads: u32,
        arguments: &mut [u64],
    ) -> Result<(), DriverError> {
        let mut addresses: Vec<*mut c_void> =
            arguments.iter_mut().map(|argument| std::ptr::from_mut(argument).cast()).collect();
        // SAFETY: the driver reads the arguments before it returns; the rest is the caller's promise.
        unsafe {
            result::launch_kernel(function.0, (blocks, 1, 1), (threads, 1, 1), 0, self.raw, &mut addresses)
        }
    }

    /// Makes a graph of what `body` puts into the stream, none of which is done.
    pub(super) fn capture<E: From<CudaError>>(
        &self,
        body: impl FnOnce() -> Result<(), E>,
    ) -> Result<Graph, E> {
        let failed = |error| refused("make a graph", error);
        let mode = sys::CUstreamCaptureMode::CU_STREAM_CAPTURE_MODE_THREAD_LOCAL;
        // SAFETY: the stream lives, and is this thread's.
        unsafe { result::stream::begin_capture(self.raw, mode) }.map_err(failed)?;
        let filled = body();
        // SAFETY: as above; a capture that was begun is ended, whatever came of it.
        let graph = unsafe { result::stream::end_capture(self.raw) };
        filled?;
        let graph = graph.map_err(failed)?;
        // SAFETY: the graph was just made, and is not needed once it can be run.
        let raw = unsafe {
            let mut raw = std::ptr::null_mut();
            let made = sys::cuGraphInstantiateWithFlags(&raw mut raw, graph, 0).result().map(|()| raw);
            let _ = result::graph::destroy(graph);
            made
        };
        Ok(Graph { raw: raw.map_err(failed)?, device: self.device.clone() })
    }

    /// Puts a graph into the stream.
    pub(super) fn launch_graph(&self, graph: &Graph) -> Result<(), CudaError> {
        // SAFETY: both live.
        unsafe { result::graph::launch(graph.raw, self.raw) }.map_err(|error| refused("run a graph", error))
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if self.device.enter().is_ok() {
            // SAFETY: nobody uses it any more. What fails when all is over leaves nothing to do.
            let _ = unsafe { result::stream::destroy(self.raw) };
        }
    }
}

impl Drop for Graph {
    fn drop(&mut self) {
        if self.device.enter().is_ok() {
            // SAFETY: nobody uses it any more, and the driver waits for what runs of it.
            let _ = unsafe { result::graph::exec_destroy(self.raw) };
        }
    }
}
