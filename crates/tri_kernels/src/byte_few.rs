//! A few rows of bytes by trits in `t2` in long columns.
//!
//! Squares of stored columns are turned over, so that a lane holds a column: sums then need no addition across a vector. A square is used
//! by all rows at once and made again for the next few: for more rows, panels that are laid out once are faster.

#![expect(
    unsafe_op_in_unsafe_fn,
    reason = "kernels are pointer arithmetic throughout, under the promise of the C ABI"
)]

use std::mem::MaybeUninit;

use crate::byte::SignedRows;
use crate::byte_panel::{MOST_BYTES, pack_codes};
use crate::byte_sums::Sums;
use crate::lanes::{FloatLanes, Level, PanelLanes};
use crate::limits::prefetch;
use crate::scratch::{REGION_BYTES, Scratch};

/// Most rows at once, of any level.
const ROWS: usize = 8;
/// Codes in a stored byte.
const CODES: usize = 4;
/// Elements of k in a word of a column.
const WORD: usize = 16;
/// Bytes that memory is read in.
const LINE: usize = 64;
/// Bytes of columns that are asked for at once.
const SMALL: isize = 8 << 10;
/// Vectors of columns that go together.
const VECTORS: usize = 2;

/// Words of columns, turned over; of the widest vectors.
type Square = [f32; MOST_BYTES * MOST_BYTES / 16];

/// Whether a few rows of that many elements have room.
#[inline(always)]
pub(crate) fn serves(depth: usize) -> bool {
    depth.next_multiple_of(MOST_BYTES) <= REGION_BYTES / ROWS
}

/// Trits in `t2`: column j in the bytes from `j * stride`.
pub(crate) struct Columns {
    pub(crate) base: *const u8,
    pub(crate) stride: isize,
    pub(crate) count: usize,
}

/// `sums = rows * columns` over `depth` products.
///
/// # Safety
/// The operands and `sums` are valid for these sizes, `sums` overlaps neither, and this [serves] the depth.
#[inline(always)]
pub(crate) unsafe fn multiply<L: Level, A: SignedRows, S: Sums>(
    a: &A,
    columns: &Columns,
    sums: &S,
    rows: usize,
    depth: usize,
) {
    if columns.count as isize * columns.stride <= SMALL {
        // Columns of which there are few are over before a CPU sees where they lead.
        for line in (0..columns.count * columns.stride.unsigned_abs()).step_by(LINE) {
            prefetch(columns.base.wrapping_add(line));
        }
    }
    let scratch = Scratch::of_thread();
    let pitch = depth.next_multiple_of(MOST_BYTES);
    let mut row = 0;
    while row < rows {
        let count = ROWS.min(rows - row).min(L::PANEL_ROWS);
        let mut surplus = [0i32; ROWS];
        for (i, surplus) in surplus.iter_mut().enumerate().take(count) {
            let to = scratch.left.add(i * pitch);
            *surplus = pack_codes::<L, A>(a, (row + i, 0, depth), to, scratch.mask).wrapping_neg();
        }
        let few = Few { left: scratch.left, pitch, surplus, row, bytes: depth.div_ceil(CODES) };
        match count {
            8 => few.columns::<L, S, 8>(columns, sums),
            7 => few.columns::<L, S, 7>(columns, sums),
            6 => few.columns::<L, S, 6>(columns, sums),
            5 => few.columns::<L, S, 5>(columns, sums),
            4 => few.columns::<L, S, 4>(columns, sums),
            3 => few.columns::<L, S, 3>(columns, sums),
            2 => few.columns::<L, S, 2>(columns, sums),
            _ => few.columns::<L, S, 1>(columns, sums),
        }
        row += count;
    }
}

/// Packed rows.
struct Few {
    left: *const u8,
    pitch: usize,
    /// What each sum is too large by, negated.
    surplus: [i32; ROWS],
    row: usize,
    /// Stored bytes of a column.
    bytes: usize,
}

