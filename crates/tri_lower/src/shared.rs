//! Functions shared by calls that agree in everything static.
//!
//! The key of a call holds all that the function's instructions can depend on: the function, the layers it works on with
//! their generics and configuration (not which instances they are), generics and static arguments, where a size known
//! only at run time is just that. What differs between calls is given at the call: such sizes, tensors, and the weights
//! and states of the instances, found by their place below them.

use std::rc::Rc;
use std::sync::Arc;

use tri_hir::hir::{BodyOwner, Def, Fact, GenericKind, Owner, Signature, Type};
use tri_ir::{self as ir, DType, Dim, FunctionId, Op, Symbol, TensorType};

use crate::error::{Result, Stop};
use crate::eval::Frame;
use crate::function::{OpenFunction, Role};
use crate::instance::TensorId;
use crate::lowering::Lowering;
use crate::names::{Path, Step};
use crate::source_map::Callee;
use crate::value::{GenericValue, InstanceId, Value};

/// What the instructions of a function depend on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct CallKey {
    pub(crate) callee: Owner,
    pub(crate) this: Option<ShapeKey>,
    pub(crate) generics: Vec<GenericKey>,
    pub(crate) args: Vec<ArgKey>,
}

/// A layer with its generics and configuration: all that instances need to have the same structure.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ShapeKey {
    def: Def,
    generics: Vec<GenericValue>,
    config: Vec<ArgKey>,
}

/// A generic argument; `None` is a size known only at run time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum GenericKey {
    Dim(Option<i64>),
    Pack(Vec<Option<i64>>),
    Element(DType),
}

/// An argument; tensors by their place only, since generics say their type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ArgKey {
    Unit,
    Int(Option<i64>),
    Float(u64),
    Bool(bool),
    Str(Arc<str>),
    Axis(i32),
    RestAxes,
    Tensor,
    List(Vec<ArgKey>),
    Range(i64, i64),
    Function(Def),
    Layer(ShapeKey),
}

/// A weight or state by its place: which instance of the call, and the steps below it.
pub(crate) type Place = (usize, Vec<Step>);

/// A function of the module with what a call must give it.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) function: FunctionId,
    /// Weights, after the arguments.
    pub(crate) captures: Vec<Place>,
    /// One for each state of the function.
    pub(crate) states: Vec<Place>,
    /// The result, whose tensors number the function's results.
    pub(crate) result: Value,
}

