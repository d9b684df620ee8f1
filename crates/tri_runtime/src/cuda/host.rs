//! The host's part of a schedule: walks its steps and launches their kernels, as generated code does on a CPU.
//!
//! It waits for the device only where it has to look at what kernels computed: a size that is bound inside, and how many rows of a
//! route go to each tile where tiles do not run together ([`super::group`]).

#![expect(unsafe_code, reason = "kernels work on addresses")]

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use tri_cranelift::FailureKind;
use tri_dims::DimError;
use tri_gpu::{Run, Site};
use tri_ir::{Dim, Symbol};
use tri_kernel_ir::{BufferId, Place, PlanError, RouteStep, Schedule, ScheduleId, StepKind, slot_offsets};

use super::CudaError;
use super::driver::words;
use super::group::Groups;
use super::loaded::{Launch, Loaded};
use super::memory::Pinned;
use super::stream::{Function, Stream};
use crate::RuntimeError;

/// Sizes with which the workspace of a schedule was laid out; more than these are forgotten.
const KNOWN_OFFSETS: usize = 1 << 12;

/// A variable that makes a session wait after each launch, so that an error of the device names one kernel.
pub(super) const WAIT: &str = "TRI_CUDA_WAIT";

/// Bytes of the words of a failure.
pub(super) const FAILURE_BYTES: usize = 16;

/// Why a walk ended early.
#[derive(Debug)]
pub(super) enum Stop {
    /// A kernel told a failure: the number of its place counted from 1, and the value that caused it.
    Failure { place: i64, value: i64 },
    /// A size that is bound inside broke a condition.
    Size { kind: FailureKind, site: Site, value: i64 },
    /// A size has no value.
    NoSize(DimError),
    /// The workspace has no size.
    Plan(PlanError),
    /// More blocks than a GPU counts.
    TooLarge,
    /// Something else.
    Other(RuntimeError),
}

impl From<CudaError> for Stop {
    fn from(error: CudaError) -> Stop {
        Stop::Other(error.into())
    }
}

/// Where the slots of a workspace begin.
#[derive(Debug, Default)]
pub(super) struct Offsets(HashMap<(ScheduleId, Vec<i64>), Arc<[u64]>>);

impl Offsets {
    fn of(&mut self, loaded: &Loaded, id: ScheduleId, symbols: &[i64]) -> Result<Arc<[u64]>, Stop> {
        let key = (id, symbols.to_vec());
        if let Some(known) = self.0.get(&key) {
            return Ok(known.clone());
        }
        let offsets: Arc<[u64]> = slot_offsets(&loaded.kernels, id, symbols).map_err(Stop::Plan)?.into();
        if self.0.len() >= KNOWN_OFFSETS {
            self.0.clear();
        }
        self.0.insert(key, offsets.clone());
        Ok(offsets)
    }
}

/// Addresses that a schedule is called with.
#[derive(Debug, Default)]
pub(super) struct Operands {
    pub(super) params: Vec<u64>,
    pub(super) results: Vec<u64>,
    pub(super) states: Vec<u64>,
    pub(super) workspace: u64,
}

/// Where the buffers of a running schedule are.
pub(super) struct Frame<'l> {
    pub(super) id: ScheduleId,
    schedule: &'l Schedule,
    symbols: Vec<i64>,
    operands: Operands,
    offsets: Arc<[u64]>,
    /// Buffers of a repeat that have moved, and how far.
    moved: Vec<(BufferId, i64)>,
    /// Buffers that lie elsewhere: lists of a group.
    pub(super) given: Vec<(BufferId, u64)>,
}

