//! Spellings that people bring along from other tools: each is reported with the Tri spelling as its fix, and read as
//! what was meant, so that it causes no other error. Words that could be names of a program are left to the checker, which knows what is
//! declared.

mod dtype;
mod item;
mod operator;
mod statement;

pub(crate) use dtype::{dtype, tensor};
pub(crate) use item::{Reading, item};
pub(crate) use statement::statements;

use tri_diagnostics::{Code, Diagnostic, Span};

use crate::layout::Significant;
use crate::token::TokenKind;

/// The text, and where tokens stand in it.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) text: &'a str,
    pub(crate) span: &'a dyn Fn(Significant) -> Span,
}

impl<'a> Source<'a> {
    fn span(self, token: Significant) -> Span {
        (self.span)(token)
    }

    fn word(self, token: Significant) -> &'a str {
        self.span(token).range.of(self.text)
    }

    fn cover(self, first: Significant, last: Significant) -> Span {
        let (first, last) = (self.span(first), self.span(last));
        Span::new(first.file, first.range.cover(last.range))
    }
}

/// The text of a span.
fn spelled<'a>(span: Span, source: Source<'a>) -> &'a str {
    span.range.of(source.text)
}

/// If the parser stopped at token `at` because of a foreign spelling, replaces it and says what to write.
pub(crate) fn rewrite(tokens: &mut Vec<Significant>, at: usize, source: Source<'_>) -> Option<Diagnostic> {
    if tokens.get(at).is_some_and(|token| token.kind == TokenKind::Arrow)
        && let Some(diagnostic) = item::layer_with_result(tokens, at, source)
    {
        return Some(diagnostic);
    }
    operator::rewrite(tokens, at, source)
}

/// The report of `Tensor` as a type of its own; `ours` is an example of a Tri type.
pub(crate) fn no_tensor_type(span: Span, ours: &str) -> Diagnostic {
    let diagnostic =
        Diagnostic::error(Code::E0013, span, format!("a tensor type has a dtype and sizes: `{ours}`"));
    diagnostic.help("give each axis a name or a number; `f32` without brackets is a scalar")
}
