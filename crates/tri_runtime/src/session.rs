//! Sessions: what one user of a model sees of it, whatever runs it.

use tri_ir::{Entry, FunctionId, Test};

use crate::clock::{Clock, StepRun};
use crate::cpu::Cpu;
use crate::routes::{Probe, layer_of};
use crate::signature::{bind_inputs, check_types, order_inputs, shape_of};
use crate::{Instrument, Model, RoutedLayer, RuntimeError, Tensor, TensorView, cuda};

/// What a session runs on.
#[derive(Clone, Copy, Debug)]
pub struct Device {
    kind: Kind,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Cpu { threads: Option<usize> },
    Cuda { ordinal: u32 },
}

impl Device {
    /// The CPU, with a thread for each core.
    pub fn cpu() -> Device {
        Device { kind: Kind::Cpu { threads: None } }
    }

    /// An NVIDIA GPU by its number, counted from 0 as the driver counts. The model needs code for it ([`Model::with_gpu_code`],
    /// or an artifact that has some and is trusted).
    pub fn cuda(ordinal: u32) -> Device {
        Device { kind: Kind::Cuda { ordinal } }
    }

    /// At most this many threads of the CPU, at least one; a GPU has those it has.
    pub fn threads(self, threads: usize) -> Device {
        match self.kind {
            Kind::Cpu { .. } => Device { kind: Kind::Cpu { threads: Some(threads.max(1)) } },
            Kind::Cuda { .. } => self,
        }
    }
}

/// What runs the program for a session: holds its states, and memory to work in.
pub(crate) trait Processor: std::fmt::Debug + Send {
    /// Puts every state back to its initial value.
    fn reset(&mut self, model: &Model) -> Result<(), RuntimeError>;

    /// Runs the entry at a position. Inputs fit its signature, results have the sizes that follow from `symbols`.
    fn call(
        &mut self,
        model: &Model,
        position: usize,
        symbols: &[i64],
        inputs: &[TensorView<'_>],
        results: &mut [Tensor],
    ) -> Result<(), RuntimeError>;

    /// What reads the marks of a call that is timed; none where code leaves no marks.
    fn clock(&mut self) -> Option<&mut Option<Clock>>;

    /// Microseconds of a call on the device, of so many after one of the same entry; an error where there is no device apart from the host.
    fn time(&mut self, model: &Model, position: usize, calls: u32) -> Result<f64, RuntimeError>;

    /// Runs a test block; one truth value for each check.
    fn test(&mut self, model: &Model, test: &Test) -> Result<Vec<bool>, RuntimeError>;
}

/// One user's view of a model: nobody else sees its states.
#[derive(Debug)]
pub struct Session {
    model: Model,
    processor: Box<dyn Processor>,
    /// What the last call of each entry worked out.
    shapes: Vec<Shapes>,
}

/// Sizes that follow from the shapes of an entry's inputs.
#[derive(Debug)]
struct Shapes {
    function: FunctionId,
    inputs: Vec<Vec<usize>>,
    symbols: Vec<i64>,
    /// Shape and bytes of each result.
    results: Vec<(Vec<usize>, usize)>,
}

impl Session {
    pub(crate) fn new(model: &Model, device: Device) -> Result<Session, RuntimeError> {
        let processor: Box<dyn Processor> = match device.kind {
            Kind::Cpu { threads } => Box::new(Cpu::new(model, threads)?),
            Kind::Cuda { ordinal } => Box::new(cuda::Gpu::new(model, ordinal)?),
        };
        Ok(Session { model: model.clone(), processor, shapes: Vec::new() })
    }

    /// Puts every state back to its initial value.
    ///
    /// # Errors
    /// The system refuses memory.
    pub fn reset(&mut self) -> Result<(), RuntimeError> {
        self.processor.reset(&self.model)
    }

