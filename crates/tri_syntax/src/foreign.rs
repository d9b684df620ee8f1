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
    let here = *tokens.get(at)?;
    let before = *tokens.get(at.checked_sub(1)?)?;
    let second = at.checked_sub(2).and_then(|i| tokens.get(i)).copied();
    let word = |token: Significant| span(token).range.of(text);
    let report = |token: Significant, message: &str, ours: &str| {
        let fix = Fix::replace(format!("write `{ours}`"), span(token), ours);
        Diagnostic::error(Code::E0013, span(token), message).fix(fix)
    };
    match (second.map(|token| token.kind), before.kind, here.kind) {
        (Some(TokenKind::LParen | TokenKind::Comma), TokenKind::Ident, TokenKind::Colon) => {
            tokens[at].kind = TokenKind::Assign;
            let range = TextRange::new(span(before).range.end, span(here).range.end);
            let wide = Span::new(span(here).file, range);
            let diagnostic =
                Diagnostic::error(Code::E0013, span(here), "named arguments are written with `=`");
            Some(diagnostic.fix(Fix::replace("write `=`", wide, " =")))
        }
        (Some(TokenKind::Let), TokenKind::Ident, TokenKind::Ident) if word(before) == "mut" => {
            let bound = second?;
            let wide = TextRange::new(span(bound).range.start, span(before).range.end);
            tokens[at - 2].kind = TokenKind::Var;
            tokens.remove(at - 1);
            let wide = Span::new(span(bound).file, wide);
            let diagnostic =
                Diagnostic::error(Code::E0013, wide, "a name that is assigned again is bound by `var`");
            Some(diagnostic.fix(Fix::replace("write `var`", wide, "var")))
        }
        (_, TokenKind::Ident, _) if word(before) == "not" && begins_operand(here.kind) => {
            tokens[at - 1].kind = TokenKind::Bang;
            Some(report(before, "negation is written `!`", "!"))
        }
        (_, _, TokenKind::Ident) if matches!(word(here), "and" | "or") => {
            let (kind, ours) =
                if word(here) == "and" { (TokenKind::AndAnd, "&&") } else { (TokenKind::OrOr, "||") };
            tokens[at].kind = kind;
            Some(report(here, &format!("`{}` is written `{ours}`", word(here)), ours))
        }
        (_, operator, TokenKind::Assign) if is_arithmetic(operator) && before.end == here.start => {
            let wide = TextRange::new(span(before).range.start, span(here).range.end);
            let wide = Span::new(span(here).file, wide);
            let sign = operator.spelling().unwrap_or_default();
            tokens.remove(at - 1);
            let diagnostic = Diagnostic::error(Code::E0013, wide, format!("Tri has no `{sign}=`"));
            Some(diagnostic.help(format!("write `x = x {sign} ...`")))
        }
        (_, _, TokenKind::Question) => {
            tokens[at].kind = TokenKind::Error;
            let diagnostic =
                Diagnostic::error(Code::E0013, span(here), "a size that is not fixed has a name");
            Some(diagnostic.help("name it where it is bound: `fn f[B](x: f32[B, 128])`"))
        }
        (_, TokenKind::Star, TokenKind::Star) if before.end == here.start => {
            tokens.remove(at);
            let diagnostic = Diagnostic::error(Code::E0013, span(here), "Tri has no `**`");
            Some(diagnostic.help("write `pow(x, y)`"))
        }
        _ => None,
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
