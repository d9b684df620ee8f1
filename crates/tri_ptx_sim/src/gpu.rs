//! A device: its memory, and launches.

use crate::block::{Block, Launch};
use crate::error::{Fault, SimError};
use crate::memory::Memory;
use crate::parse::Module;

/// Where global memory begins: small numbers are never addresses.
const FIRST: u64 = 1 << 32;

/// A device with memory of its own.
#[derive(Clone, Debug)]
pub struct Gpu {
    memory: Memory,
}

impl Default for Gpu {
    fn default() -> Gpu {
        Gpu { memory: Memory::new(FIRST) }
    }
}

impl Gpu {
    /// The address of memory that nobody wrote yet.
    pub fn allocate(&mut self, bytes: usize) -> u64 {
        self.memory.allocate(bytes)
    }

    /// Gives an allocation back: nothing is there any more.
    ///
    /// # Errors
    /// There is no allocation that begins there.
    pub fn free(&mut self, address: u64) -> Result<(), Fault> {
        self.memory.free(address)
    }

    /// Bytes from the host.
    ///
    /// # Errors
    /// They do not lie within one allocation.
    pub fn write(&mut self, address: u64, bytes: &[u8]) -> Result<(), Fault> {
        self.memory.host_write(address, bytes)
    }

    /// Bytes for the host.
    ///
    /// # Errors
    /// They do not lie within one allocation.
    pub fn read(&mut self, address: u64, bytes: usize) -> Result<Vec<u8>, Fault> {
        Ok(self.memory.host(address, bytes)?.to_vec())
    }

    /// Runs a kernel of a module: `blocks` of `threads`, with an argument of 64 bits for each parameter. It may write to the allocations
    /// that `writable` has an address of.
    ///
    /// # Errors
    /// There is no such kernel, or a thread does what it must not do.
    pub fn launch(
        &mut self,
        module: &Module,
        kernel: &str,
        [blocks, threads]: [u32; 2],
        arguments: &[u64],
        writable: &[u64],
    ) -> Result<(), SimError> {
        let found = module.kernel(kernel).ok_or_else(|| SimError::NoKernel(kernel.to_owned()))?;
        if found.parameters != arguments.len() {
            let (taken, given) = (found.parameters, arguments.len());
            return Err(SimError::Arguments { kernel: kernel.to_owned(), taken, given });
        }
        let launch = Launch {
            code: &found.code,
            registers: found.registers,
            parameters: arguments,
            shared_bytes: found.shared_bytes,
            blocks,
            threads,
        };
        self.memory.begin(writable);
        for block in 0..blocks {
            Block::new(&launch, block).run(&mut self.memory).map_err(|(thread, at, fault)| {
                let text = found.code.get(at).map(|instruction| instruction.text.clone());
                SimError::Fault {
                    kernel: kernel.to_owned(),
                    block,
                    thread,
                    instruction: text.unwrap_or_default(),
                    fault,
                }
            })?;
        }
        Ok(())
    }
}
