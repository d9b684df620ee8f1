//! Which statements are selected, and in which function.

use std::sync::Arc;

use tri_diagnostics::TextRange;
use tri_hir::{Binding, Uses};
use tri_syntax::ast::{Block, Expr, Function, ItemKind, Layer, MemberKind, Node, NodeId};

use super::{At, between};
use crate::path::{NodePath, path_to};

/// Statements of one block, perhaps with its value.
pub(super) struct Selection<'a> {
    pub(super) at: &'a At<'a>,
    pub(super) path: NodePath<'a>,
    pub(super) text: &'a str,
    pub(super) uses: Arc<Uses>,
    pub(super) layer: &'a Layer,
    /// The function, by its number among the members.
    pub(super) method: u32,
    pub(super) function: &'a Function,
    /// From the first statement to the last.
    pub(super) range: TextRange,
    /// The value of the block, if it is selected.
    pub(super) value: Option<&'a Expr>,
}

impl<'a> Selection<'a> {
    /// The statements in a range; none where it is empty, or has not all of each that it touches; an error where they are in no layer.
    pub(super) fn of(at: &'a At<'a>) -> Option<Result<Selection<'a>, String>> {
        let parsed = tri_db::parse(at.db, at.file);
        let text = tri_db::text(at.db, at.file).ok()?;
        let range = trimmed(text, at.range)?;
        let path = path_to(at.db, at.file, range).filter(|_| parsed.errors.is_empty())?;
        let block = path.nodes.iter().rev().find_map(|node| match node {
            Node::Block(block) => Some(*block),
            _ => None,
        })?;
        let (range, value) = statements(&path, block, range, text)?;
        let Some(Node::Item(item)) = path.nodes.first() else { return None };
        let inside = match (&item.kind, path.member()) {
            (ItemKind::Layer(layer), Some((method, member))) => match &member.kind {
                MemberKind::Function(function) => Some((layer, method, function)),
                _ => None,
            },
            _ => None,
        };
        let Some((layer, method, function)) = inside else {
            return Some(Err(
                "only a function of a layer or model can call an instance of its own".to_owned()
            ));
        };
        let uses = tri_hir::item_uses(at.db, at.file, path.def.item);
        Some(Ok(Selection { at, path, text, uses, layer, method, function, range, value }))
    }

    /// Whether the selection has a node.
    pub(super) fn has(&self, node: NodeId) -> bool {
        self.holds(self.path.range(node))
    }

    /// Whether the selection has all of a range.
    pub(super) fn holds(&self, range: TextRange) -> bool {
        is_in(range, self.range)
    }

    /// Whether a name is read, assigned or checked in a range.
    pub(super) fn mentions(&self, binding: &Binding, range: TextRange) -> bool {
        let mut nodes = binding.reads.iter().chain(&binding.writes).chain(&binding.checks);
        nodes.any(|node| is_in(self.path.range(*node), range))
    }
}

fn is_in(inner: TextRange, outer: TextRange) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

/// A range without white space at its ends.
fn trimmed(text: &str, range: TextRange) -> Option<TextRange> {
    let inside = text.get(range.start as usize..(range.end as usize).min(text.len()))?;
    let start = range.start + (inside.len() - inside.trim_start().len()) as u32;
    let range = TextRange::new(start, start + inside.trim().len() as u32);
    (!range.is_empty()).then_some(range)
}

/// The statements of `block` in `selected`, and its value if it is there.
fn statements<'a>(
    path: &NodePath<'a>,
    block: &'a Block,
    selected: TextRange,
    text: &str,
) -> Option<(TextRange, Option<&'a Expr>)> {
    let statements = block.statements.iter().map(|stmt| (path.range(stmt.id), None));
    let value = block.value.iter().map(|value| (value_range(path, block, value, text), Some(&**value)));
    let touched: Vec<_> = statements
        .chain(value)
        .filter(|(range, _)| range.start < selected.end && selected.start < range.end)
        .collect();
    let ((first, _), (last, value)) = (touched.first()?, touched.last()?);
    let is_whole = touched.iter().all(|(range, _)| is_in(*range, selected));
    is_whole.then_some((between(*first, *last), *value))
}

/// The value of a block up to its brace, with parentheses around it, which leave no node.
fn value_range(path: &NodePath<'_>, block: &Block, value: &Expr, text: &str) -> TextRange {
    let start = path.range(value.id).start as usize;
    let before = text[..start].trim_end_matches(|c: char| c == '(' || c.is_whitespace());
    let opened = text[before.len()..start].find('(').map_or(start, |at| before.len() + at);
    let end = path.range(block.id).end.saturating_sub(1) as usize;
    TextRange::new(opened as u32, text[..end].trim_end().len() as u32)
}
