//! Models that can be called. The only module of the driver that knows the runtime.

use std::path::Path;

use tri_artifact::Artifact;
use tri_interp::{Interpreter, Weights};
use tri_ir::{Module, TensorData, Verified};
use tri_passes::OptLevel;

use crate::{DriverError, Timing, read_weights};

/// A model with its weights and the states of one session.
#[derive(Debug)]
pub struct Engine {
    module: Verified,
    weights: Weights,
    states: Vec<TensorData>,
}

/// How to open an artifact.
#[derive(Clone, Debug, Default)]
pub struct OpenOptions<'a> {
    /// Threads; the machine's cores unless given.
    pub threads: Option<usize>,
    /// Whether machine code from the artifact is executed.
    pub trust_code: bool,
    /// Weights for an artifact that has none.
    pub weights: Option<&'a Path>,
}

impl Engine {
    /// Compiles a module after the passes, and binds its parameters.
    pub fn compile(
        module: Verified,
        level: OptLevel,
        parameters: &[TensorData],
        threads: Option<usize>,
        timing: &mut Timing,
    ) -> Result<Engine, DriverError> {
        let _ = (level, threads, timing);
        let interpreter = Interpreter::new(&module);
        let weights = interpreter.bind(parameters)?;
        let states = interpreter.initial_states()?;
        Ok(Engine { module, weights, states })
    }

    /// Opens an artifact.
    pub fn open(path: &Path, options: &OpenOptions<'_>, timing: &mut Timing) -> Result<Engine, DriverError> {
        let artifact = Artifact::open(path)?;
        let module = tri_ir::verify(artifact.module()?).map_err(DriverError::Elaboration)?;
        let parameters = match options.weights {
            Some(file) => read_weights(file, &module)?,
            None => Vec::new(),
        };
        Engine::compile(module, OptLevel::O2, &parameters, options.threads, timing)
    }

    /// The program.
    pub fn module(&self) -> &Module {
        &self.module
    }

    /// Calls an entry with its inputs in order.
    pub fn call(&mut self, entry: &str, inputs: &[TensorData]) -> Result<Vec<TensorData>, DriverError> {
        Ok(Interpreter::new(&self.module).call(entry, inputs, &self.weights, &mut self.states)?)
    }

    /// Puts states back to their initial values.
    pub fn reset(&mut self) -> Result<(), DriverError> {
        self.states = Interpreter::new(&self.module).initial_states()?;
        Ok(())
    }

    /// Runs a test; one truth value a check.
    pub fn run_test(&mut self, test: &str) -> Result<Vec<bool>, DriverError> {
        let interpreter = Interpreter::new(&self.module);
        let mut tests = self.module.tests.iter().filter(|other| other.name == test);
        tests.try_fold(Vec::new(), |_, test| Ok(interpreter.run_test(test, &self.weights)?))
    }
}
