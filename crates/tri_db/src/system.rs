//! What stands between the compiler and the disk.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// A place that files are read from. Implementations decide what a path means; the compiler never touches the disk itself.
pub trait System: Send + Sync {
    /// The bytes of a file.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// The path with links followed, to see whether it leaves its package.
    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf>;
}

/// The disk.
#[derive(Clone, Copy, Debug, Default)]
pub struct DiskSystem;

impl System for DiskSystem {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        std::fs::read(path)
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        std::fs::canonicalize(path)
    }
}

/// Files in memory, for tests and editors.
#[derive(Clone, Debug, Default)]
pub struct MemorySystem {
    files: BTreeMap<PathBuf, Vec<u8>>,
}

impl MemorySystem {
    /// Files with what they hold.
    pub fn new<'a, T: AsRef<[u8]> + ?Sized + 'a>(files: impl IntoIterator<Item = (&'a str, &'a T)>) -> Self {
        let files = files.into_iter().map(|(path, text)| (PathBuf::from(path), text.as_ref().to_vec()));
        MemorySystem { files: files.collect() }
    }
}

impl System for MemorySystem {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.files.get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        self.files.contains_key(path).then(|| path.to_owned()).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}
