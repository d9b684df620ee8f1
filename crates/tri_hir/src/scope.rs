//! The names of a file: its items, its imports, and the prelude behind them.

use std::collections::BTreeMap;
use std::sync::Arc;

use tri_db::{Db, ModuleError, SourceFile, parse};
use tri_diagnostics::{Code, nearest};
use tri_syntax::ast::{ItemKind, Use};

use crate::hir::Def;
use crate::report::{Place, Report};

/// Modules of the library whose items every file sees.
pub(crate) const PRELUDE: [&str; 4] = ["ops", "act", "quant", "loss"];

/// Modules of the library that every file sees by name: `init.normal`.
pub(crate) const PRELUDE_MODULES: [&str; 1] = ["init"];

/// What a name of a file stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Named {
    /// An item of this or another file.
    Item(Def),
    /// A module.
    Module(SourceFile),
    /// Something that is wrong, and has been reported.
    Error,
}

/// The names that a file declares and imports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Scope {
    pub(crate) names: BTreeMap<Arc<str>, Named>,
    pub(crate) reports: Vec<Report>,
}

/// Names of the items of a file, without imports.
pub(crate) fn items(db: &dyn Db, file: SourceFile) -> BTreeMap<Arc<str>, Def> {
    let ast = &parse(db, file).ast;
    let mut names = BTreeMap::new();
    for (id, item) in ast.items() {
        if let Some(name) = item.name() {
            names.entry(name.text.clone()).or_insert(Def { file: file.id(db), item: id });
        }
    }
    names
}

pub(crate) fn scope(db: &dyn Db, file: SourceFile) -> Scope {
    let ast = &parse(db, file).ast;
    let mut scope = Scope::default();
    for (id, item) in ast.items() {
        let def = Def { file: file.id(db), item: id };
        if let Some(name) = item.name() {
            declare(&mut scope, def, name, Named::Item(def));
        }
        if let ItemKind::Use(import) = &item.kind {
            imports(db, &mut scope, def, import);
        }
    }
    scope
}

fn declare(scope: &mut Scope, def: Def, name: &tri_syntax::ast::Name, named: Named) {
    if scope.names.contains_key(&name.text) {
        let place = Place::new(def, name.id);
        let message = format!("`{}` is declared twice in this file", name.text);
        scope.reports.push(
            Report::error(Code::E1003, place, message)
                .help("rename one of them, or import it `as` another name"),
        );
        return;
    }
    scope.names.insert(name.text.clone(), named);
}

fn imports(db: &dyn Db, scope: &mut Scope, def: Def, import: &Use) {
    let path: Vec<&str> = import.module.iter().map(|part| part.as_str()).collect();
    let place = import.module.last().map_or(tri_syntax::ast::NodeId(0), |part| part.id);
    let place = Place::new(def, place);
    let module = db.module(&path);
    let mut is_missed = false;
    for name in &import.imports {
        // `use a.b` may also name a module as a whole.
        let whole: Vec<&str> = path.iter().copied().chain([name.name.as_str()]).collect();
        let item =
            module.as_ref().ok().and_then(|module| crate::queries::items(db, *module).get(&name.name.text));
        let named = match (item, db.module(&whole), &module) {
            // Such a circle is reported by itself.
            (Some(item), _, _) if item.file == def.file => continue,
            (Some(item), _, _) => Named::Item(*item),
            (None, Ok(module), _) => Named::Module(module),
            (None, Err(error), _)
                if !matches!(error, ModuleError::Missing { .. } | ModuleError::NotInLibrary) =>
            {
                scope.reports.push(missing_module(&whole, Place::new(def, name.name.id), &error));
                Named::Error
            }
            (None, Err(_), Ok(module)) => {
                scope.reports.push(missing_item(db, *module, Place::new(def, name.name.id), name, &path));
                Named::Error
            }
            (None, Err(_), _) => {
                is_missed = true;
                Named::Error
            }
        };
        declare(scope, def, name.local(), named);
    }
    if let Err(error) = module
        && is_missed
    {
        scope.reports.push(missing_module(&path, place, &error));
    }
}

fn missing_item(
    db: &dyn Db,
    module: SourceFile,
    place: Place,
    import: &tri_syntax::ast::Import,
    path: &[&str],
) -> Report {
    let items = crate::queries::items(db, module);
    let message = format!("`{}` has no item `{}`", path.join("."), import.name.text);
    let report = Report::error(Code::E1001, place, message);
    match nearest(&import.name.text, items.keys().map(|name| &**name)) {
        Some(near) => report.did_you_mean(near, place),
        None => report,
    }
}

