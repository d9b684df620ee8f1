//! Foreign words that show before the grammar is asked: `return`, `while`, `self`.

use tri_diagnostics::{Code, Diagnostic, Fix, Span, TextRange};

use super::Source;
use crate::layout::Significant;
use crate::token::TokenKind;

/// Reports them, and leaves the tokens of what was meant.
pub(crate) fn statements(tokens: &mut Vec<Significant>, source: Source<'_>, found: &mut Vec<Diagnostic>) {
    drop_self(tokens, source, found);
    drop_loops(tokens, source, found);
    drop_returns(tokens, source, found);
}

/// Whether a statement begins at `index`.
fn begins_statement(tokens: &[Significant], index: usize) -> bool {
    let before = index.checked_sub(1).and_then(|before| tokens.get(before));
    before.is_some_and(|before| matches!(before.kind, TokenKind::LBrace | TokenKind::Semi))
}

fn kind(tokens: &[Significant], index: usize) -> Option<TokenKind> {
    tokens.get(index).map(|token| token.kind)
}

fn is_word(tokens: &[Significant], index: usize, word: &str, source: Source<'_>) -> bool {
    tokens.get(index).is_some_and(|&token| token.kind == TokenKind::Ident && source.word(token) == word)
}

/// Where the statement that begins at `start` ends: the index of its `;` or of the `}` around it.
fn statement_end(tokens: &[Significant], start: usize) -> usize {
    use TokenKind::{LBrace, LBracket, LParen, RBrace, RBracket, RParen, Semi};
    let mut depth = 0_u32;
    for (index, token) in tokens.iter().enumerate().skip(start) {
        match token.kind {
            LParen | LBracket | LBrace => depth += 1,
            RParen | RBracket | RBrace if depth == 0 => return index,
            RParen | RBracket | RBrace => depth -= 1,
            Semi if depth == 0 => return index,
            _ => {}
        }
    }
    tokens.len()
}

/// Drops each `return` that begins a statement.
fn drop_returns(tokens: &mut Vec<Significant>, source: Source<'_>, found: &mut Vec<Diagnostic>) {
    use TokenKind::{Assign, Dot, RBrace, Semi};
    let is_return = |index: usize| {
        is_word(tokens, index, "return", source)
            && begins_statement(tokens, index)
            && !matches!(kind(tokens, index + 1), None | Some(Assign | Dot))
    };
    let returns: Vec<usize> = (0..tokens.len()).filter(|&index| is_return(index)).collect();
    let mut dropped = vec![false; tokens.len()];
    for &index in &returns {
        let word = source.span(tokens[index]);
        dropped[index] = true;
        // A bare `return` goes with a terminator.
        match (kind(tokens, index - 1), kind(tokens, index + 1)) {
            (_, Some(Semi)) => dropped[index + 1] = true,
            (Some(Semi), Some(RBrace)) => dropped[index - 1] = true,
            _ => {}
        }
        let next = tokens
            .get(index + 1)
            .filter(|next| !matches!(next.kind, Semi | RBrace))
            .map_or(word, |&next| source.span(next));
        let gap =
            Span::new(word.file, TextRange::new(word.range.start, next.range.start.max(word.range.end)));
        let fix = Fix::replace("remove `return`", gap, "");
        // What follows a `return` was not meant to run.
        let last = kind(tokens, statement_end(tokens, index)) != Some(Semi);
        let message = "a block's last expression is its value; there is no `return`";
        let diagnostic = Diagnostic::error(Code::E0013, word, message);
        found.push(diagnostic.fix(if last { fix } else { fix.ask() }));
    }
    keep(tokens, &dropped);
}

fn keep(tokens: &mut Vec<Significant>, dropped: &[bool]) {
    let mut dropped = dropped.iter();
    tokens.retain(|_| !dropped.next().copied().unwrap_or(false));
}

/// Puts an error in the place of each `while` with its block.
fn drop_loops(tokens: &mut Vec<Significant>, source: Source<'_>, found: &mut Vec<Diagnostic>) {
    use TokenKind::{Bang, False, Ident, LParen, Number, True};
    let mut dropped = vec![false; tokens.len()];
    let mut index = 0;
    while index < tokens.len() {
        let is_loop = is_word(tokens, index, "while", source)
            && begins_statement(tokens, index)
            && matches!(kind(tokens, index + 1), Some(Ident | LParen | True | False | Bang | Number));
        let end = if is_loop { statement_end(tokens, index) } else { index + 1 };
        if is_loop {
            let diagnostic = Diagnostic::error(Code::E0013, source.span(tokens[index]), "Tri has no `while`");
            found.push(diagnostic.help("loops go through arrays and static ranges: `for i in 0..N { ... }`"));
            tokens[index] = Significant { kind: TokenKind::Error, end: tokens[end - 1].end, ..tokens[index] };
            dropped[index + 1..end].fill(true);
        }
        index = end;
    }
    keep(tokens, &dropped);
}

/// Whether the `(` at `open` begins the parameters of a function.
fn names_a_function(tokens: &[Significant], open: usize, source: Source<'_>) -> bool {
    use TokenKind::{Fn, Ident, LBracket, RBracket};
    let (mut at, mut depth) = (open, 0_u32);
    loop {
        let Some(before) = at.checked_sub(1) else { return false };
        at = before;
        match kind(tokens, at) {
            Some(RBracket) => depth += 1,
            Some(LBracket) => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            // The name, after the generics if there are any.
            Some(Ident) => {
                return at.checked_sub(1).is_some_and(|keyword| {
                    kind(tokens, keyword) == Some(Fn) || is_word(tokens, keyword, "def", source)
                });
            }
            _ => return false,
        }
    }
}

/// Drops `self` before a member, and as the first parameter; a layer's functions see its members by their names.
fn drop_self(tokens: &mut Vec<Significant>, source: Source<'_>, found: &mut Vec<Diagnostic>) {
    use TokenKind::{Assign, Colon, Comma, Dot, Ident, In, LParen, Let, RParen, Var};
    let selves: Vec<usize> =
        (0..tokens.len()).filter(|&index| is_word(tokens, index, "self", source)).collect();
    let before = |index: usize| index.checked_sub(1).and_then(|before| kind(tokens, before));
    let declared = selves.iter().any(|&index| {
        matches!(kind(tokens, index + 1), Some(Colon | Assign | In))
            || matches!(before(index), Some(Let | Var))
    });
    if declared {
        return;
    }
    let mut dropped = vec![false; tokens.len()];
    for index in selves {
        let next = kind(tokens, index + 1);
        let parameter = before(index) == Some(LParen) && names_a_function(tokens, index - 1, source);
        let count = match next {
            Some(Dot) if kind(tokens, index + 2) == Some(Ident) && before(index) != Some(Dot) => 2,
            Some(Comma) if parameter => 2,
            Some(RParen) if parameter => 1,
            _ => continue,
        };
        dropped[index..index + count].fill(true);
        let word = source.span(tokens[index]);
        let after =
            tokens.get(index + count).filter(|_| count > 1).map(|&after| source.span(after).range.start);
        let end = after.unwrap_or(word.range.end);
        let gap = Span::new(word.file, TextRange::new(word.range.start, end));
        let message = "a layer's functions name its members directly; there is no `self`";
        found.push(Diagnostic::error(Code::E0013, word, message).fix(Fix::replace("remove `self`", gap, "")));
    }
    keep(tokens, &dropped);
}
