//! Functions under construction: instructions, and the weights and states that they turn out to need.

use rustc_hash::FxHashMap;
use tri_ir::{
    self as ir, DType, Function, FunctionBuilder, Op, Scalar, Shape, StateId, Symbol, SymbolInfo, TensorType,
    TestCheck,
};

use crate::error::Result;
use crate::instance::{Lifetime, TensorId};
use crate::lowering::Lowering;
use crate::names::Path;

/// What a function is for, which decides how it gets at weights.
#[derive(Debug)]
pub(crate) enum Role {
    /// It is called with the weights of instances at these places.
    Shared(Vec<Path>),
    /// It gives the initial value of the member with this path.
    Init(String),
    /// It is a test.
    Test,
}

/// A stream of random numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stream {
    /// Which sequence it is for the member at hand.
    pub(crate) number: u64,
    /// What was asked for, if it belongs to that member and not to one that its value is made of.
    pub(crate) own: Option<u64>,
}

/// A function under construction.
#[derive(Debug)]
pub(crate) struct OpenFunction {
    pub(crate) builder: FunctionBuilder,
    pub(crate) role: Role,
    /// Weights with the values that they are here.
    pub(crate) captures: FxHashMap<TensorId, ir::Value>,
    /// States with the numbers that they have here.
    pub(crate) states: FxHashMap<TensorId, StateId>,
    /// Streams of random numbers that an initial value takes, in the order of its parameters.
    pub(crate) streams: Vec<(Stream, ir::Value)>,
    /// Asserted truth values of a test.
    pub(crate) checks: Vec<(ir::Value, TestCheck)>,
}

impl OpenFunction {
    pub(crate) fn new(name: String, role: Role) -> Self {
        let builder = FunctionBuilder::new(name);
        let (captures, states) = (FxHashMap::default(), FxHashMap::default());
        OpenFunction { builder, role, captures, states, streams: Vec::new(), checks: Vec::new() }
    }

    /// Adds a symbol, under a name that no other has.
    pub(crate) fn symbol(&mut self, name: &str, min: i64, max: Option<i64>, bound_inside: bool) -> Symbol {
        let taken = &self.builder.function().symbols;
        let is_free = |name: &str| taken.iter().all(|info| info.name != name);
        let mut unique = name.to_owned();
        let mut n = 2;
        while !is_free(&unique) {
            unique = format!("{name}{n}");
            n += 1;
        }
        self.builder.symbol(SymbolInfo { name: unique, min, max, bound_inside })
    }

    /// The finished function: operands in the order of `params`, states in the order of `states`, both permutations of what the
    /// function has.
    pub(crate) fn finish(
        self,
        params: &[ir::Value],
        states: &[TensorId],
        results: Vec<ir::Value>,
    ) -> Function {
        let old: Vec<StateId> = states.iter().map(|tensor| self.states[tensor]).collect();
        let state_of: FxHashMap<StateId, StateId> =
            old.iter().zip(0..).map(|(old, new)| (*old, StateId(new))).collect();
        let mut function = self.builder.finish(results);
        function.states = old.iter().map(|old| function.states[old.index()].clone()).collect();
        renumber(&mut function, params, &state_of);
        function
    }
}

/// Numbers values anew: parameters first, then results of instructions in order.
fn renumber(function: &mut Function, params: &[ir::Value], states: &FxHashMap<StateId, StateId>) {
    let defined = function.insts.iter().flat_map(|inst| inst.results.iter());
    let order: Vec<ir::Value> = params.iter().chain(defined).copied().collect();
    let mut new = vec![ir::Value(0); function.values.len()];
    for (at, old) in (0..).zip(&order) {
        new[old.index()] = ir::Value(at);
    }
    let rename = |values: &mut Vec<ir::Value>| {
        for value in values {
            *value = new[value.index()];
        }
    };
    function.values = order.iter().map(|old| function.values[old.index()].clone()).collect();
    function.params = params.to_vec();
    rename(&mut function.params);
    rename(&mut function.results);
    for inst in &mut function.insts {
        rename(&mut inst.args);
        rename(&mut inst.results);
        match &mut inst.op {
            Op::StateRead { state } | Op::StateWrite { state, .. } => *state = states[state],
            Op::Call { states: passed, .. } => passed.iter_mut().for_each(|state| *state = states[state]),
            _ => {}
        }
    }
}

