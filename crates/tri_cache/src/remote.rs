//! A cache that machines share, on a server: asked after the disk, and believed as little.
//!
//! An entry has the bytes that it has on disk, so its hash covers its key and its contents. A server that fails once is not asked again: it
//! costs one time-out, and is no error. How bytes come from a server and go there is for [`Objects`] to know.

use std::fmt;
use std::sync::OnceLock;

use crate::{Key, Kind, entry};

/// Objects of a server, by path.
pub trait Objects: fmt::Debug + Send + Sync {
    /// The object at `path`, if there is one.
    ///
    /// # Errors
    /// The server does not answer, or refuses; in words that follow "because".
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, String>;

    /// Puts an object at `path`, in place of another.
    ///
    /// # Errors
    /// The server does not answer, or refuses; in words that follow "because".
    fn write(&self, path: &str, object: Vec<u8>) -> Result<(), String>;
}

/// What may be done with a remote cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Entries are taken.
    #[default]
    Read,
    /// Entries are taken and kept.
    ReadWrite,
}

impl Mode {
    /// As configurations call it.
    pub fn name(self) -> &'static str {
        match self {
            Mode::Read => "read",
            Mode::ReadWrite => "read-write",
        }
    }
}

/// The largest entry that is shared, in bytes: a larger one is compiled sooner than it is sent.
pub const LARGEST_SHARED: u64 = 256 << 20;

/// A remote cache.
#[derive(Debug)]
pub struct Remote {
    objects: Box<dyn Objects>,
    address: String,
    mode: Mode,
    failure: OnceLock<String>,
}

/// What asking a remote cache gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fetched {
    /// The contents.
    Hit(Vec<u8>),
    /// Nothing, or a server that failed before.
    Miss,
    /// Nothing to be believed, and a note that says so.
    Refused(String),
}

impl Remote {
    /// The cache in `objects`; `address` is what people know it by.
    pub fn new(objects: Box<dyn Objects>, address: String, mode: Mode) -> Remote {
        Remote { objects, address, mode, failure: OnceLock::new() }
    }

    /// What people know it by.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What may be done with it.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Looks for an entry.
    pub fn get(&self, kind: Kind, key: &Key) -> Fetched {
        if self.failure.get().is_some() {
            return Fetched::Miss;
        }
        let path = path(kind, key);
        let bytes = match self.objects.read(&path) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Fetched::Miss,
            Err(reason) => return Fetched::Refused(self.failed(reason)),
        };
        match entry::contents(key, bytes) {
            Ok(contents) => Fetched::Hit(contents),
            Err(reason) => Fetched::Refused(format!(
                "{path} of the remote cache {} {reason}; it is not used",
                self.address
            )),
        }
    }

    /// Keeps an entry, if the mode allows it and it is not too large.
    ///
    /// # Errors
    /// The server fails for the first time; the note that says so.
    pub fn put(&self, kind: Kind, key: &Key, contents: &[u8]) -> Result<(), String> {
        if self.mode == Mode::Read || self.failure.get().is_some() || contents.len() as u64 > LARGEST_SHARED {
            return Ok(());
        }
        let object = [&entry::header(key, contents), contents].concat();
        self.objects.write(&path(kind, key), object).map_err(|reason| self.failed(reason))
    }

    /// Asks for an entry that nobody has, to see whether the server answers.
    ///
    /// # Errors
    /// It does not; why, in words.
    pub fn reach(&self) -> Result<(), String> {
        self.objects.read(&path(Kind::History, &Key::from_bytes([0; 32]))).map(drop)
    }

    /// Notes that the server failed, for good.
    fn failed(&self, reason: String) -> String {
        let note = format!("the remote cache {} is left out, because {reason}", self.address);
        self.failure.get_or_init(|| reason);
        note
    }
}

/// Versions of the format lie apart, so that compilers of several versions do not replace each other's entries.
fn path(kind: Kind, key: &Key) -> String {
    format!("v{}/{}/{key}", entry::VERSION, kind.name())
}
