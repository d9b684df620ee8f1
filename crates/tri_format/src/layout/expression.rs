//! Words within a line: the spaces between them, and line ends after operators. Tighter operators stay together longer.

use tri_syntax::TokenKind;

use crate::document::Document;
use crate::tree::{List, Piece};

use super::Layout;
use super::block::Place;
use super::gap::Separator;

/// What stands around words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Context {
    /// An index, where a colon is a slice.
    Index,
    /// Anything else, where a colon is followed by a type.
    Other,
}

/// Method calls that make a row; fewer break within their brackets.
const ROW: usize = 3;

/// How tightly a binary operator binds, from 1; none for other tokens.
fn precedence(kind: TokenKind) -> Option<u8> {
    use TokenKind::{
        AndAnd, At, EqEq, Greater, GreaterEq, Less, LessEq, Minus, NotEq, OrOr, Percent, Plus, Slash, Star,
    };
    match kind {
        OrOr => Some(1),
        AndAnd => Some(2),
        EqEq | NotEq | Less | LessEq | Greater | GreaterEq => Some(3),
        Plus | Minus => Some(4),
        At | Star | Slash | Percent => Some(5),
        _ => None,
    }
}

impl<'a> Layout<'a> {
    /// A statement without a body, an expression, a type or a pattern, without what stands before its first word.
    pub(super) fn flow(self, pieces: &[Piece], context: Context) -> Document<'a> {
        use TokenKind::{Assign, For, If, Semi, Where};
        let at = |kind| self.position(pieces, kind).filter(|&at| at > 0);
        // What binds loosest comes first: conditions, `=`, the condition of a member, comprehensions and arrays.
        if let Some(at) = at(Where) {
            let conditions = self.conditions(&pieces[at..], Separator::Line).indent().group();
            return Document::concat(vec![self.flow(&pieces[..at], context), conditions]);
        }
        let parts = [
            (at(Assign), Separator::Space, Separator::Space),
            (at(If), Separator::Space, Separator::Space),
            (at(For), Separator::Line, Separator::Space),
            (at(Semi), Separator::Tight, Separator::Line),
        ];
        for (at, before, after) in parts {
            let Some(at) = at else { continue };
            return Document::concat(vec![
                self.flow(&pieces[..at], context),
                self.word(pieces[at].first(), before),
                self.after(after, &pieces[at + 1..], context),
            ]);
        }
        match self.loosest(pieces) {
            Some(precedence) => self.operands(pieces, precedence, context),
            None => self.chain(pieces, context),
        }
    }

    /// The same after `separator`, with the comments before it.
    pub(super) fn after(self, separator: Separator, pieces: &[Piece], context: Context) -> Document<'a> {
        let Some(first) = pieces.first() else { return Document::nothing() };
        Document::concat(vec![self.gap(first.first(), separator), self.flow(pieces, context)])
    }

    /// The precedence of the binary operator at `at`, if there is one.
    fn operator(self, pieces: &[Piece], at: usize) -> Option<u8> {
        let Piece::Word(word) = pieces.get(at)? else { return None };
        let before = pieces.get(at.checked_sub(1)?)?;
        precedence(self.words[*word].kind).filter(|_| before.ends_operand(self.words))
    }

    fn loosest(self, pieces: &[Piece]) -> Option<u8> {
        (0..pieces.len()).filter_map(|at| self.operator(pieces, at)).min()
    }

    /// Operands of operators of one precedence; a line may end after each operator.
    fn operands(self, pieces: &[Piece], precedence: u8, context: Context) -> Document<'a> {
        let is_operator = |&at: &usize| self.operator(pieces, at) == Some(precedence);
        let operators: Vec<usize> = (0..pieces.len()).filter(is_operator).collect();
        let ends = operators.iter().skip(1).copied().chain([pieces.len()]);
        let mut rest = Vec::new();
        for (&at, end) in operators.iter().zip(ends) {
            let operator = pieces[at].first();
            let commented = !self.words[operator].gap.comments.is_empty();
            rest.push(self.word(operator, Separator::Space));
            let separator = if commented { Separator::Space } else { Separator::Line };
            rest.push(self.after(separator, &pieces[at + 1..end], context));
        }
        let first = operators.first().map_or(pieces, |&at| &pieces[..at]);
        Document::concat(vec![self.flow(first, context), Document::concat(rest).indent()]).group()
    }

    /// Pieces without operators between them, without what stands before the first. A row of method calls takes a line for
    /// each if it is too long for one.
    pub(super) fn chain(self, pieces: &[Piece], context: Context) -> Document<'a> {
        let calls = self.method_calls(pieces);
        let (mut parts, mut row) = (Vec::new(), Vec::new());
        for (at, piece) in pieces.iter().enumerate() {
            let call = calls.binary_search(&at).is_ok();
            let parts = if calls.first().is_some_and(|&first| at >= first) { &mut row } else { &mut parts };
            if let Some(before) = at.checked_sub(1).and_then(|before| pieces.get(before)) {
                let spaced = self.is_spaced(before, piece, context);
                let separator = match (call, spaced) {
                    (true, _) => Separator::Break,
                    (false, true) => Separator::Space,
                    (false, false) => Separator::Tight,
                };
                parts.push(self.gap(piece.first(), separator));
            }
            parts.push(self.bare(piece.first()));
            match piece {
                Piece::Word(_) => {}
                Piece::List(list) => parts.push(self.list(list, &pieces[..at])),
                Piece::Block(block) => parts.push(self.block(block, Place::Body)),
                Piece::If(branches) => parts.push(self.branches(branches)),
            }
        }
        if calls.is_empty() {
            return Document::concat(parts);
        }
        parts.push(Document::concat(row).indent());
        Document::concat(parts).group()
    }

    /// The dots of method calls, if they are enough for a row.
    fn method_calls(self, pieces: &[Piece]) -> Vec<usize> {
        let is_call = |window: &[Piece]| match window {
            [Piece::Word(dot), Piece::Word(_), Piece::List(list)] => {
                self.words[*dot].kind == TokenKind::Dot && self.words[list.open].kind == TokenKind::LParen
            }
            _ => false,
        };
        let calls: Vec<usize> =
            (1..pieces.len()).filter(|&at| pieces.get(at..at + 3).is_some_and(is_call)).collect();
        if calls.len() < ROW { Vec::new() } else { calls }
    }

    /// A list after its opening bracket, and after the pieces `before` it.
    fn list(self, list: &List, before: &[Piece]) -> Document<'a> {
        let kind = |piece: &Piece| match piece {
            Piece::Word(word) => Some(self.words[*word].kind),
            _ => None,
        };
        let last = before.last();
        let applied =
            last.is_some_and(|last| last.ends_operand(self.words) || kind(last) == Some(TokenKind::Fn));
        let declares = match before {
            [.., keyword, _] => {
                matches!(kind(keyword), Some(TokenKind::Fn | TokenKind::Layer | TokenKind::Model))
            }
            _ => false,
        };
        let bracket = self.words[list.open].kind == TokenKind::LBracket;
        let context = if bracket && !declares { Context::Index } else { Context::Other };
        self.elements(list, self.last_comma(list, applied), context)
    }

    /// Whether a space stands between two pieces, the operators' spaces aside.
    fn is_spaced(self, before: &Piece, after: &Piece, context: Context) -> bool {
        use TokenKind::{At, Bang, Colon, Comma, Dot, DotDot, Fn, Minus};
        let follows = match after {
            Piece::Word(word) => Some(self.words[*word].kind),
            _ => None,
        };
        let tight_before = matches!(follows, Some(Dot | DotDot | Colon | Comma));
        let list = matches!(after, Piece::List(_));
        match before {
            Piece::Word(word) => match self.words[*word].kind {
                Dot | DotDot | At | Bang | Minus => false,
                Colon => context == Context::Other,
                Fn => !list,
                kind if kind.can_end() => !(list || tight_before),
                _ => true,
            },
            Piece::List(_) | Piece::Block(_) | Piece::If(_) => !(list || tight_before),
        }
    }
}
