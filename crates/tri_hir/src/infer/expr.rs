//! Expressions.

use std::sync::Arc;

use tri_diagnostics::Code;
use tri_syntax::ast::{self, ExprKind as Ast, ItemKind, NodeId};

use super::{Binding, Infer};
use crate::hir::{
    Axis, BodyOwner, Def, Dim, DimVar, Element, ExprId, ExprKind, FunctionType, Generic, MemberKind, Owner,
    Pattern, Type,
};
use crate::queries::{checked_body, checked_layer_head, def_name, item_of, signature};
use crate::report::{Report, near_miss};
use crate::scope::{Named, lookup, visible};
use crate::show::{dtype_of, show_type};

/// What a name in an expression stands for.
pub(super) enum Resolved {
    Local(crate::hir::LocalId),
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
    /// The typed form of an expression. `expected` helps to infer, it does not bind.
    pub(super) fn expr(&mut self, expr: &ast::Expr, expected: Option<&Type>) -> ExprId {
        let node = expr.id;
        match &expr.kind {
            Ast::Name(name) => self.name(name, node, expected),
            Ast::Int(n) => self.int(*n, node),
            Ast::Float(value) => self.push(ExprKind::Float(value.value().to_bits()), Type::Float, node),
            Ast::Bool(value) => self.push(ExprKind::Bool(*value), Type::Bool, node),
            Ast::Str(text) => self.push(ExprKind::Str(text.clone()), Type::Str, node),
            Ast::Tuple(parts) => self.tuple(parts, node, expected),
            Ast::List(items) => self.list(items, node),
            Ast::Repeat { value, count } => self.repeat(value, count, node),
            Ast::Comprehension { body, pattern, iterable } => {
                self.comprehension(body, pattern, iterable, node)
            }
            Ast::Field { base, name } => self.field(base, name, node, expected),
            Ast::Index { base, items } => self.index(expr, base, items, expected),
            Ast::Call { callee, args } => self.call(expr, callee, args, expected),
            Ast::Unary { op, operand } => self.unary(*op, operand, node),
            Ast::Binary { op, op_id, lhs, rhs } => self.binary(*op, *op_id, lhs, rhs, node),
            Ast::Range { lo, hi } => self.range(lo, hi, node),
            Ast::Cast { operand, dtype } => self.cast(operand, dtype, node),
            Ast::If { condition, then, otherwise } => {
                self.conditional(condition, then, otherwise.as_ref(), node, expected)
            }
            Ast::Error => self.error_expr(node),
        }
    }

    fn int(&mut self, n: u64, node: NodeId) -> ExprId {
        match i64::try_from(n) {
            Ok(n) => self.push(ExprKind::Int(n), Type::Int(Some(Dim::constant(n))), node),
            Err(_) => {
                self.names.error(Code::E2011, node, "this number does not fit in 64 bits");
                self.error_expr(node)
            }
        }
    }

