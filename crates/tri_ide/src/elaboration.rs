//! Errors that only elaboration finds, in models that the checker accepts.

use std::sync::Arc;

use tri_db::{Db, SourceFile, parse};
use tri_diagnostics::Diagnostic;
use tri_syntax::ast::ItemKind;

/// The errors of elaborating the models of a file; none if it has no model, or if the checker found errors in it or in what it imports.
#[salsa::tracked(returns(clone))]
pub(crate) fn errors(db: &dyn Db, file: SourceFile) -> Arc<[Diagnostic]> {
    let is_model = |item: &ItemKind| matches!(item, ItemKind::Layer(layer) if layer.is_model);
    if !parse(db, file).ast.items.iter().any(|item| is_model(&item.kind)) || file.is_library(db) {
        return Arc::default();
    }
    let files = tri_hir::files(db, &[file]);
    let is_wrong = |file: &SourceFile| tri_hir::check_file(db, *file).iter().any(Diagnostic::is_error);
    if files.iter().any(is_wrong) {
        return Arc::default();
    }
    match tri_lower::lower(db, file, &tri_lower::Options::default()) {
        Ok(_) => Arc::default(),
        Err(found) => found.into(),
    }
}
