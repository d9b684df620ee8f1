//! Who was at which byte since a launch began, and whether something orders those of whom one wrote. A barrier does within a block, which the
//! threads' vector clocks tell (Flanagan and Freund, FastTrack, PLDI 2009); threads of different blocks are never ordered.
//!
//! Bytes that were always touched together share a cell: words do, until an access that is smaller comes to their page.

use smallvec::SmallVec;

/// Threads of a warp.
pub(crate) const WARP: usize = 32;

/// Who accesses memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Visitor<'c> {
    pub(crate) block: u32,
    /// Its number in the block.
    pub(crate) thread: usize,
    /// How many barriers it has passed.
    pub(crate) clock: u32,
    /// For each thread of the block, up to which moment what it did came before.
    pub(crate) clocks: &'c [u32],
}

/// A thread that was at a byte, and that nothing orders with one that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unordered {
    pub(crate) block: u32,
    pub(crate) thread: u32,
}

/// Lanes of a warp that did the same when they had passed as many barriers.
#[derive(Clone, Copy, Debug)]
struct Access {
    block: u32,
    warp: u32,
    clock: u32,
    /// A bit each.
    lanes: u32,
}

impl Access {
    fn of(visitor: Visitor<'_>) -> Access {
        let Visitor { block, thread, clock, .. } = visitor;
        Access { block, warp: (thread / WARP) as u32, clock, lanes: 1 << (thread % WARP) }
    }

    /// Takes the lane of another access in, if that is one of the same warp at the same time.
    fn takes(&mut self, other: Access) -> bool {
        let same = (self.block, self.warp, self.clock) == (other.block, other.warp, other.clock);
        self.lanes |= if same { other.lanes } else { 0 };
        same
    }

    /// A thread of these that the visitor does not come after.
    fn unordered(&self, visitor: Visitor<'_>) -> Option<Unordered> {
        let mut lanes = self.lanes;
        while lanes != 0 {
            let thread = self.warp as usize * WARP + lanes.trailing_zeros() as usize;
            let is_before = thread == visitor.thread
                || visitor.clocks.get(thread).is_some_and(|clock| self.clock < *clock);
            if self.block != visitor.block || !is_before {
                return Some(Unordered { block: self.block, thread: thread as u32 });
            }
            lanes &= lanes - 1;
        }
        None
    }
}

/// What happened to bytes.
#[derive(Clone, Debug, Default)]
struct Cell {
    write: Option<Access>,
    reads: SmallVec<[Access; 2]>,
}

impl Cell {
    fn read(&mut self, visitor: Visitor<'_>) -> Result<(), Unordered> {
        if let Some(other) = self.write.and_then(|write| write.unordered(visitor)) {
            return Err(other);
        }
        let own = Access::of(visitor);
        if self.reads.iter_mut().any(|read| read.takes(own)) {
            return Ok(());
        }
        // Of those that came before, this one speaks for all.
        self.reads.retain(|read| read.unordered(visitor).is_some());
        // Two warps are enough to make a race of every write until a barrier of the block, which orders all.
        let place = |read: &Access| (read.block, read.warp);
        if self.reads.len() < 2 || self.reads.iter().all(|read| place(read) == place(&own)) {
            self.reads.push(own);
        }
        Ok(())
    }

    fn write(&mut self, visitor: Visitor<'_>) -> Result<(), Unordered> {
        let mut before = self.write.iter().chain(&self.reads);
        if let Some(other) = before.find_map(|access| access.unordered(visitor)) {
            return Err(other);
        }
        self.reads.clear();
        self.write = Some(Access::of(visitor));
        Ok(())
    }
}

/// Bytes of a page.
const PAGE: usize = 1024;

/// Bytes of a cell as long as no access is smaller.
const WORD: usize = 4;

#[derive(Clone, Debug)]
struct Page {
    /// Bytes of a cell.
    each: usize,
    cells: Vec<Cell>,
}

impl Page {
    /// The cells of some bytes.
    fn cells(&mut self, start: usize, bytes: usize) -> &mut [Cell] {
        if bytes < self.each {
            let each = self.each;
            self.cells = self.cells.drain(..).flat_map(|cell| std::iter::repeat_n(cell, each)).collect();
            self.each = 1;
        }
        &mut self.cells[start / self.each..(start + bytes) / self.each]
    }
}

/// What happened to the bytes of an allocation.
#[derive(Clone, Debug)]
pub(crate) struct Visits {
    /// Those that somebody was at.
    pages: Vec<Option<Page>>,
}

impl Visits {
    /// Nothing.
    pub(crate) fn new(bytes: usize) -> Visits {
        Visits { pages: vec![None; bytes.div_ceil(PAGE)] }
    }

    fn cells(&mut self, start: usize, bytes: usize) -> &mut [Cell] {
        let fresh = || Page { each: WORD, cells: vec![Cell::default(); PAGE / WORD] };
        self.pages[start / PAGE].get_or_insert_with(fresh).cells(start % PAGE, bytes)
    }

    /// A read of bytes that lie at a multiple of their number, a power of two.
    ///
    /// # Errors
    /// Somebody wrote one of them, and nothing orders that and the read.
    pub(crate) fn read(&mut self, visitor: Visitor<'_>, start: usize, bytes: usize) -> Result<(), Unordered> {
        self.cells(start, bytes).iter_mut().try_for_each(|cell| cell.read(visitor))
    }

    /// A write of such bytes.
    ///
    /// # Errors
    /// Somebody wrote or read one of them, and nothing orders that and the write.
    pub(crate) fn write(
        &mut self,
        visitor: Visitor<'_>,
        start: usize,
        bytes: usize,
    ) -> Result<(), Unordered> {
        self.cells(start, bytes).iter_mut().try_for_each(|cell| cell.write(visitor))
    }
}
