//! The programs in a folder of the disk, by name.

use std::io;
use std::path::{Path, PathBuf};

/// What a program's name ends in.
const EXTENSION: &str = "tri";

/// What a folder holds whose files are made by tools (bford.info/cachedir).
const CACHE_MARK: &str = "CACHEDIR.TAG";

/// The programs in a folder and the folders in it, sorted; none of them in a folder that cannot be read, which `failed` is told of.
/// Links, hidden files and caches are left out. Gives up after `limit` entries.
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
            let Ok(entry) = entry else { continue };
            let Ok(kind) = entry.file_type() else { continue };
            let path = folder.strip_prefix(".").unwrap_or(&folder).join(entry.file_name());
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
