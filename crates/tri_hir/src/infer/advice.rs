//! Edits that make a tensor fit its place, where a small one does.

use super::Infer;
use crate::dims::by_value;
use crate::hir::{Axis, DType, Dim, Element, ExprId, ExprKind, LocalId};
use crate::queries::{def_name, function_of, item_of, owner_def};
use crate::report::{Place, Repair, Report, Target};

/// What is known of a shape that is asked for; `None` fits every axis.
pub(super) type Wanted = [Option<Axis>];

impl Infer<'_> {
    /// Offers what makes a tensor of shape `found` fit.
    pub(super) fn advise_shape(&self, report: Report, id: ExprId, found: &[Axis], wanted: &Wanted) -> Report {
        let place = self.names.place(self.node(id));
        let suffix = self.transposed(found, wanted).or_else(|| self.other_rank(found, wanted));
        if let Some((suffix, why)) = suffix {
            let repair = Repair::ask(format!("add `{suffix}`")).edit(Target::Behind(place), &*suffix);
            let report = report.help(format!("`{}{suffix}` {why}", self.written(id)));
            return if self.is_postfix(id) { report.repair(repair) } else { report };
        }
        if let Some(repair) = self.other_axis(id, wanted) {
            return report.repair(repair);
        }
        let around = self.moved(found, wanted).or_else(|| self.flattened(found, wanted));
        match around {
            Some((before, behind, why)) => {
                let repair = Repair::ask(format!("write `{before}...{behind}`"))
                    .edit(Target::Before(place), &before)
                    .edit(Target::Behind(place), &behind);
                report.help(format!("`{before}{}{behind}` {why}", self.written(id))).repair(repair)
            }
            None => report,
        }
    }

    fn fits(&self, found: &[Axis], wanted: &Wanted) -> bool {
        found.len() == wanted.len()
            && found
                .iter()
                .zip(wanted)
                .all(|(found, wanted)| wanted.as_ref().is_none_or(|wanted| self.same_axis(found, wanted)))
    }

    /// The last two axes the other way round.
    fn transposed(&self, found: &[Axis], wanted: &Wanted) -> Option<(String, &'static str)> {
        let mut swapped = found.to_vec();
        let [.., a, b] = swapped.as_mut_slice() else { return None };
        std::mem::swap(a, b);
        (!self.fits(found, wanted) && self.fits(&swapped, wanted))
            .then(|| (".T".to_owned(), "swaps the last two axes"))
    }

    /// An axis of length 1 more or less.
    fn other_rank(&self, found: &[Axis], wanted: &Wanted) -> Option<(String, &'static str)> {
        let one = |axis: &Axis| matches!(axis, Axis::Dim(dim) if dim.as_constant() == Some(1));
        for at in 0..wanted.len().max(found.len()) {
            let mut shape = found.to_vec();
            if found.len() + 1 == wanted.len() && wanted[at].as_ref().is_some_and(one) {
                shape.insert(at, Axis::Dim(Dim::constant(1)));
                if self.fits(&shape, wanted) {
                    return Some((view(at, found.len(), "_"), "adds the axis of length 1"));
                }
            } else if found.len() == wanted.len() + 1 && one(&found[at]) {
                shape.remove(at);
                if self.fits(&shape, wanted) {
                    return Some((view(at, shape.len(), "0"), "takes the axis of length 1 away"));
                }
            }
        }
        None
    }

    /// Another axis for a function that takes one axis away.
    fn other_axis(&self, id: ExprId, wanted: &Wanted) -> Option<Repair> {
        let ExprKind::Call { function, args, .. } = &self.body.expr(id).kind else { return None };
        let [Some(x), Some(axis)] = args.as_slice() else { return None };
        let reduces = matches!(self.body.expr(*axis).kind, ExprKind::Axis(_))
            && matches!(
                &*def_name(self.db, *function),
                "sum" | "mean" | "variance" | "max" | "min" | "argmax"
            );
        let crate::hir::Type::Tensor(_, shape) = self.ty(*x) else { return None };
        let at = (0..shape.len()).filter(|_| reduces).find(|at| {
            let mut rest = shape.clone();
            rest.remove(*at);
            self.fits(&rest, wanted)
        })?;
        let axis = self.names.place(self.node(*axis));
        let name = self.axis_name(shape, at);
        let title = format!("take the axis `{name}`");
        Some(Repair::ask(title).edit(Target::Node(axis), name))
    }

    /// How an axis of a shape is written where an axis is asked for: by name if that says which.
    pub(super) fn axis_name(&self, shape: &[Axis], at: usize) -> String {
        let alone = shape.iter().filter(|axis| **axis == shape[at]).count() == 1;
        match &shape[at] {
            Axis::Dim(dim) if alone && dim.as_var().is_some() => self.show().dim(dim),
            _ => at.to_string(),
        }
    }

    /// One axis in another place.
    fn moved(&self, found: &[Axis], wanted: &Wanted) -> Option<(String, String, String)> {
        if found.len() != wanted.len() || found.iter().any(|axis| matches!(axis, Axis::Pack(..))) {
            return None;
        }
        let pairs = (0..found.len()).flat_map(|from| (0..found.len()).map(move |to| (from, to)));
        for (from, to) in pairs.filter(|(from, to)| from != to) {
            let mut order: Vec<usize> = (0..found.len()).collect();
            let axis = order.remove(from);
            order.insert(to, axis);
            let shape: Vec<Axis> = order.iter().map(|at| found[*at].clone()).collect();
            if self.fits(&shape, wanted) && wanted[to].is_some() {
                let order: Vec<String> = order.iter().map(|at| at.to_string()).collect();
                let why = format!(
                    "moves axis {from}, `{}`, to where it is asked for",
                    self.axis_text(&found[from])
                );
                return Some(("permute(".to_owned(), format!(", [{}])", order.join(", ")), why));
            }
        }
        None
    }

    /// The last axes as one.
    fn flattened(&self, found: &[Axis], wanted: &Wanted) -> Option<(String, String, String)> {
        let (Some(Axis::Dim(last)), front) = (wanted.last()?, wanted.len() - 1) else { return None };
        let (kept, joined) = found.split_at_checked(front)?;
        let joined: Option<Vec<&Dim>> = joined
            .iter()
            .map(|axis| match axis {
                Axis::Dim(dim) => Some(dim),
                Axis::Pack(..) => None,
            })
            .collect();
        let joined = joined.filter(|joined| joined.len() > 1)?;
        let product = Dim::product(joined.iter().copied()).ok()?;
        let same = by_value(self.db, &product) == by_value(self.db, last);
        let fits = same && self.fits(kept, &wanted[..front]);
        let sizes: Vec<String> = joined.iter().map(|dim| self.show().dim(dim)).collect();
        let mut axes: Vec<String> = kept.iter().map(|axis| self.show().axis(axis)).collect();
        axes.push(self.show().dim(last));
        let why = format!("makes one axis of {}", sizes.join(" * "));
        fits.then(|| (format!("reshape[{}](", axes.join(", ")), ")".to_owned(), why))
    }

    /// Offers what makes a tensor of dtype `from` one of dtype `to`.
    pub(super) fn advise_dtype(&self, report: Report, id: ExprId, from: Element, to: Element) -> Report {
        let place = self.names.place(self.node(id));
        match (from, to) {
            (Element::Known(DType::F32), Element::Known(DType::Trit)) => {
                return report.help(
                    "`let (t, scale) = ternarize_rows(w)` makes trits of floats, with a scale for each row",
                );
            }
            (Element::Known(DType::F32), Element::Known(DType::I8)) => {
                return report.help(
                    "`let (q, scale) = quantize_rows(x)` makes bytes of floats, with a scale for each row",
                );
            }
            _ => {}
        }
        let to_text = self.show().element(to);
        let whole =
            matches!(to, Element::Known(DType::I32 | DType::I64 | DType::I8 | DType::U8 | DType::Bool));
        if let (true, Some(dtype)) = (whole, self.parameter_dtype(id)) {
            let title = format!("declare it as {to_text}");
            return report.repair(Repair::ask(title).edit(Target::Node(dtype), to_text));
        }
        let report = report.help(format!("write `{} as {to_text}`", self.written(id)));
        if !self.is_postfix(id) {
            return report;
        }
        let convert = format!(" as {to_text}");
        report.repair(Repair::ask(format!("add `as {to_text}`")).edit(Target::Behind(place), convert))
    }

    /// An expression as an example shows it: short, with `...` for what is inside.
    pub(super) fn written(&self, id: ExprId) -> String {
        match &self.body.expr(id).kind {
            ExprKind::Local(local) => self.body.local(*local).name.to_string(),
            ExprKind::Member(None, at) => {
                let member = self.layer.as_ref().and_then(|(_, layer)| layer.members.get(*at as usize));
                member.map_or_else(|| "...".to_owned(), |member| member.name.to_string())
            }
            ExprKind::Call { function, .. } => format!("{}(...)", def_name(self.db, *function)),
            _ if self.is_postfix(id) => "...".to_owned(),
            _ => "(...)".to_owned(),
        }
    }

    /// Where the dtype of a parameter is written, if the expression is a parameter of this function.
    fn parameter_dtype(&self, id: ExprId) -> Option<Place> {
        let ExprKind::Local(LocalId(at)) = self.body.expr(id).kind else { return None };
        let def = owner_def(self.owner);
        let item = item_of(self.db, def)?;
        let param = function_of(&item, self.owner)?.params.get(at as usize)?;
        match &param.ty.kind {
            tri_syntax::ast::TypeKind::Named { name, .. } => Some(Place::new(def, name.id)),
            _ => None,
        }
    }

    /// Whether something can be written behind the expression as it stands.
    pub(super) fn is_postfix(&self, id: ExprId) -> bool {
        matches!(
            self.body.expr(id).kind,
            ExprKind::Local(_)
                | ExprKind::Config(_)
                | ExprKind::Const(_)
                | ExprKind::Member(..)
                | ExprKind::Element(..)
                | ExprKind::Transpose(_)
                | ExprKind::View(..)
                | ExprKind::Call { .. }
                | ExprKind::Method { .. }
                | ExprKind::CallValue(..)
                | ExprKind::Einsum { .. }
                | ExprKind::Route { .. }
        )
    }
}

/// An index with `item` at one place among `others` axes.
fn view(at: usize, others: usize, item: &str) -> String {
    if at == others {
        return format!("[.., {item}]");
    }
    let before = ":, ".repeat(at);
    format!("[{before}{item}, ..]")
}
