//! Entries on disk: `KIND/ab/cdef…`, a folder for each first byte of a key.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::{Key, entry, gc};

/// Bytes that a cache may hold unless told otherwise.
pub const DEFAULT_LIMIT: u64 = 2 << 30;

/// What an entry is; each kind has a folder of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// An artifact.
    Artifact,
    /// Compiled functions of a program.
    Functions,
    /// What a program was made from when it was compiled last.
    History,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 3] = [Kind::Artifact, Kind::Functions, Kind::History];

    /// The name of its folder.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Artifact => "artifacts",
            Kind::Functions => "functions",
            Kind::History => "history",
        }
    }
}

/// What a look into the cache gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// The contents.
    Hit(Vec<u8>),
    /// Nothing.
    Miss,
    /// Something that is not to be believed; it has been removed.
    Dropped(Dropped),
}

/// An entry that was not believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// Its file.
    pub path: PathBuf,
    /// Why: `is damaged`.
    pub reason: &'static str,
}

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the cache entry {} {}; it is not used", self.path.display(), self.reason)
    }
}

/// How many entries of a kind there are, and their bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    /// Which kind.
    pub kind: Kind,
    /// Entries.
    pub entries: u64,
    /// Bytes in their files.
    pub bytes: u64,
}

/// A cache in a folder, which need not exist.
#[derive(Clone, Debug)]
pub struct Cache {
    folder: PathBuf,
    limit: u64,
}

impl Cache {
    /// The cache in `folder`, which holds about `limit` bytes at most.
    pub fn new(folder: impl Into<PathBuf>, limit: u64) -> Cache {
        Cache { folder: folder.into(), limit }
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Bytes that it may hold.
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// Looks for an entry. One that is found counts as used.
    pub fn get(&self, kind: Kind, key: &Key) -> Found {
        let path = self.path(kind, key);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(_) => return Found::Miss,
        };
        match entry::contents(key, bytes) {
            Ok(contents) => {
                // The order of eviction; where the time cannot be set, it is the order of writing.
                let _ = File::options()
                    .write(true)
                    .open(&path)
                    .and_then(|file| file.set_modified(SystemTime::now()));
                Found::Hit(contents)
            }
            Err(reason) => {
                // A cache that cannot be written keeps it, and finds it wrong again.
                let _ = fs::remove_file(&path);
                Found::Dropped(Dropped { path, reason })
            }
        }
    }

    /// Keeps an entry; whether it could be. Once in a while, the entries that were not used for longest go.
    pub fn put(&self, kind: Kind, key: &Key, contents: &[u8]) -> bool {
        let kept = self.write(kind, key, contents).is_ok();
        // Measuring the cache costs as much as compiling a small program, so only every sixteenth key pays for it.
        if kept && key.as_bytes()[0].is_multiple_of(16) {
            self.collect(self.limit);
        }
        kept
    }

    fn write(&self, kind: Kind, key: &Key, contents: &[u8]) -> io::Result<()> {
        let path = self.path(kind, key);
        let folder = path.parent().ok_or(ErrorKind::NotFound)?;
        fs::create_dir_all(folder)?;
        let mut file = tempfile::Builder::new().prefix(gc::TEMPORARY).tempfile_in(folder)?;
        file.write_all(&entry::header(key, contents))?;
        file.write_all(contents)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    }

    /// Removes one entry, if it is there.
    pub fn remove(&self, kind: Kind, key: &Key) {
        let _ = fs::remove_file(self.path(kind, key));
    }

    /// The keys of a kind, in order.
    pub fn keys(&self, kind: Kind) -> Vec<Key> {
        let files = gc::entries(&self.folder.join(kind.name()));
        let mut keys: Vec<Key> = files.iter().filter_map(|file| key_of(file.path())).collect();
        keys.sort_unstable();
        keys
    }

    /// Counts entries.
    pub fn stat(&self) -> [Stat; 3] {
        Kind::ALL.map(|kind| {
            let files = gc::entries(&self.folder.join(kind.name()));
            Stat { kind, entries: files.len() as u64, bytes: files.iter().map(|file| file.bytes).sum() }
        })
    }

    /// Where an entry lies.
    fn path(&self, kind: Kind, key: &Key) -> PathBuf {
        let name = key.to_string();
        let (first, rest) = name.split_at(2);
        self.folder.join(kind.name()).join(first).join(rest)
    }
}

/// The key whose entry lies at `path`.
fn key_of(path: &Path) -> Option<Key> {
    let name = |path: &Path| Some(path.file_name()?.to_str()?.to_owned());
    Key::from_hex(&format!("{}{}", name(path.parent()?)?, name(path)?))
}
