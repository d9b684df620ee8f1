//! Products of byte matrices with many rows: columns are laid out once a panel, two vectors wide, and met by all rows.
//!
//! A lane of a panel holds one column at a few k, so sums of adjacent columns lie in adjacent lanes and need no sum across a vector. As in
//! [`byte`](crate::byte), columns are unsigned bytes with a bias where the level multiplies these exactly; else they are widened to 16 bits.
//! The order of k in a panel is whatever is cheapest to make, and rows are copied in the same order.

#![expect(
    unsafe_op_in_unsafe_fn,
    reason = "kernels are pointer arithmetic throughout, under the promise of the C ABI"
)]

use crate::byte::{Output, SignedRows};
use crate::lanes::{ByteLanes, FloatLanes, Level, PanelLanes};
use crate::limits::prefetch;
use crate::scratch::{REGION_BYTES, Scratch};
use crate::windows::Pieces;

/// Bytes of a row in a block of k.
pub(crate) const ROW_BYTES: usize = 2048;
/// Rows that fill a region.
pub(crate) const PACKED_ROWS: usize = REGION_BYTES / ROW_BYTES;
/// Vectors of columns of a panel.
pub(crate) const VECTORS: usize = 2;
/// Bytes of the widest vector of any level.
pub(crate) const MOST_BYTES: usize = 64;
/// The bias of four bytes, which turns signed ones into unsigned.
const BIAS_OF_FOUR: u32 = 0x8080_8080;
/// Most columns of a panel.
const WIDEST: usize = VECTORS * MOST_BYTES / 4;

/// The right operand.
///
/// # Safety
/// Indices are within the operand.
pub(crate) trait PanelColumns {
    /// Whether values are codes of two bits, each a value plus 1. Else they are bytes.
    const CODES: bool;
    /// Writes a vector of columns at all steps of k; `columns.used` of its lanes are columns, what the others hold is free, and so is what
    /// lies behind `columns.length` elements of k. With codes a vector is four steps: field p of bytes 0 to 3 of 16 elements of k.
    unsafe fn fill<L: Level>(&self, columns: &PanelVector);
}

/// A vector of columns to fill.
pub(crate) struct PanelVector {
    pub(crate) k: usize,
    pub(crate) length: usize,
    pub(crate) column: usize,
    pub(crate) used: usize,
    /// Where its first step goes.
    pub(crate) to: *mut u8,
}

impl PanelVector {
    /// Where a step goes.
    #[inline(always)]
    pub(crate) fn step<L: Level>(&self, step: usize) -> *mut u8 {
        self.to.wrapping_add(step * VECTORS * 4 * L::Panels::LANES)
    }

    /// Writes four bytes of each column, which are one step, or two where they are widened.
    #[inline(always)]
    pub(crate) unsafe fn put_bytes<L: Level>(&self, four: usize, bytes: L::Panels) {
        if L::Panels::WIDENS {
            bytes.halves(false).store(self.step::<L>(2 * four));
            bytes.halves(true).store(self.step::<L>(2 * four + 1));
        } else {
            bytes.biased().store(self.step::<L>(four));
        }
    }
}

/// Elements of k in a lane.
#[inline(always)]
pub(crate) const fn per_lane<L: Level>(codes: bool) -> usize {
    if codes || !L::Panels::WIDENS { 4 } else { 2 }
}