impl Few {
    #[inline(always)]
    unsafe fn columns<L: Level, S: Sums, const N: usize>(&self, columns: &Columns, sums: &S) {
        let lanes = L::Panels::LANES;
        let mut column = 0;
        while column < columns.count {
            let left = columns.count - column;
            if left > lanes {
                self.tile::<L, S, N, VECTORS>(columns, column, sums);
                column += VECTORS * lanes;
            } else {
                self.tile::<L, S, N, 1>(columns, column, sums);
                column += lanes;
            }
        }
    }

    /// All rows by a few vectors of columns, the last of which need not be full.
    #[inline(always)]
    unsafe fn tile<L: Level, S: Sums, const N: usize, const V: usize>(
        &self,
        columns: &Columns,
        column: usize,
        sums: &S,
    ) {
        let (lanes, side) = (L::Panels::LANES, 4 * L::Panels::LANES);
        let used = |vector: usize| lanes.min(columns.count - column - vector * lanes);
        let mut totals = [[L::Panels::zero(); V]; N];
        // All that is read of it is written before.
        let mut room = MaybeUninit::<[Square; V]>::uninit();
        for at in (0..self.bytes).step_by(side) {
            let length = side.min(self.bytes - at);
            let turned = room.as_mut_ptr().cast::<Square>();
            for vector in 0..V {
                let first = (column + vector * lanes) as isize;
                let from = columns.base.wrapping_offset(first * columns.stride).wrapping_add(at);
                turn::<L>(from, columns.stride, [used(vector), length], turned.add(vector).cast());
            }
            let digits = self.left.add(CODES * at);
            if L::Panels::CODE_TERMS == usize::MAX {
                self.add_square::<L, N, V>(digits, length.div_ceil(4), turned, &mut totals);
                continue;
            }
            let mut few = [[L::Panels::zero(); V]; N];
            self.add_square::<L, N, V>(digits, length.div_ceil(4), turned, &mut few);
            for (total, few) in totals.iter_mut().flatten().zip(few.into_iter().flatten()) {
                *total = total.add(few.widen());
            }
        }
        for (i, totals) in totals.into_iter().enumerate() {
            let surplus = L::Panels::splat((&raw const self.surplus[i]).cast());
            for (vector, total) in totals.into_iter().enumerate() {
                let column = column + vector * lanes;
                sums.put::<L>(self.row + i, column, used(vector), total.add(surplus));
            }
        }
    }

    /// Adds the products of a square: as many terms as a lane of any level holds.
    #[inline(always)]
    unsafe fn add_square<L: Level, const N: usize, const V: usize>(
        &self,
        digits: *const u8,
        words: usize,
        turned: *const Square,
        sums: &mut [[L::Panels; V]; N],
    ) {
        const { assert!(CODES * L::Panels::LANES <= L::Panels::CODE_TERMS, "terms of a square fit a lane") };
        for word in 0..words {
            for plane in 0..CODES {
                let mut codes = [L::Panels::zero(); V];
                for (vector, codes) in codes.iter_mut().enumerate() {
                    let word = turned.add(vector).cast::<f32>().add(word * L::Panels::LANES);
                    *codes = L::Panels::load(word.cast()).codes(plane);
                }
                for (i, sums) in sums.iter_mut().enumerate() {
                    let row = L::Panels::splat(digits.add(i * self.pitch + word * WORD + 4 * plane));
                    for (codes, sum) in codes.iter().zip(sums) {
                        *sum = codes.add_products::<true>(row, *sum);
                    }
                }
            }
        }
    }
}

/// Turns over `length` bytes of `used` columns: lane j of a vector of `to` is a word of column j.
#[inline(always)]
unsafe fn turn<L: Level>(from: *const u8, stride: isize, [used, length]: [usize; 2], to: *mut f32) {
    let (lanes, side) = (L::Panels::LANES, 4 * L::Panels::LANES);
    if used == lanes && length == side {
        return L::Floats::transpose(from.cast(), stride, to, lanes, 0);
    }
    // Columns end with their memory.
    let mut copy = [0u8; MOST_BYTES * MOST_BYTES / 4];
    for column in 0..used {
        let place = copy.as_mut_ptr().add(column * side);
        from.wrapping_offset(column as isize * stride).copy_to_nonoverlapping(place, length);
    }
    L::Floats::transpose(copy.as_ptr().cast(), side as isize, to, lanes, 0);
}
