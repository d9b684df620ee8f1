//! `stack` and `concat`: lists of tensors that are alike.

use tri_diagnostics::Code;
use tri_syntax::ast::ExprKind as Ast;

use super::Special;
use crate::hir::{Axis, Dim, Element, ExprId, ExprKind, Type};
use crate::infer::Infer;
use crate::infer::mismatch::axes_text;
use crate::report::{Repair, Report, Target};

/// A list, dtype and shape of the tensors in it (of one for all, if it was not written out), and their number.
type TensorList = (ExprId, Vec<(Element, Vec<Axis>)>, Dim);

impl Infer<'_> {
    /// A list of tensors of one type.
    fn list_of_tensors(&mut self, call: &Special<'_>) -> Option<TensorList> {
        let expr = call.slots.first().copied().flatten()?;
        let list = if let Ast::List(items) = &expr.kind {
            // Elements of a written list may differ in size.
            let parts: Vec<ExprId> = items.iter().map(|item| self.list_item(item)).collect();
            let element = parts.first().map_or(Type::Error, |part| self.ty(*part).clone());
            let ty = Type::Array(Box::new(element), Dim::constant(parts.len() as i64));
            self.push(ExprKind::List(parts), ty, expr.id)
        } else {
            self.expr(expr, None)
        };
        let (element, length) = match self.ty(list).clone() {
            Type::Array(element, length) => (*element, length),
            Type::Error => return None,
            other => {
                let found = self.show().ty(&other);
                self.names.error(
                    Code::E2001,
                    expr.id,
                    format!("`{}` takes a list of tensors, but this is {found}", call.signature.name),
                );
                return None;
            }
        };
        let types = match self.body.expr(list).kind.clone() {
            ExprKind::List(parts) => parts.iter().map(|part| self.ty(*part).clone()).collect(),
            _ => vec![element],
        };
        if types.contains(&Type::Error) {
            return None;
        }
        let tensors = types.into_iter().map(|ty| match ty {
            Type::Tensor(element, shape) => Some((element, shape)),
            _ => None,
        });
        match tensors.collect::<Option<Vec<_>>>() {
            Some(tensors) if !tensors.is_empty() => Some((list, tensors, length)),
            _ => {
                self.names.error(
                    Code::E2001,
                    expr.id,
                    format!("`{}` takes a list of tensors", call.signature.name),
                );
                None
            }
        }
    }

    pub(super) fn stack(&mut self, call: &Special<'_>) -> Option<ExprId> {
        let (list, tensors, length) = self.list_of_tensors(call)?;
        let (element, shape) = tensors[0].clone();
        self.alike(call, list, &tensors, None)?;
        let mut result = shape.clone();
        let placeholder = Axis::Dim(Dim::constant(1));
        let mut places = shape.clone();
        // Beside a pack there are places on both sides: those counted from the end lie behind it.
        if let Some(pack) = places.iter().position(|axis| matches!(axis, Axis::Pack(..))) {
            places.insert(pack + 1, placeholder.clone());
        }
        places.insert(0, placeholder);
        let (axis, position) = self.list_axis(call, &places)?;
        let at = if position < 0 { position + result.len() as i32 + 1 } else { position };
        result.insert(at as usize, Axis::Dim(length));
        let generics = self.generics(call, element, &shape);
        Some(self.finish(call, vec![Some(list), Some(axis)], generics, Type::Tensor(element, result)))
    }

    pub(super) fn concat(&mut self, call: &Special<'_>) -> Option<ExprId> {
        let (list, tensors, length) = self.list_of_tensors(call)?;
        let (element, shape) = tensors[0].clone();
        let (axis, position) = self.list_axis(call, &shape)?;
        let at = (if position < 0 { position + shape.len() as i32 } else { position }) as usize;
        self.alike(call, list, &tensors, Some(at))?;
        let mut sum = Dim::default();
        for (_, shape) in &tensors {
            let Axis::Dim(size) = &shape[at] else { return None };
            sum = sum.add(size).ok()?;
        }
        if !matches!(self.body.expr(list).kind, ExprKind::List(_)) {
            sum = sum.mul(&length).ok()?;
        }
        let mut result = shape.clone();
        result[at] = Axis::Dim(sum);
        let generics = self.generics(call, element, &shape);
        Some(self.finish(call, vec![Some(list), Some(axis)], generics, Type::Tensor(element, result)))
    }

    /// The axis of a call on a list; the declared default where none is written.
    fn list_axis(&mut self, call: &Special<'_>, shape: &[Axis]) -> Option<(ExprId, i32)> {
        let position = match call.slots.get(1).copied().flatten() {
            Some(expr) => self.axis_position(expr, shape)?,
            None => 0,
        };
        Some((self.push(ExprKind::Axis(position), Type::Axis, call.node), position))
    }

    /// Tensors of one dtype and one shape, but for one axis.
    fn alike(
        &mut self,
        call: &Special<'_>,
        list: ExprId,
        tensors: &[(Element, Vec<Axis>)],
        but: Option<usize>,
    ) -> Option<()> {
        let first = &tensors[0];
        let other = (1..tensors.len()).find(|at| !self.like(first, &tensors[*at], but));
        let Some(other) = other else { return Some(()) };
        let report = self.unlike(call, list, tensors, other, but);
        self.names.report(report);
        None
    }

    fn like(&self, a: &(Element, Vec<Axis>), b: &(Element, Vec<Axis>), but: Option<usize>) -> bool {
        let mut axes = a.1.iter().zip(&b.1).enumerate();
        a.0 == b.0
            && a.1.len() == b.1.len()
            && axes.all(|(at, (a, b))| Some(at) == but || self.same_axis(a, b))
    }

    fn unlike(
        &self,
        call: &Special<'_>,
        list: ExprId,
        tensors: &[(Element, Vec<Axis>)],
        other: usize,
        but: Option<usize>,
    ) -> Report {
        let name = &call.signature.name;
        let ((a, s), (b, t)) = (&tensors[0], &tensors[other]);
        let differing =
            (0..s.len().min(t.len())).find(|at| Some(*at) != but && !self.same_axis(&s[*at], &t[*at]));
        let message = match differing {
            _ if a != b => {
                format!("`{name}` of {} and {}", self.show().element(*a), self.show().element(*b))
            }
            _ if s.len() != t.len() => {
                format!("`{name}` of tensors with {} and {}", axes_text(s), axes_text(t))
            }
            Some(at) => format!(
                "`{name}` of tensors whose axis {at} is `{}` in one and `{}` in the other",
                self.axis_text(&s[at]),
                self.axis_text(&t[at])
            ),
            None => format!("`{name}` of tensors that are not alike"),
        };
        let code = if a == b { Code::E2003 } else { Code::E3002 };
        let mut report = Report::error(code, self.names.place(call.node), message).label(match but {
            Some(at) => format!("only axis {at}, `{}`, may differ", self.show().axis(&s[at])),
            None => format!("`{name}` takes tensors of one type"),
        });
        if let ExprKind::List(parts) = &self.body.expr(list).kind {
            for part in [parts[0], parts[other]] {
                report = report.secondary(self.names.place(self.node(part)), self.this(part));
            }
        }
        if let (Some(at), true) = (differing, s.len() == t.len()) {
            report = self.bound_at(self.bound_at(report, &s[at]), &t[at]);
        }
        match but.and_then(|_| {
            (0..s.len()).find(|at| tensors.iter().all(|part| self.like(&tensors[0], part, Some(*at))))
        }) {
            Some(at) => match call.slots.get(1).copied().flatten() {
                Some(axis) => {
                    let title = format!("join them on axis {at}");
                    let place = self.names.place(axis.id);
                    report.repair(Repair::ask(title).edit(Target::Node(place), at.to_string()))
                }
                None => report.help(format!("join them on axis {at}: `axis = {at}`")),
            },
            None => report,
        }
    }
}
