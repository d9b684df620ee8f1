//! W0005: a configuration parameter that nothing in its layer reads.

use tri_diagnostics::{Code, Diagnostic};

use super::uses::Kind;
use super::{Linted, LintedItem, exempt};

pub(super) fn check(linted: &mut Linted<'_>, item: &LintedItem<'_>) {
    for binding in &item.uses.bindings {
        let name = &binding.name.text;
        if binding.kind == Kind::Config && binding.reads.is_empty() && !exempt(name) {
            let message = format!("this layer never reads its configuration `{name}`");
            let diagnostic = Diagnostic::warning(Code::W0005, linted.span(item.id, binding.name.id), message);
            linted.found.push(diagnostic.help("pass it to a member, use it in a condition, or remove it"));
        }
    }
}
