//! Foreign words and signs that the grammar stops at within statements: `and`, `**`, `elif`, `key: value`, `lambda`.

use tri_diagnostics::{Code, Diagnostic, Fix, Span, TextRange};

use super::Source;
use crate::layout::Significant;
use crate::token::TokenKind;

/// If the parser stopped at token `at` because of one, replaces it and says what to write.
pub(super) fn rewrite(tokens: &mut Vec<Significant>, at: usize, source: Source<'_>) -> Option<Diagnostic> {
    use TokenKind::{Colon, Comma, Dot, Ident, LParen, Let, Question, RBrace, Semi};
    let before = at.checked_sub(1)?;
    let word = |index: usize| tokens.get(index).map_or("", |&token| source.word(token));
    let kind = |index: Option<usize>| index.and_then(|index| tokens.get(index)).map(|token| token.kind);
    let (second, first, here) = (kind(at.checked_sub(2)), kind(Some(before))?, kind(Some(at))?);
    match (second, first, here) {
        (Some(LParen | Comma), Ident, Colon) if word(before) != "lambda" => {
            Some(named_argument(tokens, at, source))
        }
        (Some(Let), Ident, Ident) if word(before) == "mut" => Some(mutable(tokens, at, source)),
        (_, Ident, kind) if word(before) == "not" && begins_operand(kind) => {
            Some(respell(tokens, before, TokenKind::Bang, source))
        }
        (_, Ident, Ident | Colon) if word(before) == "lambda" => Some(lambda(tokens, before, source)),
        (_, Ident, _) if word(before) == "elif" && after_block(tokens, before) => {
            Some(else_if(tokens, before, source))
        }
        (_, RBrace | Semi, Ident) if word(at) == "elif" && after_block(tokens, at) => {
            Some(else_if(tokens, at, source))
        }
        (_, _, Ident) if word(at) == "and" => Some(respell(tokens, at, TokenKind::AndAnd, source)),
        (_, _, Ident) if word(at) == "or" => Some(respell(tokens, at, TokenKind::OrOr, source)),
        (_, Ident, Ident) if word(before) == "def" && !matches!(second, Some(Dot)) => {
            Some(method(tokens, before, source))
        }
        (_, Ident, Dot) if kind(Some(at + 1)) == Some(Ident) => qualified_type(tokens, at, source),
        (_, _, Question) => {
            tokens[at].kind = TokenKind::Error;
            let diagnostic = error(source.span(tokens[at]), "a size that is not fixed has a name");
            Some(diagnostic.help("name it where it is bound: `fn f[B](x: f32[B, 128])`"))
        }
        (_, operator, second) if tokens[before].end == tokens[at].start => {
            compound(tokens, at, (operator, second), source)
        }
        _ => None,
    }
}

fn error(span: Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::error(Code::E0013, span, message)
}

/// `key: value` in a call.
fn named_argument(tokens: &mut [Significant], at: usize, source: Source<'_>) -> Diagnostic {
    tokens[at].kind = TokenKind::Assign;
    let colon = source.span(tokens[at]);
    let range = TextRange::new(source.span(tokens[at - 1]).range.end, colon.range.end);
    let fix = Fix::replace("write `=`", Span::new(colon.file, range), " =");
    error(colon, "named arguments are written with `=`").fix(fix)
}

/// `let mut x`.
fn mutable(tokens: &mut Vec<Significant>, at: usize, source: Source<'_>) -> Diagnostic {
    tokens[at - 2].kind = TokenKind::Var;
    let both = source.cover(tokens[at - 2], tokens[at - 1]);
    tokens.remove(at - 1);
    let diagnostic = error(both, "a name that is assigned again is bound by `var`");
    diagnostic.fix(Fix::replace("write `var`", both, "var"))
}

/// A word that stands for the operator `ours`.
fn respell(tokens: &mut [Significant], at: usize, ours: TokenKind, source: Source<'_>) -> Diagnostic {
    tokens[at].kind = ours;
    let (word, spelling) = (source.span(tokens[at]), ours.spelling().unwrap_or_default());
    // `not x` loses its space with its word.
    let end = match (ours, tokens.get(at + 1)) {
        (TokenKind::Bang, Some(&operand)) => source.span(operand).range.start,
        _ => word.range.end,
    };
    let range = Span::new(word.file, TextRange::new(word.range.start, end));
    let fix = Fix::replace(format!("write `{spelling}`"), range, spelling);
    error(word, format!("this operator is written `{spelling}`")).fix(fix)
}

/// Whether a block ends right before the token at `at`, perhaps on the line before.
fn after_block(tokens: &[Significant], at: usize) -> bool {
    let mut before = tokens.get(..at).unwrap_or(&[]).iter().rev().map(|token| token.kind);
    match before.next() {
        Some(TokenKind::Semi) => before.next() == Some(TokenKind::RBrace),
        kind => kind == Some(TokenKind::RBrace),
    }
}

