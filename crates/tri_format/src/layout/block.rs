//! Items, members and statements: each on a line of its own, with the comments and empty lines between them.

use tri_syntax::TokenKind;

use crate::document::Document;
use crate::tree::{Block, Piece, Statement};
use crate::words::Gap;

use super::Layout;
use super::expression::Context;
use super::gap::{Between, Separator};

/// What lines stand in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// The file: items, which are not indented.
    File,
    /// A layer or model: members.
    Layer,
    /// Any other block.
    Body,
}

impl Place {
    /// Spaces before its lines, where they are known.
    pub(super) fn indent(self) -> usize {
        if self == Place::Layer { 4 } else { 0 }
    }
}

impl<'a> Layout<'a> {
    /// `{ }` after its opening brace.
    pub(super) fn block(self, block: &Block, place: Place) -> Document<'a> {
        let end = &self.words[block.close].gap;
        let close = Document::Text(self.words[block.close].text);
        if block.statements.is_empty() && end.comments.is_empty() {
            return close;
        }
        let lines = self.lines(&block.statements, end, place).indent();
        Document::concat(vec![lines, Document::Hard { blank: false }, close])
    }

    /// Statements and the comments around them, up to and with those in `end`.
    pub(super) fn lines(self, statements: &[Statement], end: &'a Gap<'a>, place: Place) -> Document<'a> {
        let mut parts = Vec::new();
        for (at, statement) in statements.iter().enumerate() {
            let before = at.checked_sub(1).and_then(|before| statements.get(before));
            let attribute = before.is_some_and(|before| before.is_attribute);
            let apart = before.is_some_and(|before| self.is_tall(before)) && !attribute;
            let apart =
                apart || (before.is_some() && !attribute && self.is_tall_with_attributes(&statements[at..]));
            let gap = &self.words[statement.pieces.first().map_or(0, Piece::first)].gap;
            let between = Between::new(gap, before.is_some() || place != Place::File);
            let keeps = before.is_some() && !attribute;
            let blank = apart && !between.has_blank();
            parts.push(self.trailing(between.trailing));
            parts.push(self.own(between.own, blank, keeps));
            let written = between.newlines > 1 && (keeps || !between.own.is_empty());
            parts.push(Document::Hard { blank: written || (blank && between.own.is_empty()) });
            parts.push(self.leading(between.leading));
            parts.push(self.statement(statement, place));
        }
        let between = Between::new(end, place != Place::File || !statements.is_empty());
        parts.push(self.trailing(between.trailing));
        parts.push(self.own(between.own, false, !statements.is_empty()));
        if !between.leading.is_empty() {
            parts.push(Document::Hard { blank: between.newlines > 1 && !parts.is_empty() });
            parts.push(self.leading(between.leading));
        }
        Document::concat(parts)
    }

    /// Whether it has a body of its own, so that it stands apart from its neighbours.
    fn is_tall(self, statement: &Statement) -> bool {
        use TokenKind::{Fn, Intrinsic, Layer, Model, Test};
        let head = statement.pieces.first().map(|first| self.words[first.first()].kind);
        matches!(head, Some(Fn | Layer | Model | Test | Intrinsic))
            && matches!(statement.pieces.last(), Some(Piece::Block(_)))
    }

    fn is_tall_with_attributes(self, statements: &[Statement]) -> bool {
        statements.iter().find(|statement| !statement.is_attribute).is_some_and(|it| self.is_tall(it))
    }

    fn statement(self, statement: &Statement, place: Place) -> Document<'a> {
        use TokenKind::{Fn, For, Intrinsic, Layer, Model, Test};
        let pieces = &statement.pieces[..];
        let Some((last, before)) = pieces.split_last() else { return Document::nothing() };
        match (self.words[pieces[0].first()].kind, last) {
            (Fn | Intrinsic | Layer | Model, _) => self.signature(pieces, place),
            (For | Test, Piece::Block(block)) => Document::concat(vec![
                self.flow(before, Context::Other),
                self.word(block.open, Separator::Space),
                self.block(block, Place::Body),
            ]),
            _ => self.flow(pieces, Context::Other),
        }
    }
}
