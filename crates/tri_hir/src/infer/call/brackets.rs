//! What stands in brackets before the arguments: sizes for generic parameters.

use tri_diagnostics::Code;
use tri_syntax::ast::{IndexItem, NodeId};

use crate::hir::{Axis, Generic, GenericArg, GenericKind, Owner};
use crate::infer::Infer;
use crate::infer::bind::Bindings;

impl Infer<'_> {
    /// Binds what stands in brackets to generic parameters, in order; a pack takes what the others leave.
    pub(super) fn bind_brackets(
        &mut self,
        b: &mut Bindings,
        owner: Owner,
        generics: &[Generic],
        brackets: &[IndexItem],
        node: NodeId,
    ) -> bool {
        if brackets.is_empty() {
            return true;
        }
        let Some(mut axes) = self.bracket_axes(brackets) else { return false };
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
        if !axes.is_empty() {
            self.names.error(Code::E2004, node, format!("{} sizes too many in the brackets", axes.len()));
            return false;
        }
        true
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
