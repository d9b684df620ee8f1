//! What stands in brackets before the arguments: sizes for generic parameters.

use tri_diagnostics::Code;
use tri_syntax::ast::{IndexItem, NodeId};

use crate::hir::{Axis, GenericArg, GenericKind, Owner};
use crate::infer::Infer;
use crate::infer::bind::Bindings;
use crate::infer::misfit::Called;
use crate::report::Report;

impl Infer<'_> {
    /// Binds what stands in brackets to generic parameters, in order; a pack takes what the others leave.
    pub(super) fn bind_brackets(
        &mut self,
        b: &mut Bindings,
        called: &Called<'_>,
        brackets: &[IndexItem],
        node: NodeId,
    ) -> bool {
        let (owner, generics) = (called.owner, &called.signature.generics);
        if brackets.is_empty() {
            return true;
        }
        let Some(mut axes) = self.bracket_axes(brackets) else { return false };
        let packs = generics.iter().filter(|generic| generic.kind == GenericKind::Pack).count();
        let dims: Vec<&str> = generics
            .iter()
            .filter(|generic| matches!(generic.kind, GenericKind::Dim(_)))
            .map(|generic| &*generic.name)
            .collect();
        let too_few = axes.len() < dims.len() && matches!(owner, Owner::Layer(_));
        if packs == 0 && (axes.len() > dims.len() || too_few) {
            self.other_brackets(called, &dims, brackets);
            return false;
        }
        let dims_after = |at: usize| {
            generics[at..].iter().filter(|generic| matches!(generic.kind, GenericKind::Dim(_))).count()
        };
        for (at, generic) in generics.iter().enumerate() {
            match generic.kind {
                GenericKind::Element(_) => {}
                _ if axes.is_empty() && at > 0 => break,
                GenericKind::Pack => {
                    let count = axes.len().saturating_sub(dims_after(at + 1));
                    let taken: Vec<Axis> = axes.drain(..count).collect();
                    b.fix_one(owner, at as u32, GenericArg::Pack(taken));
                }
                GenericKind::Dim(_) => match (!axes.is_empty()).then(|| axes.remove(0)) {
                    Some(Axis::Dim(dim)) => b.fix_one(owner, at as u32, GenericArg::Dim(dim)),
                    _ => {
                        self.names.error(
                            Code::E2004,
                            node,
                            format!("`{}` needs one size here", generic.name),
                        );
                        return false;
                    }
                },
            }
        }
        true
    }

    /// Reports another number of sizes than the callee has.
    fn other_brackets(&mut self, called: &Called<'_>, dims: &[&str], brackets: &[IndexItem]) {
        let callee = self.callee_name(called);
        let count = match dims.len() {
            1 => "1 size".to_owned(),
            count => format!("{count} sizes"),
        };
        let own = format!("{callee}[{}]", dims.join(", "));
        let (given, are) = (brackets.len(), if brackets.len() == 1 { "is" } else { "are" });
        let message = format!("`{own}` has {count}, but {given} {are} given");
        let surplus = brackets.get(dims.len()).map(node_of);
        let place = self.names.place(surplus.unwrap_or(called.node));
        let label = match dims.get(given) {
            Some(missing) => format!("`{missing}` is missing"),
            None => "this is too many".to_owned(),
        };
        self.names.report(Report::error(Code::E2004, place, message).label(label));
    }

    pub(in crate::infer) fn bracket_axes(&mut self, brackets: &[IndexItem]) -> Option<Vec<Axis>> {
        let axes: Vec<Option<Axis>> = brackets
            .iter()
            .map(|item| match item {
                IndexItem::Expr(expr) => self.names.size(expr).map(Axis::Dim),
                IndexItem::Pack(name) => self.names.pack_axis(name),
                IndexItem::Slice { id, .. } | IndexItem::Rest(id) | IndexItem::NewAxis(id) => {
                    self.names.error(Code::E2004, *id, "sizes stand here, not a view");
                    None
                }
            })
            .collect();
        axes.into_iter().collect()
    }
}

fn node_of(item: &IndexItem) -> NodeId {
    match item {
        IndexItem::Expr(expr) => expr.id,
        IndexItem::Slice { id, .. } | IndexItem::Rest(id) | IndexItem::NewAxis(id) => *id,
        IndexItem::Pack(name) => name.id,
    }
}
