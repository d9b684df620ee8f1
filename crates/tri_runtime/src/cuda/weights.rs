//! Weights on a device: copied there once, for all sessions.

use std::sync::{Arc, Mutex, PoisonError};

use tri_ir::Capture;

use super::driver::Device;
use super::memory::{ALIGNMENT, Memory, Pinned};
use super::stream::Stream;
use crate::RuntimeError;
use crate::weights::Weights;

/// Bytes that are copied at a time.
const PART: usize = 4 << 20;

/// Where a model's weights are already.
#[derive(Debug, Default)]
pub(crate) struct Uploads(Mutex<Vec<Arc<Uploaded>>>);

/// Weights on a device.
#[derive(Debug)]
pub(crate) struct Uploaded {
    device: Arc<Device>,
    /// Where each bound value begins.
    bound: Vec<u64>,
    /// Where each parameter begins.
    parameters: Vec<u64>,
    /// What they are in.
    _memory: Memory,
}

impl Uploads {
    /// Weights on a device.
    pub(super) fn get(&self, weights: &Weights, device: &Arc<Device>) -> Result<Arc<Uploaded>, RuntimeError> {
        let mut uploads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(uploaded) = uploads.iter().find(|uploaded| uploaded.device.ordinal == device.ordinal) {
            return Ok(uploaded.clone());
        }
        let uploaded = Arc::new(Uploaded::new(weights, device)?);
        uploads.push(uploaded.clone());
        Ok(uploaded)
    }
}

impl Uploaded {
    fn new(weights: &Weights, device: &Arc<Device>) -> Result<Uploaded, RuntimeError> {
        let (bound, parameters) = (weights.bound(), weights.parameters());
        let mut bytes = 0usize;
        let mut place = |values: &[&[u8]]| -> Vec<usize> {
            let begin = |value: &&[u8]| {
                let begin = bytes;
                bytes = (begin + value.len()).next_multiple_of(ALIGNMENT);
                begin
            };
            values.iter().map(begin).collect()
        };
        let places = [place(&bound), place(&parameters)];
        let stream = Stream::new(device)?;
        let memory = Memory::new(&stream, bytes)?;
        let mut through = Pinned::new(device, PART.min(bytes))?;
        let [bound, parameters] =
            [(&bound, &places[0]), (&parameters, &places[1])].map(|(values, places)| {
                let upload = |(value, place): (&&[u8], &usize)| {
                    let address = memory.address + *place as u64;
                    stream.upload_all(address, value, &mut through).map(|()| address)
                };
                values.iter().zip(places).map(upload).collect::<Result<Vec<u64>, _>>()
            });
        Ok(Uploaded { device: device.clone(), bound: bound?, parameters: parameters?, _memory: memory })
    }

    /// Where a captured value is.
    pub(super) fn address(&self, capture: Capture) -> Option<u64> {
        match capture {
            Capture::Parameter(id) => self.parameters.get(id.index()).copied(),
            Capture::Bound(id) => self.bound.get(id.index()).copied(),
        }
    }
}
