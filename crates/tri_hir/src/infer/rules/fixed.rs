//! Whether an argument is a static number by its look, so that `sqrt(2.0)` stays static.

use tri_diagnostics::Code;
use tri_syntax::ast::{self, BinaryOp, ExprKind as Ast};

use super::{STATIC, Special};
use crate::hir::{BodyOwner, ExprId, Type};
use crate::infer::Infer;
use crate::infer::name::Resolved;
use crate::queries::checked_body;

impl Infer<'_> {
    /// Whether an expression is a static number by its look: a literal, a size, or arithmetic of them.
    pub(super) fn looks_static(&self, expr: &ast::Expr) -> bool {
        match &expr.kind {
            Ast::Int(_) | Ast::Float(_) => true,
            Ast::Name(name) => match self.resolve(name) {
                Some(Resolved::Dim(_) | Resolved::Number(_)) => true,
                Some(Resolved::Local(local)) => {
                    matches!(self.body.local(local).ty, Type::Int(_) | Type::Float)
                }
                Some(Resolved::Config(at)) => {
                    let ty = self
                        .layer
                        .as_ref()
                        .and_then(|(_, layer)| layer.config.get(at as usize))
                        .map(|param| &param.ty);
                    matches!(ty, Some(Type::Int(_) | Type::Float))
                }
                Some(Resolved::Item(def)) => {
                    let body = checked_body(self.db, BodyOwner::Const(def)).body;
                    let ty = body.root.value.map(|value| &body.expr(value).ty);
                    matches!(ty, Some(Type::Int(_) | Type::Float))
                }
                _ => false,
            },
            Ast::Call { callee, args } => {
                let is_static = |name: &str| STATIC.contains(&name) || matches!(name, "max" | "min" | "pow");
                matches!(&callee.kind, Ast::Name(name) if is_static(name))
                    && args.iter().all(|arg| self.looks_static(&arg.value))
            }
            Ast::Unary { operand, .. } => self.looks_static(operand),
            Ast::Binary { lhs, rhs, .. } => self.looks_static(lhs) && self.looks_static(rhs),
            _ => false,
        }
    }

    /// Whether this is `floor(a / b)` or `ceil(a / b)` of static ints.
    pub(super) fn is_size_division(&self, call: &Special<'_>) -> bool {
        match call.slots.first().copied().flatten().map(|expr| &expr.kind) {
            Some(Ast::Binary { op: BinaryOp::Div, lhs, rhs, .. }) => {
                self.looks_int(lhs) && self.looks_int(rhs)
            }
            _ => false,
        }
    }

    /// A division of sizes that is rounded is a size.
    pub(super) fn rounded_size(&mut self, call: &Special<'_>) -> Option<ExprId> {
        let Ast::Binary { lhs, rhs, .. } = &call.slots.first().copied().flatten()?.kind else { return None };
        let (n, d) = (self.names.dim(lhs)?, self.names.dim(rhs)?);
        let name = &*call.signature.name;
        let rounded = if name == "floor" { n.floor_div(&d) } else { n.ceil_div(&d) };
        match rounded {
            Ok(dim) => Some(self.dim_value(dim, call.node)),
            Err(error) => {
                self.names.error(Code::E2011, call.node, format!("this has no size: {error}"));
                None
            }
        }
    }

    /// Whether an expression is a static int by its look.
    fn looks_int(&self, expr: &ast::Expr) -> bool {
        match &expr.kind {
            Ast::Int(_) => true,
            Ast::Name(name) => match self.resolve(name) {
                Some(Resolved::Dim(_)) => true,
                Some(Resolved::Local(local)) => matches!(self.body.local(local).ty, Type::Int(Some(_))),
                Some(Resolved::Config(_) | Resolved::Item(_)) => self.names.dim_named(name).is_some(),
                _ => false,
            },
            Ast::Unary { op: ast::UnaryOp::Neg, operand } => self.looks_int(operand),
            Ast::Binary { lhs, rhs, .. } => self.looks_int(lhs) && self.looks_int(rhs),
            _ => false,
        }
    }
}
