//! The questions, each a thin wrapper over the file of its feature.

use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use salsa::{Cancelled, Database as _};
use tri_db::{Db, RootDatabase, SourceFile};
use tri_diagnostics::{Diagnostic, Edit, FileId, LineIndex, TextRange};

use crate::{
    Assist, Call, CodeLens, Completions, Fold, GraphShape, GraphView, Hover, InlayHint, IrStage, IrView,
    Link, NavigationTarget, OutlineEntry, Reference, SemanticToken, SignatureHelp, assists, call_hierarchy,
    code_lens, completion, diagnostics, elaboration, folding, formatting, goto_definition, hover,
    inlay_hints, references, rename, selection_range, semantic_tokens, signature_help, symbols, view_graph,
    view_ir,
};

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
    folder: Arc<Path>,
}

impl Analysis {
    pub(crate) fn new(db: RootDatabase, files: Arc<[SourceFile]>, folder: Arc<Path>) -> Self {
        Analysis { db, files, folder }
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

    fn ask_at<T>(
        &self,
        at: FilePosition,
        question: impl FnOnce(&RootDatabase, SourceFile, u32) -> Option<T>,
    ) -> Cancellable<Option<T>> {
        Ok(self.ask_file(at.file, |db, file| question(db, file, at.offset))?.flatten())
    }

    /// What is at a place, in words.
    pub fn hover(&self, at: FilePosition) -> Cancellable<Option<Hover>> {
        self.ask_at(at, |db, file, offset| hover::hover(db, file, offset))
    }

    /// The hints in a range.
    pub fn inlay_hints(&self, at: FileRange) -> Cancellable<Vec<InlayHint>> {
        Ok(self.ask_file(at.file, |db, file| inlay_hints::hints(db, file, at.range))?.unwrap_or_default())
    }

    /// Where the name at a place is declared, and where that name is.
    pub fn definition(&self, at: FilePosition) -> Cancellable<Option<(TextRange, NavigationTarget)>> {
        self.ask_at(at, |db, file, offset| goto_definition::definition(db, file, offset))
    }

    /// The layer and the dims that the type of the value at a place names.
    pub fn type_definition(&self, at: FilePosition) -> Cancellable<Option<Vec<NavigationTarget>>> {
        self.ask_at(at, |db, file, offset| goto_definition::type_definition(db, file, offset))
    }

    /// Every place of the package that names what is named here, its declaration included.
    pub fn references(&self, at: FilePosition) -> Cancellable<Option<Vec<Reference>>> {
        self.ask_at(at, |db, file, offset| references::references(db, file, offset, &self.files))
    }

    /// The places of this file that name what is named here.
    pub fn highlights(&self, at: FilePosition) -> Cancellable<Option<Vec<Reference>>> {
        self.ask_at(at, |db, file, offset| references::highlights(db, file, offset))
    }

    /// Where the name is that a rename at this place would change, or why there can be none.
    pub fn prepare_rename(&self, at: FilePosition) -> Cancellable<Result<TextRange, String>> {
        let found = self.ask_file(at.file, |db, file| rename::prepare(db, file, at.offset))?;
        Ok(found.unwrap_or_else(|| Err("there is no such file".to_owned())))
    }

    /// The edits that call what is named here `to`, or why that cannot be.
    pub fn rename(&self, at: FilePosition, to: &str) -> Cancellable<Result<Vec<Edit>, String>> {
        let found =
            self.ask_file(at.file, |db, file| rename::rename(db, file, at.offset, to, &self.files))?;
        Ok(found.unwrap_or_else(|| Err("there is no such file".to_owned())))
    }

    /// The outline of a file.
    pub fn outline(&self, file: FileId) -> Cancellable<Vec<OutlineEntry>> {
        Ok(self.ask_file(file, |db, file| symbols::outline(db, file))?.unwrap_or_default())
    }

    /// Declarations of the package whose names have the letters of `query` in their order.
    pub fn search(&self, query: &str) -> Cancellable<Vec<NavigationTarget>> {
        self.ask(|db| symbols::search(db, &self.files, query))
    }

    /// Links of imports to modules.
    pub fn links(&self, file: FileId) -> Cancellable<Vec<Link>> {
        Ok(self.ask_file(file, |db, file| symbols::links(db, file))?.unwrap_or_default())
    }

    /// What the words of a range stand for.
    pub fn semantic_tokens(&self, at: FileRange) -> Cancellable<Vec<SemanticToken>> {
        Ok(self
            .ask_file(at.file, |db, file| semantic_tokens::tokens(db, file, at.range))?
            .unwrap_or_default())
    }

    /// What can be folded away.
    pub fn folds(&self, file: FileId) -> Cancellable<Vec<Fold>> {
        Ok(self.ask_file(file, |db, file| folding::folds(db, file))?.unwrap_or_default())
    }

    /// What a selection at a place grows to, the smallest first.
    pub fn selection_ranges(&self, at: FilePosition) -> Cancellable<Vec<TextRange>> {
        let ranges = |db: &RootDatabase, file| selection_range::ranges(db, file, at.offset);
        Ok(self.ask_file(at.file, ranges)?.unwrap_or_default())
    }

    /// The function or layer named at a place.
    pub fn call_target(&self, at: FilePosition) -> Cancellable<Option<NavigationTarget>> {
        self.ask_at(at, |db, file, offset| call_hierarchy::prepare(db, file, offset))
    }

    /// Who calls what is named at a place.
    pub fn incoming_calls(&self, at: FilePosition) -> Cancellable<Vec<Call>> {
        let calls = |db: &RootDatabase, file| call_hierarchy::incoming(db, file, at.offset, &self.files);
        Ok(self.ask_file(at.file, calls)?.unwrap_or_default())
    }

    /// What is called by what is named at a place.
    pub fn outgoing_calls(&self, at: FilePosition) -> Cancellable<Vec<Call>> {
        let calls = |db: &RootDatabase, file| call_hierarchy::outgoing(db, file, at.offset);
        Ok(self.ask_file(at.file, calls)?.unwrap_or_default())
    }

    /// Changes that a range offers, besides the fixes of diagnostics.
    pub fn assists(&self, at: FileRange) -> Cancellable<Vec<Assist>> {
        let assists =
            |db: &RootDatabase, file| assists::assists(db, file, at.range, &self.files, &self.folder);
        Ok(self.ask_file(at.file, assists)?.unwrap_or_default())
    }

    /// What stands above declarations.
    pub fn lenses(&self, file: FileId) -> Cancellable<Vec<CodeLens>> {
        Ok(self.ask_file(file, |db, file| code_lens::lenses(db, file))?.unwrap_or_default())
    }

    /// What the function at a place becomes, or why there is nothing.
    pub fn ir(&self, at: FilePosition, stage: IrStage) -> Cancellable<Result<IrView, String>> {
        let view = self.ask_file(at.file, |db, file| view_ir::view(db, file, at.offset, stage))?;
        Ok(view.unwrap_or_else(|| Err("there is no such file".to_owned())))
    }

    /// The model at a place as a picture, or why there is none.
    pub fn graph(&self, at: FilePosition, shape: GraphShape) -> Cancellable<Result<GraphView, String>> {
        let view = self.ask_file(at.file, |db, file| view_graph::view(db, file, at.offset, shape))?;
        Ok(view.unwrap_or_else(|| Err("there is no such file".to_owned())))
    }

    /// What could be written at a place.
    pub fn completions(&self, at: FilePosition) -> Cancellable<Completions> {
        let complete =
            |db: &RootDatabase, file| completion::complete(db, file, at.offset, &self.files, &self.folder);
        Ok(self.ask_file(at.file, complete)?.unwrap_or_default())
    }

    /// The parameters of the call around a place.
    pub fn signature_help(&self, at: FilePosition) -> Cancellable<Option<SignatureHelp>> {
        self.ask_at(at, |db, file, offset| signature_help::help(db, file, offset))
    }
}

#[salsa::tracked(returns(clone), no_eq, lru = 64)]
fn line_index(db: &dyn Db, file: SourceFile) -> Arc<LineIndex> {
    Arc::new(LineIndex::new(tri_db::text(db, file).map_or("", |text| &**text)))
}
