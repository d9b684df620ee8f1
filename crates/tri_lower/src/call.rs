//! Calls: of functions, of methods, of function values; which are shared and which are inlined.

use std::sync::Arc;

use tri_hir::hir::{
    Axis, Block, BodyOwner, Def, DimVar, Element, ExprId, GenericArg, MemberKind, Owner, Signature, Stmt,
    Type,
};
use tri_ir::{self as ir, Dim, TensorType};

use crate::entry::is_entry;
use crate::error::{Result, Stop};
use crate::eval::Frame;
use crate::function::Role;
use crate::lowering::Lowering;
use crate::shared::{CallKey, GenericKey};
use crate::value::{GenericValue, InstanceId, Value};

/// Expressions that a function of the standard library may have to be inlined.
const SMALL: usize = 40;

impl Lowering<'_> {
    /// A call of a function item.
    pub(crate) fn eval_call(
        &mut self,
        frame: &mut Frame,
        function: Def,
        generics: &[GenericArg],
        args: &[Option<ExprId>],
        ty: &Type,
    ) -> Result<Value> {
        let owner = Owner::Function(function);
        let signature = self.hir.signature(owner);
        let generics = self.generics(frame, generics)?;
        let args = self.arguments(frame, owner, None, &generics, args)?;
        if signature.intrinsic {
            return self.operation(frame, &signature, &generics, args, ty);
        }
        self.call(owner, None, &signature, generics, args)
    }

    /// A call of an operation of the language.
    fn operation(
        &mut self,
        frame: &Frame,
        signature: &Signature,
        generics: &[GenericValue],
        args: Vec<Value>,
        ty: &Type,
    ) -> Result<Value> {
        let Some(open) = self.open.last() else {
            return self.intrinsic(frame, signature, generics, args, ty);
        };
        let first = open.builder.function().insts.len() as u32;
        let callee = self.callee(None, signature, &args)?;
        let value = self.intrinsic(frame, signature, generics, args, ty)?;
        self.note_inlined(first, callee)?;
        Ok(value)
    }

    /// A call of a layer's function.
    pub(crate) fn eval_method(
        &mut self,
        frame: &mut Frame,
        base: Option<ExprId>,
        member: u32,
        generics: &[GenericArg],
        args: &[Option<ExprId>],
    ) -> Result<Value> {
        let this = self.base(frame, base)?;
        let (owner, signature) = self.method(this, member)?;
        let generics = self.generics(frame, generics)?;
        let args = self.arguments(frame, owner, Some(this), &generics, args)?;
        self.call(owner, Some(this), &signature, generics, args)
    }

    /// The function member of an instance.
    pub(crate) fn method(&self, this: InstanceId, member: u32) -> Result<(Owner, Arc<Signature>)> {
        let instance = &self.instances[this.index()];
        match instance.layer.members.get(member as usize).map(|member| &member.kind) {
            Some(MemberKind::Function(signature)) => {
                Ok((Owner::Method(instance.def, member), signature.clone()))
            }
            _ => Err(Stop::Reported),
        }
    }

    /// A call of a function value; its generics follow from the arguments.
    pub(crate) fn eval_call_value(
        &mut self,
        frame: &mut Frame,
        function: ExprId,
        args: &[ExprId],
        ty: &Type,
    ) -> Result<Value> {
        let function = match self.eval(frame, function)? {
            Value::Function(def) => def,
            // Calling an instance is calling its `forward`.
            Value::Layer(this) => {
                let args = self.eval_all(frame, args)?;
                return self.forward(this, args);
            }
            other => return Err(self.invalid(format!("{} cannot be called", other.kind()))),
        };
        let given = self.eval_all(frame, args)?;
        let owner = Owner::Function(function);
        let signature = self.hir.signature(owner);
        let types = self.arg_types(&given)?;
        let generics = self.infer_generics(owner, &signature, &types, None)?;
        let args = self.complete(owner, None, &generics, signature.params.len(), given)?;
        if signature.intrinsic {
            return self.operation(frame, &signature, &generics, args, ty);
        }
        self.call(owner, None, &signature, generics, args)
    }

    fn forward(&mut self, this: InstanceId, given: Vec<Value>) -> Result<Value> {
        let (owner, signature) = self.forward_of(this)?;
        let types = self.arg_types(&given)?;
        let generics = self.infer_generics(owner, &signature, &types, None)?;
        let args = self.complete(owner, Some(this), &generics, signature.params.len(), given)?;
        self.call(owner, Some(this), &signature, generics, args)
    }

    /// The function that calling an instance means.
    pub(crate) fn forward_of(&self, this: InstanceId) -> Result<(Owner, Arc<Signature>)> {
        let members = &self.instances[this.index()].layer.members;
        let member = members.iter().position(|member| &*member.name == "forward");
        self.method(this, member.ok_or(Stop::Reported)? as u32)
    }

    /// Arguments with defaults where none are given.
    fn arguments(
        &mut self,
        frame: &mut Frame,
        owner: Owner,
        this: Option<InstanceId>,
        generics: &[GenericValue],
        args: &[Option<ExprId>],
    ) -> Result<Vec<Value>> {
        let mut values = Vec::with_capacity(args.len());
        for (index, arg) in args.iter().enumerate() {
            let value = match arg {
                Some(arg) => self.eval(frame, *arg)?,
                None => self.default_value(owner, index, this, generics.to_vec(), values.clone())?,
            };
            values.push(value);
        }
        Ok(values)
    }

    /// Arguments with defaults after those given.
    pub(crate) fn complete(
        &mut self,
        owner: Owner,
        this: Option<InstanceId>,
        generics: &[GenericValue],
        count: usize,
        mut values: Vec<Value>,
    ) -> Result<Vec<Value>> {
        for index in values.len()..count {
            let value = self.default_value(owner, index, this, generics.to_vec(), values.clone())?;
            values.push(value);
        }
        Ok(values)
    }

    /// A call with everything in place: of a shared function, or inlined.
    pub(crate) fn call(
        &mut self,
        owner: Owner,
        this: Option<InstanceId>,
        signature: &Signature,
        generics: Vec<GenericValue>,
        args: Vec<Value>,
    ) -> Result<Value> {
        let here = self.here;
        let result = self.call_inside(owner, this, signature, generics, args);
        result.map_err(|stop| self.called_at(stop, here, owner, this))
    }

    fn call_inside(
        &mut self,
        owner: Owner,
        this: Option<InstanceId>,
        signature: &Signature,
        generics: Vec<GenericValue>,
        args: Vec<Value>,
    ) -> Result<Value> {
        let mut instances: Vec<InstanceId> = this.into_iter().collect();
        args.iter().for_each(|arg| layers_in(arg, &mut instances));
        if self.open.is_empty() {
            return self.eval_function(owner, this, generics, args);
        }
        let callee = self.callee(this, signature, &args)?;
        if !self.is_shared(owner, signature, &instances) {
            let first = self.current()?.builder.function().insts.len() as u32;
            let value = self.eval_function(owner, this, generics, args)?;
            self.note_inlined(first, callee)?;
            return Ok(value);
        }
        let mut sizes = Vec::new();
        let general = self.is_tested_entry(owner, signature);
        let generic_keys = generics.iter().map(|generic| generic_key(generic, general, &mut sizes)).collect();
        let mut tensors = Vec::new();
        for arg in &args {
            self.dynamic_parts(arg, &mut sizes, &mut tensors)?;
        }
        let key = CallKey {
            callee: owner,
            this: this.map(|this| self.shape_key(this)),
            generics: generic_keys,
            args: args.iter().map(|arg| self.arg_key(arg)).collect(),
        };
        let shared = self.shared_function(key, signature, &instances)?;
        self.emit_call(&shared, callee, &instances, sizes, tensors)
    }

    /// Whether a call is one of a function that other calls share.
    fn is_shared(&self, owner: Owner, signature: &Signature, instances: &[InstanceId]) -> bool {
        // The random numbers of an initial value depend on the member's path.
        let in_init = self.open.iter().any(|open| matches!(open.role, Role::Init(_)));
        if self.open.is_empty() || in_init || !is_made_of_tensors(&signature.result) {
            return false;
        }
        let path = |id: &InstanceId| &self.instances[id.index()].site.path;
        let overlap = instances.iter().enumerate().any(|(at, id)| {
            let others = instances[..at].iter().map(path);
            others
                .into_iter()
                .any(|other| other.steps_to(path(id)).is_some() || path(id).steps_to(other).is_some())
        });
        !overlap && !self.is_inlined(owner)
    }

    /// Small functions of the standard library are like operations.
    fn is_inlined(&self, owner: Owner) -> bool {
        let Owner::Function(def) = owner else { return false };
        if !self.hir.is_library(def) {
            return false;
        }
        let body = self.hir.body(BodyOwner::Function(owner));
        body.exprs.len() <= SMALL && !has_loop(&body.root)
    }

    /// A test calls an entry point as the outside does, with sizes that the function does not know.
    fn is_tested_entry(&self, owner: Owner, signature: &Signature) -> bool {
        let in_test = self.open.last().is_some_and(|open| matches!(open.role, Role::Test));
        match owner {
            Owner::Method(def, _) => in_test && self.hir.layer(def).is_model && is_entry(signature),
            _ => false,
        }
    }

    /// Sizes known only at run time, and tensors, of an argument.
    fn dynamic_parts(
        &mut self,
        arg: &Value,
        sizes: &mut Vec<Dim>,
        tensors: &mut Vec<ir::Value>,
    ) -> Result<()> {
        match arg {
            Value::Int(dim) if dim.as_constant().is_none() => sizes.push(dim.clone()),
            Value::Tensor(_) | Value::Scalar(_) => {
                let tensor = self.tensor(arg)?;
                tensors.push(tensor);
            }
            Value::List(elements) => {
                for element in elements.iter() {
                    self.dynamic_parts(element, sizes, tensors)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Types of the arguments that are tensors.
    fn arg_types(&mut self, args: &[Value]) -> Result<Vec<Option<TensorType>>> {
        let mut types = Vec::with_capacity(args.len());
        for arg in args {
            types.push(match arg {
                Value::Tensor(tensor) => Some(self.type_of(*tensor)?),
                Value::Scalar(scalar) => Some(TensorType::scalar(scalar.dtype())),
                _ => None,
            });
        }
        Ok(types)
    }

    /// Generics that follow from the types of arguments, or from the type of the result.
    pub(crate) fn infer_generics(
        &self,
        owner: Owner,
        signature: &Signature,
        args: &[Option<TensorType>],
        result: Option<&TensorType>,
    ) -> Result<Vec<GenericValue>> {
        let mut found: Vec<Option<GenericValue>> = vec![None; signature.generics.len()];
        for (param, arg) in signature.params.iter().zip(args) {
            if let (Type::Tensor(element, axes), Some(ty)) = (&param.ty, arg) {
                match_type(owner, *element, axes, ty, &mut found);
            }
        }
        if let (Some(ty), Type::Tensor(element, axes)) = (result, &signature.result) {
            match_type(owner, *element, axes, ty, &mut found);
        }
        let generics = signature.generics.iter().zip(found).map(|(generic, value)| {
            value.ok_or_else(|| {
                let (name, function) = (&generic.name, &signature.name);
                self.invalid(format!("`{name}` of `{function}` does not follow from the arguments"))
            })
        });
        generics.collect()
    }
}

/// Finds what the generics of `owner` stand for where a type of its head is `ty`.
fn match_type(
    owner: Owner,
    element: Element,
    axes: &[Axis],
    ty: &TensorType,
    found: &mut [Option<GenericValue>],
) {
    let mut set = |index: u32, value: GenericValue| {
        if let Some(slot) = found.get_mut(index as usize) {
            slot.get_or_insert(value);
        }
    };
    if let Element::Generic(of, index) = element
        && of == owner
    {
        set(index, GenericValue::Element(ty.dtype));
    }
    let packed = ty.rank().saturating_sub(axes.iter().filter(|axis| matches!(axis, Axis::Dim(_))).count());
    let mut at = 0;
    for axis in axes {
        match axis {
            Axis::Pack(of, index) => {
                let end = (at + packed).min(ty.rank());
                if *of == owner {
                    set(*index, GenericValue::Pack(ty.shape[at.min(end)..end].to_vec()));
                }
                at = end;
            }
            Axis::Dim(dim) => {
                if let (Some(DimVar::Generic(of, index)), Some(size)) = (dim.as_var(), ty.shape.get(at))
                    && *of == owner
                {
                    set(*index, GenericValue::Dim(size.clone()));
                }
                at += 1;
            }
        }
    }
}

/// The key of a generic argument; in `general`, every size is one known only at run time.
fn generic_key(generic: &GenericValue, general: bool, sizes: &mut Vec<Dim>) -> GenericKey {
    let mut size = |dim: &Dim| {
        let number = dim.as_constant().filter(|_| !general);
        if number.is_none() {
            sizes.push(dim.clone());
        }
        number
    };
    match generic {
        GenericValue::Dim(dim) => GenericKey::Dim(size(dim)),
        GenericValue::Pack(dims) => GenericKey::Pack(dims.iter().map(size).collect()),
        GenericValue::Element(dtype) => GenericKey::Element(*dtype),
    }
}

/// The layers in an argument, in order.
fn layers_in(value: &Value, found: &mut Vec<InstanceId>) {
    match value {
        Value::Layer(id) => found.push(*id),
        Value::List(elements) => elements.iter().for_each(|element| layers_in(element, found)),
        _ => {}
    }
}

fn is_made_of_tensors(ty: &Type) -> bool {
    match ty {
        Type::Tensor(..) | Type::Unit => true,
        Type::Tuple(parts) => parts.iter().all(is_made_of_tensors),
        _ => false,
    }
}

fn has_loop(block: &Block) -> bool {
    block.statements.iter().any(|stmt| matches!(stmt, Stmt::For(..)))
}