/// `out = rows * columns` over `depth` products; columns of `out` are adjacent.
///
/// # Safety
/// The operands and `out` are valid for these sizes, and `out` overlaps neither.
#[inline(always)]
pub(crate) unsafe fn multiply<L: Level, A: SignedRows, B: PanelColumns>(
    a: &A,
    b: &B,
    out: &Output,
    depth: usize,
) {
    let scratch = Scratch::of_thread();
    let block = ROW_BYTES / 4 * per_lane::<L>(B::CODES);
    let width = VECTORS * L::Panels::LANES;
    let mut surplus = [0i32; PACKED_ROWS];
    for row in (0..out.rows).step_by(PACKED_ROWS) {
        let rows = PACKED_ROWS.min(out.rows - row);
        // Without terms one empty block writes zeros.
        for k in (0..depth.max(1)).step_by(block) {
            let length = block.min(depth - k);
            for (i, surplus) in surplus.iter_mut().enumerate().take(rows) {
                let to = scratch.left.add(i * ROW_BYTES);
                let sum = copy_row::<L, A, B>(a, (row + i, k, length), to, scratch.mask);
                *surplus = bias::<L, B>().wrapping_mul(sum);
            }
            for column in (0..out.columns).step_by(width) {
                let used = width.min(out.columns - column);
                for first in (0..used).step_by(L::Panels::LANES) {
                    b.fill::<L>(&PanelVector {
                        k,
                        length,
                        column: column + first,
                        used: L::Panels::LANES.min(used - first),
                        to: scratch.right.add(4 * first),
                    });
                }
                let block = Block {
                    left: scratch.left,
                    surplus: &surplus,
                    right: scratch.right,
                    steps: length.next_multiple_of(16) / per_lane::<L>(B::CODES),
                    out: out.at(row, column),
                    stride: out.row_stride,
                    used,
                    first: k == 0,
                    pieces: None,
                };
                block.rows::<L, B>(rows);
            }
        }
    }
}

/// Stored value of 0.
#[inline(always)]
pub(crate) const fn bias<L: Level, B: PanelColumns>() -> i32 {
    if B::CODES {
        1
    } else if L::Panels::WIDENS {
        0
    } else {
        128
    }
}

/// Copies a row in a panel's order of k and gives its sum. Up to a multiple of 16 elements, zeros follow.
#[inline(always)]
pub(crate) unsafe fn copy_row<L: Level, A: SignedRows, B: PanelColumns>(
    a: &A,
    (row, k, length): (usize, usize, usize),
    to: *mut u8,
    staging: *mut u8,
) -> i32 {
    if B::CODES {
        return pack_codes::<L, A>(a, (row, k, length), to, staging);
    }
    if !L::Panels::WIDENS {
        return stage::<L, A>(a, (row, k, length), to);
    }
    let sum = stage::<L, A>(a, (row, k, length), staging);
    for start in (0..length.next_multiple_of(16)).step_by(4 * L::Panels::LANES) {
        let vector = L::Panels::load(staging.add(start));
        // Lanes of both halves take turns.
        let mut halves = [[0u32; MOST_BYTES / 4]; 2];
        vector.halves(false).store(halves[0].as_mut_ptr().cast());
        vector.halves(true).store(halves[1].as_mut_ptr().cast());
        let [even, odd] = halves;
        for (lane, pair) in even.into_iter().zip(odd).enumerate().take(L::Panels::LANES) {
            let to = to.add(2 * start + 8 * lane).cast::<[u32; 2]>();
            to.write_unaligned(pair.into());
        }
    }
    sum
}

/// Copies a row for panels of codes: of each 16 elements, 0, 4, 8 and 12, then 1, 5, 9 and 13, and so on; gives its sum. Zeros follow up to a
/// multiple of the widest vector.
#[inline(always)]
pub(crate) unsafe fn pack_codes<L: Level, A: SignedRows>(
    a: &A,
    (row, k, length): (usize, usize, usize),
    to: *mut u8,
    staging: *mut u8,
) -> i32 {
    let sum = stage::<L, A>(a, (row, k, length), staging);
    for start in (0..length.next_multiple_of(16)).step_by(4 * L::Panels::LANES) {
        L::Panels::load(staging.add(start)).fours().store(to.add(start));
    }
    sum
}

