//! Spellings that people bring along from other tools: each is reported with the Tri spelling as its fix, and read as
//! what was meant, so that it causes no other error.

use tri_diagnostics::{Code, Diagnostic, Fix, Span, TextRange};

use crate::layout::Significant;
use crate::token::TokenKind;

/// The Tri dtype that other tools call `name`.
pub(crate) fn dtype(name: &str) -> Option<&'static str> {
    Some(match name {
        "int8" | "int8_t" | "char" => "i8",
        "uint8" | "uint8_t" | "byte" => "u8",
        "int32" | "int32_t" => "i32",
        "int64" | "int64_t" | "long" => "i64",
        "float16" | "half" => "f16",
        "bfloat16" => "bf16",
        "float32" => "f32",
        "boolean" => "bool",
        "ternary" | "trits" => "trit",
        _ => return None,
    })
}

/// What an item that begins with the foreign `word` probably is, and what to say; no kind if it cannot be read.
pub(crate) fn item_keyword(span: Span, word: &str) -> Option<(Option<TokenKind>, Diagnostic)> {
    let (kind, advice) = match word {
        "def" | "func" | "function" | "fun" | "proc" => (Some(TokenKind::Fn), "functions begin with `fn`"),
        "class" | "struct" | "module" => (Some(TokenKind::Layer), "layers begin with `layer`"),
        "import" => (Some(TokenKind::Use), "imports are written `use module.Name`"),
        "from" => (None, "imports are written `use module.{Name, Other}`"),
        "let" | "var" | "static" | "final" => (None, "outside functions, values are `const NAME = ...`"),
        "type" | "enum" | "trait" | "interface" => (None, "Tri has no user-defined types besides layers"),
        _ => return None,
    };
    let diagnostic = Diagnostic::error(Code::E0013, span, advice);
    Some(match kind.and_then(TokenKind::spelling) {
        Some(ours) => (kind, diagnostic.fix(Fix::replace(format!("write `{ours}`"), span, ours).ask())),
        None => (None, diagnostic),
    })
}

/// Drops each `return` that begins a statement.
pub(crate) fn drop_returns(
    tokens: &mut Vec<Significant>,
    span: impl Fn(Significant) -> Span,
    text: &str,
    found: &mut Vec<Diagnostic>,
) {
    use TokenKind::{Assign, Dot, Ident, LBrace, RBrace, Semi};
    let is_return = |index: usize| {
        let kind = |i: usize| tokens.get(i).map(|token| token.kind);
        kind(index) == Some(Ident)
            && index.checked_sub(1).is_some_and(|before| matches!(kind(before), Some(LBrace | Semi)))
            && !matches!(kind(index + 1), None | Some(Assign | Dot | Semi | RBrace))
            && span(tokens[index]).range.of(text) == "return"
    };
    let returns: Vec<usize> = (0..tokens.len()).filter(|&index| is_return(index)).collect();
    for &index in &returns {
        let word = span(tokens[index]);
        let next = tokens.get(index + 1).map_or(word, |&token| span(token));
        let gap = Span::new(word.file, TextRange::new(word.range.start, next.range.start));
        let message = "a block's last expression is its value; there is no `return`";
        found.push(Diagnostic::error(Code::E0013, word, message).fix(Fix::replace(
            "remove `return`",
            gap,
            "",
        )));
    }
    let mut index = 0;
    let mut returns = returns.into_iter().peekable();
    tokens.retain(|_| {
        let drop = returns.next_if_eq(&index).is_some();
        index += 1;
        !drop
    });
}

