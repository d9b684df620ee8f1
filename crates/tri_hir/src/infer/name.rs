//! Names in expressions: what they stand for, and their values.

use std::sync::Arc;

use tri_diagnostics::Code;
use tri_syntax::ast::{self, ItemKind, NodeId};

use super::Infer;
use crate::hir::{BodyOwner, Def, Dim, DimVar, ExprId, ExprKind, FunctionType, LocalId, Owner, Type};
use crate::queries::{checked_body, def_name, outline_of, signature};
use crate::report::Report;
use crate::scope::{Named, lookup};

/// What a name in an expression stands for.
pub(super) enum Resolved {
    Local(LocalId),
    Member(u32),
    Config(u32),
    Dim(Dim),
    Item(Def),
    Module(tri_db::SourceFile),
    Number(f64),
    Training,
    Error,
}

impl Infer<'_> {
    /// What `name` stands for.
    pub(super) fn resolve(&self, name: &str) -> Option<Resolved> {
        if let Some(local) = self.scope.get(name) {
            return Some(Resolved::Local(*local));
        }
        if let Some(Some(dim)) = self.names.locals.get(name) {
            return Some(Resolved::Dim(dim.clone()));
        }
        if let Some((_, layer)) = &self.layer {
            if let Some(at) = layer.members.iter().position(|member| &*member.name == name) {
                return Some(Resolved::Member(at as u32));
            }
            if let Some(at) = layer.config.iter().position(|param| &*param.name == name) {
                return Some(Resolved::Config(at as u32));
            }
        }
        match self.names.file.and_then(|file| lookup(self.db, file, name)) {
            Some(Named::Item(def))
                if self
                    .names
                    .dim_named(name)
                    .is_none_or(|dim| matches!(dim.as_var(), Some(DimVar::Nominal(_)) | None)) =>
            {
                match self.names.dim_named(name).as_ref().and_then(Dim::as_var) {
                    Some(DimVar::Nominal(_)) => return self.names.dim_named(name).map(Resolved::Dim),
                    _ => return Some(Resolved::Item(def)),
                }
            }
            Some(Named::Module(module)) => return Some(Resolved::Module(module)),
            Some(Named::Error) => return Some(Resolved::Error),
            _ => {}
        }
        if let Some(dim) = self.names.dim_named(name) {
            return Some(Resolved::Dim(dim));
        }
        match name {
            "inf" => Some(Resolved::Number(f64::INFINITY)),
            "nan" => Some(Resolved::Number(f64::NAN)),
            "pi" => Some(Resolved::Number(std::f64::consts::PI)),
            "training" => Some(Resolved::Training),
            _ => None,
        }
    }

    pub(super) fn name(&mut self, name: &Arc<str>, node: NodeId, expected: Option<&Type>) -> ExprId {
        match self.resolve(name) {
            Some(Resolved::Local(local)) => match self.bound_function(local) {
                // Another name for a function is that function.
                Some(function) => self.item(function, node, expected),
                None => {
                    let ty = self.local_type(local);
                    self.push(ExprKind::Local(local), ty, node)
                }
            },
            Some(Resolved::Member(at)) => self.member(None, at, node),
            Some(Resolved::Config(at)) => self.config(at, node),
            Some(Resolved::Dim(dim)) => self.dim_value(dim, node),
            Some(Resolved::Item(def)) => self.item(def, node, expected),
            Some(Resolved::Number(value)) => self.push(ExprKind::Float(value.to_bits()), Type::Float, node),
            Some(Resolved::Training) => self.push(ExprKind::Training, Type::Bool, node),
            Some(Resolved::Error) => self.error_expr(node),
            Some(Resolved::Module(_)) => {
                self.names.error(Code::E1004, node, format!("`{name}` is a module, not a value"));
                self.error_expr(node)
            }
            None => self.unknown(name, node),
        }
    }

    /// A size as a value: a static int, or an `i32` scalar if a run-time size is in it.
    pub(super) fn dim_value(&mut self, dim: Dim, node: NodeId) -> ExprId {
        self.push(ExprKind::Dim(dim.clone()), Type::Int(Some(dim)), node)
    }

    pub(super) fn config(&mut self, at: u32, node: NodeId) -> ExprId {
        let Some((def, layer)) = self.layer.clone() else { return self.error_expr(node) };
        let ty = match layer.config.get(at as usize).map(|param| &param.ty) {
            Some(Type::Int(_)) => Type::Int(Some(Dim::var(DimVar::Param(Owner::Layer(def), at)))),
            Some(ty) => ty.clone(),
            None => Type::Error,
        };
        self.push(ExprKind::Config(at), ty, node)
    }

    pub(super) fn item(&mut self, def: Def, node: NodeId, expected: Option<&Type>) -> ExprId {
        let Some(item) = outline_of(self.db, def) else { return self.error_expr(node) };
        match &item.kind {
            ItemKind::Const(_) => {
                let body = checked_body(self.db, BodyOwner::Const(def)).body;
                // Another name for a function is that function.
                if let Some(ExprKind::Function(function)) =
                    body.root.value.map(|value| &body.expr(value).kind)
                {
                    return self.item(*function, node, expected);
                }
                let ty = body.root.value.map_or(Type::Error, |value| body.expr(value).ty.clone());
                let ty = match (&item.kind, ty) {
                    (ItemKind::Const(ast::ConstItem { ty: Some(declared), .. }), found) => {
                        let declared = crate::resolve::Names::of_item(self.db, def).ty(declared);
                        if matches!((&declared, &found), (Type::Float, Type::Int(_))) {
                            declared
                        } else {
                            found
                        }
                    }
                    (_, found) => found,
                };
                self.push(ExprKind::Const(def), ty, node)
            }
            ItemKind::Function(_) => match expected {
                // A function in the place of a tensor is called without arguments: `= init.zeros`.
                Some(Type::Tensor(..)) => self.function(def, None, &[], &[], node, node, expected),
                _ => {
                    let signature = signature(self.db, Owner::Function(def));
                    let params = signature.params.iter().map(|param| param.ty.clone()).collect();
                    let ty =
                        Type::Function(Arc::new(FunctionType { params, result: signature.result.clone() }));
                    self.push(ExprKind::Function(def), ty, node)
                }
            },
            ItemKind::Layer(_) => {
                let name = def_name(self.db, def);
                let place = self.names.place(node);
                let report = Report::error(Code::E1004, place, format!("`{name}` is a layer, not a value"));
                self.names.report(report.help(format!("make an instance: `{name}(...)`")));
                self.error_expr(node)
            }
            _ => self.error_expr(node),
        }
    }
}
