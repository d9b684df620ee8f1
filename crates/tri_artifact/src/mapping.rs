//! Files in memory without being copied there: mapped to read, and mapped to be written.

#![expect(unsafe_code, reason = "mapping a file is unsafe: another process may change it")]

use std::fs::File;
use std::io;
use std::ops::Deref;
use std::path::Path;

use memmap2::{Mmap, MmapMut};

/// The bytes of a file, mapped to read. The file must not be changed while they live; replacing it is no change.
#[derive(Debug)]
pub struct MappedFile(Option<Mmap>);

impl MappedFile {
    /// Maps all of a file.
    ///
    /// # Errors
    /// The system refuses.
    pub fn of(file: &File) -> io::Result<MappedFile> {
        if file.metadata()?.len() == 0 {
            return Ok(MappedFile(None));
        }
        // SAFETY: the mapping is private and read only, and this function's contract excludes changes by others.
        Ok(MappedFile(Some(unsafe { Mmap::map(file) }?)))
    }
}

impl Deref for MappedFile {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.0.as_deref().unwrap_or_default()
    }
}

/// Bytes in a file without a name, which the system may move to disk at any time.
#[derive(Debug)]
pub(crate) struct Scratch(MmapMut);

impl Scratch {
    /// Zero bytes on the disk of `folder`; `length` is not 0.
    pub(crate) fn zeroed(folder: &Path, length: u64) -> io::Result<Scratch> {
        let file = tempfile::tempfile_in(folder)?;
        reserve(&file, length)?;
        // SAFETY: the file has no name, so nobody else can change it.
        Ok(Scratch(unsafe { MmapMut::map_mut(&file) }?))
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn as_mut_slice(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

/// Gives a file its length and its room on disk: what is written to a mapping without room would end the process.
fn reserve(mut file: &File, length: u64) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    match rustix::fs::fallocate(file, rustix::fs::FallocateFlags::empty(), 0, length) {
        Err(rustix::io::Errno::OPNOTSUPP) => {}
        reserved => return Ok(reserved?),
    }
    io::copy(&mut io::Read::take(io::repeat(0), length), &mut file).map(drop)
}
