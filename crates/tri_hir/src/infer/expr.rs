//! Expressions: which rule each kind follows, and the small ones.

use tri_diagnostics::Code;
use tri_syntax::ast::{self, ExprKind as Ast, NodeId};

use super::Infer;
use crate::hir::{Axis, Dim, Element, ExprId, ExprKind, GenericKind, Owner, Type};
use crate::show::dtype_of;

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
                self.conditional(condition, then, otherwise.as_deref(), node, expected)
            }
            Ast::Error => self.error_expr(node),
        }
    }

    pub(super) fn int(&mut self, n: u64, node: NodeId) -> ExprId {
        match i64::try_from(n) {
            Ok(n) => self.push(ExprKind::Int(n), Type::Int(Some(Dim::constant(n))), node),
            Err(_) => {
                self.names.error(Code::E2011, node, "this number does not fit in 64 bits");
                self.error_expr(node)
            }
        }
    }

    pub(super) fn cast(&mut self, operand: &ast::Expr, dtype: &ast::Name, node: NodeId) -> ExprId {
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
                let found = self.show().ty(&other);
                self.names.error(
                    Code::E2001,
                    node,
                    format!("this is {found}, which has no elements to convert"),
                );
                self.error_expr(node)
            }
        }
    }

    pub(super) fn names_element(&self, name: &str) -> Option<Element> {
        let owners = [Some(self.owner), self.layer.as_ref().map(|(def, _)| Owner::Layer(*def))];
        owners.into_iter().flatten().find_map(|owner| {
            let at = self.generics_of(owner).iter().position(|generic| {
                &*generic.name == name && matches!(generic.kind, GenericKind::Element(_))
            })?;
            Some(Element::Generic(owner, at as u32))
        })
    }

    pub(super) fn transpose(
        &mut self,
        base: ExprId,
        element: Element,
        mut shape: Vec<Axis>,
        node: NodeId,
    ) -> ExprId {
        let n = shape.len();
        if n < 2 || shape[n - 2..].iter().any(|axis| matches!(axis, Axis::Pack(..))) {
            let found = self.show().ty(self.ty(base));
            self.names.error(Code::E2002, node, format!("`.T` swaps the last two axes, but this is {found}"));
            return self.error_expr(node);
        }
        shape.swap(n - 2, n - 1);
        self.push(ExprKind::Transpose(base), Type::Tensor(element, shape), node)
    }
}
