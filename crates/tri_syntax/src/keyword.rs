//! Keywords in the place of names. Each is reported once an item, however often the item says it, with one fix for all places; and is
//! read as the name that was meant, so that it causes no other error. What the grammar admits is the parser's affair.

use tri_diagnostics::{Code, Diagnostic, Edit, Fix, Span};

use crate::token::TokenKind;

/// The keywords that an item takes for names, with the places of their reports.
#[derive(Debug, Default)]
pub(crate) struct Keywords(Vec<(TokenKind, usize)>);

impl Keywords {
    /// Whether the item takes this keyword for a name.
    pub(crate) fn knows(&self, kind: TokenKind) -> bool {
        self.0.iter().any(|(known, _)| *known == kind)
    }

    /// Notes that the keyword stands for a name at `span`.
    pub(crate) fn note(&mut self, kind: TokenKind, span: Span, found: &mut Vec<Diagnostic>) {
        let word = kind.spelling().unwrap_or_default();
        let known = self.0.iter().find(|(known, _)| *known == kind).and_then(|(_, at)| found.get_mut(*at));
        if let Some(fix) = known.and_then(|report| report.fix.as_mut()) {
            fix.edits.push(Edit { span, text: format!("{word}_") });
            return;
        }
        self.0.push((kind, found.len()));
        let message = format!("`{word}` is a keyword and cannot be a name");
        // Others may name it too: arguments of calls, and files that import it.
        let fix = Fix::replace(format!("call it `{word}_`"), span, format!("{word}_")).ask();
        found.push(Diagnostic::error(Code::E0006, span, message).fix(fix));
    }
}
