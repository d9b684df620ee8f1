//! `reshape[...](x)`: other axes over the same elements.

use tri_diagnostics::Code;
use tri_syntax::ast::IndexItem;

use super::Special;
use crate::dims::by_value;
use crate::hir::{Axis, Dim, ExprId, GenericArg, GenericKind, Type};
use crate::infer::Infer;
use crate::report::{Repair, Report, Target};

impl Infer<'_> {
    /// `reshape[...](x)`: as many elements, by value.
    pub(super) fn reshape(&mut self, call: &Special<'_>) -> Option<ExprId> {
        let (x, element, shape) = self.tensor(call, 0)?;
        let axes = self.bracket_axes(call.brackets)?;
        if !self.same_count(&shape, &axes) {
            let report = self.other_count(call, x, &shape, &axes);
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

    /// Whether two shapes have as many elements for certain.
    fn same_count(&self, a: &[Axis], b: &[Axis]) -> bool {
        let count = |shape: &[Axis]| {
            let (product, packs) = Self::product_of(shape);
            Some((by_value(self.db, &product?)?, packs))
        };
        count(a).is_some_and(|a| count(b) == Some(a))
    }

    fn other_count(&self, call: &Special<'_>, x: ExprId, from: &[Axis], to: &[Axis]) -> Report {
        let count = |shape: &[Axis]| {
            let (product, packs) = Self::product_of(shape);
            let product = product.and_then(|product| by_value(self.db, &product));
            let packs = packs.iter().map(|pack| self.show().axis(pack));
            let product = product.map_or_else(|| "?".into(), |product| self.show().dim(&product));
            std::iter::once(product).chain(packs).collect::<Vec<_>>().join(" * ")
        };
        let (have, want) = (self.show().shape(from), self.show().shape(to));
        let message = format!("[{have}] has {} elements, but [{want}] has {}", count(from), count(to));
        let mut report = Report::error(Code::E2012, self.names.place(call.node), message)
            .label(format!("`reshape` keeps the elements; this asks for [{want}]"))
            .secondary(self.names.place(self.node(x)), format!("this is {}", self.show().ty(self.ty(x))));
        let differing = from.iter().filter(|axis| !to.contains(axis));
        for axis in differing.chain(to.iter().filter(|axis| !from.contains(axis))) {
            report = self.bound_at(report, axis);
        }
        for (at, axis) in from.iter().enumerate().filter(|(_, axis)| !to.contains(axis)) {
            if from[..at].contains(axis) {
                continue;
            }
            report = self.explain_axis(report, x, from.len() - 1 - at, None);
        }
        let fitting = self.fitting(from, to);
        if let [(at, size)] = fitting.as_slice()
            && let Some(IndexItem::Expr(written)) = call.brackets.get(*at)
        {
            let title = format!("write `{size}` in the place of `{}`", self.show().axis(&to[*at]));
            let place = self.names.place(written.id);
            return report.repair(Repair::ask(title).edit(Target::Node(place), size));
        }
        let shapes = fitting.iter().map(|(at, size)| {
            let mut axes: Vec<String> = to.iter().map(|axis| self.show().axis(axis)).collect();
            axes[*at].clone_from(size);
            format!("`[{}]`", axes.join(", "))
        });
        match shapes.collect::<Vec<_>>().as_slice() {
            [] => report,
            shapes => report.help(format!("{} would have as many", shapes.join(" or "))),
        }
    }

    /// Sizes that would make the count right, each in the place of one axis.
    fn fitting(&self, from: &[Axis], to: &[Axis]) -> Vec<(usize, String)> {
        let (Some(have), _) = Self::product_of(from) else { return Vec::new() };
        let mut found = Vec::new();
        for at in (0..to.len()).filter(|at| !from.contains(&to[*at])) {
            let mut others = to.to_vec();
            others.remove(at);
            let (Some(others), _) = Self::product_of(&others) else { continue };
            let (Some(have), Some(others)) = (by_value(self.db, &have), by_value(self.db, &others)) else {
                continue;
            };
            if let Ok(Some(size)) = have.try_exact_div(&others) {
                let mut fits = to.to_vec();
                fits[at] = Axis::Dim(size.clone());
                if self.same_count(from, &fits) {
                    found.push((at, size));
                }
            }
        }
        let is_plain = |size: &Dim| size.as_var().is_some() || size.as_constant().is_some();
        if found.iter().any(|(_, size)| is_plain(size)) {
            found.retain(|(_, size)| is_plain(size));
        }
        found.into_iter().map(|(at, size)| (at, self.joined(from, to, &size))).collect()
    }

    /// A size as the product of the axes that a reshape joins, if it is that.
    fn joined(&self, from: &[Axis], to: &[Axis], size: &Dim) -> String {
        let gone: Vec<Axis> = from.iter().filter(|axis| !to.contains(axis)).cloned().collect();
        let is_product = Self::product_of(&gone).0.and_then(|product| by_value(self.db, &product));
        if gone.len() > 1 && is_product.as_ref() == Some(size) {
            return gone.iter().map(|axis| self.show().axis(axis)).collect::<Vec<_>>().join(" * ");
        }
        self.show().dim(size)
    }
}
