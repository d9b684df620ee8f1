//! What is documented: modules with their pages, and where an item is found.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use tri_db::{Db, LIBRARY, SourceFile};
use tri_diagnostics::FileId;
use tri_hir::hir::Def;

/// The modules of a documentation.
pub(crate) struct Package<'db> {
    pub(crate) db: &'db dyn Db,
    /// The main file's module; `std` without one.
    pub(crate) name: String,
    /// The main file first, then in order of names, those of the library last.
    pub(crate) modules: Vec<Module>,
    pages: BTreeMap<FileId, usize>,
}

/// A file and its page.
pub(crate) struct Module {
    pub(crate) file: SourceFile,
    /// `blocks.attention`.
    pub(crate) name: String,
    /// `blocks.attention.html`.
    pub(crate) page: String,
    pub(crate) is_library: bool,
}

impl<'db> Package<'db> {
    pub(crate) fn new(db: &'db dyn Db, root: Option<SourceFile>, library: bool) -> Self {
        let mut files: Vec<(String, SourceFile, bool)> = Vec::new();
        if let Some(root) = root {
            let folder = root.path(db).parent().unwrap_or(Path::new("")).to_owned();
            let used = tri_hir::files(db, &[root]);
            files.extend(used.into_iter().map(|file| (module_name(file.path(db), &folder), file, false)));
            files.sort_by(|a, b| (a.1 != root, &a.0).cmp(&(b.1 != root, &b.0)));
        }
        let name = files.first().map_or_else(|| "std".to_owned(), |(name, ..)| name.clone());
        if library {
            let modules =
                LIBRARY.iter().filter_map(|(name, _)| Some((name, db.module(&["std", name]).ok()?)));
            files.extend(modules.map(|(name, file)| (format!("std.{name}"), file, true)));
        }
        let mut taken = BTreeSet::from(["index.html".to_owned()]);
        let modules: Vec<Module> = files
            .into_iter()
            .map(|(name, file, is_library)| Module {
                page: page_name(&name, &mut taken),
                file,
                name,
                is_library,
            })
            .collect();
        let pages = modules.iter().enumerate().map(|(at, module)| (module.file.id(db), at)).collect();
        Package { db, name, modules, pages }
    }

    /// Where an item is documented, seen from any page; none if its module is not.
    pub(crate) fn link(&self, def: Def) -> Option<String> {
        let module = self.modules.get(*self.pages.get(&def.file)?)?;
        let name = tri_hir::def_name(self.db, def);
        Some(format!("{}#{name}", module.page))
    }

    /// The documented module of the name.
    pub(crate) fn module_named(&self, name: &str) -> Option<&Module> {
        self.modules.iter().find(|module| module.name == name)
    }
}

/// `a.b` for `a/b.tri` in `folder`.
fn module_name(path: &Path, folder: &Path) -> String {
    let path = path.strip_prefix(folder).unwrap_or(path).with_extension("");
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
    parts.join(".")
}

/// A name that every disk can hold: files may have any name, and names that differ in case may be one file.
fn page_name(module: &str, taken: &mut BTreeSet<String>) -> String {
    let safe =
        |c: char| if c.is_ascii_alphanumeric() || "_-.".contains(c) { c.to_ascii_lowercase() } else { '_' };
    let stem: String = module.chars().map(safe).take(100).collect();
    let stem = stem.trim_start_matches(['.', '-']);
    let stem = if stem.is_empty() { "module" } else { stem };
    let names = std::iter::once(format!("{stem}.html")).chain((2_u64..).map(|n| format!("{stem}-{n}.html")));
    let name = names.into_iter().find(|name| !taken.contains(name)).unwrap_or_default();
    taken.insert(name.clone());
    name
}
