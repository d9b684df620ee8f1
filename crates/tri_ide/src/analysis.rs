//! The questions, each a thin wrapper over the file of its feature.

use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use salsa::{Cancelled, Database as _};
use tri_db::{Db, RootDatabase, SourceFile};
use tri_diagnostics::{Diagnostic, Edit, FileId, LineIndex, TextRange};

use crate::{diagnostics, elaboration, formatting};

/// An answer, or that a change overtook the question.
pub type Cancellable<T> = Result<T, Cancelled>;

/// An offset in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FilePosition {
    /// The file.
    pub file: FileId,
    /// Bytes from its beginning.
    pub offset: u32,
}

/// Bytes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileRange {
    /// The file.
    pub file: FileId,
    /// Which bytes.
    pub range: TextRange,
}

/// What is known of a package at one moment.
#[derive(Clone, Debug)]
pub struct Analysis {
    db: RootDatabase,
    files: Arc<[SourceFile]>,
}

impl Analysis {
    pub(crate) fn new(db: RootDatabase, files: Arc<[SourceFile]>) -> Self {
        Analysis { db, files }
    }

    /// Cancels the questions of this value when asked to.
    pub fn cancellation_token(&self) -> salsa::CancellationToken {
        self.db.cancellation_token()
    }

    fn ask<T>(&self, question: impl FnOnce(&RootDatabase) -> T) -> Cancellable<T> {
        Cancelled::catch(AssertUnwindSafe(|| question(&self.db)))
    }

    /// Asks about one file; none if it is not known.
    fn ask_file<T>(
        &self,
        file: FileId,
        question: impl FnOnce(&RootDatabase, SourceFile) -> T,
    ) -> Cancellable<Option<T>> {
        self.ask(|db| db.file(file).map(|file| question(db, file)))
    }

    /// The number of the file at `path`, read when first asked for.
    pub fn file_at(&self, path: &Path) -> Cancellable<FileId> {
        self.ask(|db| db.source(path).id(db))
    }

    /// The files of the package.
    pub fn files(&self) -> Cancellable<Vec<FileId>> {
        self.ask(|db| self.files.iter().map(|file| file.id(db)).collect())
    }

    /// Where a file is, and whether it is one of the standard library, which is in the compiler.
    pub fn path(&self, file: FileId) -> Cancellable<Option<(PathBuf, bool)>> {
        self.ask_file(file, |db, file| (file.path(db).clone(), file.is_library(db)))
    }

    /// What a file holds; none if it cannot be read.
    pub fn text(&self, file: FileId) -> Cancellable<Option<Arc<str>>> {
        Ok(self.ask_file(file, |db, file| tri_db::text(db, file).ok().cloned())?.flatten())
    }

    /// Where the lines of a file begin; those of an empty text if it cannot be read.
    pub fn line_index(&self, file: FileId) -> Cancellable<Arc<LineIndex>> {
        let index = self.ask_file(file, |db, file| line_index(db, file))?;
        Ok(index.unwrap_or_else(|| Arc::new(LineIndex::new(""))))
    }

    /// What the checker says of a file: what `triton check` says, without what only elaboration finds.
    pub fn diagnostics(&self, file: FileId) -> Cancellable<Vec<Diagnostic>> {
        let found = self.ask_file(file, |db, file| diagnostics::diagnostics(db, file, &self.files))?;
        Ok(found.unwrap_or_default())
    }

    /// What elaboration alone finds wrong with the models of a file; it may be about other files.
    pub fn elaboration_errors(&self, file: FileId) -> Cancellable<Arc<[Diagnostic]>> {
        Ok(self.ask_file(file, |db, file| elaboration::errors(db, file))?.unwrap_or_default())
    }

    /// The edits that bring a file into its canonical layout; none for a file with syntax errors.
    pub fn format(&self, file: FileId) -> Cancellable<Option<Vec<Edit>>> {
        Ok(self.ask_file(file, formatting::format)?.flatten())
    }
}

#[salsa::tracked(returns(clone), no_eq, lru = 64)]
fn line_index(db: &dyn Db, file: SourceFile) -> Arc<LineIndex> {
    Arc::new(LineIndex::new(tri_db::text(db, file).map_or("", |text| &**text)))
}
