//! How much to give up at an error: which tokens of an item one `ERROR` token stands for. Knows brackets and
//! separators, not the grammar; brackets are balanced here.

use std::ops::Range;

use crate::layout::Significant;
use crate::token::TokenKind;

/// Puts an `ERROR` before token `at`, where one was expected.
pub(crate) fn insert(tokens: &mut Vec<Significant>, at: usize) {
    let end = at.checked_sub(1).and_then(|before| tokens.get(before)).map_or(0, |before| before.end);
    tokens.insert(at.min(tokens.len()), Significant { kind: TokenKind::Error, start: end, end });
}

/// Replaces the smallest region around the failure at `at`; false if that is the whole item.
pub(crate) fn replace(tokens: &mut Vec<Significant>, at: usize) -> bool {
    let region = regions(tokens, at).into_iter().find(|region| !region.is_empty());
    region.is_some_and(|region| give_up(tokens, region))
}

/// Replaces the smallest region that holds the `ERROR` at `known` and more; false if that is the whole item.
pub(crate) fn widen(tokens: &mut Vec<Significant>, known: usize) -> bool {
    let larger = |region: &Range<usize>| region.contains(&known) && region.len() > 1;
    let region = regions(tokens, known).into_iter().find(larger);
    region.is_some_and(|region| give_up(tokens, region))
}

fn give_up(tokens: &mut Vec<Significant>, region: Range<usize>) -> bool {
    let (Some(first), Some(last)) = (tokens.get(region.start), tokens.get(region.end - 1)) else {
        return false;
    };
    if region.len() == tokens.len() {
        return false;
    }
    let error = Significant { kind: TokenKind::Error, start: first.start, end: last.end };
    tokens.splice(region, [error]);
    true
}

/// The regions around position `at`, from small to large: at each level of brackets what follows `=` in the statement
/// or list element, that statement or element, and all between the brackets.
fn regions(tokens: &[Significant], at: usize) -> Vec<Range<usize>> {
    let brackets = Brackets::new(tokens);
    let mut regions = Vec::new();
    let mut at = at;
    loop {
        let open = brackets.around.get(at).copied().flatten();
        let statements = open.is_none_or(|open| tokens[open].kind == TokenKind::LBrace);
        let separates = |kind| kind == TokenKind::Semi || (kind == TokenKind::Comma && !statements);
        let mut assign = None;
        let first = open.map_or(0, |open| open + 1);
        let mut start = at;
        while start > first && !separates(tokens[start - 1].kind) {
            start = brackets.partner[start - 1].min(start - 1);
            if tokens[start].kind == TokenKind::Assign {
                assign = assign.or(Some(start + 1));
            }
        }
        let last = open.map_or(tokens.len(), |open| brackets.partner[open]);
        let mut end = at;
        while end < last && !separates(tokens[end].kind) {
            end = brackets.partner[end].max(end) + 1;
        }
        regions.extend(assign.map(|assign| assign..end));
        regions.push(start..end);
        let Some(open) = open else { return regions };
        regions.push(open + 1..last);
        at = open;
    }
}

/// The brackets of a token list.
struct Brackets {
    /// For a bracket the index of its partner; for any other token its own index.
    partner: Vec<usize>,
    /// The innermost bracket open before each token; a closing bracket stands inside what it closes.
    around: Vec<Option<usize>>,
}

impl Brackets {
    fn new(tokens: &[Significant]) -> Self {
        use TokenKind::{LBrace, LBracket, LParen, RBrace, RBracket, RParen};
        let mut partner: Vec<usize> = (0..tokens.len()).collect();
        let mut around = Vec::with_capacity(tokens.len());
        let mut open = Vec::new();
        for (index, token) in tokens.iter().enumerate() {
            around.push(open.last().copied());
            match token.kind {
                LParen | LBracket | LBrace => open.push(index),
                RParen | RBracket | RBrace => {
                    if let Some(opened) = open.pop() {
                        partner[opened] = index;
                        partner[index] = opened;
                    }
                }
                _ => {}
            }
        }
        Self { partner, around }
    }
}
