//! Sessions on a GPU: a stream, states, memory.

#![expect(unsafe_code, reason = "kernels are run on the session's memory")]

use std::sync::Arc;

use tri_ir::Test;

use super::CudaError;
use super::call::{Callee, Captured, Layout, Prepared, Staging};
use super::event::Event;
use super::group::Groups;
use super::host::{FAILURE_BYTES, Host, Offsets, Operands, Stop, WAIT, failure_in};
use super::largest::largest;
use super::loaded::{Launch, Loaded};
use super::memory::{Memory, Pinned};
use super::stream::Stream;
use super::weights::Uploaded;
use crate::call::broken_condition;
use crate::clock::Clock;
use crate::cpu::initial_states;
use crate::pool::Pool;
use crate::program::Program;
use crate::session::Processor;
use crate::{Model, RuntimeError, Tensor, TensorView};

/// What a session on a GPU has.
#[derive(Debug)]
pub(crate) struct Gpu {
    loaded: Arc<Loaded>,
    weights: Option<Arc<Uploaded>>,
    stream: Arc<Stream>,
    states: Vec<Memory>,
    /// Copies of states that a call may have to put back.
    kept: Vec<Option<Memory>>,
    staging: Staging,
    workspace: Memory,
    failure: Memory,
    /// Where the failure of a call comes to; graphs hold its address.
    told: Pinned,
    /// What the host reads during a call.
    answers: Pinned,
    offsets: Offsets,
    groups: Groups,
    /// By the position of the entry.
    prepared: Vec<Option<Prepared>>,
    /// Waits after each launch.
    each: bool,
}

impl Gpu {
    pub(crate) fn new(model: &Model, ordinal: u32) -> Result<Gpu, RuntimeError> {
        let loaded = model.loads.get(model, ordinal)?;
        let device = &loaded.device;
        let weights = model.weights.as_ref();
        let weights = weights.map(|weights| weights.uploads.get(weights, device)).transpose()?;
        let stream = Stream::new(device)?;
        let entries = model.program.module.entries.len();
        let mut gpu = Gpu {
            weights,
            states: Vec::new(),
            kept: Vec::new(),
            staging: Staging::new(&stream)?,
            workspace: Memory::new(&stream, 0)?,
            failure: Memory::new(&stream, FAILURE_BYTES)?,
            told: Pinned::new(device, FAILURE_BYTES)?,
            answers: Pinned::new(device, FAILURE_BYTES)?,
            offsets: Offsets::default(),
            groups: Groups::new(&stream)?,
            prepared: (0..entries).map(|_| None).collect(),
            each: std::env::var_os(WAIT).is_some_and(|value| value == "1"),
            stream,
            loaded,
        };
        gpu.reset(model)?;
        Ok(gpu)
    }