/// If the parser stopped at token `at` because of a foreign spelling, replaces it and says what to write.
pub(crate) fn rewrite(
    tokens: &mut Vec<Significant>,
    at: usize,
    span: impl Fn(Significant) -> Span,
    text: &str,
) -> Option<Diagnostic> {
    let before = at.checked_sub(1)?;
    let word = |index: usize| tokens.get(index).map_or("", |&token| span(token).range.of(text));
    let kind = |index: Option<usize>| index.and_then(|index| tokens.get(index)).map(|token| token.kind);
    let (second, first, here) = (kind(at.checked_sub(2)), kind(Some(before))?, kind(Some(at))?);
    match (second, first, here) {
        (Some(TokenKind::LParen | TokenKind::Comma), TokenKind::Ident, TokenKind::Colon) => {
            Some(named_argument(tokens, at, span))
        }
        (Some(TokenKind::Let), TokenKind::Ident, TokenKind::Ident) if word(before) == "mut" => {
            Some(mutable(tokens, at, span))
        }
        (_, TokenKind::Ident, kind) if word(before) == "not" && begins_operand(kind) => {
            Some(respell(tokens, before, TokenKind::Bang, span))
        }
        (_, _, TokenKind::Ident) if word(at) == "and" => Some(respell(tokens, at, TokenKind::AndAnd, span)),
        (_, _, TokenKind::Ident) if word(at) == "or" => Some(respell(tokens, at, TokenKind::OrOr, span)),
        (_, _, TokenKind::Question) => {
            tokens[at].kind = TokenKind::Error;
            let diagnostic =
                Diagnostic::error(Code::E0013, span(tokens[at]), "a size that is not fixed has a name");
            Some(diagnostic.help("name it where it is bound: `fn f[B](x: f32[B, 128])`"))
        }
        (_, operator, second) if tokens[before].end == tokens[at].start => {
            compound(tokens, at, (operator, second), span)
        }
        _ => None,
    }
}

/// `key: value` in a call.
fn named_argument(tokens: &mut [Significant], at: usize, span: impl Fn(Significant) -> Span) -> Diagnostic {
    tokens[at].kind = TokenKind::Assign;
    let colon = span(tokens[at]);
    let range = TextRange::new(span(tokens[at - 1]).range.end, colon.range.end);
    let fix = Fix::replace("write `=`", Span::new(colon.file, range), " =");
    Diagnostic::error(Code::E0013, colon, "named arguments are written with `=`").fix(fix)
}

/// `let mut x`.
fn mutable(tokens: &mut Vec<Significant>, at: usize, span: impl Fn(Significant) -> Span) -> Diagnostic {
    tokens[at - 2].kind = TokenKind::Var;
    let (bound, word) = (span(tokens[at - 2]), span(tokens[at - 1]));
    tokens.remove(at - 1);
    let both = Span::new(bound.file, bound.range.cover(word.range));
    let diagnostic = Diagnostic::error(Code::E0013, both, "a name that is assigned again is bound by `var`");
    diagnostic.fix(Fix::replace("write `var`", both, "var"))
}

/// A word that stands for the operator `ours`.
fn respell(
    tokens: &mut [Significant],
    at: usize,
    ours: TokenKind,
    span: impl Fn(Significant) -> Span,
) -> Diagnostic {
    tokens[at].kind = ours;
    let (word, spelling) = (span(tokens[at]), ours.spelling().unwrap_or_default());
    let fix = Fix::replace(format!("write `{spelling}`"), word, spelling);
    Diagnostic::error(Code::E0013, word, format!("this operator is written `{spelling}`")).fix(fix)
}

/// `+=` and `**`, which are two tokens of Tri.
fn compound(
    tokens: &mut Vec<Significant>,
    at: usize,
    (first, second): (TokenKind, TokenKind),
    span: impl Fn(Significant) -> Span,
) -> Option<Diagnostic> {
    let both = Span::new(span(tokens[at]).file, span(tokens[at - 1]).range.cover(span(tokens[at]).range));
    let error = |message: String| Diagnostic::error(Code::E0013, both, message);
    if second == TokenKind::Assign && is_arithmetic(first) {
        let sign = first.spelling().unwrap_or_default();
        tokens.remove(at - 1);
        Some(error(format!("Tri has no `{sign}=`")).help(format!("write `x = x {sign} ...`")))
    } else if (first, second) == (TokenKind::Star, TokenKind::Star) {
        tokens.remove(at);
        Some(error("Tri has no `**`".to_owned()).help("write `pow(x, y)`"))
    } else {
        None
    }
}

fn begins_operand(kind: TokenKind) -> bool {
    use TokenKind::{False, Ident, Number, True};
    matches!(kind, Ident | Number | True | False)
}

fn is_arithmetic(kind: TokenKind) -> bool {
    use TokenKind::{At, Minus, Percent, Plus, Slash, Star};
    matches!(kind, Plus | Minus | Star | Slash | Percent | At)
}
