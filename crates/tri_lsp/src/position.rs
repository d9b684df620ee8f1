//! Positions of the protocol, lines and columns in one of three encodings, and offsets in bytes.

use std::sync::Arc;

use gen_lsp_types::{Position, PositionEncodingKind, Range};
use tri_ide::{LineIndex, TextRange};

/// What a column counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// Bytes.
    Utf8,
    /// Units of UTF-16, the protocol's default.
    Utf16,
    /// Characters.
    Utf32,
}

impl Encoding {
    /// The best of those that a client offers.
    pub(crate) fn negotiate(offered: &[PositionEncodingKind]) -> Encoding {
        if offered.contains(&PositionEncodingKind::UTF8) {
            Encoding::Utf8
        } else if offered.contains(&PositionEncodingKind::UTF32) {
            Encoding::Utf32
        } else {
            Encoding::Utf16
        }
    }

    pub(crate) fn kind(self) -> PositionEncodingKind {
        match self {
            Encoding::Utf8 => PositionEncodingKind::UTF8,
            Encoding::Utf16 => PositionEncodingKind::UTF16,
            Encoding::Utf32 => PositionEncodingKind::UTF32,
        }
    }

    fn units(self, c: char) -> u32 {
        match self {
            Encoding::Utf8 => c.len_utf8() as u32,
            Encoding::Utf16 => c.len_utf16() as u32,
            Encoding::Utf32 => 1,
        }
    }
}

/// The lines of one text.
#[derive(Clone, Debug)]
pub(crate) struct Lines {
    pub(crate) text: Arc<str>,
    index: Arc<LineIndex>,
    encoding: Encoding,
    is_ascii: bool,
}

impl Lines {
    pub(crate) fn new(text: Arc<str>, index: Arc<LineIndex>, encoding: Encoding) -> Self {
        let is_ascii = text.is_ascii();
        Lines { text, index, encoding, is_ascii }
    }

    /// The offset of a position. One behind the end of its line or of the text, or within a character, means the place before.
    pub(crate) fn offset(&self, position: Position) -> u32 {
        let end = self.text.len() as u32;
        let Some(start) = position.line.checked_add(1).and_then(|line| self.index.line_start(line)) else {
            return end;
        };
        let next = position.line.checked_add(2).and_then(|line| self.index.line_start(line));
        let line = TextRange::new(start, next.unwrap_or(end)).of(&self.text);
        let line = line.trim_end_matches(['\n', '\r']);
        let (mut column, mut offset) = (0_u32, start);
        for c in line.chars() {
            column += self.encoding.units(c);
            if column > position.character {
                break;
            }
            offset += c.len_utf8() as u32;
        }
        offset
    }

    /// The range between two positions, in either order.
    pub(crate) fn range_of(&self, range: Range) -> TextRange {
        let (a, b) = (self.offset(range.start), self.offset(range.end));
        TextRange::new(a.min(b), a.max(b))
    }

    /// The position of an offset.
    pub(crate) fn position(&self, offset: u32) -> Position {
        let offset = offset.min(self.text.len() as u32);
        let line = self.index.line(offset);
        let start = self.index.line_start(line).unwrap_or(0);
        let before = TextRange::new(start, offset);
        let character = match self.encoding {
            _ if self.is_ascii => before.len(),
            Encoding::Utf8 => before.len(),
            encoding => before.of(&self.text).chars().map(|c| encoding.units(c)).sum(),
        };
        Position { line: line - 1, character }
    }

    /// The positions of a range.
    pub(crate) fn range(&self, range: TextRange) -> Range {
        Range { start: self.position(range.start), end: self.position(range.end) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str, encoding: Encoding) -> Lines {
        Lines::new(text.into(), Arc::new(LineIndex::new(text)), encoding)
    }

    #[test]
    fn columns_count_what_was_agreed() {
        let text = "a\n// é🦀x\r\nlast";
        let x = text.find('x').map_or(0, |at| at as u32);
        for (encoding, character) in [(Encoding::Utf8, 9), (Encoding::Utf16, 6), (Encoding::Utf32, 5)] {
            let lines = lines(text, encoding);
            assert_eq!(lines.position(x), Position { line: 1, character });
            assert_eq!(lines.offset(Position { line: 1, character }), x);
        }
    }

    #[test]
    fn every_offset_comes_back() {
        let text = "é🦀\n\nab🦀c\r\n";
        for encoding in [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32] {
            let lines = lines(text, encoding);
            for (offset, c) in text.char_indices().filter(|(_, c)| *c != '\n') {
                assert_eq!(lines.offset(lines.position(offset as u32)), offset as u32, "{c:?} {encoding:?}");
            }
        }
    }

    #[test]
    fn positions_outside_mean_the_place_before() {
        let lines = lines("ab🦀\ncd", Encoding::Utf16);
        let at = |line, character| lines.offset(Position { line, character });
        assert_eq!(at(0, 3), 2, "within a character");
        assert_eq!(at(0, 99), 6, "behind the end of the line");
        assert_eq!(at(7, 0), 9, "behind the last line");
        assert_eq!(at(u32::MAX, u32::MAX), 9);
    }
}
