//! Memory that generated code works on: aligned to 64 bytes, zero when fresh, reused when sizes repeat.

use crate::RuntimeError;

#[repr(C, align(64))]
#[derive(Clone, Copy, Debug)]
struct Line([u8; 64]);

/// Aligned bytes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Buffer {
    lines: Vec<Line>,
    length: usize,
}

impl Buffer {
    /// Zero bytes.
    ///
    /// # Errors
    /// The machine has not so much memory.
    pub(crate) fn zeroed(length: usize) -> Result<Buffer, RuntimeError> {
        let mut buffer = Buffer::default();
        buffer.resize(length)?;
        Ok(buffer)
    }

    /// A copy of bytes.
    ///
    /// # Errors
    /// The machine has not so much memory.
    pub(crate) fn copy_of(bytes: &[u8]) -> Result<Buffer, RuntimeError> {
        let mut buffer = Buffer::zeroed(bytes.len())?;
        buffer.as_mut_slice().copy_from_slice(bytes);
        Ok(buffer)
    }

    /// Another length. Memory is taken only if the buffer was never as large; what is in it is not defined.
    ///
    /// # Errors
    /// The machine has not so much memory.
    pub(crate) fn resize(&mut self, length: usize) -> Result<(), RuntimeError> {
        let lines = length.div_ceil(64);
        if lines > self.lines.len() {
            self.lines
                .try_reserve_exact(lines - self.lines.len())
                .map_err(|_| RuntimeError::OutOfMemory { bytes: length })?;
            self.lines.resize(lines, Line([0; 64]));
        }
        self.length = length;
        Ok(())
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        let all = self.lines.as_flattened_bytes();
        &all[..self.length]
    }

    pub(crate) fn as_mut_slice(&mut self) -> &mut [u8] {
        let length = self.length;
        &mut self.lines.as_flattened_bytes_mut()[..length]
    }

    /// Where it begins; valid for its length, also when that is 0.
    pub(crate) fn as_mut_ptr(&mut self) -> *mut u8 {
        self.lines.as_mut_ptr().cast()
    }

    pub(crate) fn as_ptr(&self) -> *const u8 {
        self.lines.as_ptr().cast()
    }
}

/// Lines as plain bytes.
trait FlattenedBytes {
    fn as_flattened_bytes(&self) -> &[u8];
    fn as_flattened_bytes_mut(&mut self) -> &mut [u8];
}

#[expect(unsafe_code, reason = "a line is 64 bytes without padding")]
impl FlattenedBytes for [Line] {
    fn as_flattened_bytes(&self) -> &[u8] {
        // SAFETY: a `Line` is `repr(C)` around 64 bytes, so `len * 64` bytes are initialised from its address on.
        unsafe { std::slice::from_raw_parts(self.as_ptr().cast(), self.len() * 64) }
    }

    fn as_flattened_bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as above; every byte pattern is a valid `Line`, and the borrow is exclusive.
        unsafe { std::slice::from_raw_parts_mut(self.as_mut_ptr().cast(), self.len() * 64) }
    }
}
