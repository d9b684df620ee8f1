//! Whether an argument is a static number by its look, so that `sqrt(2.0)` stays static.

use tri_syntax::ast::{self, ExprKind as Ast};

use crate::hir::Type;
use crate::infer::Infer;
use crate::infer::name::Resolved;

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
                _ => false,
            },
            Ast::Unary { operand, .. } => self.looks_static(operand),
            Ast::Binary { lhs, rhs, .. } => self.looks_static(lhs) && self.looks_static(rhs),
            _ => false,
        }
    }
}
