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
    let models: Vec<String> = parse(db, file).ast.items.iter().filter_map(|item| model(&item.kind)).collect();
    if models.is_empty() || file.is_library(db) {
        return None;
    }
    let files = tri_hir::files(db, &[file]);
    let is_wrong = |file: &SourceFile| tri_hir::check_file(db, *file).iter().any(Diagnostic::is_error);
    if files.iter().any(is_wrong) {
        return None;
    }
    Some(every_model(db, file, models))
}

/// The name of an item that is a model.
fn model(item: &ItemKind) -> Option<String> {
    match item {
        ItemKind::Layer(layer) if layer.is_model => Some(layer.name.text.to_string()),
        _ => None,
    }
}

/// The first of the models, or the errors of all.
fn every_model(db: &dyn Db, file: SourceFile, models: Vec<String>) -> Result<Lowered, Arc<[Diagnostic]>> {
    let (mut first, mut errors) = (None, Vec::new());
    for name in models {
        let options = tri_lower::Options { model: Some(name), ..tri_lower::Options::default() };
        match tri_lower::lower(db, file, &options) {
            Ok(lowered) => first = first.or(Some(lowered)),
            Err(more) => errors.extend(more),
        }
    }
    errors.sort_by_key(|error: &Diagnostic| error.primary.span.range.start);
    errors.dedup();
    first.filter(|_| errors.is_empty()).ok_or(Arc::from(errors))
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
