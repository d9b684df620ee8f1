//! The programs in a folder of the disk, by name.

use std::io;
use std::path::{Path, PathBuf};

/// What a program's name ends in.
const EXTENSION: &str = "tri";

/// What a folder holds whose files are made by tools (bford.info/cachedir).
const CACHE_MARK: &str = "CACHEDIR.TAG";

/// The programs in a folder and the folders in it, sorted. `failed` is told of folders and entries that cannot be read, which are
/// left out; so are links, hidden files and caches. Gives up after `limit` entries.
pub fn programs_in(folder: &Path, limit: usize, mut failed: impl FnMut(PathBuf, io::Error)) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) => {
                failed(folder, error);
                continue;
            }
        };
        for entry in entries {
            seen += 1;
            if seen > limit {
                break;
            }
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    failed(folder.clone(), error);
                    continue;
                }
            };
            let path = folder.strip_prefix(".").unwrap_or(&folder).join(entry.file_name());
            let kind = match entry.file_type() {
                Ok(kind) => kind,
                Err(error) => {
                    failed(path, error);
                    continue;
                }
            };
            let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
            if kind.is_dir() && !hidden && !path.join(CACHE_MARK).exists() {
                folders.push(path);
            } else if kind.is_file() && !hidden && path.extension().is_some_and(|end| end == EXTENSION) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
