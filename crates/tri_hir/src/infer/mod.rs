//! Types of bodies: every expression is resolved and typed, every call's arguments are put in order.

mod advice;
mod arguments;
mod axis;
mod bind;
mod branch;
mod broadcast;
mod call;
mod coerce;
mod dtypes;
mod expr;
mod foreign;
mod formula;
mod list;
mod member;
mod misfit;
mod mismatch;
mod name;
mod operator;
mod origin;
mod rules;
mod slots;
mod stmt;
mod unknown;
mod view;
mod weight;

pub(crate) use branch::same;

use std::collections::BTreeMap;
use std::sync::Arc;

use tri_db::Db;
use tri_diagnostics::Code;
use tri_syntax::ast::{self, ItemKind, NodeId};

use crate::dims::equal;
use crate::hir::{
    Axis, Body, BodyOwner, DType, Def, Dim, Element, Expr, ExprId, ExprKind, Layer, Local, LocalId,
    MemberKind, Owner, Signature, Type,
};
use crate::name_stack::NameStack;
use crate::queries::{body_def, checked_body, checked_layer_head, function_of, item_of, signature};
use crate::report::{Repair, Report, Target};
use crate::resolve::Names;
use crate::show::Show;
use coerce::Asked;
use origin::Origin;

/// A body being checked.
pub(crate) struct Infer<'db> {
    db: &'db dyn Db,
    names: Names<'db>,
    owner: Owner,
    /// The layer whose body this is, with its members if they may be used.
    layer: Option<(Def, Arc<Layer>)>,
    body: Body,
    scope: NameStack<LocalId>,
    /// Static conditions that hold where we are, as written.
    conditions: Vec<ast::Expr>,
    /// Types that assignments gave to `var`s.
    assigned: BTreeMap<LocalId, Type>,
    /// How many loops and branches we are in, where an assignment keeps the type.
    nesting: u32,
    /// Where each local is declared, and for one that is an instance, where that is made.
    origins: Vec<Origin>,
}

/// Checks a body.
pub(crate) fn body(db: &dyn Db, owner: BodyOwner) -> (Body, Vec<Report>) {
    let def = body_def(owner);
    let Some(item) = item_of(db, def) else { return (Body::default(), Vec::new()) };
    let names_owner = match owner {
        BodyOwner::Function(owner) | BodyOwner::Default(owner, _) => owner,
        BodyOwner::MemberValue(def, _) | BodyOwner::MemberCondition(def, _) => Owner::Layer(def),
        BodyOwner::Const(def) | BodyOwner::Dim(def) => Owner::Function(def),
    };
    let mut names = Names::of_owner(db, names_owner);
    // Heads report what is wrong with their own conditions.
    names.reports.clear();
    let layer = match (&item.kind, owner) {
        (ItemKind::Layer(_), BodyOwner::Function(_)) => Some((def, crate::queries::layer(db, def))),
        (ItemKind::Layer(_), _) => Some((def, checked_layer_head(db, def).layer)),
        _ => None,
    };
    let mut infer = Infer {
        db,
        names,
        owner: names_owner,
        layer,
        body: Body::default(),
        scope: NameStack::default(),
        conditions: Vec::new(),
        assigned: BTreeMap::new(),
        nesting: 0,
        origins: Vec::new(),
    };
    infer.check(&item, owner);
    let Infer { mut body, names: Names { mut reports, .. }, .. } = infer;
    // Bodies are kept.
    body.exprs.shrink_to_fit();
    body.locals.shrink_to_fit();
    reports.shrink_to_fit();
    (body, reports)
}

/// The type of an instance member.
pub(crate) fn instance_type(db: &dyn Db, def: Def, at: u32) -> Type {
    let body = checked_body(db, BodyOwner::MemberValue(def, at)).body;
    body.root.value.map_or(Type::Error, |value| body.expr(value).ty.clone())
}