/// Copies a row as it is, with zeros up to a multiple of the widest vector, and gives its sum.
#[inline(always)]
unsafe fn stage<L: Level, A: SignedRows>(a: &A, (row, k, length): (usize, usize, usize), to: *mut u8) -> i32 {
    a.copy(row, k, length, to.cast());
    to.add(length).write_bytes(0, length.next_multiple_of(MOST_BYTES) - length);
    let ones = L::Bytes::load([1u8; MOST_BYTES].as_ptr());
    let mut sums = L::Bytes::zero();
    for start in (0..length).step_by(L::Bytes::BYTES) {
        sums = ones.dot::<true>(L::Bytes::load(to.add(start)), sums);
    }
    L::Bytes::total(sums)
}

/// Packed rows by one panel.
pub(crate) struct Block<'a> {
    pub(crate) left: *const u8,
    pub(crate) surplus: &'a [i32; PACKED_ROWS],
    pub(crate) right: *const u8,
    pub(crate) steps: usize,
    pub(crate) out: *mut i32,
    pub(crate) stride: isize,
    pub(crate) used: usize,
    pub(crate) first: bool,
    /// Where sums go from `out` on, if they are not adjacent.
    pub(crate) pieces: Option<&'a Pieces<VECTORS>>,
}

impl Block<'_> {
    #[inline(always)]
    pub(crate) unsafe fn rows<L: Level, B: PanelColumns>(&self, rows: usize) {
        let mut row = 0;
        while row < rows {
            let left = rows - row;
            row += if L::PANEL_ROWS >= 8 && left >= 8 {
                self.tile::<L, B, 8>(row);
                8
            } else if L::PANEL_ROWS == 6 && left >= 6 {
                self.tile::<L, B, 6>(row);
                6
            } else if L::PANEL_ROWS >= 4 && left >= 4 {
                self.tile::<L, B, 4>(row);
                4
            } else if L::PANEL_ROWS >= 2 && left >= 2 {
                self.tile::<L, B, 2>(row);
                2
            } else {
                self.tile::<L, B, 1>(row);
                1
            };
        }
    }

    #[inline(always)]
    unsafe fn tile<L: Level, B: PanelColumns, const ROWS: usize>(&self, row: usize) {
        for i in 0..ROWS {
            prefetch(self.at(row + i).cast());
            prefetch(self.at(row + i).wrapping_add(16).cast());
        }
        let mut sums = [[L::Panels::zero(); VECTORS]; ROWS];
        if B::CODES && L::Panels::CODE_TERMS < self.steps {
            let mut step = 0;
            while step < self.steps {
                let end = self.steps.min(step + L::Panels::CODE_TERMS);
                let mut few = [[L::Panels::zero(); VECTORS]; ROWS];
                self.add_steps::<L, B, ROWS>(row, step, end, &mut few);
                for (sums, few) in sums.iter_mut().zip(few) {
                    for (sum, few) in sums.iter_mut().zip(few) {
                        *sum = sum.add(few.widen());
                    }
                }
                step = end;
            }
        } else {
            self.add_steps::<L, B, ROWS>(row, 0, self.steps, &mut sums);
            if B::CODES {
                for sums in &mut sums {
                    for sum in sums {
                        *sum = sum.widen();
                    }
                }
            }
        }
        self.write::<L, ROWS>(row, sums);
    }

    #[inline(always)]
    fn at(&self, row: usize) -> *mut i32 {
        self.out.wrapping_offset(row as isize * self.stride)
    }

    #[inline(always)]
    unsafe fn add_steps<L: Level, B: PanelColumns, const ROWS: usize>(
        &self,
        row: usize,
        from: usize,
        to: usize,
        sums: &mut [[L::Panels; VECTORS]; ROWS],
    ) {
        let bytes = 4 * L::Panels::LANES;
        let left = self.left.add(row * ROW_BYTES);
        for step in from..to {
            let right = self.right.add(step * VECTORS * bytes);
            let mut columns = [L::Panels::zero(); VECTORS];
            for (vector, column) in columns.iter_mut().enumerate() {
                *column = L::Panels::load(right.add(vector * bytes));
            }
            for (i, sums) in sums.iter_mut().enumerate() {
                let row = L::Panels::splat(left.add(i * ROW_BYTES + 4 * step));
                for (column, sum) in columns.iter().zip(sums) {
                    *sum = if B::CODES {
                        column.add_products::<true>(row, *sum)
                    } else {
                        column.add_products::<false>(row, *sum)
                    };
                }
            }
        }
    }

    /// Writes sums of the first block of k, or adds those of a later one.
    #[inline(always)]
    unsafe fn write<L: Level, const ROWS: usize>(&self, row: usize, sums: [[L::Panels; VECTORS]; ROWS]) {
        let lanes = L::Panels::LANES;
        for (i, sums) in sums.into_iter().enumerate() {
            let surplus = self.surplus[row + i].wrapping_neg();
            let surplus = L::Panels::splat((&raw const surplus).cast());
            if let Some(pieces) = self.pieces {
                for (vector, sum) in sums.into_iter().enumerate() {
                    let mut sum = sum.add(surplus);
                    for piece in pieces.of(vector) {
                        let to = self.at(row + i).wrapping_offset(piece.at);
                        if !self.first {
                            sum = sum.add(L::Panels::zero().load_lanes(to, piece.lanes));
                        }
                        sum.store_lanes(to, piece.lanes);
                    }
                }
                continue;
            }
            let to = self.at(row + i).cast::<u8>();
            // A panel that is not full goes through memory beside the result.
            let mut beside = [0i32; WIDEST];
            let place = if self.used == VECTORS * lanes { to } else { beside.as_mut_ptr().cast() };
            if place != to && !self.first {
                to.copy_to_nonoverlapping(place, 4 * self.used);
            }
            for (vector, sum) in sums.into_iter().enumerate() {
                let place = place.add(4 * lanes * vector);
                let sum = sum.add(surplus);
                let sum = if self.first { sum } else { sum.add(L::Panels::load(place)) };
                sum.store(place);
            }
            if place != to {
                place.copy_to_nonoverlapping(to, 4 * self.used);
            }
        }
    }
}

