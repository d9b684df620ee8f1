//! One line a diagnostic, for editors' problem matchers and `grep`: `file:line:column: error[E2003]: message`.

use super::printable::printable;
use super::{Files, Sources};
use crate::Diagnostic;

/// Renders each diagnostic as a line, ending in a newline.
pub fn concise(diagnostics: &[Diagnostic], sources: &dyn Sources) -> String {
    let mut files = Files::new(sources);
    diagnostics.iter().map(|diagnostic| line(diagnostic, &mut files)).collect()
}

pub(super) fn line(diagnostic: &Diagnostic, files: &mut Files<'_>) -> String {
    let file = files.get(diagnostic.primary.span.file);
    let at = file.position(diagnostic.primary.span.range.start);
    let (severity, code, name) = (diagnostic.severity.as_str(), diagnostic.code, printable(&file.name));
    format!("{name}:{}:{}: {severity}[{code}]: {}\n", at.line, at.column, printable(&diagnostic.message))
}