impl Infer<'_> {
    fn check(&mut self, item: &ast::Item, owner: BodyOwner) {
        match (owner, &item.kind) {
            (BodyOwner::Function(Owner::Test(_)), ItemKind::Test(test)) => {
                self.body.root = self.block(&test.body, None);
            }
            (BodyOwner::Function(function), _) => self.check_function(item, function),
            (BodyOwner::Default(owner, at), _) => self.check_default(item, owner, at),
            (BodyOwner::MemberValue(_, at), ItemKind::Layer(layer)) => {
                if let Some(member) = layer.members.get(at as usize) {
                    self.check_member_value(member);
                }
            }
            (BodyOwner::MemberCondition(_, at), ItemKind::Layer(layer)) => {
                if let Some(condition) =
                    layer.members.get(at as usize).and_then(|member| member.condition.as_ref())
                {
                    self.value(condition, &Type::Bool);
                }
            }
            (BodyOwner::Const(_), ItemKind::Const(item)) => {
                let ty = item.ty.as_ref().map(|ty| static_type(self.names.ty(ty)));
                match ty {
                    Some(ty) => self.value(&item.value, &ty),
                    None => self.free_value(&item.value),
                }
                self.check_constant(&item.value);
            }
            (BodyOwner::Dim(_), ItemKind::Dim(item)) => {
                if let Some(dim) = self.names.dim(&item.value) {
                    let id = self.push(ExprKind::Dim(dim.clone()), Type::Int(Some(dim)), item.value.id);
                    self.body.root.value = Some(id);
                }
            }
            _ => {}
        }
    }

    /// A constant is static: its value is known before anything runs.
    fn check_constant(&mut self, value: &ast::Expr) {
        let ty = self.body.root.value.map_or(Type::Error, |value| self.ty(value).clone());
        let is_static = matches!(
            ty,
            Type::Int(_)
                | Type::Float
                | Type::Bool
                | Type::Str
                | Type::Axis
                | Type::Function(_)
                | Type::Error
        );
        if !is_static {
            let found = self.show().ty(&ty);
            let report = Report::error(
                Code::E2009,
                self.names.place(value.id),
                format!("a `const` is known at compile time, but this is {found}"),
            );
            self.names.report(report.help("a `fn` without parameters can give it where it is used"));
        }
    }

    fn check_function(&mut self, item: &ast::Item, owner: Owner) {
        let Some(function) = function_of(item, owner) else { return };
        let Some(block) = &function.body else { return };
        let signature = signature(self.db, owner);
        self.declare_params(&signature, &function.params);
        let expected = signature.result.clone();
        let mut root = self.block(block, Some(&expected));
        root.value = match (root.value, &expected) {
            (Some(value), Type::Unit) if self.ty(value) != &Type::Unit && self.ty(value) != &Type::Error => {
                let found = self.show().ty(self.ty(value));
                let node = self.body.expr(value).node;
                let place = self.names.place(node);
                let report = Report::error(
                    Code::E2001,
                    place,
                    format!("`{}` gives nothing, but its body ends with {found}", signature.name),
                );
                self.names.report(report.help(format!("add `-> {found}` to its head")));
                Some(value)
            }
            (Some(value), _) => {
                let asked = function.result.as_ref().map(|result| {
                    let text = format!("`{}` gives {}", signature.name, self.show().ty(&expected));
                    Asked { place: self.names.place(result.id), text }
                });
                Some(self.coerce_asked(value, &expected, asked.as_ref()))
            }
            (None, Type::Unit | Type::Error) => None,
            (None, expected) => {
                self.without_value(function, block, &signature.name, expected);
                None
            }
        };
        self.body.root = root;
    }

    /// Reports a body that ends without the value that its head promises.
    fn without_value(&mut self, function: &ast::Function, block: &ast::Block, name: &str, wanted: &Type) {
        let wanted = self.show().ty(wanted);
        let message = format!("`{name}` gives {wanted}, but its body ends without a value");
        let last = block.statements.last();
        let place = self.names.place(last.map_or(block.id, |last| last.id));
        let mut report = Report::error(Code::E2001, place, message).label("the body ends here");
        if let Some(result) = &function.result {
            report = report.secondary(self.names.place(result.id), format!("`{name}` gives {wanted}"));
        }
        report = match last.and_then(bound_last) {
            Some(bound) => {
                report.help(format!("a body's last expression is its value: end with `{bound}`")).repair(
                    Repair::ask(format!("end with `{bound}`"))
                        .edit(Target::Behind(place), format!("\n    {bound}")),
                )
            }
            None => report.help("a body's last expression is its value"),
        };
        self.names.report(report);
    }

    fn declare_params(&mut self, signature: &Signature, written: &[ast::Param]) {
        for (at, (param, written)) in signature.params.iter().zip(written).enumerate() {
            let ty = match &param.ty {
                Type::Int(_) => Type::Int(Some(Dim::var(crate::hir::DimVar::Param(self.owner, at as u32)))),
                ty => ty.clone(),
            };
            self.declare(param.name.clone(), ty, false, written.name.id);
        }
    }

    fn check_default(&mut self, item: &ast::Item, owner: Owner, at: u32) {
        let (params, types) = match (owner, &item.kind) {
            (Owner::Layer(def), ItemKind::Layer(layer)) => {
                (&layer.config, checked_layer_head(self.db, def).layer.config.clone())
            }
            _ => match function_of(item, owner) {
                Some(function) => (&function.params, signature(self.db, owner).params.clone()),
                None => return,
            },
        };
        if !matches!(owner, Owner::Layer(_)) {
            // A default may speak of the parameters before it.
            let before =
                Signature { params: types[..at as usize].to_vec(), ..crate::resolve::empty_signature() };
            self.declare_params(&before, params);
        }
        let at = at as usize;
        if let (Some(default), Some(param)) =
            (params.get(at).and_then(|param| param.default.as_ref()), types.get(at))
        {
            match param.ty {
                // Only intrinsics leave tensors out; the value is a mark that their rule lets them.
                Type::Tensor(..)
                    if function_of(item, owner).is_some_and(|function| function.body.is_none()) => {}
                _ => self.value(default, &param.ty),
            }
        }
    }

    fn check_member_value(&mut self, member: &ast::Member) {
        if let Some(condition) = &member.condition {
            self.conditions.push(condition.clone());
        }
        match &member.kind {
            ast::MemberKind::Tensor { ty, init: Some(init), .. } => {
                let mut names = Names::of_owner(self.db, self.owner);
                let ty = names.ty(ty);
                self.value(init, &ty);
            }
            ast::MemberKind::Instance { name, value } => {
                self.free_value(value);
                let ty = self.body.root.value.map_or(Type::Error, |value| self.ty(value).clone());
                if !is_instance(&ty) {
                    let found = self.show().ty(&ty);
                    let message =
                        format!("`{}` must be a layer or an array of layers, but this is {found}", name.text);
                    self.names.error(Code::E2001, value.id, message);
                }
            }
            _ => {}
        }
    }

    /// An expression body with a type that its value must have.
    fn value(&mut self, expr: &ast::Expr, ty: &Type) {
        let id = self.expr(expr, Some(ty));
        let id = self.coerce(id, ty);
        self.body.root.value = Some(id);
    }

    fn free_value(&mut self, expr: &ast::Expr) {
        let id = self.expr(expr, None);
        self.body.root.value = Some(id);
    }

    /// How types and sizes are shown here.
    fn show(&self) -> Show<'_> {
        self.names.show().of_body(&self.body.locals)
    }

    fn push(&mut self, kind: ExprKind, ty: Type, node: NodeId) -> ExprId {
        let ty = self.weighed(ty, node);
        self.body.exprs.push(Expr { kind, ty, node });
        ExprId(self.body.exprs.len() as u32 - 1)
    }

    fn error_expr(&mut self, node: NodeId) -> ExprId {
        self.push(ExprKind::Error, Type::Error, node)
    }

    fn ty(&self, id: ExprId) -> &Type {
        &self.body.expr(id).ty
    }

    fn node(&self, id: ExprId) -> NodeId {
        self.body.expr(id).node
    }

    fn declare(&mut self, name: Arc<str>, ty: Type, mutable: bool, node: NodeId) -> LocalId {
        let local = LocalId(self.body.locals.len() as u32);
        let dim = match &ty {
            Type::Int(dim) => Some(dim.clone()),
            _ => None,
        };
        // A local that is no static int hides a dim of its name.
        self.names.locals.push(name.clone(), dim.flatten());
        self.body.locals.push(Local { name: name.clone(), ty, mutable, node });
        self.scope.push(name, local);
        self.origins.push(Origin { declared: node, made: None, value: None, statement: None });
        local
    }

    /// The type of a local where we are.
    fn local_type(&self, local: LocalId) -> Type {
        self.assigned.get(&local).unwrap_or(&self.body.local(local).ty).clone()
    }

    /// A block that may run any number of times, or not at all.
    fn nested<T>(&mut self, run: impl FnOnce(&mut Self) -> T) -> T {
        self.nesting += 1;
        let result = run(self);
        self.nesting -= 1;
        result
    }

    /// Runs with names declared inside forgotten afterwards.
    fn scoped<T>(&mut self, run: impl FnOnce(&mut Self) -> T) -> T {
        let (scope, locals, facts) = (self.scope.len(), self.names.locals.len(), self.names.facts.len());
        let result = run(self);
        self.scope.truncate(scope);
        self.names.facts.truncate(facts);
        self.names.locals.truncate(locals);
        result
    }

    fn equal(&self, a: &Dim, b: &Dim) -> bool {
        equal(self.db, &self.names.facts, a, b)
    }

    fn same_shape(&self, a: &[Axis], b: &[Axis]) -> bool {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| self.same_axis(a, b))
    }

    fn same_axis(&self, a: &Axis, b: &Axis) -> bool {
        match (a, b) {
            (Axis::Dim(a), Axis::Dim(b)) => self.equal(a, b),
            (a, b) => a == b,
        }
    }

    fn same_type(&self, a: &Type, b: &Type) -> bool {
        match (a, b) {
            (Type::Error, _) | (_, Type::Error) => true,
            (Type::Tensor(x, s), Type::Tensor(y, t)) => x == y && self.same_shape(s, t),
            (Type::Tuple(a), Type::Tuple(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| self.same_type(a, b))
            }
            (Type::Array(a, m), Type::Array(b, n)) => self.same_type(a, b) && self.equal(m, n),
            (Type::Int(_), Type::Int(_)) => true,
            (a, b) => a == b,
        }
    }

    fn member_type(&self, kind: &MemberKind) -> Type {
        match kind {
            MemberKind::Param(ty)
            | MemberKind::Buffer(ty)
            | MemberKind::State(ty)
            | MemberKind::Instance(ty) => ty.clone(),
            MemberKind::Function(_) | MemberKind::Error => Type::Error,
        }
    }
}

fn is_instance(ty: &Type) -> bool {
    match ty {
        Type::Layer(..) | Type::Error => true,
        Type::Array(element, _) => is_instance(element),
        _ => false,
    }
}

/// `const X: bool` is a static bool.
fn static_type(ty: Type) -> Type {
    match ty {
        Type::Tensor(Element::Known(DType::Bool), ref shape) if shape.is_empty() => Type::Bool,
        ty => ty,
    }
}

/// The name that a statement gives its value.
fn bound_last(stmt: &ast::Stmt) -> Option<&str> {
    match &stmt.kind {
        ast::StmtKind::Let { pattern: ast::Pattern { kind: ast::PatternKind::Name(name), .. }, .. } => {
            Some(name.as_str())
        }
        ast::StmtKind::Assign { target: ast::Expr { kind: ast::ExprKind::Name(name), .. }, .. } => Some(name),
        _ => None,
    }
}