impl Frame<'_> {
    pub(super) fn address(&self, buffer: BufferId) -> u64 {
        if let Some((_, address)) = self.given.iter().find(|(given, _)| *given == buffer) {
            return *address;
        }
        let by = self.moved.iter().find(|(moved, _)| *moved == buffer).map_or(0, |(_, by)| *by);
        let moved = |at: u32| (i64::from(at) + by) as usize;
        match self.schedule.memory(buffer) {
            Place::Param(i) => self.operands.params[moved(i)],
            Place::Result(i) => self.operands.results[moved(i)],
            Place::State(i) => self.operands.states[moved(i)],
            Place::Slot(i) => self.slot(i),
            Place::Alias(of) => self.address(of),
        }
    }

    fn slot(&self, slot: u32) -> u64 {
        self.operands.workspace + self.offsets[slot as usize]
    }

    pub(super) fn addresses(&self, buffers: &[BufferId]) -> Vec<u64> {
        buffers.iter().map(|buffer| self.address(*buffer)).collect()
    }

    pub(super) fn size(&self, dim: &Dim) -> Result<i64, Stop> {
        let value = |symbol: &Symbol| self.symbols.get(symbol.index()).copied();
        dim.evaluate(&mut { value }).map_err(Stop::NoSize)
    }

    pub(super) fn sizes(&self, dims: &[Dim]) -> Result<Vec<i64>, Stop> {
        dims.iter().map(|dim| self.size(dim)).collect()
    }

    /// Bytes of a row of a matrix.
    pub(super) fn row_bytes(&self, buffer: BufferId) -> Result<u64, Stop> {
        let buffer = &self.schedule.buffers[buffer.index()];
        let sizes = self.sizes(buffer.shape.get(1..).unwrap_or_default())?;
        let bytes =
            sizes.iter().try_fold(buffer.dtype.bytes() as i64, |bytes, size| bytes.checked_mul(*size));
        bytes.and_then(|bytes| u64::try_from(bytes).ok()).ok_or(Stop::TooLarge)
    }
}

/// Walks schedules.
#[derive(Debug)]
pub(super) struct Host<'c> {
    pub(super) loaded: &'c Loaded,
    pub(super) stream: &'c Arc<Stream>,
    /// Where kernels tell failures.
    pub(super) failure: u64,
    /// What the host reads during a walk.
    pub(super) answers: &'c mut Pinned,
    pub(super) offsets: &'c mut Offsets,
    pub(super) groups: &'c mut Groups,
    /// Launches nothing: gives groups their memory and tables, which cannot be had while a graph is made.
    pub(super) prepares: bool,
    /// Waits after each launch, so that an error is the fault of one kernel.
    pub(super) each: bool,
    /// The kernel that was launched last.
    pub(super) last: Option<Launch>,
}

