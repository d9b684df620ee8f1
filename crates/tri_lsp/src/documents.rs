//! Texts that the editor has open, and the changes that it sends.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gen_lsp_types::{TextDocumentContentChangeEvent, Uri};
use tri_ide::LineIndex;

use crate::position::{Encoding, Lines};

/// An open text.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    /// As the editor calls it.
    pub(crate) uri: Uri,
    pub(crate) version: i32,
    pub(crate) text: Arc<str>,
}

/// All open texts, by path.
#[derive(Clone, Debug, Default)]
pub(crate) struct Documents {
    open: BTreeMap<PathBuf, Document>,
}

impl Documents {
    pub(crate) fn get(&self, path: &Path) -> Option<&Document> {
        self.open.get(path)
    }

    pub(crate) fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        self.open.keys()
    }

    pub(crate) fn open(&mut self, path: PathBuf, document: Document) {
        self.open.insert(path, document);
    }

    pub(crate) fn close(&mut self, path: &Path) -> Option<Document> {
        self.open.remove(path)
    }

    /// Applies changes in their order; none if the text is not open.
    pub(crate) fn change(
        &mut self,
        path: &Path,
        version: i32,
        changes: Vec<TextDocumentContentChangeEvent>,
        encoding: Encoding,
    ) -> Option<&Document> {
        let document = self.open.get_mut(path)?;
        for change in changes {
            document.text = match change {
                TextDocumentContentChangeEvent::TextDocumentContentChangeWholeDocument(whole) => {
                    whole.text.into()
                }
                TextDocumentContentChangeEvent::TextDocumentContentChangePartial(part) => {
                    let index = Arc::new(LineIndex::new(&document.text));
                    let lines = Lines::new(document.text.clone(), index, encoding);
                    let range = lines.range_of(part.range);
                    let before = document.text.get(..range.start as usize).unwrap_or_default();
                    let after = document.text.get(range.end as usize..).unwrap_or_default();
                    [before, &part.text, after].concat().into()
                }
            };
        }
        document.version = version;
        Some(document)
    }
}
