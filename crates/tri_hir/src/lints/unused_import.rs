//! W0001: an import that nothing in its file uses. The fix removes it.

use tri_diagnostics::{Code, Diagnostic, Fix, Span, TextRange};
use tri_syntax::ast::{Import, ItemId, ItemKind, NodeId};

use super::{Linted, exempt};

pub(super) fn check(linted: &mut Linted<'_>) {
    if !linted.sound {
        return;
    }
    for (id, item) in linted.ast.items() {
        let ItemKind::Use(import) = &item.kind else { continue };
        let is_unused = |import: &Import| {
            let name = &import.local().text;
            !exempt(name) && !linted.used.contains(name)
        };
        let unused: Vec<usize> =
            (0..import.imports.len()).filter(|&at| is_unused(&import.imports[at])).collect();
        let whole = unused.len() == import.imports.len();
        for &at in &unused {
            let name = import.imports[at].local();
            let span = linted.span(id, name.id);
            let fix = match whole {
                true => Fix::replace("remove this import", line(linted, id, item.id), ""),
                false => Fix::replace(
                    format!("remove `{}`", name.text),
                    entry(linted, id, &import.imports, at),
                    "",
                ),
            };
            let message = format!("nothing in this file uses `{}`", name.text);
            linted
                .found
                .push(Diagnostic::warning(Code::W0001, span, message).label("imported here").fix(fix));
        }
    }
}

/// An item, with its line if nothing else stands there.
fn line(linted: &Linted<'_>, item: ItemId, node: NodeId) -> Span {
    let mut span = linted.span(item, node);
    let (start, end) = (span.range.start as usize, span.range.end as usize);
    let before = linted.text.get(..start).unwrap_or("");
    let after = linted.text.get(end..).unwrap_or("");
    let alone = before.is_empty() || before.ends_with('\n');
    let rest = after.trim_start_matches([' ', '\t', ';']);
    let newline = ["\r\n", "\n"].into_iter().find(|newline| rest.starts_with(newline));
    if let (true, Some(newline)) = (alone, newline) {
        let length = after.len() - rest.len() + newline.len();
        span.range = TextRange::new(span.range.start, (end + length) as u32);
    }
    span
}

/// An entry of a list with one of the commas beside it.
fn entry(linted: &Linted<'_>, item: ItemId, imports: &[Import], at: usize) -> Span {
    let range = |at: usize| {
        let import = &imports[at];
        linted.ast.range(item, import.name.id).cover(linted.ast.range(item, import.local().id))
    };
    let own = range(at);
    let range = match (imports.get(at + 1), at.checked_sub(1)) {
        (Some(_), _) => TextRange::new(own.start, range(at + 1).start),
        (None, Some(before)) => TextRange::new(range(before).end, own.end),
        (None, None) => own,
    };
    Span::new(linted.file, range)
}
