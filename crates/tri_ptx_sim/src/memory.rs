//! Memory: allocations apart from each other, and who touched which byte since the launch began.
//!
//! Two accesses of one byte, one of them a write, must be ordered. Within a block a barrier orders them, which the threads' vector clocks
//! tell (Flanagan and Freund, FastTrack, PLDI 2009); threads of different blocks are never ordered.

use crate::error::Fault;

/// A thread at a moment: its block, its number in the block, and how many barriers it has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) block: u32,
    pub(crate) thread: u32,
    pub(crate) clock: u32,
}

/// Who accesses memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Visitor<'c> {
    pub(crate) now: Moment,
    /// For each thread of the block, up to which moment what it did came before.
    pub(crate) clocks: &'c [u32],
}

impl Visitor<'_> {
    fn comes_after(&self, moment: Moment) -> bool {
        let same = moment.block == self.now.block;
        same && (moment.thread == self.now.thread
            || self.clocks.get(moment.thread as usize).is_some_and(|clock| moment.clock < *clock))
    }
}

/// What happened to a byte since the launch began.
#[derive(Clone, Debug, Default)]
struct Visits {
    write: Option<Moment>,
    reads: Vec<Moment>,
}

/// An allocation.
#[derive(Clone, Debug)]
struct Allocation {
    address: u64,
    bytes: Vec<u8>,
    /// Whether a byte has a value.
    written: Vec<bool>,
    /// Empty as long as kernels may only read it.
    visits: Vec<Visits>,
}

/// Memory of one kind.
#[derive(Clone, Debug)]
pub(crate) struct Memory {
    /// Ascending by address.
    allocations: Vec<Allocation>,
    next: u64,
}

/// Bytes between allocations: a little beyond one is not within another.
const GAP: u64 = 1 << 16;

impl Memory {
    /// None, from `first` on.
    pub(crate) fn new(first: u64) -> Memory {
        Memory { allocations: Vec::new(), next: first }
    }

    /// Memory without value, at a multiple of 256.
    pub(crate) fn allocate(&mut self, bytes: usize) -> u64 {
        let address = self.next;
        self.next = (address + bytes as u64 + GAP).next_multiple_of(256);
        let (bytes, written) = (vec![0; bytes], vec![false; bytes]);
        self.allocations.push(Allocation { address, bytes, written, visits: Vec::new() });
        address
    }

    /// Takes memory back.
    pub(crate) fn free(&mut self, address: u64) -> Result<(), Fault> {
        let known = self.allocations.binary_search_by_key(&address, |allocation| allocation.address);
        let at = known.map_err(|_| Fault::OutOfBounds { address, bytes: 0 })?;
        self.allocations.remove(at);
        Ok(())
    }

    /// Forgets who was where; allocations in which `writable` has an address may be written until this is called again.
    pub(crate) fn begin(&mut self, writable: &[u64]) {
        for allocation in &mut self.allocations {
            allocation.visits.clear();
            let all = allocation.address..allocation.address + allocation.bytes.len() as u64;
            if writable.iter().any(|address| all.contains(address)) {
                allocation.visits.resize(allocation.bytes.len(), Visits::default());
            }
        }
    }

    fn find(&mut self, address: u64, bytes: usize) -> Result<(&mut Allocation, usize), Fault> {
        let outside = Fault::OutOfBounds { address, bytes };
        let after = self.allocations.partition_point(|allocation| allocation.address <= address);
        let allocation =
            after.checked_sub(1).and_then(|at| self.allocations.get_mut(at)).ok_or(outside.clone())?;
        let offset = (address - allocation.address) as usize;
        let inside = offset.checked_add(bytes).is_some_and(|end| end <= allocation.bytes.len());
        if inside { Ok((allocation, offset)) } else { Err(outside) }
    }

    /// What the host sees.
    pub(crate) fn host(&mut self, address: u64, bytes: usize) -> Result<&[u8], Fault> {
        let (allocation, offset) = self.find(address, bytes)?;
        Ok(&allocation.bytes[offset..offset + bytes])
    }

