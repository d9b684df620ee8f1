//! Where the parts of an extracted layer go in the text.

use tri_diagnostics::TextRange;
use tri_syntax::TokenKind;
use tri_syntax::ast::{Member, MemberKind, Node};

use super::selection::Selection;

/// What is written.
pub(super) struct Parts {
    /// The layer, before the one that the selection is in.
    pub(super) layer: String,
    /// Its instance, in the place of the first member that moves.
    pub(super) instance: String,
    /// The call, in the place of the selection.
    pub(super) call: String,
}

/// The edits.
pub(super) fn edits(
    selection: &Selection<'_>,
    members: &[&Member],
    parts: Parts,
) -> Vec<(TextRange, String)> {
    let text = selection.text;
    let mut edits = Vec::new();
    if let Some(Node::Item(item)) = selection.path.nodes.first() {
        let start = with_comments(text, selection.path.range(item.id).start);
        edits.push((TextRange::empty(start), format!("{}\n", parts.layer)));
    }
    let instance = format!("    {}\n", parts.instance);
    let mut removed = members.iter().map(|member| lines(selection, member));
    match removed.next() {
        Some(first) => edits.push((first, instance)),
        None => {
            if let Some(first) = selection.layer.members.first() {
                let gap = if matches!(first.kind, MemberKind::Function(_)) { "\n" } else { "" };
                let start = lines(selection, first).start;
                edits.push((TextRange::empty(start), format!("{instance}{gap}")));
            }
        }
    }
    edits.extend(removed.map(|range| (range, String::new())));
    edits.push((selection.range, parts.call));
    edits
}

/// A name that begins so and that the file does not have.
pub(super) fn fresh(selection: &Selection<'_>, name: &str) -> String {
    let (db, file) = (selection.at.db, selection.at.file);
    let tokens = &tri_db::parse(db, file).tokens;
    let is_taken = |name: &str| {
        let is_it = |token: &tri_syntax::Token| {
            token.kind == TokenKind::Ident && token.range.of(selection.text) == name
        };
        tokens.iter().any(is_it) || tri_hir::lookup(db, file, name).is_some()
    };
    let numbered = (2_u32..).map(|number| format!("{name}{number}"));
    std::iter::once(name.to_owned()).chain(numbered).find(|name| !is_taken(name)).unwrap_or_default()
}

/// The lines of a member, with the comments above it.
pub(super) fn lines(selection: &Selection<'_>, member: &Member) -> TextRange {
    let range = selection.path.range(member.id);
    let rest = selection.text.get(range.end as usize..).unwrap_or_default();
    let end = rest.find('\n').map_or(rest.len(), |at| at + 1) as u32;
    TextRange::new(with_comments(selection.text, range.start), range.end + end)
}

/// The start of the line of an offset, or of the comments and attributes above it.
fn with_comments(text: &str, offset: u32) -> u32 {
    let line_start = |offset: usize| text[..offset].rfind('\n').map_or(0, |at| at + 1);
    let mut start = line_start(offset as usize);
    while start > 0 {
        let before = line_start(start - 1);
        let line = text[before..start].trim_start();
        let is_comment = line.starts_with("//") && !line.starts_with("//!");
        if !is_comment && !line.starts_with('@') {
            break;
        }
        start = before;
    }
    start as u32
}