    /// What `name` stands for.
    pub(super) fn resolve(&self, name: &str) -> Option<Resolved> {
        if let Some(Binding { local, .. }) = self.scope.iter().rev().find(|binding| &*binding.name == name) {
            return Some(Resolved::Local(*local));
        }
        if let Some((_, Some(dim))) = self.names.locals.iter().rev().find(|(known, _)| &**known == name) {
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

    fn name(&mut self, name: &Arc<str>, node: NodeId, expected: Option<&Type>) -> ExprId {
        match self.resolve(name) {
            Some(Resolved::Local(local)) => {
                let ty = self.local_type(local);
                self.push(ExprKind::Local(local), ty, node)
            }
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

    /// Reports a name that nothing declares.
    pub(super) fn unknown(&mut self, name: &str, node: NodeId) -> ExprId {
        let place = self.names.place(node);
        let mut known: Vec<Arc<str>> = self.scope.iter().map(|binding| binding.name.clone()).collect();
        if let Some((_, layer)) = &self.layer {
            known.extend(layer.members.iter().map(|member| member.name.clone()));
            known.extend(layer.config.iter().map(|param| param.name.clone()));
        }
        known.extend(self.generics_of(self.owner).iter().map(|generic| generic.name.clone()));
        known.extend(self.names.file.map(|file| visible(self.db, file)).unwrap_or_default());
        let mut report = Report::error(Code::E1001, place, format!("there is nothing called `{name}` here"));
        if let Some(near) = near_miss(name, known.iter().map(|name| &**name)) {
            report = report.help(format!("did you mean `{near}`?")).fix(format!("use `{near}`"), place, near);
        }
        self.names.report(report);
        self.error_expr(node)
    }

    /// A size as a value: a static int, or an `i32` scalar if a run-time size is in it.
    pub(super) fn dim_value(&mut self, dim: Dim, node: NodeId) -> ExprId {
        self.push(ExprKind::Dim(dim.clone()), Type::Int(Some(dim)), node)
    }

    fn config(&mut self, at: u32, node: NodeId) -> ExprId {
        let Some((def, layer)) = self.layer.clone() else { return self.error_expr(node) };
        let ty = match layer.config.get(at as usize).map(|param| &param.ty) {
            Some(Type::Int(_)) => Type::Int(Some(Dim::var(DimVar::Param(Owner::Layer(def), at)))),
            Some(ty) => ty.clone(),
            None => Type::Error,
        };
        self.push(ExprKind::Config(at), ty, node)
    }

    fn item(&mut self, def: Def, node: NodeId, expected: Option<&Type>) -> ExprId {
        let Some(item) = item_of(self.db, def) else { return self.error_expr(node) };
        match &item.kind {
            ItemKind::Const(_) => {
                let body = checked_body(self.db, BodyOwner::Const(def)).body;
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
                Some(Type::Tensor(..)) => self.call_function(def, &[], &[], node, node, expected),
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

    /// A member of the layer whose body this is, or of an instance.
    pub(super) fn member(&mut self, base: Option<ExprId>, at: u32, node: NodeId) -> ExprId {
        let Some((def, layer)) = self.layer_of(base) else { return self.error_expr(node) };
        let Some(member) = layer.members.get(at as usize).cloned() else { return self.error_expr(node) };
        if let MemberKind::Function(_) = member.kind {
            self.names.error(Code::E1004, node, format!("`{}` is a function: call it", member.name));
            return self.error_expr(node);
        }
        if member.conditional && base.is_none() && !self.condition_holds(def, at) {
            let place = self.names.place(node);
            let report = Report::error(
                Code::E1005,
                place,
                format!("`{}` exists only under its condition", member.name),
            )
            .help("use it inside an `if` with the same condition");
            self.names.report(report);
            return self.error_expr(node);
        }
        let ty = self.member_type(&member.kind);
        let ty = match base {
            Some(base) => self.in_terms_of(base, &ty),
            None => ty,
        };
        self.push(ExprKind::Member(base, at), ty, node)
    }

    /// The layer of an instance, or the one whose body this is.
    pub(super) fn layer_of(&self, base: Option<ExprId>) -> Option<(Def, Arc<crate::hir::Layer>)> {
        match base {
            None => self.layer.clone(),
            Some(base) => match self.ty(base) {
                Type::Layer(def, _) => Some((*def, crate::queries::layer(self.db, *def))),
                _ => None,
            },
        }
    }

    /// A member's type with the instance's dims and configuration.
    fn in_terms_of(&self, base: ExprId, ty: &Type) -> Type {
        let Type::Layer(def, args) = self.ty(base) else { return Type::Error };
        let mut bindings = super::bind::Bindings::default();
        self.fix_instance(&mut bindings, *def, args);
        bindings.ty(ty).unwrap_or(Type::Error)
    }

    fn condition_holds(&self, def: Def, at: u32) -> bool {
        let Some(item) = item_of(self.db, def) else { return true };
        let ItemKind::Layer(layer) = &item.kind else { return true };
        let condition = layer.members.get(at as usize).and_then(|member| member.condition.as_ref());
        condition.is_none_or(|condition| self.conditions.iter().any(|known| implies(known, condition)))
    }

    fn tuple(&mut self, parts: &[ast::Expr], node: NodeId, expected: Option<&Type>) -> ExprId {
        let expected = match expected {
            Some(Type::Tuple(types)) if types.len() == parts.len() => types.iter().map(Some).collect(),
            _ => vec![None; parts.len()],
        };
        let parts: Vec<ExprId> = parts.iter().zip(expected).map(|(part, ty)| self.expr(part, ty)).collect();
        let ty = Type::Tuple(parts.iter().map(|part| self.ty(*part).clone()).collect());
        self.push(ExprKind::Tuple(parts), ty, node)
    }

    fn list(&mut self, items: &[ast::ListItem], node: NodeId) -> ExprId {
        let mut parts = Vec::with_capacity(items.len());
        for item in items {
            match item {
                ast::ListItem::Expr(expr) => parts.push(self.expr(expr, None)),
                ast::ListItem::Pack(name) => {
                    self.names.error(Code::E2900, name.id, "a pack in a list is not supported yet");
                    parts.push(self.error_expr(name.id));
                }
            }
        }
        let element = parts.first().map_or(Type::Error, |part| self.ty(*part).clone());
        for part in parts.clone() {
            let ty = self.ty(part).clone();
            if !self.same_type(&element, &ty) {
                self.mismatch(part, &ty, &element);
            }
        }
        let ty = Type::Array(Box::new(element), Dim::constant(parts.len() as i64));
        self.push(ExprKind::List(parts), ty, node)
    }

    fn repeat(&mut self, value: &ast::Expr, count: &ast::Expr, node: NodeId) -> ExprId {
        let value = self.expr(value, None);
        let Some(count) = self.names.dim(count) else { return self.error_expr(node) };
        let ty = Type::Array(Box::new(self.ty(value).clone()), count.clone());
        self.push(ExprKind::Repeat(value, count), ty, node)
    }

    fn comprehension(
        &mut self,
        body: &ast::Expr,
        pattern: &ast::Pattern,
        iterable: &ast::Expr,
        node: NodeId,
    ) -> ExprId {
        let iterable = self.expr(iterable, None);
        let Some((element, length)) = self.elements(iterable) else { return self.error_expr(node) };
        self.scoped(|this| {
            let pattern = this.pattern(pattern, &element, false);
            let body = this.expr(body, None);
            let ty = Type::Array(Box::new(this.ty(body).clone()), length);
            this.push(ExprKind::Comprehension(pattern, iterable, body), ty, node)
        })
    }

    /// The type of what an iterable gives, and how often.
    pub(super) fn elements(&mut self, iterable: ExprId) -> Option<(Type, Dim)> {
        let node = self.node(iterable);
        match self.ty(iterable).clone() {
            Type::Array(element, length) => Some((*element, length)),
            Type::Range => {
                let length = match self.body.expr(iterable).kind {
                    ExprKind::Range(lo, hi) => match (self.ty(lo), self.ty(hi)) {
                        (Type::Int(Some(lo)), Type::Int(Some(hi))) => hi.sub(lo).ok(),
                        _ => None,
                    },
                    _ => None,
                };
                let length = length.unwrap_or_else(|| Dim::var(DimVar::Length(self.owner, node)));
                Some((Type::Int(None), length))
            }
            Type::Error => None,
            other => {
                let found = show_type(self.db, &other);
                self.names.error(
                    Code::E2001,
                    node,
                    format!("this is {found}; only arrays and static ranges can be gone through"),
                );
                None
            }
        }
    }

    /// Declares the names of a pattern.
    pub(super) fn pattern(&mut self, pattern: &ast::Pattern, ty: &Type, mutable: bool) -> Pattern {
        match &pattern.kind {
            ast::PatternKind::Ignore => Pattern::Ignore,
            ast::PatternKind::Name(name) => {
                let ty = match ty {
                    // A loop variable is a size of its own.
                    Type::Int(None) => Type::Int(Some(Dim::var(DimVar::Local(
                        self.owner,
                        crate::hir::LocalId(self.body.locals.len() as u32),
                    )))),
                    ty => ty.clone(),
                };
                Pattern::Local(self.declare(name.text.clone(), ty, mutable))
            }
            ast::PatternKind::Tuple(parts) => {
                let types = match ty {
                    Type::Tuple(types) if types.len() == parts.len() => types.clone(),
                    Type::Error => vec![Type::Error; parts.len()],
                    other => {
                        let found = show_type(self.db, other);
                        self.names.error(
                            Code::E2001,
                            pattern.id,
                            format!("{} names for {found}", parts.len()),
                        );
                        vec![Type::Error; parts.len()]
                    }
                };
                Pattern::Tuple(
                    parts.iter().zip(&types).map(|(part, ty)| self.pattern(part, ty, mutable)).collect(),
                )
            }
        }
    }

    fn range(&mut self, lo: &ast::Expr, hi: &ast::Expr, node: NodeId) -> ExprId {
        let (lo, hi) = (self.expr(lo, None), self.expr(hi, None));
        for side in [lo, hi] {
            if !matches!(self.ty(side), Type::Int(_) | Type::Error) {
                let (found, wanted) = (self.ty(side).clone(), Type::Int(None));
                self.mismatch(side, &found, &wanted);
            }
        }
        self.push(ExprKind::Range(lo, hi), Type::Range, node)
    }

    fn cast(&mut self, operand: &ast::Expr, dtype: &ast::Name, node: NodeId) -> ExprId {
        let operand = self.expr(operand, None);
        let element = match dtype_of(dtype.as_str()) {
            Some(dtype) => Some(Element::Known(dtype)),
            None => self.names_element(dtype.as_str()),
        };
        let Some(element) = element else {
            self.names.error(Code::E1001, dtype.id, format!("there is no dtype `{}`", dtype.text));
            return self.error_expr(node);
        };
        match self.ty(operand).clone() {
            Type::Tensor(_, shape) => {
                self.push(ExprKind::Cast(operand, element), Type::Tensor(element, shape), node)
            }
            Type::Int(_) | Type::Float | Type::Bool => {
                self.push(ExprKind::Splat(operand), Type::Tensor(element, Vec::new()), node)
            }
            Type::Error => self.error_expr(node),
            other => {
                let found = show_type(self.db, &other);
                self.names.error(
                    Code::E2001,
                    node,
                    format!("this is {found}, which has no elements to convert"),
                );
                self.error_expr(node)
            }
        }
    }

    fn names_element(&self, name: &str) -> Option<Element> {
        let owners = [Some(self.owner), self.layer.as_ref().map(|(def, _)| Owner::Layer(*def))];
        owners.into_iter().flatten().find_map(|owner| {
            let at = self.generics_of(owner).iter().position(|generic| {
                &*generic.name == name && matches!(generic.kind, crate::hir::GenericKind::Element(_))
            })?;
            Some(Element::Generic(owner, at as u32))
        })
    }

    /// Generic parameters of an owner.
    pub(super) fn generics_of(&self, owner: Owner) -> Vec<Generic> {
        match owner {
            Owner::Layer(def) => checked_layer_head(self.db, def).layer.generics.clone(),
            Owner::Test(_) => Vec::new(),
            owner => signature(self.db, owner).generics.clone(),
        }
    }

    fn conditional(
        &mut self,
        condition: &ast::Expr,
        then: &ast::Block,
        otherwise: Option<&ast::Block>,
        node: NodeId,
        expected: Option<&Type>,
    ) -> ExprId {
        let test = self.expr(condition, Some(&Type::Bool));
        if let Type::Tensor(..) = self.ty(test) {
            let place = self.names.place(condition.id);
            let report =
                Report::error(Code::E2009, place, "this condition is a tensor, known only at run time")
                    .help("choose elements with `select(mask, a, b)`");
            self.names.report(report);
            return self.error_expr(node);
        }
        self.coerce(test, &Type::Bool);
        self.conditions.push(condition.clone());
        let mut then = self.nested(|this| this.block(then, expected));
        self.conditions.pop();
        let negated = ast::Expr {
            id: condition.id,
            kind: Ast::Unary { op: ast::UnaryOp::Not, operand: Box::new(condition.clone()) },
        };
        self.conditions.push(negated);
        let mut otherwise = otherwise.map(|block| self.nested(|this| this.block(block, expected)));
        self.conditions.pop();
        let ty = match (then.value, otherwise.as_ref().and_then(|block| block.value)) {
            (Some(a), Some(b)) => {
                let (a, b) = self.join(a, b, expected);
                then.value = Some(a);
                if let Some(block) = &mut otherwise {
                    block.value = Some(b);
                }
                if self.ty(a) == &Type::Error { self.ty(b).clone() } else { self.ty(a).clone() }
            }
            _ => Type::Unit,
        };
        self.push(ExprKind::If(test, then, otherwise), ty, node)
    }

    /// Two branches as values of one type.
    fn join(&mut self, a: ExprId, b: ExprId, expected: Option<&Type>) -> (ExprId, ExprId) {
        if let Some(expected) = expected.filter(|ty| **ty != Type::Unit) {
            return (self.coerce(a, expected), self.coerce(b, expected));
        }
        let (ty_a, ty_b) = (self.ty(a).clone(), self.ty(b).clone());
        match (&ty_a, &ty_b) {
            (Type::Tensor(..), Type::Int(_) | Type::Float) => (a, self.coerce(b, &ty_a)),
            (Type::Int(_) | Type::Float, Type::Tensor(..)) => (self.coerce(a, &ty_b), b),
            (Type::Int(_), Type::Float) | (Type::Float, Type::Int(_)) => (a, b),
            _ => (a, self.coerce(b, &ty_a)),
        }
    }

    fn field(&mut self, base: &ast::Expr, name: &ast::Name, node: NodeId, expected: Option<&Type>) -> ExprId {
        if let Some(module) = self.module(base) {
            return match crate::queries::items(self.db, module).get(&name.text) {
                Some(def) => self.item(*def, node, expected),
                None => self.unknown_in_module(module, name),
            };
        }
        let base = self.expr(base, None);
        match self.ty(base).clone() {
            Type::Tensor(element, shape) if name.as_str() == "T" => {
                self.transpose(base, element, shape, node)
            }
            Type::Layer(def, _) => {
                let layer = crate::queries::layer(self.db, def);
                match layer.members.iter().position(|member| member.name == name.text) {
                    Some(at) => self.member(Some(base), at as u32, node),
                    None => self.unknown_member(def, name),
                }
            }
            Type::Error => self.error_expr(node),
            other => {
                let found = show_type(self.db, &other);
                self.names.error(Code::E1001, name.id, format!("{found} has no field `{}`", name.text));
                self.error_expr(node)
            }
        }
    }

    pub(super) fn unknown_member(&mut self, def: Def, name: &ast::Name) -> ExprId {
        let layer = crate::queries::layer(self.db, def);
        let place = self.names.place(name.id);
        let mut report =
            Report::error(Code::E1001, place, format!("`{}` has no member `{}`", layer.name, name.text));
        if let Some(near) = near_miss(name.as_str(), layer.members.iter().map(|member| &*member.name)) {
            report = report.help(format!("did you mean `{near}`?")).fix(format!("use `{near}`"), place, near);
        }
        self.names.report(report);
        self.error_expr(name.id)
    }

    pub(super) fn unknown_in_module(&mut self, module: tri_db::SourceFile, name: &ast::Name) -> ExprId {
        let items = crate::queries::items(self.db, module);
        let place = self.names.place(name.id);
        let mut report = Report::error(
            Code::E1001,
            place,
            format!("`{}` has no item `{}`", module.path(self.db).display(), name.text),
        );
        if let Some(near) = near_miss(name.as_str(), items.keys().map(|name| &**name)) {
            report = report.help(format!("did you mean `{near}`?")).fix(format!("use `{near}`"), place, near);
        }
        self.names.report(report);
        self.error_expr(name.id)
    }

    /// The module that an expression names, if it names one.
    pub(super) fn module(&self, expr: &ast::Expr) -> Option<tri_db::SourceFile> {
        match &expr.kind {
            Ast::Name(name) => match self.resolve(name) {
                Some(Resolved::Module(module)) => Some(module),
                _ => None,
            },
            _ => None,
        }
    }

    fn transpose(&mut self, base: ExprId, element: Element, mut shape: Vec<Axis>, node: NodeId) -> ExprId {
        let n = shape.len();
        if n < 2 || shape[n - 2..].iter().any(|axis| matches!(axis, Axis::Pack(..))) {
            let found = show_type(self.db, self.ty(base));
            self.names.error(Code::E2002, node, format!("`.T` swaps the last two axes, but this is {found}"));
            return self.error_expr(node);
        }
        shape.swap(n - 2, n - 1);
        self.push(ExprKind::Transpose(base), Type::Tensor(element, shape), node)
    }
}

/// Whether a condition that holds makes another hold: it is the same, or a conjunction with it.
fn implies(known: &ast::Expr, wanted: &ast::Expr) -> bool {
    same(known, wanted)
        || matches!(&known.kind, Ast::Binary { op: ast::BinaryOp::And, lhs, rhs, .. } if implies(lhs, wanted) || implies(rhs, wanted))
}

/// Whether two conditions are written alike.
fn same(a: &ast::Expr, b: &ast::Expr) -> bool {
    match (&a.kind, &b.kind) {
        (Ast::Name(a), Ast::Name(b)) => a == b,
        (Ast::Int(a), Ast::Int(b)) => a == b,
        (Ast::Bool(a), Ast::Bool(b)) => a == b,
        (Ast::Unary { op: a, operand: x }, Ast::Unary { op: b, operand: y }) => a == b && same(x, y),
        (Ast::Binary { op: a, lhs: w, rhs: x, .. }, Ast::Binary { op: b, lhs: y, rhs: z, .. }) => {
            a == b && same(w, y) && same(x, z)
        }
        _ => false,
    }
}
