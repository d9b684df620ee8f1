//! Byte offsets to lines and columns. Lines end at LF, so CRLF files count alike.

/// A position for people: both numbers start at 1, and the column counts characters, not bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LineColumn {
    /// Line, from 1.
    pub line: u32,
    /// Column in Unicode scalar values, from 1.
    pub column: u32,
}

/// Start offsets of the lines of one text.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct LineIndex {
    starts: Vec<u32>,
    /// Characters before every [`BLOCK`]th byte, so that columns in a line of megabytes are found at once.
    characters: Vec<u32>,
}

/// Bytes between two counts of characters.
const BLOCK: usize = 1024;

impl LineIndex {
    /// Finds the lines of `text`.
    pub fn new(text: &str) -> Self {
        let newlines = text.bytes().enumerate().filter(|&(_, byte)| byte == b'\n');
        let starts = std::iter::once(0).chain(newlines.map(|(at, _)| at as u32 + 1)).collect();
        let mut characters = vec![0];
        for block in text.as_bytes().chunks_exact(BLOCK) {
            characters.push(characters.last().copied().unwrap_or(0) + count(block));
        }
        Self { starts, characters }
    }

    /// Number of lines; an empty text has one.
    pub fn line_count(&self) -> u32 {
        self.starts.len() as u32
    }

    /// The line (from 1) that holds `offset`; the last one for offsets past the end.
    pub fn line(&self, offset: u32) -> u32 {
        self.starts.partition_point(|&start| start <= offset).max(1) as u32
    }

    /// Byte offset where `line` (from 1) begins, if there is such a line.
    pub fn line_start(&self, line: u32) -> Option<u32> {
        self.starts.get(line.checked_sub(1)? as usize).copied()
    }

    /// Line and column of `offset` in `text`, the text this index was made from. Offsets past the end mean the end.
    pub fn line_column(&self, text: &str, offset: u32) -> LineColumn {
        let offset = (offset as usize).min(text.len());
        let line = self.line(offset as u32);
        let start = self.line_start(line).unwrap_or(0) as usize;
        let column =
            self.characters_before(text, offset).saturating_sub(self.characters_before(text, start)) + 1;
        LineColumn { line, column }
    }

    fn characters_before(&self, text: &str, offset: usize) -> u32 {
        let block = (offset / BLOCK).min(self.characters.len().saturating_sub(1));
        let known = self.characters.get(block).copied().unwrap_or(0);
        known + count(text.as_bytes().get(block * BLOCK..offset).unwrap_or(&[]))
    }
}

/// Characters that begin in `bytes`.
fn count(bytes: &[u8]) -> u32 {
    bytes.iter().filter(|&&byte| byte & 0xC0 != 0x80).count() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_a_long_line_count_characters() {
        let text = format!("first\n{}é🦀{}\nlast", "é".repeat(3000), "x".repeat(3000));
        let index = LineIndex::new(&text);
        for (offset, _) in text.char_indices() {
            let start = text[..offset].rfind('\n').map_or(0, |at| at + 1);
            let column = text[start..offset].chars().count() as u32 + 1;
            assert_eq!(index.line_column(&text, offset as u32).column, column, "{offset}");
        }
    }
}
