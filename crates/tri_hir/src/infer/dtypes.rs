//! Operands whose dtypes do not go together.

use tri_diagnostics::Code;
use tri_syntax::ast::{BinaryOp, NodeId};

use super::Infer;
use super::operator::PRODUCTS;
use crate::hir::{DType, Element, ExprId, Type};
use crate::report::Report;
use crate::show::dtype_name;

impl Infer<'_> {
    /// Reports tensors of two dtypes.
    pub(super) fn mixed_dtypes(&mut self, op: BinaryOp, op_id: NodeId, lhs: ExprId, rhs: ExprId) {
        let (Type::Tensor(a, _), Type::Tensor(b, _)) = (self.ty(lhs), self.ty(rhs)) else { return };
        let (a, b) = (*a, *b);
        let message =
            format!("`{}` between {} and {}", op.as_str(), self.show().element(a), self.show().element(b));
        let report = Report::error(Code::E3002, self.names.place(op_id), message)
            .label("dtypes never mix by themselves")
            .secondary(self.names.place(self.node(lhs)), self.this(lhs))
            .secondary(self.names.place(self.node(rhs)), self.this(rhs));
        let report = match (wider(a), wider(b)) {
            (x, y) if x.max(y) > 5 => report.help("convert one side with `as`"),
            (x, y) if x < y => self.advise_dtype(report, lhs, a, b),
            (x, y) if x > y => self.advise_dtype(report, rhs, b, a),
            _ => report.help("convert one side with `as`"),
        };
        self.names.report(report);
    }

    /// Reports a static number that has no value of a tensor's dtype.
    pub(super) fn number_meets(
        &mut self,
        op: BinaryOp,
        op_id: NodeId,
        tensor: ExprId,
        number: ExprId,
        node: NodeId,
    ) -> ExprId {
        let Type::Tensor(from, _) = *self.ty(tensor) else { return self.error_expr(node) };
        let (kind, to) = match self.ty(number) {
            Type::Bool => ("a truth value", DType::Bool),
            Type::Int(_) => ("an integer", DType::I32),
            _ => ("a float", DType::F32),
        };
        let message = format!("`{}` between {} and {kind}", op.as_str(), self.show().element(from));
        let report = Report::error(Code::E3002, self.names.place(op_id), message)
            .label("a number takes the dtype of the tensor it meets")
            .secondary(self.names.place(self.node(tensor)), self.this(tensor))
            .secondary(self.names.place(self.node(number)), format!("{kind} has no value of this dtype"));
        let report = self.advise_dtype(report, tensor, from, Element::Known(to));
        self.names.report(report);
        self.error_expr(node)
    }

    /// Dtypes that `@` does not multiply.
    pub(super) fn no_product(
        &self,
        a: Element,
        b: Element,
        lhs: ExprId,
        rhs: ExprId,
        node: NodeId,
    ) -> Report {
        use DType::{Bf16, F16, F32, I8, Trit};
        let (x, y) = (self.show().element(a), self.show().element(b));
        let report =
            Report::error(Code::E3002, self.names.place(node), format!("`@` does not multiply {x} and {y}"))
                .label(format!("there are products of {}", products()))
                .secondary(self.names.place(self.node(lhs)), self.this(lhs))
                .secondary(self.names.place(self.node(rhs)), self.this(rhs));
        match (a, b) {
            (Element::Known(I8), Element::Known(F32)) => {
                report.help("ternarise the weight before: `let (t, w_scale) = ternarize_rows(w)`, then `q @ t.T`; or convert the bytes with `as f32`")
            }
            (Element::Known(F32), Element::Known(I8)) => {
                report.help("quantise the left side: `let (q, scale) = quantize_rows(x)`; or convert the bytes with `as f32`")
            }
            (Element::Known(Trit), _) => report.help("trits stand on the right of `@`"),
            (Element::Known(F16 | Bf16), Element::Known(F32)) => self.advise_dtype(report, lhs, a, b),
            (Element::Known(F32), Element::Known(F16 | Bf16)) => self.advise_dtype(report, rhs, b, a),
            _ => report,
        }
    }

    /// `this is f32[B, D]`.
    pub(super) fn this(&self, id: ExprId) -> String {
        format!("this is {}", self.show().ty(self.ty(id)))
    }
}

/// Dtypes in the order in which one holds what the other does; equal where neither does.
fn wider(element: Element) -> u32 {
    match element {
        Element::Known(DType::Trit) => 0,
        Element::Known(DType::I8 | DType::U8) => 1,
        Element::Known(DType::I32) => 2,
        Element::Known(DType::I64) => 3,
        Element::Known(DType::F16 | DType::Bf16) => 4,
        Element::Known(DType::F32) => 5,
        Element::Known(DType::Bool) | Element::Generic(..) => 6,
    }
}

/// Dtypes of products, by their names.
fn products() -> String {
    let names = PRODUCTS.iter().map(|(a, b, _)| format!("{} @ {}", dtype_name(*a), dtype_name(*b)));
    names.collect::<Vec<_>>().join(", ")
}