impl Host<'_> {
    /// Runs a schedule for the sizes that its caller gives.
    ///
    /// # Safety
    /// Operands are valid for the sizes of their buffers, results and states for writing, and none overlaps another; the workspace is as
    /// large as its plan says.
    pub(super) unsafe fn run(
        &mut self,
        id: ScheduleId,
        mut symbols: Vec<i64>,
        operands: Operands,
    ) -> Result<(), Stop> {
        let loaded = self.loaded;
        let schedule = &loaded.kernels.schedules[id.index()];
        let offsets = self.offsets.of(loaded, id, &symbols)?;
        symbols.resize(schedule.symbols.len(), 0);
        let mut frame =
            Frame { id, schedule, symbols, operands, offsets, moved: Vec::new(), given: Vec::new() };
        let mut at = 0;
        for repeat in &schedule.repeats {
            let steps = repeat.steps.start as usize..repeat.steps.end as usize;
            self.steps(&mut frame, at..steps.start)?;
            at = steps.end;
            for turn in 0..i64::from(repeat.times) {
                let moved = repeat.moving.iter().map(|(buffer, by)| (*buffer, turn * i64::from(*by)));
                frame.moved = moved.collect();
                self.steps(&mut frame, steps.clone())?;
            }
            frame.moved.clear();
        }
        self.steps(&mut frame, at..schedule.steps.len())
    }

    fn steps(&mut self, frame: &mut Frame<'_>, steps: Range<usize>) -> Result<(), Stop> {
        for at in steps {
            match &frame.schedule.steps[at].kind {
                StepKind::Call(call) => {
                    let symbols = frame.sizes(&call.symbols)?;
                    let operands = Operands {
                        params: frame.addresses(&call.params),
                        results: frame.addresses(&call.results),
                        states: frame.addresses(&call.states),
                        workspace: frame.slot(call.workspace),
                    };
                    // SAFETY: the caller's operands are valid, and kernel IR hands on buffers of the callee's sizes.
                    unsafe { self.run(call.schedule, symbols, operands)? };
                }
                StepKind::BindDim { from, symbol, at_most } => {
                    self.bind(frame, at, *from, symbol.index(), at_most)?;
                }
                StepKind::Route(route) if route.runs_together(&self.loaded.computing) => {
                    self.group(frame, at, route)?;
                }
                StepKind::Route(route) => self.route(frame, at, route)?,
                _ => self.launch(frame, at, 0, &[])?,
            }
        }
        Ok(())
    }

    /// Gives a symbol the value of an `i32` on the device, if it keeps to the conditions.
    fn bind(
        &mut self,
        frame: &mut Frame<'_>,
        step: usize,
        from: BufferId,
        symbol: usize,
        at_most: &[(Dim, Dim)],
    ) -> Result<(), Stop> {
        let value = i64::from(self.read(frame.address(from), 1)?[0]);
        let site = Site { schedule: frame.id.0, step: step as u32 };
        let broken = |kind| Err(Stop::Size { kind, site, value });
        frame.symbols[symbol] = value;
        if value < 0 {
            return broken(FailureKind::NegativeSize);
        }
        if frame.schedule.symbols[symbol].max.is_some_and(|max| value > max) {
            return broken(FailureKind::SizeTooLarge);
        }
        for (left, right) in at_most {
            if frame.size(left)? > frame.size(right)? {
                return broken(FailureKind::SizeTooLarge);
            }
        }
        Ok(())
    }

    /// Reads whole numbers from the device, after all that was launched.
    fn read(&mut self, address: u64, count: usize) -> Result<Vec<i32>, Stop> {
        // The failure comes first in the answer: after one, what kernels computed says nothing.
        let bytes = 4 * count;
        self.answers.grow(FAILURE_BYTES + bytes)?;
        self.stream.download(self.answers, 0, self.failure, FAILURE_BYTES)?;
        self.stream.download(self.answers, FAILURE_BYTES, address, bytes)?;
        self.finish("")?;
        let answer = &self.answers.as_slice()[..FAILURE_BYTES + bytes];
        failure_in(answer)?;
        let number = |bytes: &[u8]| i32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        Ok(answer[FAILURE_BYTES..].chunks_exact(4).map(number).collect())
    }

    /// Waits for all that was launched.
    pub(super) fn finish(&self, entry: &str) -> Result<(), CudaError> {
        self.stream.finish().map_err(|error| {
            let kernels = match self.last.map(|launch| self.loaded.describe(launch)) {
                Some(last) if self.each => format!("kernel {last}"),
                Some(last) => format!("a kernel, {last} or one before it ({WAIT}=1 tells which),"),
                None => "a kernel".to_owned(),
            };
            CudaError::Stopped { kernels, entry: entry.to_owned(), reason: words(error) }
        })
    }

    /// Rows to tiles: for each rank the rows of each tile, a chunk at a time.
    fn route(&mut self, frame: &Frame<'_>, at: usize, route: &RouteStep) -> Result<(), Stop> {
        let [_, _, _, first, grouped, results] = route.scratch;
        self.launch(frame, at, 0, &[])?;
        for rank in 0..i64::from(route.top) {
            for run in [1, 2] {
                self.launch(frame, at, run, &[(Run::RANK, rank)])?;
            }
            let first = self.read(frame.address(first), route.tiles.len() + 1)?;
            for (tile, rows) in route.tiles.iter().zip(first.windows(2)) {
                let [start, end] = [rows[0], rows[1]].map(i64::from);
                for start in (start..end).step_by(RouteStep::TOGETHER as usize) {
                    let count = (end - start).min(RouteStep::TOGETHER);
                    let chunk = [(Run::ROWS, count), (Run::RANK, rank), (Run::START, start)];
                    self.launch(frame, at, 3, &chunk)?;
                    let mut symbols = vec![count];
                    symbols.extend(frame.sizes(&tile.symbols)?);
                    let mut params = vec![frame.address(grouped)];
                    params.extend(frame.addresses(&tile.captures));
                    let results = vec![frame.address(results)];
                    // One chunk after another takes one lane of the scratch.
                    let workspace = frame.slot(route.workspaces[0]);
                    let operands = Operands { params, results, states: Vec::new(), workspace };
                    // SAFETY: as in a call; the scratch has room for so many rows.
                    unsafe { self.run(tile.schedule, symbols, operands)? };
                    self.launch(frame, at, 4, &chunk)?;
                }
            }
        }
        Ok(())
    }

    /// Launches a kernel of a step; `given` are sizes that the host knows better, by their number.
    pub(super) fn launch(
        &mut self,
        frame: &Frame<'_>,
        step: usize,
        run: usize,
        given: &[(usize, i64)],
    ) -> Result<(), Stop> {
        if self.prepares {
            return Ok(());
        }
        let loaded = self.loaded;
        let run = &loaded.code.runs[frame.id.index()][step][run];
        let mut sizes = frame.sizes(&run.sizes)?;
        for (at, value) in given {
            if let Some(size) = sizes.get_mut(*at) {
                *size = *value;
            }
        }
        let number = loaded.code.kernel_for(run, &sizes);
        let blocks = loaded.code.kernels[number].blocks(&sizes).map_err(Stop::NoSize)?;
        if blocks == 0 {
            return Ok(());
        }
        let blocks =
            u32::try_from(blocks).ok().filter(|blocks| *blocks <= i32::MAX as u32).ok_or(Stop::TooLarge)?;
        let mut arguments = frame.addresses(&run.buffers);
        arguments.extend(sizes.iter().map(|size| *size as u64));
        arguments.push(self.failure);
        let site = Site { schedule: frame.id.0, step: step as u32 };
        self.start(site, (number, loaded.functions[number]), blocks, &mut arguments)
    }

    /// Puts a kernel into the stream, for a step.
    pub(super) fn start(
        &mut self,
        site: Site,
        (number, function): (usize, Function),
        blocks: u32,
        arguments: &mut [u64],
    ) -> Result<(), Stop> {
        let loaded = self.loaded;
        let kernel = &loaded.code.kernels[number];
        let schedule = &loaded.kernels.schedules[site.schedule as usize].name;
        let launched = |reason| CudaError::Launch {
            kernel: kernel.name.clone(),
            function: schedule.clone(),
            step: site.step as usize,
            place: loaded.place_text(site),
            reason,
        };
        // SAFETY: code that was held to the kernel IR says what the kernel takes, and operands are as large as kernel IR says.
        unsafe { self.stream.launch(function, blocks, kernel.threads, arguments) }
            .map_err(|error| launched(words(error)))?;
        self.last = Some(Launch { kernel: number, site });
        if self.each {
            self.finish(schedule)?;
        }
        Ok(())
    }
}

/// The failure that the first words of an answer tell.
pub(super) fn failure_in(answer: &[u8]) -> Result<(), Stop> {
    let word = |at: usize| {
        let bytes = answer.get(at..at + 8).and_then(|bytes| bytes.try_into().ok());
        bytes.map_or(0, i64::from_le_bytes)
    };
    match word(0) {
        0 => Ok(()),
        place => Err(Stop::Failure { place, value: word(8) }),
    }
}
