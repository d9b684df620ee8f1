//! Copies from global to shared memory that go on while the thread does something else. They are made when the thread waits for
//! them, which is as late as they can be: what reads them before has not seen them.

use std::collections::VecDeque;

use crate::error::Fault;

/// Bytes of a copy.
const BYTES: u64 = 16;

/// Bytes that are copied at once.
const WORD: u64 = 4;

/// One copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    to: u64,
    from: u64,
    bytes: u64,
}

impl Piece {
    /// A copy of the first `bytes` of `whole`.
    pub(crate) fn new(to: u64, from: u64, whole: u64, bytes: u64) -> Result<Piece, Fault> {
        for address in [to, from] {
            if whole != BYTES || !address.is_multiple_of(BYTES) {
                return Err(Fault::Misaligned { address, bytes: whole as usize });
            }
        }
        Ok(Piece { to, from, bytes: bytes & 0xffff_ffff })
    }

    /// Where each part comes from, if it is not zeros, and goes to, and its bytes: words as long as all of one is copied.
    pub(crate) fn words(self) -> impl Iterator<Item = (Option<u64>, u64, usize)> {
        let whole = self.bytes.min(BYTES) / WORD * WORD;
        let is_even = self.bytes.is_multiple_of(WORD);
        let rest = if is_even { WORD } else { 1 };
        let starts = (0..whole).step_by(WORD as usize).map(|at| (at, WORD));
        let ends = (whole..BYTES).step_by(rest as usize).map(move |at| (at, rest));
        starts.chain(ends).map(move |(at, bytes)| {
            ((at < self.bytes).then_some(self.from + at), self.to + at, bytes as usize)
        })
    }
}

/// The copies of a thread that are under way.
#[derive(Debug, Default)]
pub(crate) struct Copies {
    groups: VecDeque<Vec<Piece>>,
    open: Vec<Piece>,
}

impl Copies {
    pub(crate) fn begin(&mut self, copy: Piece) {
        self.open.push(copy);
    }

    pub(crate) fn end_group(&mut self) {
        self.groups.push_back(std::mem::take(&mut self.open));
    }

    /// Takes out the copies of all groups but the last `left`, in order.
    pub(crate) fn but(&mut self, left: usize) -> Vec<Piece> {
        let ended = self.groups.len().saturating_sub(left);
        self.groups.drain(..ended).flatten().collect()
    }
}
