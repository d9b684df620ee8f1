//! Sessions: states, memory and threads of one user of a model.

#![expect(unsafe_code, reason = "entry points are run on the caller's tensors")]

use std::sync::Arc;

use tri_ir::{Capture, Entry, FunctionId, Initial, TensorType};

use crate::buffer::Buffer;
use crate::call::{Arena, Operands};
use crate::clock::{Clock, StepRun};
use crate::pool::Pool;
use crate::program::Program;
use crate::rollback::Rollback;
use crate::routes::{Probe, layer_of};
use crate::signature::{bind_inputs, check_types, order_inputs, shape_of};
use crate::{Instrument, Model, RoutedLayer, RuntimeError, Tensor, TensorView};

/// What a session runs on.
#[derive(Clone, Copy, Debug)]
pub struct Device {
    threads: Option<usize>,
}

impl Device {
    /// The CPU, with a thread for each core.
    pub fn cpu() -> Device {
        Device { threads: None }
    }

    /// At most this many threads, at least one.
    pub fn threads(self, threads: usize) -> Device {
        Device { threads: Some(threads.max(1)) }
    }

    fn count(self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        self.threads.unwrap_or_else(cores)
    }
}

/// One user's view of a model: nobody else sees its states.
#[derive(Debug)]
pub struct Session {
    model: Model,
    pool: Arc<Pool>,
    states: Vec<Tensor>,
    arena: Arena,
    operands: Operands,
    /// What the last call of each entry worked out.
    shapes: Vec<Shapes>,
    /// Copies of inputs whose memory is not aligned.
    staged: Vec<Buffer>,
    rollback: Rollback,
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

/// Alignment that generated code expects of operands.
const ALIGNMENT: usize = 64;

// SAFETY: the addresses in `operands` are only used within a call, which fills them anew.
unsafe impl Send for Session {}

impl Session {
    pub(crate) fn new(model: &Model, device: Device) -> Result<Session, RuntimeError> {
        let pool = model.pools.get(device.count())?;
        let states = model.program.module.states.iter().map(|state| (&state.init, &state.ty));
        let states = initial_values(&model.program, states, &pool)?;
        Ok(Session {
            model: model.clone(),
            pool,
            states,
            arena: Arena::default(),
            operands: Operands::default(),
            shapes: Vec::new(),
            staged: Vec::new(),
            rollback: Rollback::default(),
        })
    }

    /// Puts every state back to its initial value.
    ///
    /// # Errors
    /// The system refuses memory.
    pub fn reset(&mut self) -> Result<(), RuntimeError> {
        let states = self.model.program.module.states.iter().map(|state| (&state.init, &state.ty));
        self.states = initial_values(&self.model.program, states, &self.pool)?;
        Ok(())
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
        if !self.model.program.marks {
            return Err(RuntimeError::NoRecord { wanted: Instrument::Steps });
        }
        let sizes = self.model.program.layouts.iter().map(|layout| layout.symbols().len());
        self.arena.clock = Some(Clock::new(sizes.collect()));
        let results = self.call(entry, inputs);
        let runs = self.arena.clock.take().map(Clock::into_runs).unwrap_or_default();
        Ok((results?, runs))
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
        let program = &model.program;
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
        self.stage(inputs)?;
        self.capture(&model, &declared.captures)?;
        let at_risk = &program.at_risk[position];
        self.rollback.keep(at_risk, &self.states)?;
        self.operands.results.clear();
        self.operands.results.extend(results.iter_mut().map(|result| result.buffer.as_mut_ptr()));
        self.operands.states.clear();
        for state in &declared.states {
            self.operands.states.push(self.states[state.index()].buffer.as_mut_ptr());
        }
        // SAFETY: inputs were checked against the signature, results and states have the sizes of their types, weights
        // those of the bound values; all are distinct buffers.
        let outcome = unsafe {
            let symbols = &self.shapes[at].symbols;
            program.run(entry, declared.function, symbols, &self.operands, &mut self.arena, &self.pool)
        };
        if outcome.is_err() {
            self.rollback.undo(at_risk, &mut self.states);
        }
        outcome
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
        let mut results: Vec<Buffer> =
            test.checks.iter().map(|_| Buffer::zeroed(1)).collect::<Result<_, _>>()?;
        self.operands.params.clear();
        self.capture(&model, &test.captures)?;
        self.operands.results.clear();
        self.operands.results.extend(results.iter_mut().map(Buffer::as_mut_ptr));
        self.operands.states.clear();
        for state in &test.states {
            self.operands.states.push(self.states[state.index()].buffer.as_mut_ptr());
        }
        // SAFETY: a test takes no inputs and gives one `bool` for each check; the rest is as in a call.
        unsafe {
            model.program.run(&test.name, test.function, &[], &self.operands, &mut self.arena, &self.pool)?
        };
        Ok(results.iter().map(|result| result.as_slice() == [1]).collect())
    }

    /// Puts the addresses of the inputs first; what is not aligned is copied.
    fn stage(&mut self, inputs: &[TensorView<'_>]) -> Result<(), RuntimeError> {
        self.operands.params.clear();
        self.staged.resize_with(self.staged.len().max(inputs.len()), Buffer::default);
        for (input, staged) in inputs.iter().zip(&mut self.staged) {
            if input.bytes.as_ptr().addr().is_multiple_of(ALIGNMENT) {
                self.operands.params.push(input.bytes.as_ptr());
            } else {
                staged.resize(input.bytes.len())?;
                staged.as_mut_slice().copy_from_slice(input.bytes);
                self.operands.params.push(staged.as_ptr());
            }
        }
        Ok(())
    }

    /// Adds the addresses of captured weights.
    fn capture(&mut self, model: &Model, captures: &[Capture]) -> Result<(), RuntimeError> {
        for capture in captures {
            let address = model.weights.as_ref().and_then(|weights| weights.address(*capture));
            let Some(address) = address else { return Err(RuntimeError::NoWeights) };
            self.operands.params.push(address);
        }
        Ok(())
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

/// What functions of nothing give: initial values of parameters or states.
pub(crate) fn initial_values<'a>(
    program: &Program,
    initial: impl Iterator<Item = (&'a Initial, &'a TensorType)>,
    pool: &Pool,
) -> Result<Vec<Tensor>, RuntimeError> {
    let mut arena = Arena::default();
    let value = |(init, ty): (&Initial, &TensorType)| {
        let mut tensor = Tensor { dtype: ty.dtype, ..Tensor::default() };
        let bytes = shape_of("init", ty, &[], &mut tensor.shape)?;
        tensor.buffer = Buffer::zeroed(bytes)?;
        let operands = Operands {
            params: init.streams.iter().map(|stream| std::ptr::from_ref(stream).cast()).collect(),
            results: vec![tensor.buffer.as_mut_ptr()],
            states: Vec::new(),
        };
        // SAFETY: the function takes numbers of eight bytes and gives one tensor of this type.
        unsafe { program.run("init", init.function, &[], &operands, &mut arena, pool)? };
        Ok(tensor)
    };
    initial.map(value).collect()
}
