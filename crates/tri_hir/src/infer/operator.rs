//! Operators: on static values, on tensors, and `@`.

use tri_diagnostics::Code;
use tri_syntax::ast::{self, BinaryOp, NodeId, UnaryOp};

use super::Infer;
use crate::hir::{Axis, DType, Dim, Element, ExprId, ExprKind, Type};
use crate::report::{Repair, Report, Target};

/// The dtypes that `@` multiplies, and that of the sums.
pub(super) const PRODUCTS: [(DType, DType, DType); 6] = [
    (DType::I8, DType::Trit, DType::I32),
    (DType::I8, DType::I8, DType::I32),
    (DType::F32, DType::Trit, DType::F32),
    (DType::F32, DType::F32, DType::F32),
    (DType::Bf16, DType::Bf16, DType::F32),
    (DType::F16, DType::F16, DType::F32),
];

/// As many products of an i8 and a trit as i32 holds the sum of, whatever they are (`docs/numerics.md`).
const MAX_TERNARY_SUM: i64 = i32::MAX as i64 / 128;

/// The same for products of two i8.
const MAX_BYTE_SUM: i64 = i32::MAX as i64 / (128 * 128);

impl Infer<'_> {
    pub(super) fn unary(&mut self, op: UnaryOp, operand: &ast::Expr, node: NodeId) -> ExprId {
        let operand = self.expr(operand, None);
        match (op, self.ty(operand).clone()) {
            (_, Type::Error) => self.error_expr(node),
            (UnaryOp::Neg, Type::Int(dim)) => {
                let dim = dim.and_then(|dim| dim.neg().ok());
                self.push(ExprKind::StaticUnary(op, operand), Type::Int(dim), node)
            }
            (UnaryOp::Neg, Type::Float) | (UnaryOp::Not, Type::Bool) => {
                let ty = self.ty(operand).clone();
                self.push(ExprKind::StaticUnary(op, operand), ty, node)
            }
            (UnaryOp::Neg, Type::Tensor(element, shape))
                if !matches!(element, Element::Known(DType::Bool | DType::U8)) =>
            {
                self.push(ExprKind::Unary(op, operand), Type::Tensor(element, shape), node)
            }
            (UnaryOp::Not, Type::Tensor(element @ Element::Known(DType::Bool), shape)) => {
                self.push(ExprKind::Unary(op, operand), Type::Tensor(element, shape), node)
            }
            (_, other) => {
                let found = self.show().ty(&other);
                self.names.error(Code::E2001, node, format!("`{}` is not defined for {found}", op.as_str()));
                self.error_expr(node)
            }
        }
    }

    pub(super) fn binary(
        &mut self,
        op: BinaryOp,
        op_id: NodeId,
        lhs: &ast::Expr,
        rhs: &ast::Expr,
        node: NodeId,
    ) -> ExprId {
        let lhs = self.expr(lhs, None);
        let rhs = if op == BinaryOp::And && matches!(self.ty(lhs), Type::Bool) {
            // The right side is looked at where the left one holds.
            self.expr(rhs, Some(&Type::Bool))
        } else {
            self.expr(rhs, None)
        };
        match (self.ty(lhs).clone(), self.ty(rhs).clone()) {
            (Type::Error, _) | (_, Type::Error) => self.error_expr(node),
            (Type::Tensor(..), Type::Tensor(..)) if op == BinaryOp::MatMul => self.matmul(lhs, rhs, node),
            (Type::Tensor(element, _), Type::Int(_) | Type::Float | Type::Bool) if op != BinaryOp::MatMul => {
                if !self.splats(rhs, element) {
                    return self.number_meets(op, op_id, lhs, rhs, node);
                }
                let rhs = self.splat(rhs, element);
                self.elementwise(op, op_id, lhs, rhs, node)
            }
            (Type::Int(_) | Type::Float | Type::Bool, Type::Tensor(element, _)) if op != BinaryOp::MatMul => {
                if !self.splats(lhs, element) {
                    return self.number_meets(op, op_id, rhs, lhs, node);
                }
                let lhs = self.splat(lhs, element);
                self.elementwise(op, op_id, lhs, rhs, node)
            }
            (Type::Tensor(..), Type::Tensor(..)) => self.elementwise(op, op_id, lhs, rhs, node),
            (a, b) => self.static_binary(op, lhs, rhs, &a, &b, node),
        }
    }

    fn static_binary(
        &mut self,
        op: BinaryOp,
        lhs: ExprId,
        rhs: ExprId,
        a: &Type,
        b: &Type,
        node: NodeId,
    ) -> ExprId {
        use BinaryOp::{Add, And, Div, Eq, Ge, Gt, Le, Lt, Mul, Ne, Or, Rem, Sub};
        let numbers = matches!((a, b), (Type::Int(_) | Type::Float, Type::Int(_) | Type::Float));
        let ty = match op {
            Add | Sub | Mul | Div | Rem if numbers => match (a, b) {
                (Type::Int(Some(x)), Type::Int(Some(y))) => match self.names.dim_binary(op, x, y, node) {
                    Some(dim) => Some(Type::Int(Some(dim))),
                    None => return self.error_expr(node),
                },
                (Type::Int(_), Type::Int(_)) => Some(Type::Int(None)),
                _ => Some(Type::Float),
            },
            Eq | Ne if numbers || a == b && matches!(a, Type::Bool | Type::Str) => Some(Type::Bool),
            Lt | Le | Gt | Ge if numbers => Some(Type::Bool),
            And | Or if matches!((a, b), (Type::Bool, Type::Bool)) => Some(Type::Bool),
            _ => None,
        };
        match ty {
            Some(ty) => self.push(ExprKind::StaticBinary(op, lhs, rhs), ty, node),
            None => {
                let (a, b) = (self.show().ty(a), self.show().ty(b));
                self.names.error(
                    Code::E2001,
                    node,
                    format!("`{}` is not defined for {a} and {b}", op.as_str()),
                );
                self.error_expr(node)
            }
        }
    }

    fn elementwise(&mut self, op: BinaryOp, op_id: NodeId, lhs: ExprId, rhs: ExprId, node: NodeId) -> ExprId {
        use BinaryOp::{And, Eq, Ge, Gt, Le, Lt, Ne, Or};
        let (Type::Tensor(a, s), Type::Tensor(b, t)) = (self.ty(lhs).clone(), self.ty(rhs).clone()) else {
            return self.error_expr(node);
        };
        if a != b {
            self.mixed_dtypes(op, op_id, lhs, rhs);
            return self.error_expr(node);
        }
        let comparison = matches!(op, Eq | Ne | Lt | Le | Gt | Ge);
        let logical = matches!(op, And | Or);
        let is_bool = a == Element::Known(DType::Bool);
        if a == Element::Known(DType::Trit) && !comparison {
            let place = self.names.place(op_id);
            let report =
                Report::error(Code::E3001, place, format!("`{}` is not defined for trits", op.as_str()))
                    .help(
                        "trits have `@`, negation, comparison and casts: convert with `as i32` or `as f32`",
                    );
            self.names.report(report);
            return self.error_expr(node);
        }
        if logical != is_bool && !(is_bool && matches!(op, Eq | Ne)) {
            let found = self.show().element(a);
            self.names.error(Code::E2001, op_id, format!("`{}` is not defined for {found}", op.as_str()));
            return self.error_expr(node);
        }
        let Some(shape) = self.broadcast(op.as_str(), &[s, t], &[lhs, rhs], node) else {
            return self.error_expr(node);
        };
        let element = if comparison { Element::Known(DType::Bool) } else { a };
        self.push(ExprKind::Binary(op, lhs, rhs), Type::Tensor(element, shape), node)
    }

    fn matmul(&mut self, lhs: ExprId, rhs: ExprId, node: NodeId) -> ExprId {
        let (Type::Tensor(a, s), Type::Tensor(b, t)) = (self.ty(lhs).clone(), self.ty(rhs).clone()) else {
            return self.error_expr(node);
        };
        let Some(element) = self.product_dtype(a, b, lhs, rhs, node) else { return self.error_expr(node) };
        let (Some(Axis::Dim(k)), Some(contracted)) =
            (s.last(), t.get(t.len().saturating_sub(2)).filter(|_| !t.is_empty()))
        else {
            self.names.error(Code::E2002, node, "`@` needs an axis to sum over on both sides");
            return self.error_expr(node);
        };
        let contracted = if t.len() == 1 { &t[0] } else { contracted };
        if !self.same_axis(&Axis::Dim(k.clone()), contracted) {
            self.report_contraction(lhs, rhs, &Axis::Dim(k.clone()), contracted, node);
            return self.error_expr(node);
        }
        let most = if b == Element::Known(DType::I8) { MAX_BYTE_SUM } else { MAX_TERNARY_SUM };
        if a == Element::Known(DType::I8) && crate::dims::numeric(self.db, k).is_some_and(|k| k > most) {
            let (a, b, k) =
                (self.show().element(a), self.show().element(b), self.axis_text(&Axis::Dim(k.clone())));
            let message = format!("sums of {k} products of {a} and {b} may leave i32");
            let report = Report::error(Code::E3003, self.names.place(node), message)
                .help(format!("up to {most} products are safe; for more, convert to f32 first"));
            self.names.report(report);
            return self.error_expr(node);
        }
        let mut shape = s[..s.len() - 1].to_vec();
        if t.len() > 2 {
            let batch = &t[..t.len() - 2];
            let same =
                shape.len() == batch.len() + 1 && shape.iter().zip(batch).all(|(x, y)| self.same_axis(x, y));
            if !same {
                let (x, y) = (self.show().ty(self.ty(lhs)), self.show().ty(self.ty(rhs)));
                let report = Report::error(Code::E2002, self.names.place(node), format!("the leading axes of {x} and {y} differ"))
                    .help("`@` multiplies matrices with the same leading axes, or any tensor with one matrix; `einsum` says everything else");
                self.names.report(report);
                return self.error_expr(node);
            }
        }
        if t.len() >= 2 {
            shape.push(t[t.len() - 1].clone());
        }
        self.push(ExprKind::MatMul(lhs, rhs), Type::Tensor(element, shape), node)
    }

    /// The dtype of a sum of products.
    pub(super) fn product_dtype(
        &mut self,
        a: Element,
        b: Element,
        lhs: ExprId,
        rhs: ExprId,
        node: NodeId,
    ) -> Option<Element> {
        let known = PRODUCTS.iter().find(|(x, y, _)| (Element::Known(*x), Element::Known(*y)) == (a, b));
        let dtype = known.map(|(.., result)| *result);
        if dtype.is_none() {
            let report = self.no_product(a, b, lhs, rhs, node);
            self.names.report(report);
        }
        dtype.map(Element::Known)
    }

    fn report_contraction(&mut self, lhs: ExprId, rhs: ExprId, a: &Axis, b: &Axis, node: NodeId) {
        let (x, y) = (self.axis_text(a), self.axis_text(b));
        let (left, right) = (self.names.place(self.node(lhs)), self.names.place(self.node(rhs)));
        let (this, that) = (self.show().ty(self.ty(lhs)), self.show().ty(self.ty(rhs)));
        let mut report = Report::error(
            Code::E2003,
            self.names.place(node),
            format!("`@` sums over `{x}` on the left and `{y}` on the right"),
        )
        .secondary(left, format!("this is {this}; its last axis is summed over"))
        .secondary(right, format!("this is {that}; its last axis but one is summed over"));
        report = self.bound_at(self.bound_at(report, a), b);
        if let Type::Tensor(_, shape) = self.ty(rhs)
            && shape.len() == 2
            && self.same_axis(&shape[1], a)
        {
            report = match self.body.expr(rhs).kind {
                ExprKind::Transpose(base) => {
                    let base = self.names.place(self.node(base));
                    report.repair(Repair::ask("leave `.T` out").edit(Target::Tail(base, right), ""))
                }
                _ if self.is_postfix(rhs) => {
                    let title =
                        format!("transpose the right side, which makes it {}", self.transposed_text(rhs));
                    report.repair(Repair::ask(title).edit(Target::Behind(right), ".T"))
                }
                _ => report.help("the right side fits when it is transposed: `.T`"),
            };
        }
        self.names.report(report);
    }

    /// The type of `x.T`.
    fn transposed_text(&self, id: ExprId) -> String {
        match self.ty(id) {
            Type::Tensor(element, shape) => {
                let shape = shape.iter().rev().cloned().collect();
                self.show().ty(&Type::Tensor(*element, shape))
            }
            other => self.show().ty(other),
        }
    }

    /// The size of an axis as a dim.
    pub(super) fn product_of(shape: &[Axis]) -> (Option<Dim>, Vec<Axis>) {
        let packs = shape.iter().filter(|axis| matches!(axis, Axis::Pack(..))).cloned().collect();
        let dims = shape.iter().filter_map(|axis| match axis {
            Axis::Dim(dim) => Some(dim),
            Axis::Pack(..) => None,
        });
        (Dim::product(dims).ok(), packs)
    }
}