fn missing_module(path: &[&str], place: Place, error: &ModuleError) -> Report {
    let name = path.join(".");
    match error {
        ModuleError::Missing { path } => {
            let path = path.display();
            Report::error(Code::E1002, place, format!("there is no module `{name}`"))
                .help(format!("it would be the file `{path}`"))
        }
        ModuleError::Outside { .. } => Report::error(
            Code::E1002,
            place,
            format!("module `{name}` lies outside the folder of the main file"),
        )
        .help("a package does not follow links out of its folder"),
        ModuleError::Case { found } => {
            Report::error(Code::E1002, place, format!("module `{name}` is stored as `{found}`"))
                .help("write it in the same case: not every system finds a file by a name in another")
        }
        ModuleError::Unreadable { path, reason } => {
            Report::error(Code::E1002, place, format!("`{}` cannot be read: {reason}", path.display()))
        }
        ModuleError::NotInLibrary => {
            let known: Vec<&str> = tri_db::LIBRARY.iter().map(|(name, _)| *name).collect();
            Report::error(Code::E1002, place, format!("the standard library has no module `{name}`"))
                .help(format!("it has {}", known.join(", ")))
        }
    }
}

/// What `name` stands for in a file, the prelude included.
pub fn lookup(db: &dyn Db, file: SourceFile, name: &str) -> Option<Named> {
    let own = crate::queries::file_scope(db, file).names.get(name);
    own.or_else(|| crate::queries::prelude(db).get(name)).copied()
}

/// The names that every file sees, and what they stand for where a file has none of its own.
pub(crate) fn prelude(db: &dyn Db) -> BTreeMap<Arc<str>, Named> {
    let mut names = BTreeMap::new();
    let modules = PRELUDE.iter().filter_map(|module| db.module(&["std", module]).ok());
    for (name, def) in modules.flat_map(|module| crate::queries::items(db, module)) {
        names.entry(name.clone()).or_insert(Named::Item(*def));
    }
    for name in PRELUDE_MODULES {
        if let Ok(module) = db.module(&["std", name]) {
            names.entry(name.into()).or_insert(Named::Module(module));
        }
    }
    names
}

/// All names that a file sees, for suggestions; those of the prelude first.
pub(crate) fn visible(db: &dyn Db, file: SourceFile) -> Vec<Arc<str>> {
    let mut names = Vec::new();
    for module in PRELUDE {
        if let Ok(module) = db.module(&["std", module]) {
            names.extend(crate::queries::items(db, module).keys().cloned());
        }
    }
    names.extend(crate::queries::file_scope(db, file).names.keys().cloned());
    names
}

/// Layers and functions of library modules that are no part of the prelude, with their modules.
pub(crate) fn library_items(db: &dyn Db) -> Vec<(&'static str, Arc<str>)> {
    let mut found = Vec::new();
    for (module, _) in tri_db::LIBRARY {
        let Ok(file) = db.module(&["std", module]) else { continue };
        for (name, def) in crate::queries::items(db, file) {
            let kind = crate::queries::outline_of(db, *def).map(|item| item.kind.clone());
            if matches!(kind, Some(ItemKind::Layer(_) | ItemKind::Function(_)))
                && !PRELUDE.contains(module)
                && !PRELUDE_MODULES.contains(module)
            {
                found.push((*module, name.clone()));
            }
        }
    }
    found
}

/// The files that a `use` reads.
pub(crate) fn imported(db: &dyn Db, import: &Use) -> Vec<SourceFile> {
    let path: Vec<&str> = import.module.iter().map(|part| part.as_str()).collect();
    let whole = import
        .imports
        .iter()
        .map(|name| path.iter().copied().chain([name.name.as_str()]).collect::<Vec<_>>());
    whole.chain([path.clone()]).filter_map(|path| db.module(&path).ok()).collect()
}

/// The `use` by which a file imports itself, through others or directly. Each circle is told of in its file that was met first.
pub(crate) fn import_cycle(db: &dyn Db, file: SourceFile) -> Option<Report> {
    let uses = |file: SourceFile| {
        let items = parse(db, file).ast.items();
        items.filter_map(|(id, item)| match &item.kind {
            ItemKind::Use(import) => Some((id, import)),
            _ => None,
        })
    };
    for (id, import) in uses(file) {
        let mut open = imported(db, import);
        let mut done = Vec::new();
        while let Some(other) = open.pop() {
            if other == file {
                let place = Place::new(Def { file: file.id(db), item: id }, import.module.last()?.id);
                return Some(
                    Report::error(Code::E1006, place, "this import leads back to this file")
                        .help("move what both files need into a third one"),
                );
            }
            if other.id(db) > file.id(db) && !done.contains(&other) {
                done.push(other);
                open.extend(uses(other).flat_map(|(_, import)| imported(db, import)));
            }
        }
    }
    None
}
