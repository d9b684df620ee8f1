//! W0004: a `dim` of a program that nothing in its file uses, and a generic parameter that its item does not use. A file without
//! model and tests is a module, whose dims are there for others.

use tri_diagnostics::{Code, Diagnostic};
use tri_syntax::ast::ItemKind;

use super::uses::Kind;
use super::{Linted, LintedItem, exempt, words};

/// Checks the dims of the file.
pub(super) fn check_items(linted: &mut Linted<'_>) {
    let is_program = linted.ast.items.iter().any(|item| match &item.kind {
        ItemKind::Layer(layer) => layer.is_model,
        ItemKind::Test(_) => true,
        _ => false,
    });
    if !linted.sound || !is_program {
        return;
    }
    for (id, item) in linted.ast.items() {
        let ItemKind::Dim(dim) = &item.kind else { continue };
        let name = &dim.name.text;
        if !linted.used.contains(name) && !exempt(name) {
            let message = format!("nothing in this file uses `dim {name}`");
            let diagnostic = Diagnostic::warning(Code::W0004, linted.span(id, dim.name.id), message);
            linted.found.push(diagnostic.help("use it in a type, or remove it"));
        }
    }
}

/// Checks the generic parameters of an item.
pub(super) fn check(linted: &mut Linted<'_>, item: &LintedItem<'_>) {
    for binding in &item.uses.bindings {
        let name = &binding.name.text;
        let generic = matches!(binding.kind, Kind::Dim | Kind::Pack | Kind::Element);
        if generic && binding.reads.is_empty() && !exempt(name) {
            let message = format!("nothing uses the {} `{name}`", words(binding.kind));
            let diagnostic = Diagnostic::warning(Code::W0004, linted.span(item.id, binding.name.id), message);
            linted.found.push(diagnostic.help("use it in a type, or remove it from the brackets"));
        }
    }
}
