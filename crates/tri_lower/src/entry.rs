//! Entry points and tests, and the way in.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use tri_diagnostics::Diagnostic;
use tri_hir::Roots;
use tri_hir::hir::{Axis, BodyOwner, Def, Element, Fact, GenericKind, MemberKind, Owner, Signature, Type};
use tri_ir::{Capture, Dim, Entry, EntryInput, EntryOutput, Module, StateId, Symbol, TensorType, Test};

use crate::error::{Result, Stop};
use crate::eval::Frame;
use crate::function::{OpenFunction, Role};
use crate::instance::TensorId;
use crate::lowering::Lowering;
use crate::model::Stored;
use crate::names::Step;
use crate::shared::{ArgKey, CallKey, GenericKey};
use crate::value::{GenericValue, InstanceId};

impl Lowering<'_> {
    /// Lowers the model and the tests into a module.
    pub(crate) fn run(mut self) -> std::result::Result<crate::Lowered, Vec<Diagnostic>> {
        let mut diagnostics = Vec::new();
        let mut module = Module::default();
        let Roots { models, tests } = self.hir.roots(self.file);
        let model = self.recover(&mut diagnostics, |lowering| lowering.choose_model(&models));
        if let Some(Some(model)) = model {
            module.name = self.hir.layer(model).name.to_string();
            self.chosen = Some(model);
            self.lower_model(model, &mut module, &mut diagnostics);
        }
        for (test, name) in tests {
            let lowered = self.recover(&mut diagnostics, |lowering| lowering.test(test, &name));
            module.tests.extend(lowered);
        }
        if let (Some(place), true) = (self.given_up, diagnostics.is_empty()) {
            self.here = place;
            if let Stop::Diagnostic(diagnostic) = self.unsupported("this") {
                diagnostics.push(*diagnostic);
            }
        }
        if !diagnostics.is_empty() {
            return Err(diagnostics);
        }
        module.functions = self.functions;
        Ok(crate::Lowered { module, source_map: self.source_map })
    }

    fn lower_model(&mut self, model: Def, module: &mut Module, diagnostics: &mut Vec<Diagnostic>) {
        self.here = self.hir.item_place(model);
        let declared = self.recover(diagnostics, |lowering| {
            let instance = lowering.model_instance(model)?;
            lowering.model = Some(instance);
            Ok((instance, lowering.declare_tensors(instance, module)?))
        });
        let Some((instance, stored)) = declared else { return };
        let layer = self.hir.layer(model);
        for (index, member) in (0..).zip(&layer.members) {
            let MemberKind::Function(signature) = &member.kind else { continue };
            if !is_entry(signature) {
                continue;
            }
            let owner = Owner::Method(model, index);
            self.here = self.hir.member_place(model, index);
            let entry =
                self.recover(diagnostics, |lowering| lowering.entry(owner, instance, signature, &stored));
            module.entries.extend(entry);
        }
    }

    /// An entry point: the shared function of the call in which every size is known only at run time.
    fn entry(
        &mut self,
        owner: Owner,
        instance: InstanceId,
        signature: &Arc<Signature>,
        stored: &FxHashMap<TensorId, Stored>,
    ) -> Result<Entry> {
        self.check_conditions(owner, instance, signature)?;
        let key = CallKey {
            callee: owner,
            this: Some(self.shape_key(instance)),
            generics: signature.generics.iter().map(|_| GenericKey::Dim(None)).collect(),
            args: signature.params.iter().map(|_| ArgKey::Tensor).collect(),
        };
        let shared = self.shared_function(key, signature, &[instance])?;
        let mut captures = Vec::with_capacity(shared.captures.len());
        for (_, steps) in &shared.captures {
            match self.stored(instance, steps, stored)? {
                Stored::Parameter(id) => captures.push(Capture::Parameter(id)),
                Stored::State(_) => return Err(Stop::Reported),
            }
        }
        let mut states = Vec::with_capacity(shared.states.len());
        for (_, steps) in &shared.states {
            match self.stored(instance, steps, stored)? {
                Stored::State(id) => states.push(id),
                Stored::Parameter(_) => return Err(Stop::Reported),
            }
        }
        let function = self.functions[shared.function.index()].clone();
        let inputs = signature.params.iter().zip(&function.params).map(|(param, value)| EntryInput {
            name: param.name.to_string(),
            ty: function.ty(*value).clone(),
            axes: self.axis_names(&param.ty, function.ty(*value)),
        });
        let mut types = Vec::new();
        flatten(&signature.result, &mut types);
        let outputs = types.iter().zip(&function.results).map(|(ty, value)| EntryOutput {
            ty: function.ty(*value).clone(),
            axes: self.axis_names(ty, function.ty(*value)),
        });
        let (inputs, outputs): (Vec<_>, Vec<_>) = (inputs.collect(), outputs.collect());
        self.check_solvable(&function, &inputs)?;
        let name = signature.name.to_string();
        Ok(Entry { name, function: shared.function, inputs, captures, states, outputs })
    }

    fn stored(
        &mut self,
        instance: InstanceId,
        steps: &[Step],
        stored: &FxHashMap<TensorId, Stored>,
    ) -> Result<Stored> {
        let tensor = self.resolve(instance, steps)?;
        stored.get(&tensor).copied().ok_or(Stop::Reported)
    }

    /// Callers of the artifact are held to bounds of single sizes, not to other conditions.
    fn check_conditions(&self, owner: Owner, instance: InstanceId, signature: &Signature) -> Result<()> {
        let sizes = (0..).zip(&signature.generics).map(|(at, _)| GenericValue::Dim(Dim::var(Symbol(at))));
        let head = Frame::of_head(owner, Some(instance), sizes.collect(), Vec::new());
        for fact in &signature.facts {
            let (a, b) = match fact {
                Fact::Divides(a, b) | Fact::Equal(a, b) | Fact::AtMost(a, b) => (a, b),
            };
            let (a, b) = (self.dim(&head, a)?, self.dim(&head, b)?);
            let single = |dim: &Dim| dim.as_constant().is_some() || dim.as_var().is_some();
            let numbers = a.as_constant().is_some() && b.as_constant().is_some();
            let one_number = a.as_constant().is_some() || b.as_constant().is_some();
            let bound = matches!(fact, Fact::AtMost(..)) && single(&a) && single(&b) && one_number;
            if !numbers && !bound {
                let name = &signature.name;
                return Err(self.unsupported(&format!(
                    "a condition of the entry point `{name}` that is not a bound of one size"
                )));
            }
        }
        Ok(())
    }

    /// Every size of an entry must be the length of an axis of an input.
    fn check_solvable(&mut self, function: &tri_ir::Function, inputs: &[EntryInput]) -> Result<()> {
        let sizes: Vec<&Dim> = inputs.iter().flat_map(|input| &input.ty.shape).collect();
        for (index, info) in (0..).zip(&function.symbols) {
            let size = Dim::var(tri_ir::Symbol(index));
            if !info.bound_inside && !sizes.contains(&&size) {
                let name = &info.name;
                return Err(self.unsupported(&format!(
                    "an entry point whose size `{name}` is not the length of an axis of an input"
                )));
            }
        }
        Ok(())
    }

    /// How the source writes the axes.
    fn axis_names(&self, ty: &Type, lowered: &TensorType) -> Vec<String> {
        let Type::Tensor(Element::Known(_), axes) = ty else { return vec![String::new(); lowered.rank()] };
        let mut names: Vec<String> = axes.iter().map(|axis| self.hir.axis_name(axis)).collect();
        names.resize(lowered.rank(), String::new());
        names
    }

    /// A test: one truth value for each `assert`.
    fn test(&mut self, test: Def, name: &str) -> Result<Test> {
        self.here = self.hir.item_place(test);
        let function_name = self.function_name(&format!("test.{name}"));
        self.open.push(OpenFunction::new(function_name, Role::Test));
        let owner = Owner::Test(test);
        let body = self.hir.body(BodyOwner::Function(owner));
        let mut frame = Frame::new(BodyOwner::Function(owner), body, None, Vec::new(), Vec::new());
        self.eval_root(&mut frame)?;
        let Some(mut open) = self.open.pop() else { return Err(Stop::Reported) };
        let (results, checks) = std::mem::take(&mut open.checks).into_iter().unzip();
        let mut order: Vec<TensorId> = open.states.keys().copied().collect();
        order.sort();
        let mut states: Vec<StateId> = Vec::with_capacity(order.len());
        for tensor in &order {
            let own = self.counterpart(*tensor)?.and_then(|tensor| self.module_states.get(&tensor).copied());
            states
                .push(own.ok_or_else(|| self.unsupported("a test of a layer with state outside the model"))?);
        }
        let function = self.add_function(open.finish(&[], &order, results));
        Ok(Test { name: name.to_owned(), function, captures: Vec::new(), states, checks })
    }
}

/// Whether a function of the model is an entry point: callers can give all it needs.
pub(crate) fn is_entry(signature: &Signature) -> bool {
    let tensor = |ty: &Type| {
        let Type::Tensor(Element::Known(_), axes) = ty else { return false };
        axes.iter().all(|axis| matches!(axis, Axis::Dim(_)))
    };
    let mut results = Vec::new();
    flatten(&signature.result, &mut results);
    signature.params.iter().all(|param| tensor(&param.ty))
        && signature.generics.iter().all(|generic| matches!(generic.kind, GenericKind::Dim(_)))
        && (!results.is_empty() || signature.result == Type::Unit)
        && results.iter().all(|ty| tensor(ty))
}

fn flatten<'a>(ty: &'a Type, parts: &mut Vec<&'a Type>) {
    match ty {
        Type::Tuple(types) => types.iter().for_each(|ty| flatten(ty, parts)),
        Type::Unit => {}
        other => parts.push(other),
    }
}
