//! Models as tensor IR, and the errors that only making it finds, in models that the checker accepts.

use std::sync::Arc;

use tri_db::{Db, SourceFile, parse};
use tri_diagnostics::Diagnostic;
use tri_lower::Lowered;
use tri_syntax::ast::ItemKind;

/// A model as tensor IR, or the errors of making it; neither of a file without model, nor where the checker found errors in it or in
/// what it imports.
#[salsa::tracked(returns(ref), no_eq, lru = 16)]
fn elaborated(db: &dyn Db, file: SourceFile) -> Option<Result<Lowered, Arc<[Diagnostic]>>> {
    let is_model = |item: &ItemKind| matches!(item, ItemKind::Layer(layer) if layer.is_model);
    if !parse(db, file).ast.items.iter().any(|item| is_model(&item.kind)) || file.is_library(db) {
        return None;
    }
    let files = tri_hir::files(db, &[file]);
    let is_wrong = |file: &SourceFile| tri_hir::check_file(db, *file).iter().any(Diagnostic::is_error);
    if files.iter().any(is_wrong) {
        return None;
    }
    Some(tri_lower::lower(db, file, &tri_lower::Options::default()).map_err(Arc::from))
}

/// The errors of elaborating the models of a file.
pub(crate) fn errors(db: &dyn Db, file: SourceFile) -> Arc<[Diagnostic]> {
    match elaborated(db, file) {
        Some(Err(errors)) => errors.clone(),
        Some(Ok(_)) | None => Arc::default(),
    }
}

/// The model of a file as tensor IR.
pub(crate) fn lowered(db: &dyn Db, file: SourceFile) -> Option<&Lowered> {
    elaborated(db, file).as_ref()?.as_ref().ok()
}
