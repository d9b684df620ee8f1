//! The model: which one, its weights and states, and their initial values.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use tri_diagnostics::{Code, Diagnostic, Span, TextRange};
use tri_hir::hir::{BodyOwner, Def, Owner, Param, Type};
use tri_ir::{
    self as ir, Initial, Module, Parameter, ParameterId, ParameterKind, State, StateId, TensorType,
};

use crate::error::{Result, Stop};
use crate::eval::Frame;
use crate::function::{OpenFunction, Role, Stream};
use crate::instance::{Lifetime, TensorId};
use crate::lowering::Lowering;
use crate::names::random_stream;
use crate::value::{InstanceId, Value};

/// What a tensor of the model is in the module.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stored {
    Parameter(ParameterId),
    State(StateId),
}

impl Lowering<'_> {
    /// The model to lower: the one asked for, or the only one; none if the file has none.
    pub(crate) fn choose_model(&self, models: &[(Def, Arc<str>)]) -> Result<Option<Def>> {
        let wanted = self.options.model.as_deref();
        let names = || models.iter().map(|(_, name)| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let message = match (wanted, models) {
            (None, []) => return Ok(None),
            (None, [(model, _)]) => return Ok(Some(*model)),
            (None, _) => format!("this file has several models, and none was chosen: {}", names()),
            (Some(wanted), _) => match models.iter().find(|(_, name)| &**name == wanted) {
                Some((model, _)) => return Ok(Some(*model)),
                None if models.is_empty() => format!("there is no model `{wanted}`: the file has no model"),
                None => format!("there is no model `{wanted}`: the file has {}", names()),
            },
        };
        let start = Span::new(self.file.id(self.hir.db), TextRange::empty(0));
        Err(Stop::Diagnostic(Box::new(Diagnostic::error(Code::E2904, start, message))))
    }

    /// The instance of the model, root 0.
    pub(crate) fn model_instance(&mut self, model: Def) -> Result<InstanceId> {
        let layer = self.hir.layer(model);
        if !layer.generics.is_empty() {
            return Err(self.unsupported("a model with dims in brackets"));
        }
        let given = self.hir.db.options().configuration(self.hir.db);
        let is_open = |param: &&Param| !param.has_default && !given.contains_key(&*param.name);
        if let Some(param) = layer.config.iter().find(is_open) {
            let name = &param.name;
            let message =
                format!("the configuration `{name}` of the model has no default and was given no value");
            return Err(self.invalid(message));
        }
        self.check_chosen(model, &layer.config)?;
        self.new_instance(model, Vec::new(), Vec::new(), None)
    }

    /// What the user gives for a configuration of the model in place of its default, as far as it is of the right type.
    pub(crate) fn chosen_value(&self, def: Def, param: &Param) -> Option<Value> {
        let text = self.hir.db.options().configuration(self.hir.db).get(&*param.name)?;
        if self.chosen != Some(def) {
            return None;
        }
        match &param.ty {
            Type::Bool => text.parse().ok().map(Value::Bool),
            Type::Int(_) => text.parse().ok().map(Value::int),
            Type::Float => text.parse().ok().map(Value::Float),
            Type::Str => Some(Value::Str(text.as_str().into())),
            _ => None,
        }
    }

    /// Whether what the user gives for configurations of the model is of their types.
    fn check_chosen(&self, model: Def, params: &[Param]) -> Result<()> {
        let given = self.hir.db.options().configuration(self.hir.db);
        for param in params {
            let Some(text) = given.get(&*param.name) else { continue };
            if self.chosen_value(model, param).is_some() {
                continue;
            }
            let expected = match &param.ty {
                Type::Bool => "`true` or `false`",
                Type::Int(_) => "an integer",
                Type::Float => "a number",
                _ => "nothing from outside the program, since it is no number, truth value or string",
            };
            return Err(
                self.invalid(format!("`{text}` was given for `{}`, which takes {expected}", param.name))
            );
        }
        Ok(())
    }

    /// Declares the weights and states of the model in the module. Gives what each tensor became.
    pub(crate) fn declare_tensors(
        &mut self,
        model: InstanceId,
        module: &mut Module,
    ) -> Result<FxHashMap<TensorId, Stored>> {
        let mut tensors = Vec::new();
        self.tensors_below(model, &mut tensors)?;
        let (mut stored, mut names) = (FxHashMap::default(), FxHashSet::default());
        for tensor in tensors {
            if stored.contains_key(&tensor) {
                continue;
            }
            let init = self.initial_value(tensor)?;
            let member = &self.tensors[tensor.index()];
            let (name, ty) = (member.site.checkpoint.clone(), member.ty.clone());
            let kind = match member.lifetime {
                Lifetime::Parameter => ParameterKind::Trained,
                Lifetime::Buffer => ParameterKind::Buffer,
                Lifetime::State => {
                    let id = StateId(module.states.len() as u32);
                    module.states.push(State { name: member.site.label.clone(), ty, init });
                    self.module_states.insert(tensor, id);
                    stored.insert(tensor, Stored::State(id));
                    continue;
                }
            };
            if !names.insert(name.clone()) {
                self.here = self.hir.member_place(self.instances[member.instance.index()].def, member.member);
                return Err(self.invalid(format!("two parameters are called `{name}` in the checkpoint")));
            }
            let id = ParameterId(module.parameters.len() as u32);
            module.parameters.push(Parameter { name, ty, kind, init });
            stored.insert(tensor, Stored::Parameter(id));
        }
        Ok(stored)
    }

    /// The initial value of a tensor.
    pub(crate) fn initial_value(&mut self, tensor: TensorId) -> Result<Initial> {
        let member = self.tensors[tensor.index()].clone();
        if let Some(init) = member.init {
            return Ok(init);
        }
        let shape = (member.member, self.shape_key(member.instance));
        if let Some((function, asked)) = self.initial_shapes.get(&shape) {
            let streams = asked.iter().map(|asked| random_stream(&member.site.label, *asked)).collect();
            let init = Initial { function: *function, streams };
            self.tensors[tensor.index()].init = Some(init.clone());
            return Ok(init);
        }
        let name = format!("init.{}", member.site.label);
        self.open.push(OpenFunction::new(String::new(), Role::Init(member.site.label.clone())));
        let def = self.instances[member.instance.index()].def;
        let owner = BodyOwner::MemberValue(def, member.member);
        let value = self.nested(|lowering| {
            let value = lowering.eval_body(owner, Some(member.instance), None)?;
            lowering.initial_tensor(value, &member.ty)
        })?;
        let Some(open) = self.open.pop() else { return Err(Stop::Reported) };
        let (streams, params): (Vec<Stream>, Vec<ir::Value>) = open.streams.iter().copied().unzip();
        let mut function = open.finish(&params, &[], vec![value]);
        // Equal initial values are one function: their instructions are compared without the name.
        let id = match self.initial_values.get(&function) {
            Some(id) => *id,
            None => {
                let key = function.clone();
                function.name = self.function_name(&name);
                let id = self.add_function(function);
                self.initial_values.insert(key, id);
                id
            }
        };
        if let Some(asked) = streams.iter().map(|stream| stream.own).collect() {
            self.initial_shapes.insert(shape, (id, asked));
        }
        let init = Initial { function: id, streams: streams.iter().map(|stream| stream.number).collect() };
        self.tensors[tensor.index()].init = Some(init.clone());
        Ok(init)
    }

    /// What is written after `=` as a tensor of the member's type: a tensor, a number for all elements, or a function of no
    /// arguments that gives any shape.
    fn initial_tensor(&mut self, value: Value, ty: &TensorType) -> Result<ir::Value> {
        let value = match value {
            Value::Function(def) => self.call_for_type(Owner::Function(def), ty)?,
            Value::Int(_) | Value::Float(_) | Value::Bool(_) => self.splat(value, ty.dtype)?,
            other => other,
        };
        self.broadcast(&value, &ty.shape)
    }

    fn call_for_type(&mut self, owner: Owner, ty: &TensorType) -> Result<Value> {
        let signature = self.hir.signature(owner);
        let generics = self.infer_generics(owner, &signature, &[], Some(ty))?;
        let args = self.complete(owner, None, &generics, signature.params.len(), Vec::new())?;
        if signature.intrinsic {
            let frame = Frame::of_head(owner, None, generics.clone(), args.clone());
            return self.intrinsic(&frame, &signature, &generics, args, &signature.result);
        }
        self.call(owner, None, &signature, generics, args)
    }

    /// The tensor of the model that is where `tensor` is in a tree of the same structure.
    pub(crate) fn counterpart(&mut self, tensor: TensorId) -> Result<Option<TensorId>> {
        let path = self.tensors[tensor.index()].site.path.clone();
        let (Some(model), Some(root)) = (self.model, self.roots.get(path.root as usize).copied()) else {
            return Ok(None);
        };
        if self.shape_key(model) != self.shape_key(root) {
            return Ok(None);
        }
        self.resolve(model, &path.steps).map(Some)
    }
}
