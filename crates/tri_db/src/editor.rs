//! The disk as an editor sees it: with texts that are not saved, some of files that the disk does not have.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use crate::system::System;

/// Another system with open texts in the place of its files. The texts are shared by all clones and change while databases
/// use them; who changes one tells the databases ([`RootDatabase::file_changed`](crate::RootDatabase::file_changed)).
#[derive(Clone)]
pub struct EditorSystem {
    under: Arc<dyn System>,
    open: Arc<RwLock<BTreeMap<PathBuf, Arc<[u8]>>>>,
}

impl std::fmt::Debug for EditorSystem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EditorSystem").field("open", &self.paths()).finish_non_exhaustive()
    }
}

impl EditorSystem {
    /// A system without open texts.
    pub fn new(under: Arc<dyn System>) -> Self {
        EditorSystem { under, open: Arc::default() }
    }

    /// Puts `text` in the place of the file at `path`.
    pub fn open(&self, path: &Path, text: &str) {
        let real = self.real(path);
        self.open.write().unwrap_or_else(PoisonError::into_inner).insert(real, text.as_bytes().into());
    }

    /// Lets the file at `path` be what the system under this one has.
    pub fn close(&self, path: &Path) {
        let real = self.real(path);
        self.open.write().unwrap_or_else(PoisonError::into_inner).remove(&real);
    }

    /// As the system under this one stores it; of a file that it does not have, as it would.
    fn real(&self, path: &Path) -> PathBuf {
        let in_folder = || {
            let folder = self.under.canonicalize(path.parent()?).ok()?;
            Some(folder.join(path.file_name()?))
        };
        let stored = self.under.canonicalize(path).ok();
        stored.or_else(in_folder).unwrap_or_else(|| path.to_owned())
    }

    fn text(&self, path: &Path) -> Option<Arc<[u8]>> {
        self.open.read().unwrap_or_else(PoisonError::into_inner).get(path).cloned()
    }

    fn paths(&self) -> Vec<PathBuf> {
        self.open.read().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }
}

impl System for EditorSystem {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        match self.text(path) {
            Some(bytes) => Ok(bytes.to_vec()),
            None => self.under.read(path),
        }
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        let stored = self.under.canonicalize(path);
        let real = self.real(path);
        if stored.is_err() && self.text(&real).is_some() { Ok(real) } else { stored }
    }
}
