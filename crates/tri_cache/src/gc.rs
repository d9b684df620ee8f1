//! Making room: entries that were not used for longest go first.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::{Cache, Kind};

/// How the names of unfinished files begin.
pub(crate) const TEMPORARY: &str = ".unfinished-";

/// An unfinished file of this age belongs to a process that was killed.
const ABANDONED: Duration = Duration::from_secs(3600);

/// What was removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    /// Files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// The file of an entry.
#[derive(Debug)]
pub(crate) struct EntryFile {
    path: PathBuf,
    pub(crate) bytes: u64,
    used: SystemTime,
}

impl EntryFile {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Cache {
    /// Removes the entries that were not used for longest until at most `limit` bytes are left, and what killed processes left behind.
    pub fn collect(&self, limit: u64) -> Collected {
        let mut collected = Collected::default();
        let mut files = Vec::new();
        for kind in Kind::ALL {
            let folder = self.folder().join(kind.name());
            abandoned(&folder).iter().for_each(|file| remove(file, &mut collected));
            files.extend(entries(&folder));
        }
        files.sort_by(|a, b| (a.used, &a.path).cmp(&(b.used, &b.path)));
        let mut total: u64 = files.iter().map(|file| file.bytes).sum();
        for file in files {
            if total <= limit {
                break;
            }
            remove(&file, &mut collected);
            total -= file.bytes;
        }
        collected
    }

    /// Removes every entry.
    pub fn clear(&self) -> Collected {
        self.collect(0)
    }
}

/// Another process may be faster; then there is nothing to count.
fn remove(file: &EntryFile, collected: &mut Collected) {
    if fs::remove_file(&file.path).is_ok() {
        collected.files += 1;
        collected.bytes += file.bytes;
    }
}

/// The entries below the folder of a kind. What cannot be looked at is not there.
pub(crate) fn entries(kind: &Path) -> Vec<EntryFile> {
    files(kind, |name| !name.starts_with(TEMPORARY))
}

fn abandoned(kind: &Path) -> Vec<EntryFile> {
    let mut files = files(kind, |name| name.starts_with(TEMPORARY));
    files.retain(|file| file.used.elapsed().is_ok_and(|age| age > ABANDONED));
    files
}

fn files(kind: &Path, wanted: impl Fn(&str) -> bool) -> Vec<EntryFile> {
    let folders = fs::read_dir(kind).into_iter().flatten().flatten();
    let files = folders.flat_map(|folder| fs::read_dir(folder.path()).into_iter().flatten().flatten());
    let files = files.filter(|file| file.file_name().to_str().is_some_and(&wanted));
    let files = files.filter_map(|file| {
        let metadata = file.metadata().ok().filter(fs::Metadata::is_file)?;
        Some(EntryFile { path: file.path(), bytes: metadata.len(), used: metadata.modified().ok()? })
    });
    files.collect()
}
