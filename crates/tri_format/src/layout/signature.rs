//! Heads of functions, layers and models. One that is too long takes a line for each of its parameters, or its
//! conditions alone move to the next line.

use tri_syntax::TokenKind;

use crate::WIDTH;
use crate::document::Document;
use crate::tree::{List, Piece};

use super::Layout;
use super::block::Place;
use super::expression::Context;
use super::gap::Separator;
use super::list::LastComma;

impl<'a> Layout<'a> {
    /// A function, layer or model, whose line begins at the indentation of `place`.
    pub(super) fn signature(self, pieces: &[Piece], place: Place) -> Document<'a> {
        let (pieces, block) = match pieces {
            [head @ .., Piece::Block(block)] => (head, Some(block)),
            _ => (pieces, None),
        };
        let (head, conditions) = match self.position(pieces, TokenKind::Where) {
            Some(at) => (&pieces[..at], Some(&pieces[at..])),
            None => (pieces, None),
        };
        let tail = self.tail(conditions, block.map(|block| block.open));
        let compact = self.chain(head, Context::Other);
        let left = WIDTH - place.indent();
        let width = compact.width();
        let fits_whole = width.zip(tail.width()).is_some_and(|(head, tail)| head + tail <= left);
        let fits_head = conditions.is_some() && width.is_some_and(|head| head <= left);
        let head = if fits_whole || fits_head { compact } else { self.long_head(head) };
        let body_place = match self.words[pieces[0].first()].kind {
            TokenKind::Layer | TokenKind::Model => Place::Layer,
            _ => Place::Body,
        };
        let body = block.map_or_else(Document::nothing, |block| self.block(block, body_place));
        Document::concat(vec![head, tail, body])
    }

    /// Conditions, and the brace that opens the body; if they do not fit on the line, each begins its own.
    fn tail(self, conditions: Option<&[Piece]>, brace: Option<usize>) -> Document<'a> {
        let Some(conditions) = conditions else {
            return brace.map_or_else(Document::nothing, |brace| self.word(brace, Separator::Space));
        };
        let brace = brace.map_or_else(Document::nothing, |brace| self.word(brace, Separator::Line));
        let conditions = self.conditions(conditions, Separator::Line).indent();
        Document::concat(vec![conditions, brace]).group()
    }

    /// `where a, b`.
    pub(super) fn conditions(self, pieces: &[Piece], separator: Separator) -> Document<'a> {
        let Some((keyword, mut rest)) = pieces.split_first() else { return Document::nothing() };
        let mut conditions = Vec::new();
        let mut lead = Separator::Space;
        while let Some(comma) = self.position(rest, TokenKind::Comma) {
            conditions.push(self.after(lead, &rest[..comma], Context::Other));
            conditions.push(self.word(rest[comma].first(), Separator::Tight));
            (rest, lead) = (&rest[comma + 1..], Separator::Line);
        }
        conditions.push(self.after(lead, rest, Context::Other));
        let conditions = Document::concat(conditions).indent().group();
        Document::concat(vec![self.word(keyword.first(), separator), conditions])
    }

    /// The head with a line for each parameter, if there are several; else it breaks where it can.
    fn long_head(self, head: &[Piece]) -> Document<'a> {
        let parameters =
            head.iter().position(|piece| matches!(piece, Piece::List(list) if self.is_parameters(list)));
        match parameters.map(|at| (at, &head[at])) {
            Some((at, Piece::List(list))) if list.elements.len() > 1 => Document::concat(vec![
                self.chain(&head[..at], Context::Other),
                self.word(list.open, Separator::Tight),
                self.element_lines(list, LastComma::Broken, Context::Other).broken_group(),
                self.after(Separator::Space, &head[at + 1..], Context::Other),
            ]),
            _ => self.chain(head, Context::Other),
        }
    }

    fn is_parameters(self, list: &List) -> bool {
        self.words[list.open].kind == TokenKind::LParen
    }

    /// The first of `pieces` that is the word `kind`.
    pub(super) fn position(self, pieces: &[Piece], kind: TokenKind) -> Option<usize> {
        pieces.iter().position(|piece| matches!(piece, Piece::Word(word) if self.words[*word].kind == kind))
    }
}
