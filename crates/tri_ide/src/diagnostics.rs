//! What is wrong with a file.

use tri_db::{RootDatabase, SourceFile};
use tri_diagnostics::Diagnostic;

/// What the checker says of a file among the files of its package.
pub(crate) fn diagnostics(db: &RootDatabase, file: SourceFile, files: &[SourceFile]) -> Vec<Diagnostic> {
    if file.is_library(db) {
        return Vec::new();
    }
    tri_hir::diagnose(db, file, files)
}
