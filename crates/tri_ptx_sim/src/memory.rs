//! Memory: allocations apart from each other, which bytes of them have a value, and who was there since the launch began.

use crate::error::Fault;
use crate::visits::{Unordered, Visitor, Visits};

/// An allocation.
#[derive(Clone, Debug)]
struct Allocation {
    address: u64,
    bytes: Vec<u8>,
    /// Whether a byte has a value.
    written: Vec<bool>,
    /// None as long as kernels may only read it.
    visits: Option<Visits>,
}

/// Memory of one kind.
#[derive(Clone, Debug)]
pub(crate) struct Memory {
    /// Ascending by address.
    allocations: Vec<Allocation>,
    /// The one that was found last.
    last: usize,
    next: u64,
}

/// Bytes between allocations: a little beyond one is not within another.
const GAP: u64 = 1 << 16;

impl Memory {
    /// None, from `first` on.
    pub(crate) fn new(first: u64) -> Memory {
        Memory { allocations: Vec::new(), last: 0, next: first }
    }

    /// Memory without value, at a multiple of 256.
    pub(crate) fn allocate(&mut self, bytes: usize) -> u64 {
        let address = self.next;
        self.next = (address + bytes as u64 + GAP).next_multiple_of(256);
        let (bytes, written) = (vec![0; bytes], vec![false; bytes]);
        self.allocations.push(Allocation { address, bytes, written, visits: None });
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
            let bytes = allocation.bytes.len();
            let all = allocation.address..allocation.address + bytes as u64;
            let may_be_written = writable.iter().any(|address| all.contains(address));
            allocation.visits = may_be_written.then(|| Visits::new(bytes));
        }
    }

    fn find(&mut self, address: u64, bytes: usize) -> Result<(&mut Allocation, usize), Fault> {
        let outside = Fault::OutOfBounds { address, bytes };
        let is_there = |allocation: &Allocation| {
            let offset = address.checked_sub(allocation.address).map(|offset| offset as usize);
            offset
                .and_then(|offset| offset.checked_add(bytes))
                .is_some_and(|end| end <= allocation.bytes.len())
        };
        if !self.allocations.get(self.last).is_some_and(is_there) {
            let after = self.allocations.partition_point(|allocation| allocation.address <= address);
            self.last = after.checked_sub(1).ok_or(outside.clone())?;
        }
        let allocation =
            self.allocations.get_mut(self.last).filter(|found| is_there(found)).ok_or(outside)?;
        let offset = (address - allocation.address) as usize;
        Ok((allocation, offset))
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

    /// A value of 1, 2, 4 or 8 bytes.
    pub(crate) fn load(&mut self, visitor: Visitor<'_>, address: u64, bytes: usize) -> Result<u64, Fault> {
        aligned(address, bytes)?;
        let (allocation, offset) = self.find(address, bytes)?;
        let here = offset..offset + bytes;
        if let Some(unwritten) = allocation.written[here.clone()].iter().position(|written| !written) {
            return Err(Fault::Unwritten { address: address + unwritten as u64 });
        }
        if let Some(visits) = &mut allocation.visits {
            visits.read(visitor, offset, bytes).map_err(|other| race(address, other))?;
        }
        Ok(match allocation.bytes[here] {
            [a] => a.into(),
            [a, b] => u16::from_le_bytes([a, b]).into(),
            [a, b, c, d] => u32::from_le_bytes([a, b, c, d]).into(),
            ref all => all.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte)),
        })
    }

    /// Stores the low 1, 2, 4 or 8 `bytes` of a value.
    pub(crate) fn store(
        &mut self,
        visitor: Visitor<'_>,
        address: u64,
        bytes: usize,
        value: u64,
    ) -> Result<(), Fault> {
        aligned(address, bytes)?;
        let (allocation, offset) = self.find(address, bytes)?;
        let visits = allocation.visits.as_mut().ok_or(Fault::ReadOnly { address })?;
        visits.write(visitor, offset, bytes).map_err(|other| race(address, other))?;
        allocation.bytes[offset..offset + bytes].copy_from_slice(&value.to_le_bytes()[..bytes]);
        allocation.written[offset..offset + bytes].fill(true);
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
        if allocation.visits.is_none() {
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

fn race(address: u64, other: Unordered) -> Fault {
    Fault::Race { address, other_block: other.block, other: other.thread }
}
