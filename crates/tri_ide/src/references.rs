//! Every place that names something.

use tri_db::{Db, SourceFile, parse, text};
use tri_diagnostics::Span;
use tri_hir::hir::Def;

use crate::occurrences::{occurrences, symbol_at};
use crate::symbol::{Symbol, span};

/// A place that names something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The name.
    pub span: Span,
    /// Whether it is declared or assigned there.
    pub is_write: bool,
}

/// The places in `files` that name what the word at an offset names.
pub(crate) fn references(
    db: &dyn Db,
    file: SourceFile,
    offset: u32,
    files: &[SourceFile],
) -> Option<Vec<Reference>> {
    let (symbol, _) = symbol_at(db, file, offset)?;
    Some(of_symbol(db, symbol, &reach(db, symbol, file, files)))
}

/// The places in one file.
pub(crate) fn highlights(db: &dyn Db, file: SourceFile, offset: u32) -> Option<Vec<Reference>> {
    let (symbol, _) = symbol_at(db, file, offset)?;
    Some(of_symbol(db, symbol, &[file]))
}

/// The files that may name a symbol.
pub(crate) fn reach(db: &dyn Db, symbol: Symbol, file: SourceFile, files: &[SourceFile]) -> Vec<SourceFile> {
    let mut reach: Vec<SourceFile> = files.to_vec();
    let declared = symbol.declaration(db).and_then(|span| db.file(span.file));
    for file in [Some(file), declared].into_iter().flatten() {
        if !reach.contains(&file) {
            reach.push(file);
        }
    }
    reach
}

/// The places in `files` that name a symbol.
pub(crate) fn of_symbol(db: &dyn Db, symbol: Symbol, files: &[SourceFile]) -> Vec<Reference> {
    let Some(name) = symbol.name(db) else { return Vec::new() };
    let mut found = Vec::new();
    for file in files {
        // What imports by another name says the first one there.
        if !text(db, *file).is_ok_and(|text| text.contains(&*name)) {
            continue;
        }
        for (id, _) in parse(db, *file).ast.items() {
            let def = Def { file: file.id(db), item: id };
            let here = occurrences(db, *file, def);
            let mentions = here.iter().filter(|occurrence| occurrence.symbol == symbol);
            found.extend(mentions.map(|occurrence| Reference {
                span: span(db, def, occurrence.node),
                is_write: occurrence.is_write,
            }));
        }
    }
    found.sort_by_key(|reference| reference.span);
    found.dedup_by_key(|reference| reference.span);
    found
}