/// Fills a vector from columns along k, square by square: `bytes` of each from `base` on, columns `stride` apart.
#[inline(always)]
pub(crate) unsafe fn turn<L: Level, const CODES: bool>(
    columns: &PanelVector,
    bytes: usize,
    base: *const u8,
    stride: isize,
) {
    let lanes = L::Panels::LANES;
    let side = 4 * lanes;
    let mut copy = [0u8; MOST_BYTES * MOST_BYTES / 4];
    let mut turned = [0f32; MOST_BYTES * MOST_BYTES / 16];
    for at in (0..bytes).step_by(side) {
        let length = side.min(bytes - at);
        let (mut from, mut apart) = (base.wrapping_add(at), stride);
        if length < side || columns.used < lanes {
            for column in 0..columns.used {
                let to = copy.as_mut_ptr().add(column * side);
                from.wrapping_offset(column as isize * stride).copy_to_nonoverlapping(to, length);
            }
            (from, apart) = (copy.as_ptr(), side as isize);
        } else {
            for column in VECTORS * lanes..(VECTORS + 1) * lanes {
                prefetch(from.wrapping_offset(column as isize * stride));
            }
        }
        if !CODES && !L::Panels::WIDENS {
            let to = columns.step::<L>(at / 4).cast();
            L::Floats::transpose(from.cast(), apart, to, VECTORS * lanes, BIAS_OF_FOUR);
            continue;
        }
        L::Floats::transpose(from.cast(), apart, turned.as_mut_ptr(), lanes, 0);
        for word in 0..length.div_ceil(4) {
            let lane = L::Panels::load(turned.as_ptr().add(word * lanes).cast());
            let four = at / 4 + word;
            if CODES {
                for plane in 0..4 {
                    lane.codes(plane).store(columns.step::<L>(4 * four + plane));
                }
            } else {
                columns.put_bytes::<L>(four, lane);
            }
        }
    }
}
