//! Diagnostics to output, one renderer a module. Renderers see the sources through [`Sources`]; they never fail, and
//! spans that do not fit the text (it may have changed on disk) are cut to it.

mod concise;
mod json;
mod printable;
mod sarif;
mod text;

pub use concise::concise;
pub use json::json;
pub use sarif::sarif;
pub use text::text;

use crate::{FileId, LineColumn, LineIndex, Span};

/// Where renderers find names and texts.
pub trait Sources {
    /// The name to print, usually a path relative to where the user is.
    fn name(&self, file: FileId) -> String;

    /// The text; the empty string for a file that is not known.
    fn text(&self, file: FileId) -> &str;

    /// Whether the file is part of the compiler, not on disk.
    fn is_library(&self, file: FileId) -> bool {
        let _ = file;
        false
    }
}

/// A file while it is rendered.
struct File<'a> {
    name: String,
    text: &'a str,
    lines: LineIndex,
}

/// The files of a list of diagnostics, each looked up once.
struct Files<'a> {
    sources: &'a dyn Sources,
    known: std::collections::BTreeMap<FileId, File<'a>>,
}

impl<'a> Files<'a> {
    fn new(sources: &'a dyn Sources) -> Self {
        Self { sources, known: std::collections::BTreeMap::new() }
    }

    fn get(&mut self, file: FileId) -> &File<'a> {
        let sources = self.sources;
        self.known.entry(file).or_insert_with(|| {
            let text = sources.text(file);
            File { name: sources.name(file), text, lines: LineIndex::new(text) }
        })
    }
}

impl File<'_> {
    fn position(&self, offset: u32) -> LineColumn {
        self.lines.line_column(self.text, offset)
    }

    /// The bytes of `span` that the text has, between characters.
    fn fit(&self, span: Span) -> std::ops::Range<usize> {
        let start = self.text.floor_char_boundary(span.range.start as usize);
        let end = self.text.ceil_char_boundary((span.range.end as usize).min(self.text.len()));
        start..end.max(start)
    }
}
