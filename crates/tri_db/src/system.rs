//! What stands between the compiler and the disk.

use std::collections::BTreeMap;
use std::io::{self, Read as _};
use std::path::{Component, Path, PathBuf};

use tri_syntax::MAX_FILE;

/// A place that files are read from. Implementations decide what a path means; the compiler never touches the disk itself.
pub trait System: Send + Sync {
    /// The bytes of a file; of one that is longer than any program ([`tri_syntax::MAX_FILE`]), as many as show that.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// The path of a file or folder with links followed and names as they are stored, to see whether it leaves its package.
    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf>;
}

/// The disk.
#[derive(Clone, Copy, Debug, Default)]
pub struct DiskSystem;

impl System for DiskSystem {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        // A pipe never ends, and a device may give anything.
        let metadata = std::fs::metadata(path)?;
        if metadata.is_dir() {
            return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder"));
        }
        if !metadata.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
        }
        let mut bytes = Vec::new();
        std::fs::File::open(path)?.take(MAX_FILE as u64 + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
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
        let plain: PathBuf = path.components().filter(|part| *part != Component::CurDir).collect();
        let exists = self.files.contains_key(path) || self.files.keys().any(|file| file.starts_with(&plain));
        if exists { Ok(plain) } else { Err(io::ErrorKind::NotFound.into()) }
    }
}

/// The disk with other texts in the place of some files: what an editor has not saved, or what fixes would write.
#[derive(Clone, Debug, Default)]
pub struct OverlaySystem {
    files: BTreeMap<PathBuf, Vec<u8>>,
}

impl OverlaySystem {
    /// The disk as it is.
    pub fn new() -> Self {
        OverlaySystem::default()
    }

    /// The same with `bytes` at `path`.
    pub fn with(mut self, path: &Path, bytes: impl Into<Vec<u8>>) -> Self {
        let real = DiskSystem.canonicalize(path).unwrap_or_else(|_| path.to_owned());
        self.files.insert(real, bytes.into());
        self
    }
}

impl System for OverlaySystem {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.files.get(path).cloned().map_or_else(|| DiskSystem.read(path), Ok)
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        DiskSystem.canonicalize(path)
    }
}
