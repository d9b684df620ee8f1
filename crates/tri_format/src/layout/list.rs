//! Lists in brackets: on one line, or with a line for each element and a comma after the last.

use tri_syntax::TokenKind;

use crate::document::Document;
use crate::tree::{List, Piece};
use crate::words::Comment;

use super::Layout;
use super::expression::Context;
use super::gap::Between;

/// Whether a comma follows the last element.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum LastComma {
    Never,
    /// Where each element has its own line.
    Broken,
    /// It makes the difference between `(a,)` and `(a)`.
    Always,
}

impl<'a> Layout<'a> {
    /// A list after its opening bracket, on one line if it fits.
    pub(super) fn elements(self, list: &List, last: LastComma, context: Context) -> Document<'a> {
        let close = &self.words[list.close];
        if list.elements.is_empty() && close.gap.comments.is_empty() {
            return Document::Text(close.text);
        }
        if let Some(inner) = self.sole_list(list) {
            let inner = self.chain(inner, context);
            return Document::concat(vec![inner, Document::Text(close.text)]);
        }
        self.element_lines(list, last, context).group()
    }

    /// A list after its opening bracket, whose elements may each have a line.
    pub(super) fn element_lines(self, list: &List, last: LastComma, context: Context) -> Document<'a> {
        let mut inside = Vec::new();
        let mut late: &[Comment<'_>] = &[];
        for (at, element) in list.elements.iter().enumerate() {
            let first = element.pieces.first().map_or(list.close, Piece::first);
            let between = Between::new(&self.words[first].gap, true);
            inside.push(self.before_element(late, &between, at > 0));
            inside.push(self.flow(&element.pieces, context));
            late = &[];
            if let Some(comma) = element.comma {
                let (early, rest) = self.split_at_comma(comma);
                inside.extend(
                    early.iter().flat_map(|comment| [Document::Space, Document::Text(&comment.text)]),
                );
                inside.push(Document::Text(self.words[comma].text));
                late = rest;
            }
        }
        inside.push(self.before_close(list, last));
        let inside = Document::concat(inside).indent();
        Document::concat(vec![inside, Document::Break, Document::Text(self.words[list.close].text)])
    }

    /// The comments before a comma: those that stay there, and those that the comma must not follow.
    fn split_at_comma(self, comma: usize) -> (&'a [Comment<'a>], &'a [Comment<'a>]) {
        let comments = &self.words[comma].gap.comments;
        let early = comments.iter().position(|comment| comment.to_line_end).unwrap_or(comments.len());
        comments.split_at(early)
    }

    /// What stands between the comma after an element, or the opening bracket, and the next element.
    fn before_element(self, late: &'a [Comment<'a>], between: &Between<'a>, follows: bool) -> Document<'a> {
        let mut parts = Vec::new();
        if let Some((first, more)) = late.split_first() {
            parts.push(Document::Comment(&first.text));
            parts.push(self.own(more, false, true));
            parts.push(self.own(between.trailing, false, true));
        } else {
            parts.push(self.trailing(between.trailing));
        }
        parts.push(self.own(between.own, false, follows));
        let blank = between.newlines > 1 && (follows || !between.own.is_empty());
        parts.push(if follows { Document::Line { blank } } else { Document::Break });
        parts.push(self.leading(between.leading));
        Document::concat(parts)
    }

    /// What stands between the last element and the closing bracket.
    fn before_close(self, list: &List, last: LastComma) -> Document<'a> {
        let close = &self.words[list.close];
        let comma = match last {
            _ if list.elements.is_empty() => Document::nothing(),
            LastComma::Never => Document::nothing(),
            LastComma::Broken => Document::IfBroken(","),
            LastComma::Always => Document::Text(","),
        };
        // What stands on the line of the last element goes before the comma, where it is found again.
        let comments = &close.gap.comments[..];
        let early = comments.iter().take_while(|comment| comment.newlines == 0 && !comment.to_line_end);
        let (early, rest) = comments.split_at(early.count());
        let mut parts = Vec::new();
        for (at, comment) in early.iter().enumerate() {
            parts.extend((at > 0 || !list.elements.is_empty()).then_some(Document::Space));
            parts.push(Document::Text(&comment.text));
        }
        let on_line = rest.iter().take_while(|comment| comment.newlines == 0).count();
        let (trailing, own) = rest.split_at(on_line);
        parts.push(comma);
        parts.push(self.trailing(trailing));
        parts.push(self.own(own, false, !list.elements.is_empty()));
        Document::concat(parts)
    }

    /// What follows the last element of `list`, which is a call's or an index if it is `applied` to an operand.
    pub(super) fn last_comma(self, list: &List, applied: bool) -> LastComma {
        let [element] = &list.elements[..] else { return LastComma::Broken };
        let separated = [TokenKind::For, TokenKind::Semi];
        if separated.iter().any(|&kind| self.position(&element.pieces, kind).is_some()) {
            return LastComma::Never;
        }
        match self.words[list.open].kind {
            TokenKind::LParen if applied => LastComma::Broken,
            TokenKind::LParen if self.words[list.close].after_comma => LastComma::Always,
            TokenKind::LParen => LastComma::Never,
            _ => LastComma::Broken,
        }
    }

    /// The only element of a list, if it is a list itself: it is not broken apart from it.
    fn sole_list(self, list: &List) -> Option<&[Piece]> {
        let [element] = &list.elements[..] else { return None };
        let [Piece::List(inner)] = &element.pieces[..] else { return None };
        let close = &self.words[list.close];
        let plain = self.words[inner.open].gap.comments.is_empty() && close.gap.comments.is_empty();
        (plain && !close.after_comma && !inner.elements.is_empty()).then_some(&element.pieces[..])
    }
}
