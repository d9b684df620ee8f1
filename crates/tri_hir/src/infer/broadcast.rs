//! Operands of several shapes as one: axes of length 1 and missing leading axes stretch, nothing else does.

use tri_diagnostics::Code;
use tri_syntax::ast::NodeId;

use super::Infer;
use crate::hir::{Axis, ExprId};
use crate::report::{Repair, Report, Target};

/// More axes than this are not searched for where `_` would fit.
const MAX_RANK: usize = 6;

impl Infer<'_> {
    /// The shape that operands are stretched to.
    pub(super) fn broadcast(
        &mut self,
        op: &str,
        shapes: &[Vec<Axis>],
        operands: &[ExprId],
        node: NodeId,
    ) -> Option<Vec<Axis>> {
        let mut result: Vec<Axis> = Vec::new();
        let mut from: Option<ExprId> = None;
        for (shape, operand) in shapes.iter().zip(operands) {
            match self.stretch(&result, shape) {
                Ok(shape) => result = shape,
                Err(from_end) => {
                    let report = self.unstretched(
                        op,
                        (from.unwrap_or(*operand), &result),
                        (*operand, shape),
                        from_end,
                        node,
                    );
                    self.names.report(report);
                    return None;
                }
            }
            from = from.or((!shape.is_empty()).then_some(*operand));
        }
        Some(result)
    }

    /// Both shapes as one; else the axis that differs, counted from the last.
    fn stretch(&self, a: &[Axis], b: &[Axis]) -> Result<Vec<Axis>, usize> {
        let mut result = Vec::new();
        let (mut i, mut j) = (a.len(), b.len());
        while i > 0 && j > 0 {
            let (x, y) = (&a[i - 1], &b[j - 1]);
            if self.same_axis(x, y) {
                // A plain number and a dim of its value: the name says more.
                let named = matches!(x, Axis::Dim(dim) if dim.as_constant().is_some());
                result.push(if named { y.clone() } else { x.clone() });
            } else if is_one(x) && !matches!(y, Axis::Pack(..)) {
                result.push(y.clone());
            } else if is_one(y) && !matches!(x, Axis::Pack(..)) {
                result.push(x.clone());
            } else {
                return Err(result.len());
            }
            (i, j) = (i - 1, j - 1);
        }
        result.extend(a[..i].iter().rev().cloned());
        result.extend(b[..j].iter().rev().cloned());
        result.reverse();
        Ok(result)
    }

    fn unstretched(
        &self,
        op: &str,
        (lhs, left): (ExprId, &[Axis]),
        (rhs, right): (ExprId, &[Axis]),
        from_end: usize,
        node: NodeId,
    ) -> Report {
        let (a, b) = (&left[left.len() - 1 - from_end], &right[right.len() - 1 - from_end]);
        let is_operator = op.chars().all(|c| !c.is_alphanumeric());
        let (one, other) =
            if is_operator { ("on the left", "on the right") } else { ("in one", "in the other") };
        let message =
            format!("an axis of `{op}` is `{}` {one} and `{}` {other}", self.axis_text(a), self.axis_text(b));
        let this = |id: ExprId| format!("this is {}", self.show().ty(self.ty(id)));
        let report = Report::error(Code::E2003, self.names.place(node), message)
            .label("axes are paired from the last to the first")
            .secondary(self.names.place(self.node(lhs)), this(lhs))
            .secondary(self.names.place(self.node(rhs)), this(rhs));
        let report = self.bound_at(self.bound_at(report, a), b);
        let before = report.clone();
        let report = self.explain_axis(report, lhs, from_end, Some(b));
        let report = self.explain_axis(report, rhs, from_end, Some(a));
        if report != before {
            return report;
        }
        let rows = self.inserted(right, left).into_iter().map(|view| (rhs, view));
        let columns = self.inserted(left, right).into_iter().map(|view| (lhs, view));
        let views: Vec<(ExprId, String)> = rows.chain(columns).collect();
        self.advise_views(report, &views)
    }

    fn advise_views(&self, report: Report, views: &[(ExprId, String)]) -> Report {
        let written = |(id, view): &(ExprId, String)| format!("`{}{view}`", self.written(*id));
        match views {
            [] => report.help("only axes of length 1 and missing leading axes stretch"),
            [(id, view)] if self.is_postfix(*id) => {
                let place = self.names.place(self.node(*id));
                let title = format!("add `{view}`");
                let help = format!("`{}{view}` adds the axes of length 1 that stretch", self.written(*id));
                report.help(help).repair(Repair::ask(title).edit(Target::Behind(place), view))
            }
            views => {
                let all: Vec<String> = views.iter().map(written).collect();
                report.help(format!("`_` is an axis of length 1, which stretches: {}", all.join(" or ")))
            }
        }
    }

    /// The views with `_` by which `small` stretches to `big`.
    fn inserted(&self, small: &[Axis], big: &[Axis]) -> Vec<String> {
        let mut found = Vec::new();
        if small.is_empty() || small.len() >= big.len() || big.len() > MAX_RANK {
            return found;
        }
        for chosen in (0..1_u32 << big.len()).filter(|chosen| chosen.count_ones() as usize == small.len()) {
            let is_chosen = |at: &usize| chosen & (1 << at) != 0;
            let places: Vec<usize> = (0..big.len()).filter(is_chosen).collect();
            let first = places[0];
            let fits = places.iter().zip(small).all(|(at, axis)| self.same_axis(&big[*at], axis));
            if !fits || big[first..].iter().any(|axis| matches!(axis, Axis::Pack(..))) {
                continue;
            }
            let kept = first + small.len();
            let items = (first..big.len()).map(|at| if is_chosen(&at) { ":" } else { "_" });
            found.push(match places.last() {
                Some(last) if last + 1 == kept => format!("[..{}]", ", _".repeat(big.len() - kept)),
                _ => format!("[{}]", items.collect::<Vec<_>>().join(", ")),
            });
        }
        found
    }
}

fn is_one(axis: &Axis) -> bool {
    matches!(axis, Axis::Dim(dim) if dim.as_constant() == Some(1))
}
