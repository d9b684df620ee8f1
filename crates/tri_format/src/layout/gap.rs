//! Comments: those between two words of a line, and those between lines.

use crate::document::Document;
use crate::words::{Comment, Gap};

use super::Layout;

/// What separates a word from the one before where no comment stands between.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Separator {
    /// Nothing.
    Tight,
    /// Nothing, or a line end in a broken group.
    Break,
    /// A space.
    Space,
    /// A space, or a line end in a broken group.
    Line,
}

/// The comments between two lines, by where they go.
#[derive(Debug)]
pub(super) struct Between<'a> {
    /// After the line before.
    pub(super) trailing: &'a [Comment<'a>],
    /// On lines of their own.
    pub(super) own: &'a [Comment<'a>],
    /// Before the first word of the line after.
    pub(super) leading: &'a [Comment<'a>],
    /// Line ends before the first of `leading`, or else before the line after.
    pub(super) newlines: u8,
}

impl<'a> Between<'a> {
    /// Sorts the comments of `gap`, which none or some of are after a line.
    pub(super) fn new(gap: &'a Gap<'a>, after_line: bool) -> Between<'a> {
        let comments = &gap.comments[..];
        let newlines_after = |at: usize| comments.get(at + 1).map_or(gap.newlines, |next| next.newlines);
        let on_line = comments.iter().take_while(|comment| comment.newlines == 0).count();
        let ends = |end: &usize| end.checked_sub(1).is_some_and(|last| newlines_after(last) > 0);
        let trailing = if after_line { Some(on_line).filter(ends).unwrap_or(0) } else { 0 };
        let begins = |at: usize| at > trailing && newlines_after(at - 1) == 0;
        let leading = (trailing..=comments.len()).rev().find(|&at| !begins(at)).unwrap_or(trailing);
        let newlines = comments.get(leading).map_or(gap.newlines, |first| first.newlines);
        let (trailing, rest) = comments.split_at(trailing);
        let (own, leading) = rest.split_at(leading - trailing.len());
        Between { trailing, own, leading, newlines }
    }

    /// Whether an empty line stands anywhere between the lines.
    pub(super) fn has_blank(&self) -> bool {
        self.newlines > 1 || self.own.iter().any(|comment| comment.newlines > 1)
    }
}

impl<'a> Layout<'a> {
    /// A word with what stands before it.
    pub(super) fn word(self, index: usize, separator: Separator) -> Document<'a> {
        Document::concat(vec![self.gap(index, separator), self.bare(index)])
    }

    /// A word without what stands before it.
    pub(super) fn bare(self, index: usize) -> Document<'a> {
        Document::Text(self.words[index].text)
    }

    /// What stands before a word within a line.
    pub(super) fn gap(self, index: usize, separator: Separator) -> Document<'a> {
        let gap = &self.words[index].gap;
        let plain = match separator {
            Separator::Tight => Document::nothing(),
            Separator::Break => Document::Break,
            Separator::Space => Document::Space,
            Separator::Line => Document::Line { blank: false },
        };
        let mut parts = vec![];
        let mut before =
            if gap.comments.is_empty() || separator == Separator::Line { plain } else { Document::Space };
        for (at, comment) in gap.comments.iter().enumerate() {
            let newlines_after = gap.comments.get(at + 1).map_or(gap.newlines, |next| next.newlines);
            let own_line = comment.newlines > 0 && newlines_after > 0;
            let hard = Document::Hard { blank: false };
            if own_line || comment.to_line_end {
                parts.extend(own_line.then_some(hard));
                parts.push(Document::Comment(&comment.text));
                before = Document::Hard { blank: false };
            } else {
                parts.push(std::mem::replace(&mut before, Document::Space));
                parts.push(Document::Text(&comment.text));
            }
        }
        parts.push(before);
        Document::concat(parts)
    }

    /// Comments after a line.
    pub(super) fn trailing(self, comments: &'a [Comment<'a>]) -> Document<'a> {
        Document::concat(comments.iter().map(|comment| Document::Comment(&comment.text)).collect())
    }

    /// Comments before a word that begins a line.
    pub(super) fn leading(self, comments: &'a [Comment<'a>]) -> Document<'a> {
        let texts = comments.iter().flat_map(|comment| [Document::Text(&comment.text), Document::Space]);
        Document::concat(texts.collect())
    }

    /// Comments on lines of their own, each with the line end before it; an empty line goes before the first if `blank`, or
    /// where one was written and `keep_blank` admits it there.
    pub(super) fn own(self, comments: &'a [Comment<'a>], blank: bool, keep_blank: bool) -> Document<'a> {
        let mut parts = Vec::new();
        for (at, comment) in comments.iter().enumerate() {
            let written = comment.newlines > 1 && (at > 0 || keep_blank);
            parts.push(match comment.newlines {
                0 if at > 0 => Document::Space,
                _ => Document::Hard { blank: written || (blank && at == 0) },
            });
            parts.push(Document::Text(&comment.text));
        }
        Document::concat(parts)
    }
}
