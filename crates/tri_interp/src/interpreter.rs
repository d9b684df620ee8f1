//! Calls from outside: entries, tests, the prologue, initial values.

use std::sync::Arc;

use tri_ir::{Capture, Entry, FunctionId, Initial, StateId, TensorData, TensorType, Test, Verified};

use crate::InterpError;
use crate::argument::{self, Named, Sizes};
use crate::frame::{self, Plan};
use crate::tensor::{Elements, Tensor};

/// Parameters of a model and what its prologue made of them.
#[derive(Clone, Debug)]
pub struct Weights {
    parameters: Arc<[Tensor]>,
    bound: Arc<[Tensor]>,
}

impl Weights {
    /// The bound values, in the module's order.
    pub fn bound(&self) -> Vec<TensorData> {
        self.bound.iter().map(Tensor::to_data).collect()
    }

    fn capture(&self, capture: &Capture) -> Tensor {
        match capture {
            Capture::Parameter(id) => self.parameters[id.index()].clone(),
            Capture::Bound(id) => self.bound[id.index()].clone(),
        }
    }
}

/// Interprets one module.
#[derive(Debug)]
pub struct Interpreter<'m> {
    pub(crate) module: &'m Verified,
    pub(crate) plans: Vec<Plan>,
    pub(crate) surrogates: bool,
}

fn count(what: &'static str, expected: usize, found: usize) -> Result<(), InterpError> {
    if expected == found { Ok(()) } else { Err(InterpError::Count { what, expected, found }) }
}

impl<'m> Interpreter<'m> {
    /// An interpreter of the module.
    pub fn new(module: &'m Verified) -> Self {
        Interpreter { module, plans: module.functions.iter().map(Plan::new).collect(), surrogates: false }
    }

    /// With quantisers replaced by their straight-through surrogates, which do not round: what finite differences on latent weights
    /// are taken of. A result of an integer or ternary type may then hold f32.
    #[must_use]
    pub fn with_surrogates(self) -> Self {
        Interpreter { surrogates: true, ..self }
    }

    /// Initial values of the parameters, in checkpoint order.
    pub fn initial_parameters(&self) -> Result<Vec<TensorData>, InterpError> {
        self.module.parameters.iter().map(|parameter| self.initial(&parameter.init)).collect()
    }

    /// Values of the module's states after a reset.
    pub fn initial_states(&self) -> Result<Vec<TensorData>, InterpError> {
        self.module.states.iter().map(|state| self.initial(&state.init)).collect()
    }

    fn initial(&self, init: &Initial) -> Result<TensorData, InterpError> {
        let stream = |stream: &u64| Tensor::new(Vec::new(), Elements::I64(vec![*stream as i64]));
        let streams = init.streams.iter().map(stream).collect();
        let mut results = frame::run(self, init.function, &[], streams, &mut [], &[])?;
        count("results", 1, results.len())?;
        Ok(results.remove(0).to_data())
    }

    /// Runs the prologue on parameters given in checkpoint order.
    pub fn bind(&self, parameters: &[TensorData]) -> Result<Weights, InterpError> {
        count("parameters", self.module.parameters.len(), parameters.len())?;
        let tensor = |(parameter, data): (&tri_ir::Parameter, &TensorData)| {
            argument::fixed(
                Named { kind: "parameter", name: &parameter.name, axes: &[] },
                &parameter.ty,
                data,
            )
        };
        let parameters: Vec<Tensor> =
            self.module.parameters.iter().zip(parameters).map(tensor).collect::<Result<_, _>>()?;
        let bound = match self.module.prologue {
            Some(prologue) => frame::run(self, prologue, &[], parameters.clone(), &mut [], &[])?,
            None => Vec::new(),
        };
        Ok(Weights { parameters: parameters.into(), bound: bound.into() })
    }

    /// Weights of which every parameter has its initial value.
    pub fn bind_initial(&self) -> Result<Weights, InterpError> {
        self.bind(&self.initial_parameters()?)
    }

    /// Calls an entry. `states` are all states of the module, in its order; they change only if the call succeeds.
    pub fn call(
        &self,
        entry: &str,
        inputs: &[TensorData],
        weights: &Weights,
        states: &mut [TensorData],
    ) -> Result<Vec<TensorData>, InterpError> {
        let entry = self.module.entry(entry).ok_or_else(|| InterpError::NoEntry(entry.to_owned()))?;
        count("inputs", entry.inputs.len(), inputs.len())?;
        let (mut arguments, symbols) = self.inputs(entry, inputs)?;
        arguments.extend(entry.captures.iter().map(|capture| weights.capture(capture)));
        self.with_states(&self.state_types(), states, |all| {
            frame::run(self, entry.function, &symbols, arguments, all, &slots(&entry.states))
        })
    }