impl Lowering<'_> {
    /// The function that instructions go to.
    pub(crate) fn current(&mut self) -> Result<&mut OpenFunction> {
        if self.open.is_empty() {
            return Err(self.unsupported("a tensor in a static value"));
        }
        let last = self.open.len() - 1;
        Ok(&mut self.open[last])
    }

    /// Adds an instruction whose result types are given.
    pub(crate) fn emit_all(
        &mut self,
        op: Op,
        args: Vec<ir::Value>,
        types: Vec<TensorType>,
    ) -> Result<Vec<ir::Value>> {
        self.instructions += 1;
        if self.instructions > self.options.limits.instructions {
            return Err(self.too_large("the model needs more instructions than the compiler makes"));
        }
        let origin = self.source_map.origin(self.here);
        let builder = &mut self.current()?.builder;
        builder.set_origin(Some(origin));
        Ok(builder.push(op, args, types))
    }

    /// Adds an instruction with one result of the type given.
    pub(crate) fn emit_as(&mut self, op: Op, args: Vec<ir::Value>, ty: TensorType) -> Result<ir::Value> {
        let operands: Vec<&TensorType> = {
            let builder = &self.current()?.builder;
            args.iter().map(|arg| builder.ty(*arg)).collect()
        };
        if let Err(error) = ir::check(&op, &operands, &[&ty]) {
            return Err(self.type_error(op.name(), &error));
        }
        let results = self.emit_all(op, args, vec![ty])?;
        Ok(results[0])
    }

    /// Adds an instruction whose result types follow from its operands.
    pub(crate) fn emit_results(&mut self, op: Op, args: Vec<ir::Value>) -> Result<Vec<ir::Value>> {
        let inferred = {
            let builder = &self.current()?.builder;
            let operands: Vec<&TensorType> = args.iter().map(|arg| builder.ty(*arg)).collect();
            ir::infer(&op, &operands)
        };
        match inferred {
            Ok(Some(types)) => self.emit_all(op, args, types),
            Ok(None) => Err(self.type_error(op.name(), &ir::TypeError::Undetermined)),
            Err(error) => Err(self.type_error(op.name(), &error)),
        }
    }

    /// The same for one result.
    pub(crate) fn emit(&mut self, op: Op, args: Vec<ir::Value>) -> Result<ir::Value> {
        let results = self.emit_results(op, args)?;
        Ok(results[0])
    }

    /// Type of a value of the current function.
    pub(crate) fn type_of(&mut self, value: ir::Value) -> Result<TensorType> {
        Ok(self.current()?.builder.ty(value).clone())
    }

    /// Sizes of a value of the current function.
    pub(crate) fn shape_of(&mut self, value: ir::Value) -> Result<Shape> {
        Ok(self.type_of(value)?.shape)
    }

    /// The value of a tensor member in the current function.
    pub(crate) fn read(&mut self, tensor: TensorId) -> Result<ir::Value> {
        let member = &self.tensors[tensor.index()];
        let ty = member.ty.clone();
        if member.lifetime == Lifetime::State {
            let state = self.state(tensor)?;
            return self.emit_as(Op::StateRead { state }, Vec::new(), ty);
        }
        if let Some(value) = self.current()?.captures.get(&tensor) {
            return Ok(*value);
        }
        self.check_reachable(tensor)?;
        let value = match self.current()?.role {
            Role::Shared(_) => self.current()?.builder.param(ty),
            Role::Init(_) | Role::Test => {
                let init = self.initial_value(tensor)?;
                let mut streams = Vec::with_capacity(init.streams.len());
                for number in init.streams {
                    streams.push(self.stream(Stream { number, own: None })?);
                }
                let op = Op::Call { function: init.function, symbols: Vec::new(), states: Vec::new() };
                self.emit_all(op, streams, vec![ty])?[0]
            }
        };
        self.current()?.captures.insert(tensor, value);
        Ok(value)
    }

    /// The number of a stream as a value: an initial value takes it, so that others share the function; elsewhere it is constant.
    pub(crate) fn stream(&mut self, stream: Stream) -> Result<ir::Value> {
        let ty = TensorType::scalar(DType::I64);
        let open = self.current()?;
        if !matches!(open.role, Role::Init(_)) {
            let number = Scalar::from_bits(DType::I64, stream.number);
            return self.emit_as(Op::Constant(number), Vec::new(), ty);
        }
        if let Some((_, value)) = open.streams.iter().find(|(known, _)| *known == stream) {
            return Ok(*value);
        }
        let value = open.builder.param(ty);
        open.streams.push((stream, value));
        Ok(value)
    }

    /// The number that a state has in the current function.
    pub(crate) fn state(&mut self, tensor: TensorId) -> Result<StateId> {
        self.check_reachable(tensor)?;
        let ty = self.tensors[tensor.index()].ty.clone();
        let function = self.current()?;
        if let Some(state) = function.states.get(&tensor) {
            return Ok(*state);
        }
        let state = StateId(function.states.len() as u32);
        function.states.insert(tensor, state);
        function.builder.function_mut().states.push(ty);
        Ok(state)
    }

    /// A shared function gets only weights of the instances that it is called with.
    fn check_reachable(&mut self, tensor: TensorId) -> Result<()> {
        let path = self.tensors[tensor.index()].site.path.clone();
        match &self.current()?.role {
            Role::Shared(places) if !places.iter().any(|place| place.steps_to(&path).is_some()) => {
                Err(self.unsupported("a weight of a layer that is made inside a function"))
            }
            _ => Ok(()),
        }
    }
}