impl Lowering<'_> {
    pub(crate) fn shape_key(&self, id: InstanceId) -> ShapeKey {
        let instance = &self.instances[id.index()];
        let config = instance.config.iter().map(|value| self.arg_key(value)).collect();
        ShapeKey { def: instance.def, generics: instance.generics.clone(), config }
    }

    pub(crate) fn arg_key(&self, value: &Value) -> ArgKey {
        match value {
            Value::Unit => ArgKey::Unit,
            Value::Int(dim) => ArgKey::Int(dim.as_constant()),
            Value::Float(x) => ArgKey::Float(x.to_bits()),
            Value::Bool(x) => ArgKey::Bool(*x),
            Value::Str(text) => ArgKey::Str(text.clone()),
            Value::Axis(axis) => ArgKey::Axis(*axis),
            Value::RestAxes => ArgKey::RestAxes,
            Value::Tensor(_) | Value::Scalar(_) => ArgKey::Tensor,
            Value::List(elements) => ArgKey::List(elements.iter().map(|value| self.arg_key(value)).collect()),
            Value::Range(lo, hi) => ArgKey::Range(*lo, *hi),
            Value::Function(def) => ArgKey::Function(*def),
            Value::Layer(id) => ArgKey::Layer(self.shape_key(*id)),
        }
    }

    /// The function for a key, built on first use. `instances` are those of the call in order, `this` first.
    pub(crate) fn shared_function(
        &mut self,
        key: CallKey,
        signature: &Signature,
        instances: &[InstanceId],
    ) -> Result<Rc<Shared>> {
        if let Some(shared) = self.shared.get(&key) {
            return Ok(shared.clone());
        }
        let shared = Rc::new(self.build(&key, signature, instances)?);
        self.shared.insert(key, shared.clone());
        Ok(shared)
    }

    fn build(&mut self, key: &CallKey, signature: &Signature, instances: &[InstanceId]) -> Result<Shared> {
        let name = self.function_name(&self.callee_name(key.callee, signature));
        let places: Vec<Path> =
            instances.iter().map(|id| self.instances[id.index()].site.path.clone()).collect();
        let mut open = OpenFunction::new(name, Role::Shared(places.clone()));
        let generics = self.inner_generics(&mut open, key, signature, instances)?;
        let mut rest = instances;
        let this = key.this.as_ref().and_then(|_| rest.split_off_first().copied());
        let mut args = Vec::with_capacity(key.args.len());
        for (param, arg) in signature.params.iter().zip(&key.args) {
            args.push(inner_static(&mut open, &param.name, arg, &mut rest)?);
        }
        let head = Frame::of_head(key.callee, this, generics.clone(), args.clone());
        self.narrow(&mut open, &head, &signature.facts)?;
        for (param, arg) in signature.params.iter().zip(&mut args) {
            *arg = self.inner_tensors(&mut open, &head, &param.ty, arg)?;
        }
        let inputs = open.builder.function().params.clone();
        self.open.push(open);
        let result = self.eval_function(key.callee, this, generics, args)?;
        let mut results = Vec::new();
        let result = self.number_results(&result, &mut results)?;
        let Some(open) = self.open.pop() else { return Err(Stop::Reported) };
        self.close(open, &places, inputs, results, result)
    }

    fn callee_name(&self, callee: Owner, signature: &Signature) -> String {
        match callee {
            Owner::Method(def, _) => format!("{}.{}", self.hir.layer(def).name, signature.name),
            _ => signature.name.to_string(),
        }
    }

    /// Generics inside the function: sizes known only at run time become symbols.
    fn inner_generics(
        &mut self,
        open: &mut OpenFunction,
        key: &CallKey,
        signature: &Signature,
        instances: &[InstanceId],
    ) -> Result<Vec<GenericValue>> {
        let mut values = Vec::with_capacity(key.generics.len());
        for (generic, value) in signature.generics.iter().zip(&key.generics) {
            let (min, max) = match &generic.kind {
                GenericKind::Dim(Some((low, high))) => {
                    let this = key.this.as_ref().and_then(|_| instances.first().copied());
                    let head = Frame::of_head(key.callee, this, Vec::new(), Vec::new());
                    let low = Value::Int(self.dim(&head, low)?);
                    let high = Value::Int(self.dim(&head, high)?);
                    (self.number(&low)?, Some(self.number(&high)?.saturating_sub(1)))
                }
                _ => (0, None),
            };
            let mut size = |size: &Option<i64>, name: &str| match size {
                Some(n) => Dim::constant(*n),
                None => Dim::var(open.symbol(name, min, max, false)),
            };
            values.push(match value {
                GenericKey::Dim(n) => GenericValue::Dim(size(n, &generic.name)),
                GenericKey::Pack(sizes) => {
                    GenericValue::Pack(sizes.iter().map(|n| size(n, &generic.name)).collect())
                }
                GenericKey::Element(dtype) => GenericValue::Element(*dtype),
            });
        }
        Ok(values)
    }

    /// Conditions that bound a size by a number are limits of its symbol.
    fn narrow(&self, open: &mut OpenFunction, head: &Frame, facts: &[Fact]) -> Result<()> {
        for fact in facts {
            let Fact::AtMost(a, b) = fact else { continue };
            let (a, b) = (self.dim(head, a)?, self.dim(head, b)?);
            let symbols = &mut open.builder.function_mut().symbols;
            if let (Some(n), Some(symbol)) = (a.as_constant(), b.as_var()) {
                let info = &mut symbols[symbol.index()];
                info.min = info.min.max(n);
            } else if let (Some(symbol), Some(n)) = (a.as_var(), b.as_constant()) {
                let info = &mut symbols[symbol.index()];
                info.max = Some(info.max.map_or(n, |max| max.min(n)));
            }
        }
        let symbols = &open.builder.function().symbols;
        match symbols.iter().find(|info| info.max.is_some_and(|max| max < info.min)) {
            Some(info) => Err(self.invalid(format!("no size lies in the bounds of `{}`", info.name))),
            None => Ok(()),
        }
    }

    /// Puts the function's parameters where an argument has tensors.
    fn inner_tensors(&self, open: &mut OpenFunction, head: &Frame, ty: &Type, arg: &Value) -> Result<Value> {
        match (ty, arg) {
            (Type::Tensor(..), _) => Ok(Value::Tensor(open.builder.param(self.tensor_type(head, ty)?))),
            (Type::Tuple(types), Value::List(values)) => {
                let parts = types.iter().zip(values.iter());
                let parts = parts.map(|(ty, value)| self.inner_tensors(open, head, ty, value));
                Ok(Value::List(parts.collect::<Result<_>>()?))
            }
            (Type::Array(ty, _), Value::List(values)) => {
                let parts = values.iter().map(|value| self.inner_tensors(open, head, ty, value));
                Ok(Value::List(parts.collect::<Result<_>>()?))
            }
            _ => Ok(arg.clone()),
        }
    }

    /// The result with its tensors numbered in order.
    fn number_results(&mut self, value: &Value, results: &mut Vec<ir::Value>) -> Result<Value> {
        match value {
            Value::Tensor(_) | Value::Scalar(_) => {
                let tensor = self.tensor(value)?;
                results.push(tensor);
                Ok(Value::Tensor(ir::Value(results.len() as u32 - 1)))
            }
            Value::List(elements) => {
                let parts = elements.iter().map(|element| self.number_results(element, results));
                Ok(Value::List(parts.collect::<Result<_>>()?))
            }
            Value::Unit => Ok(Value::Unit),
            other => Err(self.unsupported(&format!("a function that gives {} beside tensors", other.kind()))),
        }
    }

    /// Orders weights and states as members are, and adds the function to the module.
    fn close(
        &mut self,
        open: OpenFunction,
        places: &[Path],
        mut params: Vec<ir::Value>,
        results: Vec<ir::Value>,
        result: Value,
    ) -> Result<Shared> {
        let mut captures = Vec::with_capacity(open.captures.len());
        for (tensor, value) in &open.captures {
            captures.push((self.place_below(places, *tensor)?, *value));
        }
        captures.sort_by(|a, b| a.0.cmp(&b.0));
        let mut states = Vec::with_capacity(open.states.len());
        for tensor in open.states.keys() {
            states.push((self.place_below(places, *tensor)?, *tensor));
        }
        states.sort_by(|a, b| a.0.cmp(&b.0));
        params.extend(captures.iter().map(|(_, value)| *value));
        let order: Vec<TensorId> = states.iter().map(|(_, tensor)| *tensor).collect();
        let function = self.add_function(open.finish(&params, &order, results));
        let captures = captures.into_iter().map(|(place, _)| place).collect();
        let states = states.into_iter().map(|(place, _)| place).collect();
        Ok(Shared { function, captures, states, result })
    }

    fn place_below(&self, places: &[Path], tensor: TensorId) -> Result<Place> {
        let path = &self.tensors[tensor.index()].site.path;
        let mut found = places.iter().enumerate();
        let place = found.find_map(|(slot, place)| Some((slot, place.steps_to(path)?.to_vec())));
        place.ok_or(Stop::Reported)
    }

    /// Evaluates the body of a function.
    pub(crate) fn eval_function(
        &mut self,
        owner: Owner,
        this: Option<InstanceId>,
        generics: Vec<GenericValue>,
        args: Vec<Value>,
    ) -> Result<Value> {
        let owner = BodyOwner::Function(owner);
        let body = self.hir.body(owner);
        self.eval_root(&mut Frame::new(owner, body, this, generics, args))
    }

    /// Calls a shared function. `sizes` are those of its symbols.
    pub(crate) fn emit_call(
        &mut self,
        shared: &Shared,
        called: Callee,
        instances: &[InstanceId],
        sizes: Vec<Dim>,
        mut args: Vec<ir::Value>,
    ) -> Result<Value> {
        for (slot, steps) in &shared.captures {
            let tensor = self.resolve(instances[*slot], steps)?;
            args.push(self.read(tensor)?);
        }
        let mut states = Vec::with_capacity(shared.states.len());
        for (slot, steps) in &shared.states {
            let tensor = self.resolve(instances[*slot], steps)?;
            states.push(self.state(tensor)?);
        }
        let callee = &self.functions[shared.function.index()];
        let results = callee.results.iter().map(|result| substitute(callee.ty(*result), &sizes));
        let Some(types) = results.collect::<Option<Vec<TensorType>>>() else {
            return Err(self.unsupported("a function whose result has a size bound inside"));
        };
        self.note_callee(called)?;
        let op = Op::Call { function: shared.function, symbols: sizes, states };
        let results = self.emit_all(op, args, types)?;
        Ok(placed(&shared.result, &results))
    }
}

