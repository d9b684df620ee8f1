//! Heads of functions and layers.

use std::collections::BTreeSet;
use std::sync::Arc;

use tri_db::Db;
use tri_diagnostics::Code;
use tri_syntax::ast::{self, ItemKind, Lifetime};

use super::{Names, empty_layer, empty_signature};
use crate::dims::at_most;
use crate::hir::{
    Def, Element, ElementClass, Generic, GenericKind, Layer, Member, MemberKind, Owner, Param, Signature,
    Type,
};
use crate::queries::{CheckedLayer, CheckedSignature, function_of, is_library, outline_of, owner_def};
use crate::report::Report;
use crate::show::show_dim;

impl Names<'_> {
    fn generics(&mut self, generics: &[ast::Generic]) -> Vec<Generic> {
        let mut seen = BTreeSet::new();
        let mut result = Vec::with_capacity(generics.len());
        for generic in generics {
            if !seen.insert(generic.name.text.clone()) {
                self.error(
                    Code::E1003,
                    generic.name.id,
                    format!("`{}` is declared twice", generic.name.text),
                );
            }
            let kind = match &generic.kind {
                ast::GenericKind::Pack => GenericKind::Pack,
                ast::GenericKind::Element { class } => GenericKind::Element(self.class(class)),
                ast::GenericKind::Dim { bounds: None } => GenericKind::Dim(None),
                ast::GenericKind::Dim { bounds: Some((low, high)) } => {
                    let bounds = self.dim(low).zip(self.dim(high));
                    if let Some((low, high)) = &bounds
                        && at_most(self.db, &self.facts, high, low)
                    {
                        let (low, high) = (show_dim(self.db, low), show_dim(self.db, high));
                        let message =
                            format!("no size lies in `{low}..{high}`: at least {low}, below {high}");
                        self.error(Code::E2011, generic.name.id, message);
                    }
                    GenericKind::Dim(bounds)
                }
            };
            result.push(Generic { name: generic.name.text.clone(), kind });
        }
        result
    }

    fn class(&mut self, class: &ast::Name) -> ElementClass {
        match class.as_str() {
            "Float" => ElementClass::Float,
            "Int" => ElementClass::Int,
            "Num" => ElementClass::Num,
            "Any" => ElementClass::Any,
            other => {
                self.error(
                    Code::E1001,
                    class.id,
                    format!("there is no class `{other}`: dtypes are `Float`, `Int`, `Num` or `Any`"),
                );
                ElementClass::Any
            }
        }
    }

    fn params(&mut self, params: &[ast::Param]) -> Vec<Param> {
        let mut seen = BTreeSet::new();
        let mut result = Vec::with_capacity(params.len());
        for param in params {
            if !seen.insert(param.name.text.clone()) {
                self.error(Code::E1003, param.name.id, format!("`{}` is declared twice", param.name.text));
            }
            let ty = self.ty(&param.ty);
            result.push(Param { name: param.name.text.clone(), ty, has_default: param.default.is_some() });
        }
        result
    }
}

/// Configuration is static: `bool` there is a static bool.
fn static_params(params: Vec<Param>) -> Vec<Param> {
    let fix = |param: Param| match param.ty {
        Type::Tensor(Element::Known(crate::hir::DType::Bool), ref shape) if shape.is_empty() => {
            Param { ty: Type::Bool, ..param }
        }
        _ => param,
    };
    params.into_iter().map(fix).collect()
}

pub(crate) fn signature(db: &dyn Db, owner: Owner) -> CheckedSignature {
    let none = CheckedSignature { signature: Arc::new(empty_signature()), reports: Vec::new() };
    let Some(item) = outline_of(db, owner_def(owner)) else { return none };
    let Some(function) = function_of(&item, owner) else { return none };
    let mut names = Names::of_owner(db, owner);
    // Conditions of the layer were reported with the layer.
    names.reports.clear();
    if let Owner::Function(def) = owner {
        let known: &[&str] = if is_library(db, def.file) { &["broadcast"] } else { &[] };
        names.check_attributes(&item.attributes, known);
    }
    let generics = names.generics(&function.generics);
    let params = names.params(&function.params);
    let result = function.result.as_ref().map_or(Type::Unit, |result| names.ty(result));
    let facts = function.conditions.iter().filter_map(|condition| names.fact(condition)).collect();
    let intrinsic = function.body.is_none();
    if intrinsic && !is_library(db, owner_def(owner).file) {
        let message =
            "an `intrinsic fn` is an operation of the compiler, and only the standard library declares those";
        let report = Report::error(Code::E0006, names.place(function.name.id), message);
        names.report(report.help("give the function a body, without `intrinsic`"));
    }
    let signature =
        Signature { name: function.name.text.clone(), generics, params, result, facts, intrinsic };
    CheckedSignature { signature: Arc::new(signature), reports: names.reports }
}