    /// Calls an entry or test. `position` is that of an entry, whose preparation is kept.
    fn run(
        &mut self,
        model: &Model,
        (callee, position): (Callee<'_>, Option<usize>),
        symbols: &[i64],
        inputs: &[TensorView<'_>],
        results: &mut [&mut [u8]],
    ) -> Result<(), RuntimeError> {
        self.stream.device.enter()?;
        let known = position.and_then(|at| self.prepared[at].take());
        let mut prepared = self.prepare(model, &callee, known, symbols, inputs, results)?;
        let host = self.staging.host.as_mut_slice();
        for (input, place) in inputs.iter().zip(&prepared.layout.inputs) {
            host[place.clone()].copy_from_slice(input.bytes);
        }
        let outcome = self.launch_all(&callee, &mut prepared);
        let outcome = outcome.and_then(|last| self.wait(callee.name, last));
        let done = match outcome {
            Ok(()) => {
                let host = self.staging.host.as_slice();
                for (result, place) in results.iter_mut().zip(&prepared.layout.results) {
                    result.copy_from_slice(&host[place.clone()]);
                }
                Ok(())
            }
            Err(stop) => {
                let error = self.explain(model, callee.name, stop);
                self.put_back(&callee).and(Err(error))
            }
        };
        if let Some(at) = position {
            self.prepared[at] = Some(prepared);
        }
        done
    }

    /// What a call with these sizes needs, with room for it.
    fn prepare(
        &mut self,
        model: &Model,
        callee: &Callee<'_>,
        known: Option<Prepared>,
        symbols: &[i64],
        inputs: &[TensorView<'_>],
        results: &[&mut [u8]],
    ) -> Result<Prepared, RuntimeError> {
        let program = &model.program;
        let input_bytes = || inputs.iter().map(|input| input.bytes.len());
        let result_bytes = || results.iter().map(|result| result.len());
        let same = known.filter(|known| {
            known.outer.iter().copied().eq(program.outer_sizes(callee.function, symbols))
                && known.layout.fits(input_bytes(), result_bytes())
        });
        let prepared = match same {
            Some(known) => known,
            None => {
                let outer: Vec<i64> = program.outer_sizes(callee.function, symbols).collect();
                let workspace =
                    program.workspace(callee.name, callee.function, &outer, &self.loaded.kernels)?;
                let layout = Layout::new(input_bytes(), result_bytes());
                Prepared { outer, layout, workspace, calls: 0, graph: None }
            }
        };
        for state in callee.at_risk {
            let kept = &mut self.kept[state.index()];
            if kept.is_none() {
                *kept = Some(Memory::new(&self.stream, self.states[state.index()].bytes)?);
            }
        }
        let room = self.workspace.grow(prepared.workspace);
        let moved = room.map_err(|error| self.purpose(error, callee, &prepared))?;
        if self.staging.grow(prepared.layout.bytes())? | moved {
            // Graphs hold addresses.
            self.prepared.iter_mut().flatten().for_each(|other| other.graph = None);
            return Ok(Prepared { graph: None, ..prepared });
        }
        Ok(prepared)
    }

    /// Says what memory is for that the workspace of a call cannot get.
    fn purpose(&self, error: CudaError, callee: &Callee<'_>, prepared: &Prepared) -> CudaError {
        let CudaError::Memory { bytes, device, .. } = error else { return error };
        let schedule = Program::schedule_of(callee.function);
        let most = largest(&self.loaded, schedule, &prepared.outer, prepared.workspace as u64);
        let most = most.map(|launch| format!(", most of it for kernel {}", self.loaded.describe(launch)));
        let purpose = format!(", for the workspace of `{}`{}", callee.name, most.unwrap_or_default());
        CudaError::Memory { bytes, device, purpose }
    }

    /// Puts a call into the stream; gives the kernel that was launched last.
    fn launch_all(&mut self, callee: &Callee<'_>, prepared: &mut Prepared) -> Result<Option<Launch>, Stop> {
        let schedule = Program::schedule_of(callee.function);
        prepared.calls += 1;
        self.groups.tidy();
        let repeats = prepared.calls > 1 && !self.each && !self.loaded.decides[schedule.index()];
        if !repeats {
            return self.walk(callee, prepared);
        }
        if prepared.graph.as_ref().is_none_or(|captured| captured.age != self.groups.age) {
            self.prepare_groups(callee, prepared)?;
            let stream = self.stream.clone();
            let mut last = None;
            let filled = || self.walk(callee, prepared).map(|launched| last = launched);
            let graph = stream.capture(filled)?;
            prepared.graph = Some(Captured { graph, last, age: self.groups.age });
        }
        let Some(captured) = &prepared.graph else { return Ok(None) };
        self.stream.launch_graph(&captured.graph)?;
        Ok(captured.last)
    }

    /// Gives the groups of a call what cannot be had while it becomes a graph.
    fn prepare_groups(&mut self, callee: &Callee<'_>, prepared: &Prepared) -> Result<(), Stop> {
        loop {
            let age = self.groups.age;
            self.host_steps(callee, prepared, true)?;
            // A group that needs more memory takes it from those before.
            if self.groups.age == age {
                return Ok(());
            }
        }
    }

    /// Puts the parts of a call into the stream one by one.
    fn walk(&mut self, callee: &Callee<'_>, prepared: &Prepared) -> Result<Option<Launch>, Stop> {
        let (stream, layout) = (self.stream.clone(), &prepared.layout);
        stream.clear(self.failure.address, FAILURE_BYTES)?;
        let base = self.staging.device.address;
        stream.upload(base, &self.staging.host, layout.input_bytes())?;
        let last = self.work(callee, prepared)?;
        stream.download(&mut self.told, 0, self.failure.address, FAILURE_BYTES)?;
        let results = layout.all_results();
        stream.download(&mut self.staging.host, results.start, base + results.start as u64, results.len())?;
        Ok(last)
    }

    /// What of a call is done on the device alone, with its inputs there already.
    fn work(&mut self, callee: &Callee<'_>, prepared: &Prepared) -> Result<Option<Launch>, Stop> {
        let stream = self.stream.clone();
        for state in callee.at_risk {
            if let Some(kept) = &self.kept[state.index()] {
                stream.copy(kept.address, self.states[state.index()].address, kept.bytes)?;
            }
        }
        self.host_steps(callee, prepared, false)
    }

    /// Walks the steps of a call; `prepares` says that nothing is launched.
    fn host_steps(
        &mut self,
        callee: &Callee<'_>,
        prepared: &Prepared,
        prepares: bool,
    ) -> Result<Option<Launch>, Stop> {
        let stream = self.stream.clone();
        let operands = self.operands(callee, &prepared.layout)?;
        let mut host = Host {
            loaded: &self.loaded,
            stream: &stream,
            failure: self.failure.address,
            answers: &mut self.answers,
            offsets: &mut self.offsets,
            groups: &mut self.groups,
            prepares,
            each: self.each,
            last: None,
        };
        // SAFETY: inputs were checked against the signature, results and states have the sizes of their types, weights those of the bound
        // values; all are apart from each other. The workspace was made as large as its plan says.
        unsafe { host.run(Program::schedule_of(callee.function), prepared.outer.clone(), operands)? };
        Ok(host.last)
    }

    /// Milliseconds that so many calls take on the device, after one with the same inputs.
    fn time_calls(&mut self, callee: &Callee<'_>, prepared: &Prepared, calls: u32) -> Result<f32, Stop> {
        let stream = self.stream.clone();
        stream.clear(self.failure.address, FAILURE_BYTES)?;
        let all = |gpu: &mut Gpu| (0..calls).try_for_each(|_| gpu.work(callee, prepared).map(drop));
        let decides = self.loaded.decides[Program::schedule_of(callee.function).index()];
        if !decides {
            self.prepare_groups(callee, prepared)?;
        }
        let graph = (!decides).then(|| stream.capture(|| all(self))).transpose()?;
        let (start, end) = (Event::new(&stream)?, Event::new(&stream)?);
        start.record()?;
        match &graph {
            Some(graph) => stream.launch_graph(graph)?,
            None => all(self)?,
        }
        end.record()?;
        stream.download(&mut self.told, 0, self.failure.address, FAILURE_BYTES)?;
        self.wait(callee.name, None)?;
        Ok(end.since(&start)?)
    }

    fn operands(&self, callee: &Callee<'_>, layout: &Layout) -> Result<Operands, Stop> {
        let base = self.staging.device.address;
        let mut params: Vec<u64> = layout.inputs.iter().map(|place| base + place.start as u64).collect();
        for capture in callee.captures {
            let address = self.weights.as_ref().and_then(|weights| weights.address(*capture));
            params.push(address.ok_or(Stop::Other(RuntimeError::NoWeights))?);
        }
        Ok(Operands {
            params,
            results: layout.results.iter().map(|place| base + place.start as u64).collect(),
            states: callee.states.iter().map(|state| self.states[state.index()].address).collect(),
            workspace: self.workspace.address,
        })
    }

    /// Waits for a call; an error is what a kernel told.
    fn wait(&mut self, entry: &str, last: Option<Launch>) -> Result<(), Stop> {
        let host = Host {
            loaded: &self.loaded,
            stream: &self.stream,
            failure: self.failure.address,
            answers: &mut self.answers,
            offsets: &mut self.offsets,
            groups: &mut self.groups,
            prepares: false,
            each: self.each,
            last,
        };
        host.finish(entry)?;
        failure_in(self.told.as_slice())
    }

    /// Puts states back to what they were before a call that stopped.
    fn put_back(&mut self, callee: &Callee<'_>) -> Result<(), RuntimeError> {
        for state in callee.at_risk {
            if let Some(kept) = &self.kept[state.index()] {
                self.stream.copy(self.states[state.index()].address, kept.address, kept.bytes)?;
            }
        }
        Ok(())
    }

    /// What stopped a call, as it is told on every device.
    fn explain(&self, model: &Model, entry: &str, stop: Stop) -> RuntimeError {
        let entry = entry.to_owned();
        let name = |schedule: u32| {
            let function = model.program.module.functions.get(schedule as usize);
            function.map_or_else(String::new, |function| function.name.clone())
        };
        match stop {
            Stop::Failure { place, value } => {
                let at = usize::try_from(place - 1).ok();
                match at.and_then(|at| self.loaded.code.sites.get(at)) {
                    Some(site) => {
                        RuntimeError::RowOutOfRange { entry, function: name(site.schedule), row: value }
                    }
                    None => RuntimeError::UnknownFailure(place),
                }
            }
            Stop::Size { kind, site, value } => {
                let at = [site.schedule, site.step];
                let (dim, condition) = broken_condition(&self.loaded.kernels, kind, at);
                RuntimeError::RunTimeSize { entry, function: name(site.schedule), dim, value, condition }
            }
            Stop::NoSize(error) => RuntimeError::Size { entry, reason: error.to_string() },
            Stop::Plan(error) => RuntimeError::Size { entry, reason: error.to_string() },
            Stop::TooLarge => RuntimeError::TooLarge { entry },
            Stop::Other(error) => error,
        }
    }
}

/// The entry at a position.
fn callee_of(model: &Model, position: usize) -> Callee<'_> {
    let entry = &model.program.module.entries[position];
    Callee {
        name: &entry.name,
        function: entry.function,
        captures: &entry.captures,
        states: &entry.states,
        at_risk: &model.program.at_risk[position],
    }
}

impl Processor for Gpu {
    /// Initial values are computed on the CPU, as the bits are the same, and copied.
    fn reset(&mut self, model: &Model) -> Result<(), RuntimeError> {
        let values = initial_states(model, &Pool::new(1)?)?;
        for (at, value) in values.iter().enumerate() {
            let bytes = value.bytes();
            if self.states.len() <= at {
                self.states.push(Memory::new(&self.stream, bytes.len())?);
                self.kept.push(None);
            }
            let mut through = Pinned::new(&self.stream.device, bytes.len())?;
            self.stream.upload_all(self.states[at].address, bytes, &mut through)?;
        }
        Ok(())
    }

    fn call(
        &mut self,
        model: &Model,
        position: usize,
        symbols: &[i64],
        inputs: &[TensorView<'_>],
        results: &mut [Tensor],
    ) -> Result<(), RuntimeError> {
        let callee = callee_of(model, position);
        let mut results: Vec<&mut [u8]> =
            results.iter_mut().map(|result| result.buffer.as_mut_slice()).collect();
        self.run(model, (callee, Some(position)), symbols, inputs, &mut results)
    }

    fn time(&mut self, model: &Model, position: usize, calls: u32) -> Result<f64, RuntimeError> {
        let entry = &model.program.module.entries[position];
        let callee = callee_of(model, position);
        let prepared = self.prepared[position].take();
        let prepared = prepared.ok_or_else(|| RuntimeError::NoDeviceTime { entry: entry.name.clone() })?;
        let time = self.time_calls(&callee, &prepared, calls);
        self.prepared[position] = Some(prepared);
        let milliseconds = time.map_err(|stop| self.explain(model, &entry.name, stop))?;
        Ok(f64::from(milliseconds) * 1e3 / f64::from(calls))
    }

    fn clock(&mut self) -> Option<&mut Option<Clock>> {
        None
    }

    fn test(&mut self, model: &Model, test: &Test) -> Result<Vec<bool>, RuntimeError> {
        let callee = Callee {
            name: &test.name,
            function: test.function,
            captures: &test.captures,
            states: &test.states,
            at_risk: &[],
        };
        let mut results = vec![[0u8; 1]; test.checks.len()];
        let mut places: Vec<&mut [u8]> = results.iter_mut().map(|result| result.as_mut_slice()).collect();
        self.run(model, (callee, None), &[], &[], &mut places)?;
        Ok(results.iter().map(|result| *result == [1]).collect())
    }
}

impl Drop for Gpu {
    fn drop(&mut self) {
        if self.stream.device.enter().is_ok() {
            // What is still under way works on memory that goes now. An error has been told.
            let _ = self.stream.finish();
        }
    }
}
