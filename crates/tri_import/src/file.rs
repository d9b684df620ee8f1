//! Files as bytes: only regular ones are read, and one is written whole or not at all.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

use crate::ImportError;

/// Opens a file to be mapped.
///
/// # Errors
/// It cannot be opened, or is no regular file.
pub fn open_regular(path: &Path) -> Result<File, ImportError> {
    let read = |source| ImportError::Read { file: path.display().to_string(), source };
    let metadata = std::fs::metadata(path).map_err(read)?;
    if !metadata.is_file() {
        return Err(read(io::Error::other(not_regular(&metadata))));
    }
    File::open(path).map_err(read)
}

/// The bytes of a file.
///
/// # Errors
/// It cannot be read, or is no regular file.
pub fn read(path: &Path) -> Result<Vec<u8>, ImportError> {
    let regular = std::fs::metadata(path).and_then(|metadata| {
        // A pipe never ends, and a device may give anything.
        if metadata.is_file() { Ok(()) } else { Err(io::Error::other(not_regular(&metadata))) }
    });
    regular
        .and_then(|()| std::fs::read(path))
        .map_err(|source| ImportError::Read { file: path.display().to_string(), source })
}

fn not_regular(metadata: &std::fs::Metadata) -> &'static str {
    if metadata.is_dir() { "it is a folder" } else { "it is not a regular file" }
}

/// Writes the file at `path`: all of it or nothing, replacing what was there. A device or a pipe is written to as it is.
///
/// # Errors
/// It cannot be written.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), ImportError> {
    let written = match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => Err(io::Error::other(not_regular(&metadata))),
        Ok(metadata) if !metadata.is_file() => std::fs::write(path, bytes),
        _ => replace(path, bytes),
    };
    written.map_err(|source| ImportError::Write { file: path.display().to_string(), source })
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // A link stays, and what it leads to is replaced.
    let target = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Asked first, because what `tempfile` says of a missing folder names a file that nobody knows.
    folder.metadata()?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".tri-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(&target).map_err(|error| error.error)?;
    Ok(())
}