    /// The inputs as tensors, and the sizes that they give the function's symbols.
    fn inputs(&self, entry: &Entry, inputs: &[TensorData]) -> Result<(Vec<Tensor>, Vec<i64>), InterpError> {
        let mut sizes = Sizes::new(self.module.function(entry.function));
        let mut tensors = Vec::with_capacity(inputs.len());
        for (input, data) in entry.inputs.iter().zip(inputs) {
            let named = Named { kind: "input", name: &input.name, axes: &input.axes };
            let tensor = argument::tensor(named, &input.ty, data)?;
            sizes.learn(named, &input.ty, &tensor.shape)?;
            tensors.push(tensor);
        }
        for (input, tensor) in entry.inputs.iter().zip(&tensors) {
            let named = Named { kind: "input", name: &input.name, axes: &input.axes };
            sizes.hold(named, &input.ty, &tensor.shape)?;
        }
        Ok((tensors, sizes.finish()))
    }

    /// Runs a test block with the weights given and states in their initial values; one truth value for each check.
    pub fn run_test(&self, test: &Test, weights: &Weights) -> Result<Vec<bool>, InterpError> {
        let mut states = self.initial_states()?;
        let arguments = test.captures.iter().map(|capture| weights.capture(capture)).collect();
        let results = self.with_states(&self.state_types(), &mut states, |all| {
            frame::run(self, test.function, &[], arguments, all, &slots(&test.states))
        })?;
        Ok(results.iter().map(|result| result.bytes == [1]).collect())
    }

    /// Runs a function. `symbols` are sizes of the symbols that callers give; `states` are the function's own, in its
    /// order, and change only if it succeeds. Arguments must have the shapes that the sizes say.
    pub fn run_function(
        &self,
        id: FunctionId,
        symbols: &[i64],
        arguments: &[TensorData],
        states: &mut [TensorData],
    ) -> Result<Vec<TensorData>, InterpError> {
        let function = self.module.functions.get(id.index());
        let function = function.ok_or_else(|| InterpError::NoEntry(format!("#{}", id.0)))?;
        count("arguments", function.params.len(), arguments.len())?;
        let outer = function.symbols.iter().filter(|info| !info.bound_inside).count();
        count("sizes", outer, symbols.len())?;
        let sizes = Sizes::given(function, symbols);
        let mut tensors = Vec::with_capacity(arguments.len());
        for (index, (param, data)) in function.params.iter().zip(arguments).enumerate() {
            let name = index.to_string();
            let named = Named { kind: "argument", name: &name, axes: &[] };
            let ty = function.ty(*param);
            let tensor = argument::tensor(named, ty, data)?;
            sizes.hold(named, ty, &tensor.shape)?;
            tensors.push(tensor);
        }
        let own: Vec<usize> = (0..function.states.len()).collect();
        self.with_states(&function.states, states, |all| frame::run(self, id, symbols, tensors, all, &own))
    }

    fn state_types(&self) -> Vec<TensorType> {
        self.module.states.iter().map(|state| state.ty.clone()).collect()
    }

    /// Runs with states, then stores what became of them.
    fn with_states(
        &self,
        types: &[TensorType],
        states: &mut [TensorData],
        run: impl FnOnce(&mut [Tensor]) -> Result<Vec<Tensor>, InterpError>,
    ) -> Result<Vec<TensorData>, InterpError> {
        count("states", types.len(), states.len())?;
        let mut tensors = Vec::with_capacity(states.len());
        for (index, (ty, data)) in types.iter().zip(states.iter()).enumerate() {
            let name = index.to_string();
            tensors.push(argument::fixed(Named { kind: "state", name: &name, axes: &[] }, ty, data)?);
        }
        let results = run(&mut tensors)?;
        for (state, tensor) in states.iter_mut().zip(&tensors) {
            *state = tensor.to_data();
        }
        Ok(results.iter().map(Tensor::to_data).collect())
    }
}

fn slots(states: &[StateId]) -> Vec<usize> {
    states.iter().map(|state| state.index()).collect()
}
