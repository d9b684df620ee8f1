//! What a request sees: all packages and open texts as they were when it arrived.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gen_lsp_types::{Location, Position, TextDocumentIdentifier, TextDocumentPositionParams, Uri};
use lsp_server::ErrorCode;
use tri_ide::{Analysis, Cancelled, FileId, FilePosition, Span};

use crate::documents::Documents;
use crate::position::{Encoding, Lines};
use crate::session::Pages;
use crate::uri;

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RequestError {
    /// A change overtook it.
    #[error("the text changed meanwhile")]
    Cancelled(Cancelled),
    /// It speaks of something that there is not.
    #[error("{0}")]
    Invalid(String),
    /// What it asks for cannot be done; the text says why.
    #[error("{0}")]
    Refused(String),
}

impl RequestError {
    pub(crate) fn code(&self) -> ErrorCode {
        match self {
            RequestError::Cancelled(Cancelled::Local) => ErrorCode::RequestCanceled,
            RequestError::Cancelled(Cancelled::PropagatedPanic) => ErrorCode::InternalError,
            RequestError::Cancelled(_) => ErrorCode::ContentModified,
            RequestError::Invalid(_) => ErrorCode::InvalidParams,
            RequestError::Refused(_) => ErrorCode::RequestFailed,
        }
    }
}

impl From<Cancelled> for RequestError {
    fn from(cancelled: Cancelled) -> Self {
        RequestError::Cancelled(cancelled)
    }
}

/// An answer or why there is none.
pub(crate) type Answer<T> = Result<T, RequestError>;

/// All that requests may ask.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    pub(crate) analyses: BTreeMap<PathBuf, Analysis>,
    pub(crate) homes: Arc<BTreeMap<PathBuf, PathBuf>>,
    pub(crate) documents: Arc<Documents>,
    pub(crate) encoding: Encoding,
    pub(crate) pages: Pages,
    /// Whether the client shows changes that are refused, with the reason.
    pub(crate) shows_refused: bool,
}

/// A file in its package, with its lines.
#[derive(Debug)]
pub(crate) struct File<'a> {
    pub(crate) analysis: &'a Analysis,
    pub(crate) id: FileId,
    pub(crate) lines: Lines,
    pub(crate) snapshot: &'a Snapshot,
}

impl Snapshot {
    /// The file that a document is.
    pub(crate) fn file(&self, document: &TextDocumentIdentifier) -> Answer<File<'_>> {
        self.file_at(&uri::path(&document.uri))
    }

    pub(crate) fn file_at(&self, path: &Path) -> Answer<File<'_>> {
        let analysis = self.homes.get(path).and_then(|home| self.analyses.get(home));
        let Some(analysis) = analysis else {
            let message = format!("`{}` is neither open nor a program of the workspace", path.display());
            return Err(RequestError::Invalid(message));
        };
        let id = analysis.file_at(path)?;
        Ok(File { analysis, id, lines: self.lines(analysis, id)?, snapshot: self })
    }

    /// The file and offset of a position in a document.
    pub(crate) fn position(&self, at: &TextDocumentPositionParams) -> Answer<(File<'_>, FilePosition)> {
        let file = self.file(&at.text_document)?;
        let position = file.position(at.position);
        Ok((file, position))
    }

    pub(crate) fn lines(&self, analysis: &Analysis, file: FileId) -> Answer<Lines> {
        let text = analysis.text(file)?.unwrap_or_else(|| "".into());
        Ok(Lines::new(text, analysis.line_index(file)?, self.encoding))
    }

    /// How the editor calls a file.
    pub(crate) fn uri(&self, analysis: &Analysis, file: FileId) -> Answer<Uri> {
        Ok(match analysis.path(file)? {
            Some((path, true)) => uri::of_library(&path),
            Some((path, false)) => match self.documents.get(&path) {
                Some(document) => document.uri.clone(),
                None => uri::of_path(&path),
            },
            None => uri::of_path(Path::new("")),
        })
    }

    /// Where a span is.
    pub(crate) fn location(&self, analysis: &Analysis, span: Span) -> Answer<Location> {
        let range = self.lines(analysis, span.file)?.range(span.range);
        Ok(Location { uri: self.uri(analysis, span.file)?, range })
    }
}

impl File<'_> {
    pub(crate) fn position(&self, position: Position) -> FilePosition {
        FilePosition { file: self.id, offset: self.lines.offset(position) }
    }
}
