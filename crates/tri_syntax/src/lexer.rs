//! Text to tokens. Never stops: what cannot be read is an error token. Also says what is wrong within single tokens,
//! which needs no grammar.

use logos::Logos;
use tri_diagnostics::{Code, Diagnostic, FileId, Fix, Span, TextRange};

use crate::literal;
use crate::token::{Token, TokenKind};

/// The tokens of `text`; their texts joined are `text`. At most the first 4 GiB are read.
pub fn lex(text: &str) -> Vec<Token> {
    let text = &text[..text.floor_char_boundary(u32::MAX as usize)];
    let mut tokens: Vec<Token> = Vec::with_capacity(text.len() / 4);
    let mark = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    if mark > 0 {
        tokens.push(Token { kind: TokenKind::ByteOrderMark, range: TextRange::new(0, mark as u32) });
    }
    let mut lexer = TokenKind::lexer(&text[mark..]);
    while let Some(kind) = lexer.next() {
        let span = lexer.span();
        let range = TextRange::new((span.start + mark) as u32, (span.end + mark) as u32);
        match kind {
            Ok(TokenKind::Comment) => tokens.push(Token { kind: comment_kind(lexer.slice()), range }),
            Ok(kind) => tokens.push(Token { kind, range }),
            Err(()) => match tokens.last_mut() {
                Some(last) if last.kind == TokenKind::Error => last.range.end = range.end,
                _ => tokens.push(Token { kind: TokenKind::Error, range }),
            },
        }
    }
    tokens.shrink_to_fit();
    tokens
}

fn comment_kind(text: &str) -> TokenKind {
    if text.starts_with("//!") {
        TokenKind::FileDoc
    } else if text.starts_with("///") && !text.starts_with("////") {
        TokenKind::Doc
    } else {
        TokenKind::Comment
    }
}

/// What is wrong within single tokens.
pub(crate) fn check(file: FileId, text: &str, tokens: &[Token]) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut before = TokenKind::Newline;
    for (index, token) in tokens.iter().enumerate() {
        let glued = matches!(before, TokenKind::Ident | TokenKind::RParen | TokenKind::RBracket);
        before = token.kind;
        let span = Span::new(file, token.range);
        let source = token.text(text);
        match token.kind {
            TokenKind::Error => {
                found.push(unknown_character(span, source, joins(tokens, index)));
            }
            TokenKind::Number => found.extend(wrong_number(span, source, glued)),
            TokenKind::Str => wrong_string(span, source, &mut found),
            TokenKind::Comment if source.starts_with('#') => found.push(hash_comment(span)),
            TokenKind::BlockComment => found.extend(open_comment(span, source)),
            _ => {}
        }
    }
    found
}

/// Whether the token at `index` stands between two operands.
fn joins(tokens: &[Token], index: usize) -> bool {
    use TokenKind::{Bang, False, Ident, LBracket, LParen, Minus, Number, RBracket, RParen, Space, True};
    let is_space = |token: &&Token| token.kind == Space;
    let before = tokens.iter().take(index).rev().find(|token| !is_space(token));
    let after = tokens.iter().skip(index + 1).find(|token| !is_space(token));
    before.is_some_and(|token| matches!(token.kind, Ident | Number | True | False | RParen | RBracket))
        && after.is_some_and(|token| {
            matches!(token.kind, Ident | Number | True | False | Bang | Minus | LParen | LBracket)
        })
}

/// `joins` if it may stand for an operator.
fn unknown_character(span: Span, source: &str, joins: bool) -> Diagnostic {
    let first = source.chars().next().unwrap_or('\u{fffd}');
    let shown = if first.is_control() || first.is_whitespace() {
        format!("the character U+{:04X}", u32::from(first))
    } else {
        format!("`{first}`")
    };
    let diagnostic = Diagnostic::error(Code::E0001, span, format!("{shown} is not part of Tri"));
    match source {
        "&" if joins => diagnostic.fix(Fix::replace("write `&&`", span, "&&")),
        "|" if joins => diagnostic.fix(Fix::replace("write `||`", span, "||")),
        _ if source.chars().all(char::is_whitespace) => {
            diagnostic.fix(Fix::replace("write a plain space", span, " "))
        }
        _ if first.is_alphabetic() => {
            diagnostic.help("names are made of `A` to `Z`, `a` to `z`, digits and `_`")
        }
        _ => diagnostic,
    }
}

/// `glued` to what stands before it, a number with a zero would be another token.
fn wrong_number(span: Span, source: &str, glued: bool) -> Option<Diagnostic> {
    let reason = literal::number(source).err()?;
    let diagnostic = Diagnostic::error(Code::E0005, span, reason);
    let ours = format!("0{source}");
    let sure = source.starts_with('.') && !glued && literal::number(&ours).is_ok();
    Some(if sure { diagnostic.fix(Fix::replace(format!("write `{ours}`"), span, ours)) } else { diagnostic })
}

fn wrong_string(span: Span, source: &str, found: &mut Vec<Diagnostic>) {
    let (body, closed) = literal::string_body(source);
    if !closed {
        let end = Span::new(span.file, TextRange::empty(span.range.end));
        let diagnostic = Diagnostic::error(Code::E0002, span, "this string does not end on its line");
        found.push(diagnostic.fix(Fix::replace("add the closing quote", end, "\"").ask()));
        return;
    }
    if source.starts_with('\'') {
        let diagnostic = Diagnostic::error(Code::E0013, span, "strings are written in double quotes");
        let plain = body.replace("\\'", "'").replace('"', "\\\"");
        found.push(diagnostic.fix(Fix::replace("use double quotes", span, format!("\"{plain}\""))));
    }
    literal::unescape(body, |start, end| {
        let begin = span.range.start + 1;
        let range = TextRange::new(begin + start as u32, begin + end as u32);
        let diagnostic =
            Diagnostic::error(Code::E0003, Span::new(span.file, range), "this escape is unknown");
        found.push(diagnostic.help("the escapes are `\\n`, `\\t`, `\\\\`, `\\\"` and `\\u{...}`"));
    });
}

fn hash_comment(span: Span) -> Diagnostic {
    let mark = Span::new(span.file, TextRange::new(span.range.start, span.range.start + 1));
    Diagnostic::error(Code::E0013, mark, "comments begin with `//`").fix(Fix::replace(
        "write `//`",
        mark,
        "//",
    ))
}

fn open_comment(span: Span, source: &str) -> Option<Diagnostic> {
    let opened = Span::new(span.file, TextRange::new(span.range.start, span.range.start + 2));
    let diagnostic = Diagnostic::error(Code::E0004, opened, "this comment is never closed");
    (!ends(source)).then(|| diagnostic.help("block comments nest: each `/*` needs its own `*/`"))
}

/// Whether the block comment `source` closes as often as it opens.
fn ends(source: &str) -> bool {
    let bytes = source.as_bytes();
    let (mut depth, mut at) = (0_u32, 0);
    while at < bytes.len() {
        match bytes.get(at..at + 2) {
            Some(b"/*") => (depth, at) = (depth + 1, at + 2),
            Some(b"*/") => (depth, at) = (depth.saturating_sub(1), at + 2),
            _ => at += 1,
        }
    }
    depth == 0
}
