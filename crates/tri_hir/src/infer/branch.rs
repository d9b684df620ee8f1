//! `if` with a static condition.

use tri_diagnostics::Code;
use tri_syntax::ast::{self, ExprKind as Ast, NodeId};

use super::Infer;
use super::coerce::Asked;
use crate::hir::{ExprId, ExprKind, Type};
use crate::report::Report;

impl Infer<'_> {
    pub(super) fn conditional(
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
                    .label(self.this(test))
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
    pub(super) fn join(&mut self, a: ExprId, b: ExprId, expected: Option<&Type>) -> (ExprId, ExprId) {
        if let Some(expected) = expected.filter(|ty| **ty != Type::Unit) {
            return (self.coerce(a, expected), self.coerce(b, expected));
        }
        let (ty_a, ty_b) = (self.ty(a).clone(), self.ty(b).clone());
        match (&ty_a, &ty_b) {
            (Type::Tensor(..), Type::Int(_) | Type::Float) => (a, self.coerce(b, &ty_a)),
            (Type::Int(_) | Type::Float, Type::Tensor(..)) => (self.coerce(a, &ty_b), b),
            (Type::Int(_), Type::Float) | (Type::Float, Type::Int(_)) => (a, b),
            _ => {
                let text = format!("the other branch gives {}", self.show().ty(&ty_a));
                let asked = Asked { place: self.names.place(self.node(a)), text };
                (a, self.coerce_asked(b, &ty_a, Some(&asked)))
            }
        }
    }
}

/// Whether a condition that holds makes another hold: it is the same, or a conjunction with it.
pub(super) fn implies(known: &ast::Expr, wanted: &ast::Expr) -> bool {
    same(known, wanted)
        || matches!(&known.kind, Ast::Binary { op: ast::BinaryOp::And, lhs, rhs, .. } if implies(lhs, wanted) || implies(rhs, wanted))
}

/// Whether two conditions are written alike.
pub(crate) fn same(a: &ast::Expr, b: &ast::Expr) -> bool {
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