/// `elif c { ... }`.
fn else_if(tokens: &mut Vec<Significant>, at: usize, source: Source<'_>) -> Diagnostic {
    let word = tokens[at];
    tokens[at].kind = TokenKind::Else;
    tokens.insert(at + 1, Significant { kind: TokenKind::If, start: word.end, end: word.end });
    if at.checked_sub(1).is_some_and(|before| tokens[before].kind == TokenKind::Semi) {
        tokens.remove(at - 1);
    }
    let span = source.span(word);
    let fix = Fix::replace("write `else if`", span, "else if");
    error(span, "this branch is written `else if`").fix(fix)
}

/// `lambda x: x + 1`.
fn lambda(tokens: &mut [Significant], at: usize, source: Source<'_>) -> Diagnostic {
    let span = source.span(tokens[at]);
    tokens[at].kind = TokenKind::Error;
    error(span, "Tri has no functions without names")
        .help("declare `fn name(x: f32) -> f32 { ... }`, and pass `name`")
}

/// `def forward(...)` in a layer.
fn method(tokens: &mut [Significant], at: usize, source: Source<'_>) -> Diagnostic {
    tokens[at].kind = TokenKind::Fn;
    let span = source.span(tokens[at]);
    error(span, "functions begin with `fn`").fix(Fix::replace("write `fn`", span, "fn"))
}

/// `torch.float32` and `torch.Tensor` in the place of a type.
fn qualified_type(tokens: &mut Vec<Significant>, at: usize, source: Source<'_>) -> Option<Diagnostic> {
    let name = source.word(tokens[at + 1]);
    let span = source.cover(tokens[at - 1], tokens[at + 1]);
    if let Some(ours) = super::dtype(name) {
        // The builder gives it its Tri name; it stands after a dot, so it is reported here alone.
        tokens.drain(at - 1..=at);
        let fix = Fix::replace(format!("write `{}`", ours.ours), span, ours.ours);
        let message = format!("`{}` is written `{}`", super::spelled(span, source), ours.ours);
        return Some(error(span, message).fix(if ours.same { fix } else { fix.ask() }));
    }
    let ours = super::tensor(name)?;
    let error_token =
        Significant { kind: TokenKind::Error, start: tokens[at - 1].start, end: tokens[at + 1].end };
    tokens.splice(at - 1..=at + 1, [error_token]);
    Some(super::no_tensor_type(span, ours))
}

/// `+=` and `**`, which are two tokens of Tri.
fn compound(
    tokens: &mut Vec<Significant>,
    at: usize,
    (first, second): (TokenKind, TokenKind),
    source: Source<'_>,
) -> Option<Diagnostic> {
    let both = source.cover(tokens[at - 1], tokens[at]);
    if second == TokenKind::Assign && is_arithmetic(first) {
        let sign = first.spelling().unwrap_or_default();
        let message = format!("Tri has no `{sign}=`");
        let single = at
            .checked_sub(3)
            .is_none_or(|before| matches!(tokens[before].kind, TokenKind::LBrace | TokenKind::Semi));
        let target = at.checked_sub(2).map(|target| tokens[target]).filter(|_| single);
        tokens.swap(at - 1, at);
        return Some(match target {
            // `x += y` is read as `x = x + y`.
            Some(target) => {
                tokens.insert(at, target);
                let name = source.word(target);
                let ours = format!("= {name} {sign}");
                error(both, message).fix(Fix::replace(format!("write `{name} {ours} ...`"), both, ours).ask())
            }
            None => {
                tokens[at].kind = TokenKind::Error;
                error(both, message).help(format!("write `x = x {sign} ...`"))
            }
        });
    }
    if (first, second) != (TokenKind::Star, TokenKind::Star) {
        return None;
    }
    let diagnostic = error(both, "Tri has no `**`");
    let power = power(tokens, at, source);
    tokens.remove(at);
    Some(match power {
        Some(fix) => diagnostic.fix(fix),
        None => diagnostic.help("write `pow(x, y)`"),
    })
}

/// `pow(x, y)` in the place of `x ** y`, where both sides are plain.
fn power(tokens: &[Significant], at: usize, source: Source<'_>) -> Option<Fix> {
    use TokenKind::{Dot, Ident, LBracket, LParen, Number, Star};
    let plain = |index: usize| tokens.get(index).is_some_and(|token| matches!(token.kind, Ident | Number));
    let (base, exponent) = (at.checked_sub(2)?, at + 1);
    let joined = base.checked_sub(1).is_some_and(|before| matches!(tokens[before].kind, Dot | Star));
    let goes_on =
        tokens.get(exponent + 1).is_some_and(|after| matches!(after.kind, Dot | LParen | LBracket | Star));
    if !plain(base) || !plain(exponent) || joined || goes_on {
        return None;
    }
    let ours = format!("pow({}, {})", source.word(tokens[base]), source.word(tokens[exponent]));
    Some(Fix::replace(format!("write `{ours}`"), source.cover(tokens[base], tokens[exponent]), ours))
}

fn begins_operand(kind: TokenKind) -> bool {
    use TokenKind::{False, Ident, Number, True};
    matches!(kind, Ident | Number | True | False)
}

fn is_arithmetic(kind: TokenKind) -> bool {
    use TokenKind::{At, Minus, Percent, Plus, Slash, Star};
    matches!(kind, Plus | Minus | Star | Slash | Percent | At)
}
