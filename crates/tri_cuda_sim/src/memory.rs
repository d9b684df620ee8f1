//! Memory of the device, and pinned memory of the host.

use std::collections::BTreeMap;

use tri_ptx_sim::Gpu;

use crate::code::{Code, ILLEGAL_ADDRESS, INVALID_VALUE, OUT_OF_MEMORY, SUCCESS};

/// All memory that the driver gave out.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    pub(crate) gpu: Gpu,
    /// Bytes of each allocation of the device.
    device: BTreeMap<u64, usize>,
    used: u64,
    /// Pinned memory, by its address.
    pinned: BTreeMap<usize, Vec<u64>>,
}

impl Memory {
    /// Memory of the device, unless more than `limit` would be in use.
    pub(crate) fn allocate(&mut self, bytes: usize, limit: u64) -> Result<u64, Code> {
        if bytes == 0 {
            return Err(INVALID_VALUE);
        }
        let used = self.used.saturating_add(bytes as u64);
        if used > limit {
            return Err(OUT_OF_MEMORY);
        }
        self.used = used;
        let address = self.gpu.allocate(bytes);
        self.device.insert(address, bytes);
        Ok(address)
    }

    pub(crate) fn free(&mut self, address: u64) -> Code {
        let Some(bytes) = self.device.remove(&address) else { return INVALID_VALUE };
        self.used -= bytes as u64;
        if self.gpu.free(address).is_ok() { SUCCESS } else { INVALID_VALUE }
    }

    /// Whether an address is in memory that was allocated.
    pub(crate) fn is_device(&self, address: u64) -> bool {
        let before = self.device.range(..=address).next_back();
        before.is_some_and(|(start, bytes)| address - start < *bytes as u64)
    }

    /// Bytes that are not in use.
    pub(crate) fn left(&self, limit: u64) -> u64 {
        limit.saturating_sub(self.used)
    }

    pub(crate) fn pin(&mut self, bytes: usize) -> Result<usize, Code> {
        if bytes == 0 {
            return Err(INVALID_VALUE);
        }
        let mut block = vec![0u64; bytes.div_ceil(8)];
        let address = block.as_mut_ptr().expose_provenance();
        self.pinned.insert(address, block);
        Ok(address)
    }

    pub(crate) fn unpin(&mut self, address: usize) -> Code {
        if self.pinned.remove(&address).is_some() { SUCCESS } else { INVALID_VALUE }
    }

    /// Pinned memory from an address on.
    pub(crate) fn pinned(&self, address: usize, bytes: usize) -> Result<usize, Code> {
        let before = self.pinned.range(..=address).next_back();
        let holds = before.is_some_and(|(start, block)| {
            (address - start).checked_add(bytes).is_some_and(|end| end <= 8 * block.len())
        });
        if holds { Ok(address) } else { Err(INVALID_VALUE) }
    }

    /// Writes to the device.
    pub(crate) fn write(&mut self, address: u64, bytes: &[u8]) -> Result<(), Code> {
        self.gpu.write(address, bytes).map_err(|_| ILLEGAL_ADDRESS)
    }

    /// Reads from the device.
    pub(crate) fn read(&mut self, address: u64, bytes: usize) -> Result<Vec<u8>, Code> {
        self.gpu.read(address, bytes).map_err(|_| ILLEGAL_ADDRESS)
    }
}
