//! `x[...]`: views of tensors, elements of arrays, and dims given to functions and layers without a call.

use tri_diagnostics::Code;
use tri_syntax::ast::{self, IndexItem};

use super::Infer;
use super::mismatch::axes_text;
use crate::dims::at_most;
use crate::hir::{Axis, Dim, ExprId, ExprKind, Fact, Type, ViewItem};
use crate::report::{Repair, Report, Target};

impl Infer<'_> {
    pub(super) fn index(
        &mut self,
        expr: &ast::Expr,
        base: &ast::Expr,
        items: &[IndexItem],
        expected: Option<&Type>,
    ) -> ExprId {
        if self.callee_takes_dims(base) {
            // `zeros[1, D]` in the place of a tensor, without parentheses.
            if let Some(Type::Tensor(..)) = expected {
                return self.call(expr, expr, &[], expected);
            }
            let place = self.names.place(expr.id);
            let report =
                Report::error(Code::E1004, place, "this is a function or layer with its sizes, not a value")
                    .label("nothing is called or made yet")
                    .repair(Repair::ask("call it: add `()`").edit(Target::Behind(place), "()"));
            self.names.report(report);
            return self.error_expr(expr.id);
        }
        if let Some(size) = self.shape_entry(expr, base, items) {
            return size;
        }
        let base = self.expr(base, None);
        match self.ty(base).clone() {
            Type::Error => self.error_expr(expr.id),
            Type::Tensor(..) => match self.view_items(base, items) {
                Some((items, ty)) => self.push(ExprKind::View(base, items), ty, expr.id),
                None => self.error_expr(expr.id),
            },
            Type::Array(element, length) => self.element(base, items, *element, Some(&length), expr),
            Type::Tuple(types) => self.tuple_element(base, items, &types, expr),
            other => {
                let found = self.show().ty(&other);
                self.names.error(Code::E2001, expr.id, format!("this is {found}, which has no elements"));
                self.error_expr(expr.id)
            }
        }
    }

    fn element(
        &mut self,
        base: ExprId,
        items: &[IndexItem],
        element: Type,
        length: Option<&Dim>,
        expr: &ast::Expr,
    ) -> ExprId {
        let [IndexItem::Expr(index)] = items else {
            self.names.error(Code::E2007, expr.id, "an array takes one static index");
            return self.error_expr(expr.id);
        };
        let index = self.expr(index, None);
        match self.ty(index).clone() {
            Type::Int(dim) => {
                let at = dim.and_then(|dim| crate::dims::numeric(self.db, &dim));
                let length = length.and_then(|length| crate::dims::numeric(self.db, length));
                if let (Some(at), Some(length)) = (at, length)
                    && !(-length..length).contains(&at)
                {
                    self.names.error(Code::E2007, expr.id, format!("there is no element {at} of {length}"));
                    return self.error_expr(expr.id);
                }
                self.push(ExprKind::Element(base, index), element, expr.id)
            }
            Type::Error => self.error_expr(expr.id),
            other => {
                let found = self.show().ty(&other);
                self.names.error(
                    Code::E2009,
                    expr.id,
                    format!("an index of an array is a static int, but this is {found}"),
                );
                self.error_expr(expr.id)
            }
        }
    }

    fn tuple_element(
        &mut self,
        base: ExprId,
        items: &[IndexItem],
        types: &[Type],
        expr: &ast::Expr,
    ) -> ExprId {
        match items {
            [IndexItem::Expr(ast::Expr { kind: ast::ExprKind::Int(n), .. })]
                if (*n as usize) < types.len() =>
            {
                let ty = types[*n as usize].clone();
                self.element(base, items, ty, None, expr)
            }
            _ => {
                self.names.error(
                    Code::E2007,
                    expr.id,
                    format!("a tuple of {} takes one number below {}", types.len(), types.len()),
                );
                self.error_expr(expr.id)
            }
        }
    }

    /// The items of a view, and the type of what it sees.
    pub(super) fn view_items(&mut self, base: ExprId, items: &[IndexItem]) -> Option<(Vec<ViewItem>, Type)> {
        let Type::Tensor(element, shape) = self.ty(base).clone() else { return None };
        let rest = items.iter().position(|item| matches!(item, IndexItem::Rest(_)));
        let taken = |items: &[IndexItem]| {
            items.iter().filter(|item| !matches!(item, IndexItem::NewAxis(_) | IndexItem::Rest(_))).count()
        };
        let (before, after) = match rest {
            Some(at) => (taken(&items[..at]), taken(&items[at + 1..])),
            None => (taken(items), 0),
        };
        let again = items.iter().skip(rest.map_or(items.len(), |at| at + 1)).find_map(|item| match item {
            IndexItem::Rest(id) => Some(*id),
            _ => None,
        });
        if let Some(again) = again {
            self.names.error(Code::E2002, again, "`..` stands for all axes not named, so it comes once");
            return None;
        }
        if before + after > shape.len() {
            let place = self.names.place(self.node(base));
            let message = format!("{} indices for {}", before + after, axes_text(&shape));
            self.names.report(Report::error(Code::E2002, place, message).label(self.this(base)));
            return None;
        }
        let middle = &shape[before..shape.len() - after];
        let mut axes = shape[..before].iter().chain(&shape[shape.len() - after..]);
        let (mut kept, mut result) = (Vec::new(), Vec::new());
        for item in items {
            match item {
                IndexItem::Rest(_) => {
                    kept.push(ViewItem::Rest);
                    result.extend(middle.iter().cloned());
                }
                IndexItem::NewAxis(_) => {
                    kept.push(ViewItem::NewAxis);
                    result.push(Axis::Dim(Dim::constant(1)));
                }
                IndexItem::Pack(name) => {
                    self.names.error(Code::E2007, name.id, "a pack cannot be an index");
                    return None;
                }
                IndexItem::Expr(expr) => kept.push(ViewItem::At(self.position(expr, axes.next()?)?)),
                IndexItem::Slice { id, lo, hi } => {
                    let (item, size) = self.slice(*id, lo.as_deref(), hi.as_deref(), axes.next()?)?;
                    kept.push(item);
                    result.push(size);
                }
            }
        }
        if rest.is_none() {
            kept.push(ViewItem::Rest);
            result.extend(middle.iter().cloned());
        }
        Some((kept, Type::Tensor(element, result)))
    }

    fn bound(&mut self, expr: &ast::Expr) -> Option<Dim> {
        let id = self.expr(expr, None);
        match self.ty(id).clone() {
            Type::Int(Some(dim)) => Some(dim),
            Type::Error => None,
            other => {
                let found = self.show().ty(&other);
                let place = self.names.place(expr.id);
                let report = Report::error(
                    Code::E2009,
                    place,
                    format!("an index is a static int or a dim, but this is {found}"),
                )
                .help("rows chosen at run time: `gather(table, ids)`; a run-time size: `let dim N = ...`");
                self.names.report(report);
                None
            }
        }
    }

    fn size_of(&mut self, node: ast::NodeId, axis: &Axis) -> Option<Dim> {
        match axis {
            Axis::Dim(dim) => Some(dim.clone()),
            Axis::Pack(..) => {
                let place = self.names.place(node);
                let report = Report::error(
                    Code::E2002,
                    place,
                    "this index meets a pack, whose number of axes is not known",
                );
                self.names.report(report.help("leave the axes of the pack to `..`"));
                None
            }
        }
    }

    fn position(&mut self, expr: &ast::Expr, axis: &Axis) -> Option<Dim> {
        let size = self.size_of(expr.id, axis)?;
        let at = self.bound(expr)?;
        let one = Dim::constant(1);
        let negative = at.as_constant().is_some_and(|at| at < 0);
        let end = if negative { at.neg().ok()? } else { at.add(&one).ok()? };
        if !at_most(self.db, &self.names.facts, &end, &size) {
            let known = (crate::dims::numeric(self.db, &end), crate::dims::numeric(self.db, &size));
            let (index, room) = (self.show().dim(&at), self.axis_text(axis));
            let place = self.names.place(expr.id);
            let report = match known {
                (Some(_), Some(size)) => {
                    let message = format!("index `{index}` lies outside an axis of `{room}`");
                    Report::error(Code::E2007, place, message).label(positions(size))
                }
                _ => {
                    let message = format!("index `{index}` is not known to lie in an axis of `{room}`");
                    let report = Report::error(Code::E2007, place, message);
                    self.offer_room(report, &end, &size)
                }
            };
            let report = self.bound_at(report, axis);
            self.names.report(report);
            return None;
        }
        Some(at)
    }

    fn slice(
        &mut self,
        node: ast::NodeId,
        lo: Option<&ast::Expr>,
        hi: Option<&ast::Expr>,
        axis: &Axis,
    ) -> Option<(ViewItem, Axis)> {
        if lo.is_none() && hi.is_none() {
            return Some((ViewItem::Slice(None, None), axis.clone()));
        }
        let size = self.size_of(node, axis)?;
        let lo = match lo {
            Some(lo) => Some(self.bound(lo)?),
            None => None,
        };
        let hi = match hi {
            Some(hi) => Some(self.bound(hi)?),
            None => None,
        };
        let from_start = |bound: &Dim| match bound.as_constant() {
            Some(n) if n < 0 => size.add(bound).ok(),
            _ => Some(bound.clone()),
        };
        let first = lo.as_ref().map_or(Some(Dim::constant(0)), from_start)?;
        let last = hi.as_ref().map_or(Some(size.clone()), from_start)?;
        if let Some(report) = self.outside(node, &first, &last, axis) {
            self.names.report(report);
            return None;
        }
        let length = last.sub(&first).ok()?;
        Some((ViewItem::Slice(lo, hi), Axis::Dim(length)))
    }

    /// A slice that does not lie in an axis for certain.
    fn outside(&self, node: ast::NodeId, first: &Dim, last: &Dim, axis: &Axis) -> Option<Report> {
        let Axis::Dim(size) = axis else { return None };
        let zero = Dim::constant(0);
        let steps = [(&zero, first), (first, last), (last, size)];
        let (a, b) = steps.into_iter().find(|(a, b)| !at_most(self.db, &self.names.facts, a, b))?;
        let numeric = |dim: &Dim| crate::dims::numeric(self.db, dim);
        let (slice, room) =
            (format!("{}:{}", self.show().dim(first), self.show().dim(last)), self.axis_text(axis));
        let place = self.names.place(node);
        let report = match (numeric(a), numeric(b), numeric(size)) {
            (Some(_), Some(_), Some(size)) if b == size_of(axis)? => {
                let message = format!("`{slice}` reaches past an axis of `{room}`");
                Report::error(Code::E2007, place, message).label(positions(size))
            }
            (Some(_), Some(_), _) => {
                let message = format!("`{slice}` is no part of an axis of `{room}`");
                Report::error(Code::E2007, place, message)
                    .label("a slice begins at or after 0, and ends no earlier than it begins")
            }
            _ => {
                let message = format!("`{slice}` is not known to lie in an axis of `{room}`");
                self.offer_room(Report::error(Code::E2007, place, message), a, b)
            }
        };
        Some(self.bound_at(
            self.bound_at(self.bound_at(report, axis), &Axis::Dim(a.clone())),
            &Axis::Dim(b.clone()),
        ))
    }

    /// Offers to state that one size is at most another.
    fn offer_room(&self, report: Report, a: &Dim, b: &Dim) -> Report {
        let fact = Fact::AtMost(a.clone(), b.clone());
        let text = self.show().fact(&fact);
        let report = report.label(format!("`{text}` is not known to hold"));
        let is_entry = self.layer.as_ref().is_some_and(|(_, layer)| layer.is_model);
        match (is_entry, a.as_constant(), b.as_var()) {
            (true, Some(low), Some(_)) => {
                let name = self.show().dim(b);
                report.help(format!("give `{name}` bounds where it is declared: `{name} in {low}..4097`"))
            }
            _ => {
                let report = report.help(format!("state it: `where {text}`"));
                self.names.offer_condition(report, &fact)
            }
        }
    }
}

fn size_of(axis: &Axis) -> Option<&Dim> {
    match axis {
        Axis::Dim(dim) => Some(dim),
        Axis::Pack(..) => None,
    }
}

/// The positions of an axis.
fn positions(size: i64) -> String {
    match size {
        ..=0 => "the axis is empty".to_owned(),
        size => format!("positions are 0 to {}", size - 1),
    }
}
