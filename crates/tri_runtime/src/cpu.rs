//! Sessions on the CPU: states, memory and threads.

#![expect(unsafe_code, reason = "entry points are run on the caller's tensors")]

use std::sync::Arc;

use tri_ir::{Capture, Initial, TensorType, Test};

use crate::buffer::Buffer;
use crate::call::{Arena, Operands};
use crate::clock::Clock;
use crate::pool::Pool;
use crate::program::Program;
use crate::rollback::Rollback;
use crate::session::Processor;
use crate::signature::shape_of;
use crate::{Model, RuntimeError, Tensor, TensorView};

/// What a session on the CPU has.
#[derive(Debug)]
pub(crate) struct Cpu {
    pool: Arc<Pool>,
    states: Vec<Tensor>,
    arena: Arena,
    operands: Operands,
    /// Copies of inputs whose memory is not aligned.
    staged: Vec<Buffer>,
    rollback: Rollback,
}

/// Alignment that generated code expects of operands.
const ALIGNMENT: usize = 64;

// SAFETY: the addresses in `operands` are only used within a call, which fills them anew.
unsafe impl Send for Cpu {}

impl Cpu {
    /// With as many threads, or one for each core.
    pub(crate) fn new(model: &Model, threads: Option<usize>) -> Result<Cpu, RuntimeError> {
        let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let pool = model.pools.get(threads.unwrap_or_else(cores))?;
        let states = initial_states(model, &pool)?;
        Ok(Cpu {
            pool,
            states,
            arena: Arena::default(),
            operands: Operands::default(),
            staged: Vec::new(),
            rollback: Rollback::default(),
        })
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

impl Processor for Cpu {
    fn reset(&mut self, model: &Model) -> Result<(), RuntimeError> {
        self.states = initial_states(model, &self.pool)?;
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
        let program = &model.program;
        let entry = &program.module.entries[position];
        self.stage(inputs)?;
        let captured = model.weights.as_ref().map(|weights| weights.captured(&program.module, position));
        match captured.flatten() {
            Some(captured) => self.operands.params.extend(captured.iter().map(|address| address.0)),
            None => self.capture(model, &entry.captures)?,
        }
        let at_risk = &program.at_risk[position];
        self.rollback.keep(at_risk, &self.states)?;
        self.operands.results.clear();
        self.operands.results.extend(results.iter_mut().map(|result| result.buffer.as_mut_ptr()));
        self.operands.states.clear();
        for state in &entry.states {
            self.operands.states.push(self.states[state.index()].buffer.as_mut_ptr());
        }
        // SAFETY: inputs were checked against the signature, results and states have the sizes of their types, weights
        // those of the bound values; all are distinct buffers.
        let outcome = unsafe {
            program.run(&entry.name, entry.function, symbols, &self.operands, &mut self.arena, &self.pool)
        };
        if outcome.is_err() {
            self.rollback.undo(at_risk, &mut self.states);
        }
        outcome
    }

    fn time(&mut self, model: &Model, position: usize, _: u32) -> Result<f64, RuntimeError> {
        let entry = &model.program.module.entries[position];
        Err(RuntimeError::NoDeviceTime { entry: entry.name.clone() })
    }

    fn clock(&mut self) -> Option<&mut Option<Clock>> {
        Some(&mut self.arena.clock)
    }

    fn test(&mut self, model: &Model, test: &Test) -> Result<Vec<bool>, RuntimeError> {
        let mut results: Vec<Buffer> =
            test.checks.iter().map(|_| Buffer::zeroed(1)).collect::<Result<_, _>>()?;
        self.operands.params.clear();
        self.capture(model, &test.captures)?;
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
}

/// The states of a session that begins.
pub(crate) fn initial_states(model: &Model, pool: &Pool) -> Result<Vec<Tensor>, RuntimeError> {
    let states = model.program.module.states.iter().map(|state| (&state.init, &state.ty));
    initial_values(&model.program, states, pool)
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
