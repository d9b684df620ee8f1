//! `reshape[...](x)`: other axes over the same elements.

use tri_diagnostics::Code;

use super::Special;
use crate::dims::by_value;
use crate::hir::{Dim, ExprId, GenericArg, GenericKind, Type};
use crate::infer::Infer;
use crate::report::Report;

impl Infer<'_> {
    /// `reshape[...](x)`: as many elements, by value.
    pub(super) fn reshape(&mut self, call: &Special<'_>) -> Option<ExprId> {
        let (x, element, shape) = self.tensor(call, 0)?;
        let axes = self.bracket_axes(call.brackets)?;
        let ((a, packs_a), (b, packs_b)) = (Self::product_of(&shape), Self::product_of(&axes));
        let (a, b) = (by_value(self.db, &a?), by_value(self.db, &b?));
        if a != b || a.is_none() || packs_a != packs_b {
            let (from, to) = (self.show().shape(&shape), self.show().shape(&axes));
            let count =
                |dim: &Option<Dim>| dim.as_ref().map_or_else(|| "?".into(), |dim| self.show().dim(dim));
            let report = Report::error(
                Code::E2012,
                self.names.place(call.node),
                format!("[{from}] and [{to}] are not known to have as many elements"),
            )
            .label(format!("{} here, {} asked for", count(&a), count(&b)));
            self.names.report(report);
            return None;
        }
        let mut packs = [axes.clone(), shape].into_iter();
        let generics = call.signature.generics.iter().map(|generic| match generic.kind {
            GenericKind::Element(_) => GenericArg::Element(element),
            _ => GenericArg::Pack(packs.next().unwrap_or_default()),
        });
        let generics = generics.collect();
        Some(self.finish(call, vec![Some(x)], generics, Type::Tensor(element, axes)))
    }
}