/// A static argument inside the function.
fn inner_static(
    open: &mut OpenFunction,
    name: &str,
    arg: &ArgKey,
    instances: &mut &[InstanceId],
) -> Result<Value> {
    Ok(match arg {
        ArgKey::Unit | ArgKey::Tensor => Value::Unit,
        ArgKey::Int(Some(n)) => Value::int(*n),
        ArgKey::Int(None) => Value::Int(Dim::var(open.symbol(name, 0, None, false))),
        ArgKey::Float(bits) => Value::Float(f64::from_bits(*bits)),
        ArgKey::Bool(x) => Value::Bool(*x),
        ArgKey::Str(text) => Value::Str(text.clone()),
        ArgKey::Axis(axis) => Value::Axis(*axis),
        ArgKey::RestAxes => Value::RestAxes,
        ArgKey::Range(lo, hi) => Value::Range(*lo, *hi),
        ArgKey::Function(def) => Value::Function(*def),
        ArgKey::Layer(_) => Value::Layer(*instances.split_off_first().ok_or(Stop::Reported)?),
        ArgKey::List(elements) => {
            let elements = elements.iter().map(|element| inner_static(open, name, element, instances));
            Value::List(elements.collect::<Result<_>>()?)
        }
    })
}

/// A type of the callee in the caller's sizes.
fn substitute(ty: &TensorType, sizes: &[Dim]) -> Option<TensorType> {
    let size = |symbol: &Symbol| sizes.get(symbol.index()).cloned().ok_or(tri_dims::DimError::Unbound);
    let shape = ty.shape.iter().map(|dim| dim.substitute(&mut |symbol| size(symbol)).ok());
    Some(TensorType { shape: shape.collect::<Option<_>>()?, ..ty.clone() })
}

/// The result of a call with its tensors in the caller.
fn placed(result: &Value, tensors: &[ir::Value]) -> Value {
    match result {
        Value::Tensor(number) => Value::Tensor(tensors[number.index()]),
        Value::List(elements) => {
            Value::List(elements.iter().map(|element| placed(element, tensors)).collect())
        }
        other => other.clone(),
    }
}
