//! Compiled artifacts before they are files.

use std::path::Path;

use tri_artifact::{ArtifactWriter, write_bytes};

use crate::DriverError;

/// An artifact that is to be written.
#[derive(Debug)]
pub enum Output {
    /// Its bytes.
    Bytes(Vec<u8>),
    /// Its sections; those of large weights are on disk.
    Sections(Box<ArtifactWriter>),
}

impl Output {
    /// The bytes, in memory.
    ///
    /// # Errors
    /// Too many sections.
    pub fn into_bytes(self) -> Result<Vec<u8>, DriverError> {
        match self {
            Output::Bytes(bytes) => Ok(bytes),
            Output::Sections(writer) => Ok(writer.to_bytes()?),
        }
    }

    /// Writes the file at `path`: all of it or nothing, replacing what was there.
    ///
    /// # Errors
    /// The system refuses; the file that was there is untouched.
    pub fn write(&self, path: &Path) -> Result<(), DriverError> {
        match self {
            Output::Bytes(bytes) => write_bytes(path, bytes)?,
            Output::Sections(writer) => writer.write(path)?,
        }
        Ok(())
    }
}
