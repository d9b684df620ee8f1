//! A thread's memory for packed operands: allocated on the thread's first call of a kernel, kept for the next.

use std::cell::Cell;

/// Bytes of each region.
pub(crate) const REGION_BYTES: usize = 256 << 10;
const ALIGNMENT: usize = 64;

thread_local! {
    static MEMORY: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Three regions of [`REGION_BYTES`], 64-byte aligned, with anything in them. The thread gets them back on drop.
///
/// A guard rather than a closure, so that kernels stay one function compiled for one CPU level.
pub(crate) struct Scratch {
    memory: Vec<u8>,
    /// Rows of the left operand.
    pub(crate) left: *mut u8,
    /// A panel of the right operand.
    pub(crate) right: *mut u8,
    /// Which elements of the panel take part.
    pub(crate) mask: *mut u8,
}

impl Scratch {
    pub(crate) fn of_thread() -> Scratch {
        let mut memory = MEMORY.take();
        memory.resize(3 * REGION_BYTES + ALIGNMENT, 0);
        let base = memory.as_mut_ptr();
        let left = base.wrapping_add(base.align_offset(ALIGNMENT));
        let (right, mask) = (left.wrapping_add(REGION_BYTES), left.wrapping_add(2 * REGION_BYTES));
        Scratch { memory, left, right, mask }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        MEMORY.set(std::mem::take(&mut self.memory));
    }
}
