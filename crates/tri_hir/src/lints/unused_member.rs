//! W0003: a parameter, buffer, state or sub-layer that its layer never reads. Members that the file reads from outside, as in
//! `embedding.table`, and those of a layer without functions, which only holds them, count as read.

use tri_diagnostics::{Code, Diagnostic};
use tri_syntax::ast::{ItemKind, MemberKind};

use super::uses::Kind;
use super::{Linted, LintedItem, exempt, words};

pub(super) fn check(linted: &mut Linted<'_>, item: &LintedItem<'_>) {
    let ItemKind::Layer(layer) = &item.item.kind else { return };
    if !layer.members.iter().any(|member| matches!(member.kind, MemberKind::Function(_))) {
        return;
    }
    for binding in &item.uses.bindings {
        let name = &binding.name.text;
        let member = matches!(binding.kind, Kind::Tensor(_) | Kind::Instance);
        if !member || !binding.reads.is_empty() || exempt(name) || linted.fields.contains(name) {
            continue;
        }
        let span = linted.span(item.id, binding.name.id);
        let message = match binding.writes.is_empty() {
            true => format!("`{}` never reads its {} `{name}`", layer.name.text, words(binding.kind)),
            false => format!(
                "`{}` writes its {} `{name}`, and never reads it",
                layer.name.text,
                words(binding.kind)
            ),
        };
        let diagnostic = Diagnostic::warning(Code::W0003, span, message);
        linted.found.push(diagnostic.help("use it in a function of the layer, or remove it"));
    }
}
