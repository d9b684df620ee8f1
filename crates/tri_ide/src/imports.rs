//! Names that a file could import, and the edit that does.

use std::path::Path;
use std::sync::Arc;

use tri_db::{Db, SourceFile, parse};
use tri_diagnostics::{Edit, Span, TextRange};
use tri_hir::hir::Def;
use tri_syntax::ast::ItemKind;

/// An item of another file.
#[derive(Clone, Debug)]
pub(crate) struct Importable {
    pub(crate) module: Arc<str>,
    pub(crate) name: Arc<str>,
    pub(crate) def: Def,
}

/// What the library and the other files of the package have that this file does not see, of the names that are wanted.
pub(crate) fn importable(
    db: &dyn Db,
    file: SourceFile,
    files: &[SourceFile],
    folder: &Path,
    is_wanted: impl Fn(&str) -> bool,
) -> Vec<Importable> {
    let is_offered = |name: &str| is_wanted(name) && tri_hir::lookup(db, file, name).is_none();
    let mut found = Vec::new();
    for (module, name) in tri_hir::library_items(db).iter().filter(|(_, name)| is_offered(name)) {
        let of = db.module(&["std", module]).ok();
        if let Some(def) = of.and_then(|of| tri_hir::items(db, of).get(name).copied()) {
            found.push(Importable { module: format!("std.{module}").into(), name: name.clone(), def });
        }
    }
    for other in files.iter().filter(|other| **other != file) {
        let mut names = tri_hir::items(db, *other).iter().filter(|(name, _)| is_offered(name)).peekable();
        if names.peek().is_none() {
            continue;
        }
        let Some(module) = module_path(db, *other, folder).map(Arc::from) else { continue };
        found.extend(names.map(|(name, def)| Importable {
            module: Arc::clone(&module),
            name: name.clone(),
            def: *def,
        }));
    }
    found
}

/// How a `use` calls a file: `blocks.encoder`.
pub(crate) fn module_path(db: &dyn Db, file: SourceFile, folder: &Path) -> Option<String> {
    if file.is_library(db) {
        let parts: Vec<_> =
            file.path(db).with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect();
        return Some(parts.join("."));
    }
    let relative = file.path(db).strip_prefix(folder).ok()?.with_extension("");
    let parts: Vec<String> = relative.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    let is_name = |part: &String| matches!(tri_syntax::lex(part).as_slice(), [token] if token.kind == tri_syntax::TokenKind::Ident);
    (!parts.is_empty() && parts.iter().all(is_name)).then(|| parts.join("."))
}

/// The edit that imports a name: into a `use` of its module, or as a line of its own behind the others.
pub(crate) fn import_edit(db: &dyn Db, file: SourceFile, module: &str, name: &str) -> Edit {
    let ast = &parse(db, file).ast;
    let id = file.id(db);
    let insert = |at: u32, text: String| Edit { span: Span::new(id, TextRange::empty(at)), text };
    let text = tri_db::text(db, file).map_or("", |text| text);
    let mut behind = None;
    for (item_id, item) in ast.items() {
        let ItemKind::Use(import) = &item.kind else { continue };
        let range = ast.range(item_id, item.id);
        behind = Some(range.end);
        let path: Vec<&str> = import.module.iter().map(|part| part.as_str()).collect();
        if path.join(".") != module {
            continue;
        }
        let Some(last) = import.imports.last() else { continue };
        let end = ast.range(item_id, last.local().id).end;
        if range.of(text).trim_end().ends_with('}') {
            return insert(end, format!(", {name}"));
        }
        if last.alias.is_none() {
            let written = ast.range(item_id, last.name.id);
            let list = format!("{{{}, {name}}}", last.name.text);
            return Edit { span: Span::new(id, written), text: list };
        }
    }
    match behind {
        Some(end) => insert(end, format!("\nuse {module}.{name}")),
        None => {
            let docs = text
                .split_inclusive('\n')
                .take_while(|line| line.starts_with("//!") || line.trim().is_empty());
            let top: usize = docs.map(str::len).sum();
            insert(top as u32, format!("use {module}.{name}\n\n"))
        }
    }
}
