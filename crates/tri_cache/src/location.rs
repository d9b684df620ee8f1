//! Where a cache lies by the platform's convention.

use std::env;
use std::path::PathBuf;

/// The folder of this user's cache: `$XDG_CACHE_HOME/triton` or `~/.cache/triton`, on macOS `~/Library/Caches/triton`, on Windows
/// `%LOCALAPPDATA%\triton\cache`. None where the environment names no home.
pub fn default_folder() -> Option<PathBuf> {
    let folder = |variable: &str| env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    if cfg!(windows) {
        return Some(folder("LOCALAPPDATA")?.join("triton").join("cache"));
    }
    if cfg!(target_os = "macos") {
        return Some(folder("HOME")?.join("Library/Caches/triton"));
    }
    let caches = folder("XDG_CACHE_HOME").or_else(|| Some(folder("HOME")?.join(".cache")))?;
    Some(caches.join("triton"))
}