    /// Calls an entry point with its inputs in order.
    ///
    /// # Errors
    /// The inputs do not fit the signature, or the program stopped; states then are what they were before the call.
    pub fn call(&mut self, entry: &str, inputs: &[TensorView<'_>]) -> Result<Vec<Tensor>, RuntimeError> {
        let mut results = Vec::new();
        self.call_into(entry, inputs, &mut results)?;
        Ok(results)
    }

    /// Calls an entry point with its inputs by name.
    ///
    /// # Errors
    /// As [`Session::call`].
    pub fn call_named(
        &mut self,
        entry: &str,
        inputs: &[(&str, TensorView<'_>)],
    ) -> Result<Vec<Tensor>, RuntimeError> {
        let (_, declared) = find(&self.model, entry)?;
        let names: Vec<&str> = inputs.iter().map(|(name, _)| *name).collect();
        let order = order_inputs(declared, &names)?;
        let ordered: Vec<TensorView<'_>> = order.into_iter().map(|at| inputs[at].1).collect();
        self.call(entry, &ordered)
    }

    /// [`Session::call`], and what the routed layers did with its rows, in the order in which they ran. Only a model that was
    /// loaded to do so records ([`Instrument::Routes`]); layers within a tile are left out, and those whose number of
    /// rows is only known inside the call.
    ///
    /// # Errors
    /// As [`Session::call`], or the model does not record.
    pub fn call_recorded(
        &mut self,
        entry: &str,
        inputs: &[TensorView<'_>],
    ) -> Result<(Vec<Tensor>, Vec<RoutedLayer>), RuntimeError> {
        let model = self.model.clone();
        let (position, _) = find(&model, entry)?;
        let probes = model
            .program
            .probes
            .get(position)
            .ok_or(RuntimeError::NoRecord { wanted: Instrument::Routes })?;
        let mut results = Vec::new();
        self.run_entry(entry, inputs, &mut results)?;
        let mut recorded = results.split_off(declared_results(&model, position));
        let layers = probes.iter().map(|probe| {
            let rest = recorded.split_off(probe.results().min(recorded.len()));
            layer_of(probe, &std::mem::replace(&mut recorded, rest))
        });
        let layers = layers.collect();
        Ok((results, layers))
    }

    /// [`Session::call`], and how long each step took, in the order in which they began. Only a model that was loaded to do so tells
    /// ([`Instrument::Steps`]).
    ///
    /// # Errors
    /// As [`Session::call`], or the model does not tell.
    pub fn call_timed(
        &mut self,
        entry: &str,
        inputs: &[TensorView<'_>],
    ) -> Result<(Vec<Tensor>, Vec<StepRun>), RuntimeError> {
        let sizes = self.model.program.layouts.iter().map(|layout| layout.symbols().len());
        let clock = Clock::new(sizes.collect());
        let place = self.processor.clock().filter(|_| self.model.program.marks);
        *place.ok_or(RuntimeError::NoRecord { wanted: Instrument::Steps })? = Some(clock);
        let results = self.call(entry, inputs);
        let clock = self.processor.clock().and_then(Option::take);
        Ok((results?, clock.map(Clock::into_runs).unwrap_or_default()))
    }

    /// Microseconds that a call takes on an NVIDIA GPU, by events around so many calls after one that is not counted. Inputs and results stay on
    /// the device; the calls are one graph where the host decides nothing within a call. What states hold is changed by each.
    ///
    /// # Errors
    /// As [`Session::call`], or the session is not on a GPU.
    pub fn time_on_device(
        &mut self,
        entry: &str,
        inputs: &[TensorView<'_>],
        calls: u32,
    ) -> Result<f64, RuntimeError> {
        self.run_entry(entry, inputs, &mut Vec::new())?;
        let model = self.model.clone();
        let (position, _) = find(&model, entry)?;
        self.processor.time(&model, position, calls.max(1))
    }

    /// [`Session::call`] with results in tensors that may have been results before: no memory is taken once sizes repeat.
    ///
    /// # Errors
    /// As [`Session::call`].
    pub fn call_into(
        &mut self,
        entry: &str,
        inputs: &[TensorView<'_>],
        results: &mut Vec<Tensor>,
    ) -> Result<(), RuntimeError> {
        self.run_entry(entry, inputs, results)?;
        if !self.model.program.probes.is_empty() {
            let (position, _) = find(&self.model, entry)?;
            results.truncate(declared_results(&self.model, position));
        }
        Ok(())
    }

    /// Runs an entry for all of its results, those that a recording model adds among them.
    fn run_entry(
        &mut self,
        entry: &str,
        inputs: &[TensorView<'_>],
        results: &mut Vec<Tensor>,
    ) -> Result<(), RuntimeError> {
        let model = self.model.clone();
        let (position, declared) = find(&model, entry)?;
        let at = self.shapes_of(declared, inputs)?;
        let shapes = &self.shapes[at];
        results.resize_with(declared.outputs.len(), Tensor::default);
        for ((output, (shape, bytes)), result) in
            declared.outputs.iter().zip(&shapes.results).zip(results.iter_mut())
        {
            result.dtype = output.ty.dtype;
            result.shape.clone_from(shape);
            result.buffer.resize(*bytes)?;
        }
        self.processor.call(&model, position, &shapes.symbols, inputs, results)
    }

    /// Checks inputs against the signature; gives the position of the sizes that follow from them.
    fn shapes_of(&mut self, entry: &Entry, inputs: &[TensorView<'_>]) -> Result<usize, RuntimeError> {
        check_types(entry, inputs)?;
        let known = self.shapes.iter().position(|shapes| shapes.function == entry.function);
        if let Some(at) = known
            && self.shapes[at].inputs.iter().zip(inputs).all(|(shape, view)| shape == view.shape)
        {
            return Ok(at);
        }
        let symbols = bind_inputs(entry, self.model.program.module.function(entry.function), inputs)?;
        let mut results = Vec::with_capacity(entry.outputs.len());
        for output in &entry.outputs {
            let mut shape = Vec::new();
            let bytes = shape_of(&entry.name, &output.ty, &symbols, &mut shape)?;
            results.push((shape, bytes));
        }
        let inputs = inputs.iter().map(|view| view.shape.to_vec()).collect();
        let shapes = Shapes { function: entry.function, inputs, symbols, results };
        match known {
            Some(at) => self.shapes[at] = shapes,
            None => self.shapes.push(shapes),
        }
        Ok(known.unwrap_or(self.shapes.len() - 1))
    }

    /// Runs the test block at a position, on the model's weights; one truth value for each check.
    ///
    /// # Errors
    /// The program stopped.
    pub fn run_test(&mut self, position: usize) -> Result<Vec<bool>, RuntimeError> {
        let model = self.model.clone();
        let test = model.program.module.tests.get(position);
        let test = test.ok_or(RuntimeError::NoTest { position })?;
        self.processor.test(&model, test)
    }
}

/// The entry of this name, with its position.
fn find<'m>(model: &'m Model, name: &str) -> Result<(usize, &'m Entry), RuntimeError> {
    let entries = &model.program.module.entries;
    let found = entries.iter().enumerate().find(|(_, entry)| entry.name == name);
    found.ok_or_else(|| RuntimeError::NoEntry {
        name: name.to_owned(),
        known: entries.iter().map(|entry| entry.name.clone()).collect(),
    })
}

/// Number of results that the program declares for the entry at a position.
fn declared_results(model: &Model, position: usize) -> usize {
    let probes = model.program.probes.get(position).map_or(&[][..], Vec::as_slice);
    let added: usize = probes.iter().map(Probe::results).sum();
    model.program.module.entries[position].outputs.len() - added
}
