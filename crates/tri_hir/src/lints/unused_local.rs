//! W0002: what `let`, `var`, `for` or a comprehension binds and nothing reads. The fix says that it is on purpose.

use tri_diagnostics::{Code, Diagnostic, Fix};

use super::uses::Kind;
use super::{Linted, LintedItem, exempt};

pub(super) fn check(linted: &mut Linted<'_>, item: &LintedItem<'_>) {
    for binding in &item.uses.bindings {
        let local = matches!(binding.kind, Kind::Local | Kind::RunTimeDim);
        let name = &binding.name.text;
        if !local || !binding.reads.is_empty() || exempt(name) {
            continue;
        }
        let span = linted.span(item.id, binding.name.id);
        let message = match binding.writes.is_empty() {
            true => format!("nothing reads `{name}`"),
            false => format!("`{name}` is assigned, and nothing reads it"),
        };
        let title = format!("call it `_{name}`");
        let fix = binding.writes.iter().fold(Fix::replace(title, span, format!("_{name}")), |fix, write| {
            fix.and(linted.span(item.id, *write), format!("_{name}"))
        });
        let diagnostic = Diagnostic::warning(Code::W0002, span, message);
        linted.found.push(diagnostic.help("remove it, or drop the value with `_`").fix(fix));
    }
}
