//! Tuples, lists, ranges and comprehensions, and patterns that take them apart.

use tri_diagnostics::Code;
use tri_syntax::ast::{self, NodeId};

use super::Infer;
use crate::hir::{Dim, DimVar, ExprId, ExprKind, LocalId, Pattern, Type};
use crate::resolve::bounds;

impl Infer<'_> {
    pub(super) fn tuple(&mut self, parts: &[ast::Expr], node: NodeId, expected: Option<&Type>) -> ExprId {
        let expected = match expected {
            Some(Type::Tuple(types)) if types.len() == parts.len() => types.iter().map(Some).collect(),
            _ => vec![None; parts.len()],
        };
        let parts: Vec<ExprId> = parts.iter().zip(expected).map(|(part, ty)| self.expr(part, ty)).collect();
        let ty = Type::Tuple(parts.iter().map(|part| self.ty(*part).clone()).collect());
        self.push(ExprKind::Tuple(parts), ty, node)
    }

    pub(super) fn list(&mut self, items: &[ast::ListItem], node: NodeId) -> ExprId {
        let mut parts = Vec::with_capacity(items.len());
        for item in items {
            parts.push(self.list_item(item));
        }
        let element = parts.first().map_or(Type::Error, |part| self.ty(*part).clone());
        for part in parts.clone() {
            let ty = self.ty(part).clone();
            if !self.same_type(&element, &ty) {
                self.mismatch(part, &ty, &element, None);
            }
        }
        let ty = Type::Array(Box::new(element), Dim::constant(parts.len() as i64));
        self.push(ExprKind::List(parts), ty, node)
    }

    /// An element of a list of values.
    pub(super) fn list_item(&mut self, item: &ast::ListItem) -> ExprId {
        match item {
            ast::ListItem::Expr(expr) => self.expr(expr, None),
            ast::ListItem::Pack(name) => {
                let message = format!("`..{}` is axes of a type, not a value", name.text);
                self.names.error(Code::E1004, name.id, message);
                self.error_expr(name.id)
            }
        }
    }

    pub(super) fn repeat(&mut self, value: &ast::Expr, count: &ast::Expr, node: NodeId) -> ExprId {
        let value = self.expr(value, None);
        let Some(count) = self.names.dim(count) else { return self.error_expr(node) };
        let ty = Type::Array(Box::new(self.ty(value).clone()), count.clone());
        self.push(ExprKind::Repeat(value, count), ty, node)
    }

    pub(super) fn comprehension(
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
            this.bind_origin(&pattern, iterable);
            this.assume_range(&pattern, iterable);
            let body = this.expr(body, None);
            let ty = Type::Array(Box::new(this.ty(body).clone()), length);
            this.push(ExprKind::Comprehension(pattern, iterable, body), ty, node)
        })
    }

    /// What a loop variable of a static range is known to be: at least the first, below the last.
    pub(super) fn assume_range(&mut self, pattern: &Pattern, iterable: ExprId) {
        let (Pattern::Local(local), ExprKind::Range(lo, hi)) = (pattern, &self.body.expr(iterable).kind)
        else {
            return;
        };
        let (Type::Int(Some(lo)), Type::Int(Some(hi))) = (self.ty(*lo).clone(), self.ty(*hi).clone()) else {
            return;
        };
        if let Type::Int(Some(at)) = self.body.local(*local).ty.clone() {
            self.names.facts.extend(bounds(&at, &lo, &hi));
        }
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
                let found = self.show().ty(&other);
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
                        LocalId(self.body.locals.len() as u32),
                    )))),
                    ty => ty.clone(),
                };
                Pattern::Local(self.declare(name.text.clone(), ty, mutable, name.id))
            }
            ast::PatternKind::Tuple(parts) => {
                let types = match ty {
                    Type::Tuple(types) if types.len() == parts.len() => types.clone(),
                    Type::Error => vec![Type::Error; parts.len()],
                    other => {
                        let found = self.show().ty(other);
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

    pub(super) fn range(&mut self, lo: &ast::Expr, hi: &ast::Expr, node: NodeId) -> ExprId {
        let (lo, hi) = (self.expr(lo, None), self.expr(hi, None));
        for side in [lo, hi] {
            if !matches!(self.ty(side), Type::Int(_) | Type::Error) {
                let (found, wanted) = (self.ty(side).clone(), Type::Int(None));
                self.mismatch(side, &found, &wanted, None);
            }
        }
        self.push(ExprKind::Range(lo, hi), Type::Range, node)
    }
}
