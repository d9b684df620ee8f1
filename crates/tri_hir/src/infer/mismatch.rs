//! How a value whose type does not fit its place is told.

use tri_diagnostics::Code;

use super::Infer;
use super::coerce::Asked;
use crate::hir::{Axis, ExprId, ExprKind, Type};
use crate::report::Report;

impl Infer<'_> {
    /// Reports that a value has another type than its place.
    pub(super) fn mismatch(&mut self, id: ExprId, from: &Type, to: &Type, asked: Option<&Asked>) -> ExprId {
        let node = self.node(id);
        let place = self.names.place(node);
        let (found, wanted) = (self.show().ty(from), self.show().ty(to));
        let plain = format!("this is {found}, but {wanted} is expected");
        let mut report = match (from, to) {
            (Type::Tensor(a, s), Type::Tensor(b, t)) if a == b => {
                let known: Vec<Option<Axis>> = t.iter().cloned().map(Some).collect();
                self.advise_shape(self.other_shape(id, s, t), id, s, &known)
            }
            (Type::Tensor(a, s), Type::Tensor(b, t)) if self.same_shape(s, t) => {
                self.advise_dtype(Report::error(Code::E3002, place, plain), id, *a, *b)
            }
            (Type::Tensor(..), Type::Int(_) | Type::Float | Type::Bool) => {
                let message =
                    format!("a static {wanted} stands here, but this is {found}, known only at run time");
                Report::error(Code::E2009, place, message)
            }
            _ => Report::error(Code::E2001, place, plain),
        };
        if from == &Type::Unit && matches!(self.body.expr(id).kind, ExprKind::If(_, _, None)) {
            report = report.help("without the other branch it has no value: add `else { ... }`");
        }
        report = report.label(format!("this is {found}"));
        if let Some(asked) = asked {
            report = report.secondary(asked.place, &asked.text);
        }
        self.names.report(report);
        self.error_expr(node)
    }

    /// Two shapes of which one is found and one is wanted.
    fn other_shape(&self, id: ExprId, found: &[Axis], wanted: &[Axis]) -> Report {
        let place = self.names.place(self.node(id));
        if found.len() != wanted.len() {
            let message = format!("this has {}, but {} are expected", axes_text(found), axes_text(wanted));
            return Report::error(Code::E2002, place, message);
        }
        let differing = found.iter().zip(wanted).position(|(a, b)| !self.same_axis(a, b));
        let Some(at) = differing else { return Report::error(Code::E2003, place, "shapes differ") };
        let (a, b) = (&found[at], &wanted[at]);
        let message =
            format!("an axis is `{}` here, but `{}` is expected", self.axis_text(a), self.axis_text(b));
        let report = self.bound_at(self.bound_at(Report::error(Code::E2003, place, message), a), b);
        self.explain_axis(report, id, found.len() - 1 - at, Some(b))
    }
}

/// `3 axes`, `2 or more axes`.
pub(super) fn axes_text(shape: &[Axis]) -> String {
    let packs = shape.iter().filter(|axis| matches!(axis, Axis::Pack(..))).count();
    match (shape.len() - packs, packs) {
        (1, 0) => "1 axis".to_owned(),
        (fixed, 0) => format!("{fixed} axes"),
        (fixed, _) => format!("{fixed} or more axes"),
    }
}
