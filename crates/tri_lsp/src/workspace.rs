//! The folders that the editor has open, as packages of programs.
//!
//! A package is a folder from which its files import each other. A file's package is the outermost folder, of those between
//! the workspace's folder and its own, from which its imports are found; a file without imports goes with the files that
//! import it. So a workspace may hold many programs, each in a folder of its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tri_db::{EditorSystem, System, programs_in};
use tri_ide::{Analysis, AnalysisHost};

/// How many entries of a folder are looked at for programs.
const MAX_ENTRIES: usize = 100_000;

/// All packages.
#[derive(Debug)]
pub(crate) struct Workspace {
    pub(crate) system: EditorSystem,
    folders: Vec<PathBuf>,
    packages: BTreeMap<PathBuf, AnalysisHost>,
    /// The package of each known file.
    homes: Arc<BTreeMap<PathBuf, PathBuf>>,
}

impl Workspace {
    /// The programs in `folders`.
    pub(crate) fn new(system: EditorSystem, folders: Vec<PathBuf>) -> Self {
        let mut workspace =
            Workspace { system, folders: Vec::new(), packages: BTreeMap::new(), homes: Arc::default() };
        for folder in folders {
            workspace.add_folder(folder);
        }
        workspace
    }

    /// Takes in the programs of a folder.
    pub(crate) fn add_folder(&mut self, folder: PathBuf) {
        if self.folders.contains(&folder) {
            return;
        }
        self.folders.push(folder.clone());
        // A folder that cannot be read has no programs that could be shown.
        let files = programs_in(&folder, MAX_ENTRIES, |_, _| {});
        let imports: Vec<(PathBuf, Vec<Vec<String>>)> = files
            .into_iter()
            .map(|file| {
                let found = self.imports(&file);
                (file, found)
            })
            .collect();
        let mut inherited = BTreeMap::new();
        for (file, imports) in imports.iter().filter(|(_, imports)| !imports.is_empty()) {
            let home = self.home(file, imports);
            for import in imports {
                inherited.extend(self.module(&home, import).map(|module| (module, home.clone())));
            }
            self.settle(file, home);
        }
        for (file, imports) in imports.iter().filter(|(_, imports)| imports.is_empty()) {
            let home = inherited.get(file).cloned().unwrap_or_else(|| self.home(file, imports));
            self.settle(file, home);
        }
    }

    /// Forgets the programs of a folder that are in no other.
    pub(crate) fn remove_folder(&mut self, folder: &Path) -> Vec<PathBuf> {
        self.folders.retain(|known| known != folder);
        let is_left = |file: &Path| self.folders.iter().any(|folder| file.starts_with(folder));
        let gone: Vec<PathBuf> =
            self.homes.keys().filter(|file| file.starts_with(folder) && !is_left(file)).cloned().collect();
        for file in &gone {
            self.forget(file);
        }
        gone
    }

    /// Says that a file came, went or holds something else; false if it is no program of the workspace any more.
    pub(crate) fn file_changed(&mut self, path: &Path) -> bool {
        let exists = self.system.read(path).is_ok();
        for host in self.packages.values_mut() {
            host.file_changed(path);
        }
        if !exists {
            self.forget(path);
            return false;
        }
        true
    }

    /// Takes in a file, or finds its package again because its imports changed.
    pub(crate) fn place(&mut self, path: &Path) {
        let imports = self.imports(path);
        let known = self.homes.get(path).cloned();
        if known.is_some() && imports.is_empty() {
            return;
        }
        let home = self.home(path, &imports);
        if known.as_ref() != Some(&home) {
            self.settle(path, home);
        }
    }

    /// Whether the file belongs to the workspace without being open.
    pub(crate) fn is_wanted(&self, path: &Path) -> bool {
        let is_program = path.extension().is_some_and(|end| end == "tri");
        is_program && self.folders.iter().any(|folder| path.starts_with(folder))
    }

    fn settle(&mut self, file: &Path, home: PathBuf) {
        self.forget(file);
        let system = || Arc::new(self.system.clone());
        let host = self.packages.entry(home.clone()).or_insert_with(|| AnalysisHost::new(system(), &home));
        host.add(file);
        Arc::make_mut(&mut self.homes).insert(file.to_owned(), home);
    }

    fn forget(&mut self, file: &Path) {
        if let Some(home) = Arc::make_mut(&mut self.homes).remove(file)
            && let Some(host) = self.packages.get_mut(&home)
        {
            host.remove(file);
            if host.is_empty() {
                self.packages.remove(&home);
            }
        }
    }

    /// The package of a file with these imports.
    fn home(&self, file: &Path, imports: &[Vec<String>]) -> PathBuf {
        let own = file.parent().unwrap_or(Path::new(""));
        let around = self.folders.iter().filter(|folder| file.starts_with(folder));
        let innermost = around.max_by_key(|folder| folder.components().count());
        let outermost = match innermost {
            Some(folder) => folder.as_path(),
            // A text without a file imports from the first folder.
            None if !file.is_absolute() => return self.folders.first().cloned().unwrap_or_default(),
            None => own,
        };
        let mut folders: Vec<&Path> =
            own.ancestors().take_while(|folder| folder.starts_with(outermost)).collect();
        folders.reverse();
        let found =
            |folder: &Path| imports.iter().filter(|import| self.module(folder, import).is_some()).count();
        let mut best = (0, outermost);
        for folder in folders {
            let found = found(folder);
            if found > best.0 {
                best = (found, folder);
            }
        }
        best.1.to_owned()
    }

    /// The file that `use a.b.C` reads, if there is one: `a/b.tri`, or `a/b/C.tri`.
    fn module(&self, folder: &Path, import: &[String]) -> Option<PathBuf> {
        let whole = import.iter().fold(folder.to_owned(), |path, part| path.join(part));
        let module = whole.parent()?.with_extension("tri");
        [module, whole.with_extension("tri")]
            .into_iter()
            .find_map(|path| self.system.canonicalize(&path).ok())
    }

    /// The paths of a program's imports, besides those of the library: what `use a.b.{C, D}` and `use a.b.C` begin with.
    fn imports(&self, file: &Path) -> Vec<Vec<String>> {
        let Ok(bytes) = self.system.read(file) else { return Vec::new() };
        let Ok(text) = std::str::from_utf8(&bytes) else { return Vec::new() };
        let paths = text.lines().filter_map(|line| line.trim_start().strip_prefix("use "));
        let parts = paths.map(|path| {
            let path = path.split([' ', '{', ',']).find(|part| !part.is_empty()).unwrap_or_default();
            let mut parts: Vec<String> = path.split('.').map(str::to_owned).collect();
            if parts.last().is_some_and(String::is_empty) {
                // Before a brace: which item it is does not matter to find the module.
                parts.pop();
                parts.push("_".to_owned());
            }
            parts
        });
        parts.filter(|parts| parts.len() > 1 && parts[0] != "std").collect()
    }

    /// The package of each known file.
    pub(crate) fn homes(&self) -> Arc<BTreeMap<PathBuf, PathBuf>> {
        self.homes.clone()
    }

    /// Lets go results that were not used for long and can be made again. Questions that are being answered are cancelled.
    pub(crate) fn forget_unused(&mut self) {
        self.packages.values_mut().for_each(AnalysisHost::forget_unused);
    }

    /// What is known of every package now.
    pub(crate) fn analyses(&self) -> BTreeMap<PathBuf, Analysis> {
        self.packages.iter().map(|(folder, host)| (folder.clone(), host.analysis())).collect()
    }
}
