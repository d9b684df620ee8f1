//! How a type, shape or size that does not fit its place is told.

use tri_diagnostics::Code;
use tri_syntax::ast::NodeId;

use super::Infer;
use super::bind::Misfit;
use crate::hir::{Axis, Dim, ExprId, Type};
use crate::queries::item_of;
use crate::report::Report;
use crate::show::{show_dim, show_type};

impl Infer<'_> {
    /// Reports that a value has another type than its place.
    pub(super) fn mismatch(&mut self, id: ExprId, from: &Type, to: &Type) -> ExprId {
        let node = self.node(id);
        let place = self.names.place(node);
        let (found, wanted) = (show_type(self.db, from), show_type(self.db, to));
        let report = match (from, to) {
            (Type::Tensor(a, s), Type::Tensor(b, t)) if a == b && s.len() == t.len() => {
                self.size_mismatch(node, s, t)
            }
            (Type::Tensor(a, s), Type::Tensor(b, t)) if a == b => {
                let message = format!("this has {} axes, {} are expected", axes_text(s), axes_text(t));
                Report::error(Code::E2002, place, message)
                    .label(format!("this is {found}, expected is {wanted}"))
            }
            (Type::Tensor(a, s), Type::Tensor(b, t))
                if a != b && self.same_type(&Type::Tensor(*b, s.clone()), &Type::Tensor(*b, t.clone())) =>
            {
                let to = crate::show::show_element(self.db, *b);
                Report::error(Code::E3002, place, format!("this is {found}, but {wanted} is expected"))
                    .help(format!("dtypes are converted by hand: `... as {to}`"))
            }
            _ => Report::error(Code::E2001, place, format!("this is {found}, but {wanted} is expected")),
        };
        self.names.report(report);
        self.error_expr(node)
    }

    /// Two shapes with as many axes, of which some differ.
    pub(super) fn size_mismatch(&self, node: NodeId, found: &[Axis], wanted: &[Axis]) -> Report {
        let place = self.names.place(node);
        let differing = found.iter().zip(wanted).find(|(a, b)| !self.same_axis(a, b));
        let (found_text, wanted_text) =
            (crate::show::show_shape(self.db, found), crate::show::show_shape(self.db, wanted));
        let message = match differing {
            Some((a, b)) => {
                format!("an axis is `{}` here, but `{}` is expected", self.axis_text(a), self.axis_text(b))
            }
            None => "shapes differ".to_owned(),
        };
        let mut report = Report::error(Code::E2003, place, message)
            .label(format!("this has shape [{found_text}], expected is [{wanted_text}]"));
        for axis in differing.into_iter().flat_map(|(a, b)| [a, b]) {
            report = self.bound_at(report, axis);
        }
        report
    }

    /// A size with its value, where that says more than the name.
    pub(super) fn axis_text(&self, axis: &Axis) -> String {
        let text = crate::show::show_axis(self.db, axis);
        match axis {
            Axis::Dim(dim) if dim.as_constant().is_none() => match crate::dims::numeric(self.db, dim) {
                Some(value) => format!("{text} = {value}"),
                None => text,
            },
            _ => text,
        }
    }

    /// Adds where the named dims of a size are declared.
    pub(super) fn bound_at(&self, mut report: Report, axis: &Axis) -> Report {
        let Axis::Dim(dim) = axis else { return report };
        let mut named = Vec::new();
        dim.for_each_var(&mut |var| named.push(*var));
        for var in named {
            if let crate::hir::DimVar::Nominal(def) = var
                && let Some(name) = item_of(self.db, def).and_then(|item| item.name().map(|name| name.id))
            {
                let place = crate::report::Place::new(def, name);
                let value = crate::queries::dim_value(self.db, def)
                    .map_or_else(|| "?".into(), |value| value.to_string());
                report = report.secondary(
                    place,
                    format!("`{}` is {value}, bound here", show_dim(self.db, &Dim::var(var))),
                );
            }
        }
        report
    }

    pub(super) fn misfit(&mut self, misfit: Misfit, id: ExprId, wanted: &Type, param: &str, callee: &str) {
        let found = self.ty(id).clone();
        let node = self.node(id);
        let (found_text, wanted_text) = (show_type(self.db, &found), show_type(self.db, wanted));
        let place = self.names.place(node);
        let report = match misfit {
            Misfit::Size => match (&found, wanted) {
                (Type::Tensor(_, s), Type::Tensor(_, t)) if s.len() == t.len() => {
                    self.size_mismatch(node, s, t)
                }
                _ => {
                    Report::error(Code::E2003, place, format!("sizes of `{param}` of `{callee}` do not fit"))
                }
            },
            Misfit::Rank => Report::error(
                Code::E2002,
                place,
                format!("`{param}` of `{callee}` has another number of axes"),
            ),
            Misfit::Dtype => {
                Report::error(Code::E3002, place, format!("`{param}` of `{callee}` has another dtype"))
                    .help("dtypes are converted by hand: `... as f32`")
            }
            Misfit::Kind => Report::error(
                Code::E2001,
                place,
                format!("`{param}` of `{callee}` is {wanted_text}, but this is {found_text}"),
            ),
        };
        let report = if misfit == Misfit::Kind {
            report
        } else {
            report.help(format!("this is {found_text}, `{callee}` takes {wanted_text}"))
        };
        self.names.report(report);
    }
}

fn axes_text(shape: &[Axis]) -> String {
    let packs = shape.iter().filter(|axis| matches!(axis, Axis::Pack(..))).count();
    let fixed = shape.len() - packs;
    if packs == 0 { fixed.to_string() } else { format!("{fixed} or more") }
}
