//! Where things come from, for reports: locals, instances, dims.

use tri_syntax::ast::{self, ItemKind, NodeId};

use super::Infer;
use crate::hir::{Axis, Def, Dim, DimVar, ExprId, ExprKind, LocalId, Pattern, Type};
use crate::queries::outline_of;
use crate::report::{Place, Report};

/// Where a local comes from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin {
    /// Its name where it is declared.
    pub(super) declared: NodeId,
    /// Where the instance that it stands for is made.
    pub(super) made: Option<Place>,
    /// What a `let` gives it.
    pub(super) value: Option<ExprId>,
    /// The `let` that declares it alone.
    pub(super) statement: Option<NodeId>,
}

impl Infer<'_> {
    /// Remembers where an instance that a pattern binds was made.
    pub(super) fn bind_origin(&mut self, pattern: &Pattern, value: ExprId) {
        let made = self.made(value);
        if let (Pattern::Local(local), Some(_)) = (pattern, made)
            && let Some(origin) = self.origins.get_mut(local.0 as usize)
        {
            origin.made = made;
        }
    }

    /// Remembers what a `let` binds.
    pub(super) fn bind_value(&mut self, pattern: &Pattern, value: ExprId, statement: NodeId) {
        self.bind_origin(pattern, value);
        if let Pattern::Local(local) = pattern
            && let Some(origin) = self.origins.get_mut(local.0 as usize)
        {
            origin.statement = Some(statement);
            origin.value = Some(value).filter(|_| !self.body.local(*local).mutable);
        }
    }

    /// The function that a `let` gives another name.
    pub(super) fn bound_function(&self, local: LocalId) -> Option<Def> {
        match self.body.expr(self.origins.get(local.0 as usize)?.value?).kind {
            ExprKind::Function(def) => Some(def),
            _ => None,
        }
    }

    /// Where an instance, or an array of them, is made.
    pub(super) fn made(&self, id: ExprId) -> Option<Place> {
        let expr = self.body.expr(id);
        match &expr.kind {
            ExprKind::Instantiate { .. } => Some(self.names.place(expr.node)),
            ExprKind::Element(base, _) => self.made(*base),
            ExprKind::Local(local) => self.origins.get(local.0 as usize)?.made,
            ExprKind::Member(base, at) => {
                let def = match base.map(|base| self.ty(base)) {
                    None => self.layer.as_ref().map(|(def, _)| *def)?,
                    Some(Type::Layer(def, _)) => *def,
                    Some(_) => return None,
                };
                let item = outline_of(self.db, def)?;
                let ItemKind::Layer(layer) = &item.kind else { return None };
                match &layer.members.get(*at as usize)?.kind {
                    ast::MemberKind::Instance { value, .. } => Some(Place::new(def, made_in(value).id)),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// A size with its value, where that says more than the name.
    pub(super) fn axis_text(&self, axis: &Axis) -> String {
        match axis {
            Axis::Dim(dim) => self.dim_text(dim),
            Axis::Pack(..) => self.show().axis(axis),
        }
    }

    /// Likewise.
    pub(super) fn dim_text(&self, dim: &Dim) -> String {
        let text = self.show().dim(dim);
        match crate::dims::numeric(self.db, dim) {
            Some(value) if dim.as_constant().is_none() => format!("{text} = {value}"),
            _ => text,
        }
    }

    /// Adds where the names in a size are bound.
    pub(super) fn bound_at(&self, mut report: Report, axis: &Axis) -> Report {
        let Axis::Dim(dim) = axis else { return report };
        let mut vars = Vec::new();
        dim.for_each_var(&mut |var| vars.push(*var));
        for var in vars {
            if let Some((place, text)) = self.binding(var) {
                report = report.secondary(place, text);
            }
        }
        report
    }

    /// Where a size is bound, and what to say there.
    fn binding(&self, var: DimVar) -> Option<(Place, String)> {
        match var {
            DimVar::Local(owner, local) | DimVar::Runtime(owner, local) if owner == self.owner => {
                let name = self.show().dim(&Dim::var(var));
                Some((self.declared(local)?, format!("`{name}` is bound here")))
            }
            var => self.names.binding(var),
        }
    }

    /// Where a local is declared.
    pub(super) fn declared(&self, local: LocalId) -> Option<Place> {
        self.origins.get(local.0 as usize).map(|origin| self.names.place(origin.declared))
    }
}

/// The instantiation in `[Block(); 4]` and the like.
fn made_in(value: &ast::Expr) -> &ast::Expr {
    match &value.kind {
        ast::ExprKind::Repeat { value, .. } => made_in(value),
        ast::ExprKind::Comprehension { body, .. } => made_in(body),
        _ => value,
    }
}
