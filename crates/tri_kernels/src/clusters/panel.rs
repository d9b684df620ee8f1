//! Signatures laid out for products with many rows: a lane is a signature, so that its sums need no addition across a vector.
//!
//! Trits are stored plus one, so scores are those of trits plus the same for every signature of a row.

#![expect(
    unsafe_op_in_unsafe_fn,
    reason = "kernels are pointer arithmetic throughout, under the promise of the C ABI"
)]

use std::ops::Range;

use crate::lanes::{FloatLanes, Level, PanelLanes};

/// The most lanes of any level.
pub(super) const MOST_LANES: usize = 16;
/// Rows from which it is worth the while.
const ROWS: i64 = 8;
/// Most memory of a thread.
const MOST_BYTES: usize = 256 << 10;
/// Vectors of signatures that go together.
const VECTORS: usize = 4;

/// Vectors of signatures one after another, each a word of 4 elements a lane after the other; or nothing.
#[derive(Default)]
pub(super) struct Panel {
    bytes: Vec<u8>,
    /// Signatures, with those that fill the last vector.
    lanes: usize,
    /// Words of a signature.
    words: usize,
}

impl Panel {
    pub(super) fn is_empty(&self) -> bool {
        self.lanes == 0
    }

    pub(super) fn lanes(&self) -> usize {
        self.lanes
    }

    /// Lays out `count` signatures from `base` on if that pays for so many rows.
    #[inline(always)]
    pub(super) unsafe fn lay_out<L: Level>(
        &mut self,
        base: *const i8,
        count: usize,
        width: usize,
        rows: i64,
    ) {
        let (lanes, side) = (L::Panels::LANES, 4 * L::Panels::LANES);
        (self.lanes, self.words) = (0, width.div_ceil(4));
        let vectors = count.div_ceil(lanes);
        let bytes = vectors * self.words * side;
        if count < lanes || rows < ROWS || bytes > MOST_BYTES {
            return;
        }
        self.lanes = vectors * lanes;
        // What lies behind a square that is not full is written too, and then written over.
        self.bytes.resize(bytes + side * lanes, 0);
        for vector in 0..vectors {
            let used = lanes.min(count - vector * lanes);
            let base = base.add(vector * lanes * width).cast::<u8>();
            for at in (0..width).step_by(side) {
                let length = side.min(width - at);
                let to = self.bytes.as_mut_ptr().add((vector * self.words + at / 4) * side);
                turn::<L>(base.add(at), width, [used, length], to);
            }
        }
    }

    /// `scores[row * lanes + signature]`; digits behind a row's width are 0. There is room for all rows.
    #[inline(always)]
    pub(super) unsafe fn score<L: Level, const ROWS: usize>(
        &self,
        rows: [*const i8; ROWS],
        scores: &mut [i32],
    ) {
        let mut vector = 0;
        let vectors = self.lanes / L::Panels::LANES;
        while vector < vectors {
            if vectors - vector >= VECTORS {
                self.vectors::<L, ROWS, VECTORS>(rows, vector, scores);
                vector += VECTORS;
            } else {
                self.vectors::<L, ROWS, 1>(rows, vector, scores);
                vector += 1;
            }
        }
    }

    #[inline(always)]
    unsafe fn vectors<L: Level, const ROWS: usize, const V: usize>(
        &self,
        rows: [*const i8; ROWS],
        vector: usize,
        scores: &mut [i32],
    ) {
        let base = self.bytes.as_ptr().add(vector * self.words * 4 * L::Panels::LANES);
        let mut sums = [[L::Panels::zero(); V]; ROWS];
        if L::Panels::CODE_TERMS == usize::MAX {
            self.add::<L, ROWS, V>(rows, base, 0..self.words, &mut sums);
        } else {
            for word in (0..self.words).step_by(L::Panels::CODE_TERMS) {
                let end = self.words.min(word + L::Panels::CODE_TERMS);
                let mut few = [[L::Panels::zero(); V]; ROWS];
                self.add::<L, ROWS, V>(rows, base, word..end, &mut few);
                for (sums, few) in sums.iter_mut().zip(few) {
                    for (sum, few) in sums.iter_mut().zip(few) {
                        *sum = sum.add(few.widen());
                    }
                }
            }
        }
        let scores = scores.as_mut_ptr().add(vector * L::Panels::LANES);
        for (row, sums) in sums.into_iter().enumerate() {
            for (at, sum) in sums.into_iter().enumerate() {
                sum.store(scores.add(row * self.lanes + at * L::Panels::LANES).cast());
            }
        }
    }

    /// Adds products over as many words as a lane of any level holds.
    #[inline(always)]
    unsafe fn add<L: Level, const ROWS: usize, const V: usize>(
        &self,
        rows: [*const i8; ROWS],
        base: *const u8,
        words: Range<usize>,
        sums: &mut [[L::Panels; V]; ROWS],
    ) {
        let bytes = 4 * L::Panels::LANES;
        for word in words {
            let mut codes = [L::Panels::zero(); V];
            for (at, codes) in codes.iter_mut().enumerate() {
                *codes = L::Panels::load(base.add((at * self.words + word) * bytes));
            }
            for (row, sums) in rows.into_iter().zip(sums.iter_mut()) {
                let digits = L::Panels::splat(row.add(4 * word).cast());
                for (codes, sum) in codes.iter().zip(sums) {
                    *sum = codes.add_products::<true>(digits, *sum);
                }
            }
        }
    }
}

/// Turns over `length` elements of `used` signatures and adds one to each.
#[inline(always)]
unsafe fn turn<L: Level>(from: *const u8, width: usize, [used, length]: [usize; 2], to: *mut u8) {
    let (lanes, side) = (L::Panels::LANES, 4 * L::Panels::LANES);
    let mut copy = [0u8; 4 * MOST_LANES * MOST_LANES];
    let (mut from, mut apart) = (from, width);
    if used < lanes || length < side {
        for signature in 0..used {
            let place = copy.as_mut_ptr().add(signature * side);
            place.copy_from_nonoverlapping(from.add(signature * width), length);
        }
        (from, apart) = (copy.as_ptr(), side);
    }
    L::Floats::transpose(from.cast(), apart as isize, to.cast(), lanes, 0);
    for word in 0..length.div_ceil(4) {
        let to = to.add(word * side);
        L::Panels::load(to).trit_codes().store(to);
    }
}