/// The head of a layer without its members, which may speak of the layer themselves.
pub(crate) fn layer_head(db: &dyn Db, def: Def) -> CheckedLayer {
    let none = CheckedLayer { layer: Arc::new(empty_layer()), reports: Vec::new() };
    let Some(item) = outline_of(db, def) else { return none };
    let ItemKind::Layer(layer) = &item.kind else { return none };
    let mut names = Names::of_owner(db, Owner::Layer(def));
    names.reports.clear();
    names.check_attributes(&item.attributes, &[]);
    let generics = names.generics(&layer.generics);
    let config = static_params(names.params(&layer.config));
    for (param, written) in config.iter().zip(&layer.config) {
        if matches!(param.ty, Type::Tensor(..) | Type::Tuple(_)) {
            let message =
                format!("`{}` is configuration, which is static, but its type is one of tensors", param.name);
            let report = Report::error(Code::E2009, names.place(written.ty.id), message);
            names.report(report.help("what depends on inputs is a parameter of a function"));
        }
    }
    let facts = layer.conditions.iter().filter_map(|condition| names.fact(condition)).collect();
    let name = layer.name.text.clone();
    let layer = Layer { name, is_model: layer.is_model, generics, config, facts, members: Vec::new() };
    CheckedLayer { layer: Arc::new(layer), reports: names.reports }
}

pub(crate) fn layer(db: &dyn Db, def: Def) -> CheckedLayer {
    let CheckedLayer { layer: head, mut reports } = crate::queries::checked_layer_head(db, def);
    let item = outline_of(db, def);
    let Some(ItemKind::Layer(layer)) = item.as_ref().map(|item| &item.kind) else {
        return CheckedLayer { layer: head, reports };
    };
    let mut names = Names::of_owner(db, Owner::Layer(def));
    names.reports.clear();
    let mut seen = BTreeSet::new();
    let mut members = Vec::with_capacity(layer.members.len());
    for (at, member) in layer.members.iter().enumerate() {
        if let Some(name) = member.name()
            && !seen.insert(name.text.clone())
        {
            names.error(
                Code::E1003,
                name.id,
                format!("`{}` has two members `{}`", layer.name.text, name.text),
            );
        }
        members.push(member_of(db, &mut names, def, at as u32, member));
    }
    reports.extend(names.reports);
    CheckedLayer { layer: Arc::new(Layer { members, ..(*head).clone() }), reports }
}

fn member_of(db: &dyn Db, names: &mut Names<'_>, def: Def, at: u32, member: &ast::Member) -> Member {
    let kind = match &member.kind {
        ast::MemberKind::Tensor { lifetime, name, ty, init } => {
            let ty = names.ty(ty);
            if init.is_none() {
                let message = format!("`{}` has no initial value", name.text);
                let report = Report::error(Code::E0006, names.place(name.id), message);
                names.report(report.help("say what it begins as: `= init.zeros`"));
            }
            match lifetime {
                Lifetime::Param => MemberKind::Param(ty),
                Lifetime::Buffer => MemberKind::Buffer(ty),
                Lifetime::State => MemberKind::State(ty),
            }
        }
        ast::MemberKind::Instance { .. } => MemberKind::Instance(crate::infer::instance_type(db, def, at)),
        ast::MemberKind::Function(_) => {
            MemberKind::Function(crate::queries::signature(db, Owner::Method(def, at)))
        }
        _ => MemberKind::Error,
    };
    let name = member.name().map_or_else(|| "?".into(), |name| name.text.clone());
    // A function has no name in a checkpoint.
    let known: &[&str] = if matches!(kind, MemberKind::Function(_)) { &[] } else { &["name"] };
    names.check_attributes(&member.attributes, known);
    let checkpoint_name = names.checkpoint_name(&member.attributes);
    Member { name, checkpoint_name, kind, conditional: member.condition.is_some() }
}
