//! Programs on the disk as the formatter needs them: found in folders, read whole, replaced whole. It does not know what
//! is in them.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};

use tri_syntax::MAX_FILE;

/// The files among `paths` and the programs in the folders among them, sorted, each once. Within folders, links, hidden
/// files and caches are left out.
pub(crate) fn find(paths: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    let mut found = BTreeSet::new();
    let mut problems = Vec::new();
    for path in paths {
        let metadata = fs::metadata(path).map_err(|error| problem(path, "read", &error))?;
        if metadata.is_dir() {
            let failed = |path: PathBuf, error| problems.push(problem(&path, "read", &error));
            found.extend(tri_db::programs_in(path, usize::MAX, failed));
        } else {
            found.insert(path.clone());
        }
    }
    match problems.into_iter().next() {
        Some(problem) => Err(problem),
        None => Ok(found.into_iter().collect()),
    }
}

/// The bytes of a file, or one more than a program may have.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, String> {
    let open = || {
        // A pipe may never end.
        let file = fs::metadata(path)?.is_file();
        if file { File::open(path) } else { Err(io::Error::other("it is not a regular file")) }
    };
    let bytes = open().and_then(read_limited);
    bytes.map_err(|error| problem(path, "read", &error))
}

/// The bytes of `from`, or one more than a program may have.
pub(crate) fn read_limited(from: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(MAX_FILE as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Replaces what a file holds: all of it or nothing. A link stays, and so do the permissions.
pub(crate) fn replace(path: &Path, text: &str) -> Result<(), String> {
    let replace = || {
        let target = fs::canonicalize(path)?;
        let permissions = fs::metadata(&target)?.permissions();
        if permissions.readonly() {
            return Err(io::Error::other("it is read-only"));
        }
        let mut file =
            tempfile::Builder::new().prefix(".triton-").tempfile_in(target.parent().unwrap_or(&target))?;
        file.write_all(text.as_bytes())?;
        file.as_file().set_permissions(permissions)?;
        file.as_file().sync_all()?;
        file.persist(&target).map(drop).map_err(|error| error.error)
    };
    replace().map_err(|error| problem(path, "written", &error))
}

fn problem(path: &Path, action: &str, error: &io::Error) -> String {
    format!("`{}` cannot be {action}: {error}", path.display())
}
