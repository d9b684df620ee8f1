//! Sizes and conditions on them, as they are written.

use tri_diagnostics::Code;
use tri_dims::DimError;
use tri_syntax::ast::{self, BinaryOp, ExprKind, NodeId};

use super::Names;
use crate::dims::divides;
use crate::hir::{Dim, Fact};
use crate::report::Report;

impl Names<'_> {
    /// The size that an expression is; none if it was reported.
    pub(crate) fn dim(&mut self, expr: &ast::Expr) -> Option<Dim> {
        match &expr.kind {
            ExprKind::Int(n) => match i64::try_from(*n) {
                Ok(n) => Some(Dim::constant(n)),
                Err(_) => self.computed(Err(DimError::Overflow), expr.id),
            },
            ExprKind::Name(name) => self.dim_named(name).or_else(|| self.unknown_dim(expr.id, name)),
            ExprKind::Unary { op: ast::UnaryOp::Neg, operand } => {
                let operand = self.dim(operand)?;
                self.computed(operand.neg(), expr.id)
            }
            ExprKind::Binary { op, lhs, rhs, .. } => {
                let (lhs, rhs) = (self.dim(lhs), self.dim(rhs));
                self.dim_binary(*op, &lhs?, &rhs?, expr.id)
            }
            ExprKind::Call { callee, args } => self.rounded(expr, callee, args),
            ExprKind::Error => None,
            _ => {
                self.error(Code::E2011, expr.id, "this is not a size");
                None
            }
        }
    }

    /// The size, or a report that a formula is none.
    fn computed(&mut self, size: Result<Dim, DimError>, node: NodeId) -> Option<Dim> {
        let error = match size {
            Ok(size) => return Some(size),
            Err(error) => error,
        };
        match error {
            DimError::DivisionByZero => self.error(Code::E2011, node, "division by zero"),
            DimError::TooLarge => {
                let message = "this size is too large a formula";
                let report = Report::error(Code::E2011, self.place(node), message)
                    .help("state it with fewer sums that are multiplied with each other, and fewer divisions within divisions");
                self.report(report);
            }
            _ => self.error(Code::E2011, node, "this size does not fit in 64 bits"),
        }
        None
    }

    /// An operator on sizes.
    pub(crate) fn dim_binary(&mut self, op: BinaryOp, a: &Dim, b: &Dim, node: NodeId) -> Option<Dim> {
        let result = match op {
            BinaryOp::Add => a.add(b),
            BinaryOp::Sub => a.sub(b),
            BinaryOp::Mul => a.mul(b),
            BinaryOp::Rem => a.rem(b),
            BinaryOp::Div => {
                if crate::dims::numeric(self.db, b) == Some(0) {
                    self.error(Code::E2011, node, "division by zero");
                    return None;
                }
                if !divides(self.db, &self.facts, a, b) {
                    self.not_divisible(a, b, node);
                    return None;
                }
                a.exact_div(b)
            }
            _ => {
                self.error(Code::E2011, node, format!("`{}` does not make a size", op.as_str()));
                return None;
            }
        };
        self.computed(result, node)
    }

    fn not_divisible(&mut self, a: &Dim, b: &Dim, node: NodeId) {
        let place = self.place(node);
        let (n, d) = (self.show().factor(a), self.show().factor(b));
        let values = (crate::dims::numeric(self.db, a), crate::dims::numeric(self.db, b));
        let report = if let (Some(x), Some(y)) = values {
            let message = format!("`{n} / {d}` is no whole number");
            let rest = x
                .checked_rem(y)
                .map_or_else(String::new, |rest| format!("{x} / {y} leaves a remainder of {rest}"));
            Report::error(Code::E2005, place, message)
                .label(rest)
                .help(format!("a size is whole: choose sizes that divide, or round with `floor({n} / {d})`"))
        } else {
            let message = format!("`{n}` is not known to be divisible by `{d}`");
            let report = Report::error(Code::E2005, place, message)
                .label("this may leave a remainder")
                .help(format!("state it: `where {n} % {d} == 0`, or round with `floor({n} / {d})`"))
                .once_an_item();
            self.offer_condition(report, &Fact::Divides(a.clone(), b.clone()))
        };
        let report = self.bound_at(self.bound_at(report, a), b);
        self.report(report);
    }

    /// `floor(a / b)` and `ceil(a / b)`.
    fn rounded(&mut self, expr: &ast::Expr, callee: &ast::Expr, args: &[ast::Arg]) -> Option<Dim> {
        let ExprKind::Name(name) = &callee.kind else {
            self.error(Code::E2011, expr.id, "this is not a size");
            return None;
        };
        let division = match args {
            [
                ast::Arg {
                    name: None,
                    value: ast::Expr { kind: ExprKind::Binary { op: BinaryOp::Div, lhs, rhs, .. }, .. },
                },
            ] => Some((lhs, rhs)),
            _ => None,
        };
        let (Some((n, d)), "floor" | "ceil") = (division, &**name) else {
            self.error(Code::E2011, expr.id, "a size is rounded as `floor(a / b)` or `ceil(a / b)`");
            return None;
        };
        let (n, d) = (self.dim(n)?, self.dim(d)?);
        let rounded = if &**name == "floor" { n.floor_div(&d) } else { n.ceil_div(&d) };
        self.computed(rounded, expr.id)
    }

    /// The fact that a `where` condition states; none if it was reported.
    pub(crate) fn fact(&mut self, condition: &ast::Expr) -> Option<Fact> {
        let ExprKind::Binary { op, lhs, rhs, .. } = &condition.kind else {
            self.error(Code::E2011, condition.id, "a condition compares two sizes");
            return None;
        };
        if let (BinaryOp::Eq, ExprKind::Binary { op: BinaryOp::Rem, lhs: n, rhs: d, .. }) = (op, &lhs.kind)
            && matches!(rhs.kind, ExprKind::Int(0))
        {
            return Some(Fact::Divides(self.dim(n)?, self.dim(d)?));
        }
        let (a, b) = (self.dim(lhs)?, self.dim(rhs)?);
        let one = Dim::constant(1);
        match op {
            BinaryOp::Eq => Some(Fact::Equal(a, b)),
            BinaryOp::Le => Some(Fact::AtMost(a, b)),
            BinaryOp::Lt => Some(Fact::AtMost(a.add(&one).ok()?, b)),
            BinaryOp::Ge => Some(Fact::AtMost(b, a)),
            BinaryOp::Gt => Some(Fact::AtMost(b.add(&one).ok()?, a)),
            _ => {
                self.error(
                    Code::E2011,
                    condition.id,
                    "a condition is `a % b == 0`, or compares sizes with `==`, `<=`, `<`",
                );
                None
            }
        }
    }
}
