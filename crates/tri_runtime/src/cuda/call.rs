//! Calls that repeat: where inputs and results lie, and the graph of the launches.

use std::ops::Range;
use std::sync::Arc;

use tri_ir::{Capture, FunctionId, StateId};

use super::CudaError;
use super::loaded::Launch;
use super::memory::{ALIGNMENT, Memory, Pinned};
use super::stream::{Graph, Stream};

/// What is called.
#[derive(Clone, Copy, Debug)]
pub(super) struct Callee<'m> {
    /// Name of the entry or test.
    pub(super) name: &'m str,
    pub(super) function: FunctionId,
    pub(super) captures: &'m [Capture],
    /// States of the module for each state of the function.
    pub(super) states: &'m [StateId],
    /// States that are put back if the call stops.
    pub(super) at_risk: &'m [StateId],
}

/// What the last call of an entry worked out.
#[derive(Debug)]
pub(super) struct Prepared {
    /// Sizes that callers give.
    pub(super) outer: Vec<i64>,
    pub(super) layout: Layout,
    pub(super) workspace: usize,
    /// How many calls had these sizes.
    pub(super) calls: u64,
    pub(super) graph: Option<Captured>,
}

/// The launches of a call.
#[derive(Debug)]
pub(super) struct Captured {
    pub(super) graph: Graph,
    /// The last of them.
    pub(super) last: Option<Launch>,
    /// That of the groups whose addresses it holds.
    pub(super) age: u64,
}

/// Where inputs and results lie, in the same places on the device and in pinned memory: first all inputs, then the results.
#[derive(Debug, Default)]
pub(super) struct Layout {
    pub(super) inputs: Vec<Range<usize>>,
    pub(super) results: Vec<Range<usize>>,
}

impl Layout {
    /// For tensors of these sizes in bytes.
    pub(super) fn new(inputs: impl Iterator<Item = usize>, results: impl Iterator<Item = usize>) -> Layout {
        let mut end = 0;
        let mut place = |bytes: usize| {
            let begin = usize::next_multiple_of(end, ALIGNMENT);
            end = begin + bytes;
            begin..end
        };
        let inputs = inputs.map(&mut place).collect();
        Layout { inputs, results: results.map(&mut place).collect() }
    }

    pub(super) fn fits<'b>(
        &self,
        inputs: impl ExactSizeIterator<Item = usize>,
        results: impl ExactSizeIterator<Item = usize> + 'b,
    ) -> bool {
        let same = |places: &[Range<usize>], bytes: &mut dyn ExactSizeIterator<Item = usize>| {
            places.len() == bytes.len() && places.iter().zip(bytes).all(|(place, bytes)| place.len() == bytes)
        };
        let (mut inputs, mut results) = (inputs, results);
        same(&self.inputs, &mut inputs) && same(&self.results, &mut results)
    }

    /// Bytes from the first input to the end of the last.
    pub(super) fn input_bytes(&self) -> usize {
        self.inputs.last().map_or(0, |last| last.end)
    }

    /// From the first result to the end of the last.
    pub(super) fn all_results(&self) -> Range<usize> {
        let begin = self.results.first().map_or(0, |first| first.start);
        begin..self.results.last().map_or(begin, |last| last.end)
    }

    pub(super) fn bytes(&self) -> usize {
        self.input_bytes().max(self.all_results().end)
    }
}

/// Memory for what goes in and out, on both sides.
#[derive(Debug)]
pub(super) struct Staging {
    pub(super) device: Memory,
    /// Inputs, and results of the call before.
    pub(super) host: Pinned,
}

impl Staging {
    pub(super) fn new(stream: &Arc<Stream>) -> Result<Staging, CudaError> {
        Ok(Staging { device: Memory::new(stream, 0)?, host: Pinned::new(&stream.device, 0)? })
    }

    /// Makes room; gives whether anything moved.
    pub(super) fn grow(&mut self, bytes: usize) -> Result<bool, CudaError> {
        Ok(self.device.grow(bytes)? | self.host.grow(bytes)?)
    }
}
