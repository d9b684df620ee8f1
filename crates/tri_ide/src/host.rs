//! One package of files that import each other, and how it changes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use salsa::Database as _;
use tri_db::{Db as _, RootDatabase, SourceFile, System};

use crate::Analysis;

/// A package: the only place where files change.
#[derive(Debug)]
pub struct AnalysisHost {
    db: RootDatabase,
    files: BTreeMap<PathBuf, SourceFile>,
    folder: Arc<Path>,
}

impl AnalysisHost {
    /// The package whose modules lie in `folder` of `system`, without files of its own.
    pub fn new(system: Arc<dyn System>, folder: &Path) -> Self {
        let mut db = RootDatabase::new(system, folder);
        db.set_folder(folder);
        AnalysisHost { db, files: BTreeMap::new(), folder: folder.into() }
    }

    /// Takes the file at `path` into the package.
    pub fn add(&mut self, path: &Path) {
        let file = self.db.source(path);
        self.files.insert(path.to_owned(), file);
    }

    /// Leaves the file at `path` out; others may still import it.
    pub fn remove(&mut self, path: &Path) {
        self.files.remove(path);
    }

    /// Whether the package has no files.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Says that the file at `path` came, went or holds something else. Questions that are being answered are cancelled.
    pub fn file_changed(&mut self, path: &Path) {
        self.db.file_changed(path);
    }

    /// Gives `dim` items other sizes, as `--dim` does.
    pub fn set_dims(&mut self, dims: BTreeMap<String, i64>) {
        if *self.db.options().dims(&self.db) != dims {
            self.db.set_dims(dims);
        }
    }

    /// Sets how many results of each kind that can be made again are remembered: syntax trees, uses of items, bodies of functions. Answers do not depend on it.
    pub fn set_capacity(&mut self, capacity: usize) {
        self.db.set_capacity(capacity);
        tri_hir::set_capacity(&mut self.db, capacity);
    }

    /// Lets go results that were not used for long and can be made again. Questions that are being answered are cancelled.
    pub fn forget_unused(&mut self) {
        self.db.trigger_lru_eviction();
    }

    /// What is known at this moment.
    pub fn analysis(&self) -> Analysis {
        Analysis::new(self.db.clone(), self.files.values().copied().collect(), self.folder.clone())
    }
}
