//! Puts the driver where programs look for theirs.

use std::io;
use std::path::{Path, PathBuf};

/// Name by which programs open the driver.
const DRIVER: &str = "libcuda.so";

/// The shared library of this crate, which cargo builds beside the test binary that depends on it.
///
/// # Errors
/// It is not there.
pub fn library() -> io::Result<PathBuf> {
    let program = std::env::current_exe()?;
    let folder = program.parent().unwrap_or(Path::new("."));
    let name = format!("{}tri_cuda_sim{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let places = [folder.join(&name), folder.join("deps").join(&name)];
    let found = places.iter().find(|place| place.is_file());
    found
        .cloned()
        .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, format!("{} is missing", places[0].display())))
}

/// Puts the library into a folder under the name of the driver. A process with that folder in `LD_LIBRARY_PATH` takes it for the driver.
///
/// # Errors
/// The library is not there, or the system refuses.
pub fn install(folder: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(library()?, folder.join(DRIVER))
}
