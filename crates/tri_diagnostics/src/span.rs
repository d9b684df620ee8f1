//! Where something stands: a file, and a range of byte offsets in it. No paths and no text.

/// A source file, named by an opaque number that the database hands out.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FileId(pub u32);

/// A half-open range of byte offsets, `start <= end`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct TextRange {
    /// Offset of the first byte.
    pub start: u32,
    /// Offset just past the last byte.
    pub end: u32,
}

impl TextRange {
    /// The range from `start` to `end`; a reversed pair becomes the empty range at `start`.
    pub fn new(start: u32, end: u32) -> Self {
        Self { start, end: end.max(start) }
    }

    /// The empty range at `offset`.
    pub fn empty(offset: u32) -> Self {
        Self { start: offset, end: offset }
    }

    /// Length in bytes.
    pub fn len(self) -> u32 {
        self.end - self.start
    }

    /// Whether no byte lies inside.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// The smallest range that holds both.
    pub fn cover(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// Whether `offset` is inside, or just past the end (where a cursor after a word stands).
    pub fn touches(self, offset: u32) -> bool {
        self.start <= offset && offset <= self.end
    }

    /// The text of the range; the empty string where the range does not fit `text`.
    pub fn of(self, text: &str) -> &str {
        text.get(self.start as usize..self.end as usize).unwrap_or("")
    }
}

/// A range in a file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// Bytes of that file.
    pub range: TextRange,
}

impl Span {
    /// The bytes `range` of `file`.
    pub fn new(file: FileId, range: TextRange) -> Self {
        Self { file, range }
    }
}
