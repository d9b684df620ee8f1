//! What a program takes from the library, worked out by another core before it is asked for.
//!
//! Only of the library, which is without mistakes and without circles: what is found there is the same whoever comes first. It is a
//! matter of time alone; nothing depends on how far it gets.

use std::collections::BTreeSet;

use tri_db::{Db, SourceFile, parse};
use tri_syntax::ast::ItemKind;

use crate::hir::Def;
use crate::queries::{body_owners, checked_body, item_uses, items};
use crate::scope::{self, Named};

/// The modules of the library that a file sees, those of the prelude first.
fn library_modules(db: &dyn Db, root: SourceFile) -> Vec<SourceFile> {
    let prelude = scope::PRELUDE.iter().filter_map(|name| db.module(&["std", name]).ok());
    let imports = parse(db, root).ast.items.iter().filter_map(|item| match &item.kind {
        ItemKind::Use(import) => Some(import),
        _ => None,
    });
    let of_library =
        imports.filter(|import| import.module.first().is_some_and(|first| first.as_str() == "std"));
    prelude.chain(of_library.flat_map(|import| scope::imported(db, import))).collect()
}

/// Reads the modules of the library that `root` sees, then checks what it names of them and all that follows from it, for as long as `is_wanted`.
pub fn check_library(db: &dyn Db, root: SourceFile, is_wanted: impl Fn() -> bool) {
    for module in library_modules(db, root).into_iter().take_while(|_| is_wanted()) {
        items(db, module);
    }
    let mut seen = BTreeSet::new();
    let mut open: Vec<Def> = items(db, root).values().copied().collect();
    while let Some(def) = open.pop().filter(|_| is_wanted()) {
        let Some(file) = db.file(def.file).filter(|_| seen.insert(def)) else { continue };
        if file.is_library(db) {
            for owner in body_owners(db, def) {
                checked_body(db, owner);
            }
        }
        let named = item_uses(db, file, def.item);
        open.extend(named.outer.keys().filter_map(|name| match scope::lookup(db, file, name)? {
            Named::Item(named) if db.file(named.file)?.is_library(db) => Some(named),
            _ => None,
        }));
    }
}