    /// Writes from the host.
    pub(crate) fn host_write(&mut self, address: u64, values: &[u8]) -> Result<(), Fault> {
        let (allocation, offset) = self.find(address, values.len())?;
        allocation.bytes[offset..offset + values.len()].copy_from_slice(values);
        allocation.written[offset..offset + values.len()].fill(true);
        Ok(())
    }

    /// A value of up to 8 bytes.
    pub(crate) fn load(&mut self, visitor: Visitor<'_>, address: u64, bytes: usize) -> Result<u64, Fault> {
        aligned(address, bytes)?;
        let (allocation, offset) = self.find(address, bytes)?;
        let mut value = [0; 8];
        for (byte, value) in value.iter_mut().enumerate().take(bytes) {
            let (at, address) = (offset + byte, address + byte as u64);
            if !allocation.written[at] {
                return Err(Fault::Unwritten { address });
            }
            *value = allocation.bytes[at];
            if let Some(visits) = allocation.visits.get_mut(at) {
                visits.read(visitor, address)?;
            }
        }
        Ok(u64::from_le_bytes(value))
    }

    /// Stores the low `bytes` of a value.
    pub(crate) fn store(
        &mut self,
        visitor: Visitor<'_>,
        address: u64,
        bytes: usize,
        value: u64,
    ) -> Result<(), Fault> {
        aligned(address, bytes)?;
        let (allocation, offset) = self.find(address, bytes)?;
        for (byte, value) in value.to_le_bytes().into_iter().take(bytes).enumerate() {
            let (at, address) = (offset + byte, address + byte as u64);
            allocation.visits.get_mut(at).ok_or(Fault::ReadOnly { address })?.write(visitor, address)?;
            allocation.bytes[at] = value;
            allocation.written[at] = true;
        }
        Ok(())
    }

    /// Replaces a value by another if it is as expected; gives what was there. Such accesses are in some order without a barrier.
    pub(crate) fn swap(
        &mut self,
        address: u64,
        bytes: usize,
        expected: u64,
        value: u64,
    ) -> Result<u64, Fault> {
        aligned(address, bytes)?;
        let (allocation, offset) = self.find(address, bytes)?;
        if allocation.visits.is_empty() {
            return Err(Fault::ReadOnly { address });
        }
        let mut before = [0; 8];
        before[..bytes].copy_from_slice(&allocation.bytes[offset..offset + bytes]);
        let before = u64::from_le_bytes(before);
        if before == expected {
            allocation.bytes[offset..offset + bytes].copy_from_slice(&value.to_le_bytes()[..bytes]);
        }
        Ok(before)
    }
}

fn aligned(address: u64, bytes: usize) -> Result<(), Fault> {
    if address.is_multiple_of(bytes as u64) { Ok(()) } else { Err(Fault::Misaligned { address, bytes }) }
}

fn race(address: u64, other: Moment) -> Fault {
    Fault::Race { address, other_block: other.block, other: other.thread }
}

impl Visits {
    fn read(&mut self, visitor: Visitor<'_>, address: u64) -> Result<(), Fault> {
        if let Some(write) = self.write.filter(|write| !visitor.comes_after(*write)) {
            return Err(race(address, write));
        }
        // Of those that came before, this one speaks for all.
        self.reads.retain(|read| !visitor.comes_after(*read));
        // Reads of two blocks are enough to make every write a race.
        if self.reads.len() < 2 || self.reads.iter().all(|read| read.block == visitor.now.block) {
            self.reads.push(visitor.now);
        }
        Ok(())
    }

    fn write(&mut self, visitor: Visitor<'_>, address: u64) -> Result<(), Fault> {
        let other = self.write.iter().chain(&self.reads).find(|moment| !visitor.comes_after(**moment));
        if let Some(other) = other {
            return Err(race(address, *other));
        }
        self.reads.clear();
        self.write = Some(visitor.now);
        Ok(())
    }
}
