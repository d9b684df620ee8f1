//! What the printer prints: text with the places where lines may break (Wadler, "A prettier printer", 2003).

/// A document.
#[derive(Debug)]
pub(crate) enum Document<'a> {
    /// Words and punctuation. Only a block comment has line ends in it.
    Text(&'a str),
    /// A space within a line.
    Space,
    /// A comment after the words of a line, or on its own line; the line ends with it.
    Comment(&'a str),
    /// Nothing in a group on one line, else a line end.
    Break,
    /// A space in a group on one line, else a line end.
    Line {
        /// Whether an empty line goes before it where it is a line end.
        blank: bool,
    },
    /// A line end; two in a row are one.
    Hard {
        /// Whether an empty line goes before the next text.
        blank: bool,
    },
    /// Text that is only there in a group broken over lines.
    IfBroken(&'static str),
    /// Lines in it are indented once more.
    Indent(Box<Document<'a>>),
    /// Breaks all of its own lines or none.
    Group(Box<Document<'a>>, Broken),
    /// One after the other.
    Concat(Vec<Document<'a>>, Broken),
}

/// Whether a document holds a line end that is always there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Broken(pub(crate) bool);

impl<'a> Document<'a> {
    /// Nothing.
    pub(crate) fn nothing() -> Self {
        Document::Concat(Vec::new(), Broken(false))
    }

    pub(crate) fn concat(parts: Vec<Document<'a>>) -> Self {
        let broken = parts.iter().any(Document::is_broken);
        Document::Concat(parts, Broken(broken))
    }

    pub(crate) fn indent(self) -> Self {
        Document::Indent(Box::new(self))
    }

    /// On one line if it fits and holds no line end.
    pub(crate) fn group(self) -> Self {
        let broken = self.is_broken();
        Document::Group(Box::new(self), Broken(broken))
    }

    /// Over several lines even if it fits on one.
    pub(crate) fn broken_group(self) -> Self {
        Document::Group(Box::new(self), Broken(true))
    }

    /// Whether it always ends a line.
    pub(crate) fn is_broken(&self) -> bool {
        match self {
            Document::Comment(_) | Document::Hard { .. } => true,
            Document::Indent(inner) => inner.is_broken(),
            Document::Group(_, broken) | Document::Concat(_, broken) => broken.0,
            Document::Text(_)
            | Document::Space
            | Document::Break
            | Document::Line { .. }
            | Document::IfBroken(_) => false,
        }
    }

    /// Its width on one line; none if it always takes several.
    pub(crate) fn width(&self) -> Option<usize> {
        match self {
            _ if self.is_broken() => None,
            Document::Text(text) if text.contains('\n') => None,
            Document::Text(text) => Some(text.chars().count()),
            Document::Space | Document::Line { .. } => Some(1),
            Document::Indent(inner) | Document::Group(inner, _) => inner.width(),
            Document::Concat(parts, _) => parts.iter().map(Document::width).sum(),
            Document::Break | Document::IfBroken(_) | Document::Comment(_) | Document::Hard { .. } => Some(0),
        }
    }
}
