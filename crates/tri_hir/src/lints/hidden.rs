//! W0006: a name declared inside an item that hides a name of the item or of its file. Names of the library's prelude may be
//! hidden: nobody knows them all.

use std::collections::BTreeMap;

use tri_diagnostics::{Code, Diagnostic, Span};
use tri_syntax::ast::{Ast, ItemId, ItemKind, NodeId};

use super::{Linted, LintedItem, exempt, words};

pub(super) fn check(linted: &mut Linted<'_>, item: &LintedItem<'_>) {
    for binding in &item.uses.bindings {
        let name = &binding.name.text;
        if exempt(name) {
            continue;
        }
        let (what, hidden) = match binding.hides.and_then(|at| item.uses.bindings.get(at)) {
            Some(hidden) => (words(hidden.kind), linted.span(item.id, hidden.name.id)),
            None => match linted.declared.get(&**name) {
                Some(&(what, item, node)) => (what, linted.span(item, node)),
                None => continue,
            },
        };
        let span = linted.span(item.id, binding.name.id);
        linted.found.push(warning(span, name, words(binding.kind), what, hidden));
    }
}

fn warning(span: Span, name: &str, what: &str, hidden_what: &str, hidden: Span) -> Diagnostic {
    let message = format!("the {what} `{name}` hides the {hidden_what} `{name}`");
    Diagnostic::warning(Code::W0006, span, message)
        .secondary(hidden, "this can no longer be named")
        .help("give it another name")
}

/// What the items and imports of a file declare.
pub(super) fn declared(ast: &Ast) -> BTreeMap<&str, (&'static str, ItemId, NodeId)> {
    let mut declared = BTreeMap::new();
    for (id, item) in ast.items() {
        let what = match &item.kind {
            ItemKind::Use(import) => {
                let names = import.imports.iter().map(|import| import.local());
                declared.extend(names.map(|name| (name.as_str(), ("import", id, name.id))));
                continue;
            }
            ItemKind::Dim(_) => "dim",
            ItemKind::Const(_) => "constant",
            ItemKind::Function(_) => "function",
            ItemKind::Layer(_) => "layer",
            ItemKind::Test(_) | ItemKind::Error { .. } => continue,
        };
        declared.extend(item.name().map(|name| (name.as_str(), (what, id, name.id))));
    }
    declared
}
