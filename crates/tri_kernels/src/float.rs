//! Products of matrices with f32 sums: one chain a result, k ascending, from +0.
//!
//! A tile is a few rows by two vectors (for one row: eight vectors) of columns. Sums of a tile stay in registers for a block of
//! k and continue from the stored result in the next block, which rounds nothing. Columns come from a packed panel,
//! or from memory where they lie right.

#![expect(
    unsafe_op_in_unsafe_fn,
    reason = "kernels are pointer arithmetic throughout, under the promise of the C ABI"
)]

use crate::lanes::{FloatLanes, Level};
use crate::limits::prefetch;
use crate::scratch::{REGION_BYTES, Scratch};

/// What a term does to a sum.
pub(crate) mod term {
    /// `fma(row, column, sum)`.
    pub(crate) const FMA: u8 = 0;
    /// `fma(row, column, sum)` where the mask says so.
    pub(crate) const MASKED_FMA: u8 = 1;
    /// Plus or minus the row's element, or nothing, as the column's trit says. The sum is never -0 (it starts from +0 and
    /// no addition underflows), so adding +0 is nothing.
    pub(crate) const COLUMN_TRIT: u8 = 2;
    /// Plus or minus the column's element, or nothing, as the row's trit says.
    pub(crate) const ROW_TRIT: u8 = 3;
}

/// Length of a block of k.
const BLOCK: usize = 256;
/// Length of a block of k for one row: a cache line of f32.
const SHORT_BLOCK: usize = 16;
/// Elements along k by which columns of one row's product are asked for before they are packed.
const AHEAD: usize = 256;
/// Elements of one packed row that fill a region.
pub(crate) const PACKED_LENGTH: usize = REGION_BYTES / 4;
/// Most rows that are read where they lie.
const DIRECT_ROWS: usize = 8;
/// The widest vector of any level.
pub(crate) const MOST_LANES: usize = 16;
/// Rows whose packed elements fill a region.
const PACKED_ROWS: usize = REGION_BYTES / (4 * BLOCK);
/// Most columns of a panel: eight vectors.
pub(crate) const WIDEST: usize = 8 * MOST_LANES;

/// The left operand.
///
/// # Safety
/// Indices are within the operand.
pub(crate) trait Rows {
    /// Where rows of f32 lie with adjacent k: the first element and the distance of rows.
    unsafe fn direct(&self) -> Option<(*const f32, isize)>;
    unsafe fn at(&self, row: usize, k: usize) -> f32;
}

/// The right operand.
///
/// # Safety
/// Indices are within the operand.
pub(crate) trait Columns {
    /// Where columns are adjacent f32: element (k, column) and the distance of k.
    unsafe fn direct(&self, k: usize, column: usize) -> Option<(*const f32, isize)>;
    /// Writes `panel.height` rows of `panel.width` elements, those from `panel.used` on being any number, and the mask
    /// likewise. Returns whether the mask leaves out any element; if not, it need not be written.
    unsafe fn pack<L: Level>(&self, panel: &Panel) -> bool;
}

/// A panel to fill.
pub(crate) struct Panel {
    pub(crate) k: usize,
    pub(crate) height: usize,
    pub(crate) column: usize,
    pub(crate) used: usize,
    pub(crate) width: usize,
    pub(crate) values: *mut f32,
    pub(crate) mask: *mut u32,
    /// How many columns and how far along k to ask for what will be packed soon.
    pub(crate) ahead: [usize; 2],
}

/// The result: `rows` by `columns`, rows `stride` apart, columns adjacent.
pub(crate) struct Output {
    pub(crate) base: *mut f32,
    pub(crate) stride: isize,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
}

/// `out = rows * columns` over `depth` terms.
///
/// # Safety
/// The operands and `out` are valid for these sizes, and `out` overlaps neither.
#[inline(always)]
pub(crate) unsafe fn multiply<L: Level, const TERM: u8, A: Rows, B: Columns>(
    a: &A,
    b: &B,
    out: &Output,
    depth: usize,
) {
    if depth == 0 {
        for row in 0..out.rows {
            for column in 0..out.columns {
                out.base.offset(row as isize * out.stride).add(column).write_unaligned(0.0);
            }
        }
    } else if out.rows == 1 && b.direct(0, 0).is_some() {
        // Every column before the next few k: memory is read in order.
        in_blocks::<L, TERM, 8, A, B>(a, b, out, depth, SHORT_BLOCK);
    } else if out.rows == 1 {
        one_row::<L, TERM, A, B>(a, b, out, depth);
    } else {
        in_blocks::<L, TERM, 2, A, B>(a, b, out, depth, BLOCK);
    }
}

/// One row by columns along k. A panel is packed for a few k at a time and used once, while its bytes are in the first cache.
#[inline(always)]
unsafe fn one_row<L: Level, const TERM: u8, A: Rows, B: Columns>(a: &A, b: &B, out: &Output, depth: usize) {
    const VECTORS: usize = 1;
    let scratch = Scratch::of_thread();
    let width = VECTORS * L::Floats::LANES;
    for from in (0..depth).step_by(PACKED_LENGTH) {
        let length = PACKED_LENGTH.min(depth - from);
        let (left, _) = left_block(a, &scratch, 0, 1, from, length);
        for column in (0..out.columns).step_by(width) {
            let used = width.min(out.columns - column);
            let mut sums = [[0f32; MOST_LANES]; VECTORS];
            let sums = sums.as_mut_ptr().cast::<f32>();
            let result = out.base.add(column).cast::<u8>();
            if from > 0 {
                result.copy_to_nonoverlapping(sums.cast(), 4 * used);
            }
            for k in (0..length).step_by(SHORT_BLOCK) {
                let height = SHORT_BLOCK.min(length - k);
                let panel = Panel {
                    k: from + k,
                    height,
                    column,
                    used,
                    width,
                    values: scratch.right.cast(),
                    mask: scratch.mask.cast(),
                    ahead: [0, AHEAD],
                };
                let masked = b.pack::<L>(&panel);
                let block = Block {
                    left: (left.add(k), 0),
                    right: (panel.values.cast_const(), width as isize),
                    mask: panel.mask.cast_const().cast(),
                    height,
                    out: sums,
                    stride: 0,
                    first: false,
                };
                if TERM == term::MASKED_FMA && !masked {
                    block.full_tile::<L, { term::FMA }, 1, VECTORS>();
                } else {
                    block.full_tile::<L, TERM, 1, VECTORS>();
                }
            }
            result.copy_from_nonoverlapping(sums.cast_const().cast(), 4 * used);
        }
    }
}

#[inline(always)]
unsafe fn in_blocks<L: Level, const TERM: u8, const VECTORS: usize, A: Rows, B: Columns>(
    a: &A,
    b: &B,
    out: &Output,
    depth: usize,
    most: usize,
) {
    let scratch = Scratch::of_thread();
    let width = VECTORS * L::Floats::LANES;
    for row in (0..out.rows).step_by(PACKED_ROWS) {
        let rows = PACKED_ROWS.min(out.rows - row);
        for k in (0..depth).step_by(most) {
            let height = most.min(depth - k);
            let left = left_block(a, &scratch, row, rows, k, height);
            for column in (0..out.columns).step_by(width) {
                let used = width.min(out.columns - column);
                let mut block = Block {
                    left,
                    right: (scratch.right.cast_const().cast(), width as isize),
                    mask: scratch.mask.cast_const().cast(),
                    height,
                    out: out.base.offset(row as isize * out.stride).add(column),
                    stride: out.stride,
                    first: k == 0,
                };
                let direct = if used == width && rows <= L::FLOAT_ROWS { b.direct(k, column) } else { None };
                let masked = match direct {
                    Some(place) => {
                        block.right = place;
                        false
                    }
                    None => b.pack::<L>(&Panel {
                        k,
                        height,
                        column,
                        used,
                        width,
                        values: scratch.right.cast(),
                        mask: scratch.mask.cast(),
                        ahead: [width, 0],
                    }),
                };
                if TERM == term::MASKED_FMA && !masked {
                    block.rows::<L, { term::FMA }, VECTORS>(rows, used);
                } else {
                    block.rows::<L, TERM, VECTORS>(rows, used);
                }
            }
        }
    }
}

/// Rows `row..row + rows` at `k..k + height`: in place, or packed.
#[inline(always)]
pub(crate) unsafe fn left_block<A: Rows>(
    a: &A,
    scratch: &Scratch,
    row: usize,
    rows: usize,
    k: usize,
    height: usize,
) -> (*const f32, isize) {
    let packed = scratch.left.cast::<f32>();
    if let Some((base, stride)) = a.direct() {
        let first = base.offset(row as isize * stride).add(k);
        if rows <= DIRECT_ROWS {
            return (first, stride);
        }
        // Rows that are far apart may share the few lines of a cache that their addresses choose.
        for i in 0..rows {
            let from = first.offset(i as isize * stride).cast::<u8>();
            from.copy_to_nonoverlapping(packed.add(i * height).cast(), 4 * height);
        }
        return (packed, height as isize);
    }
    for i in 0..rows {
        for j in 0..height {
            packed.add(i * height + j).write(a.at(row + i, k + j));
        }
    }
    (packed, height as isize)
}

/// Rows of results over one panel and one block of k.
#[derive(Clone, Copy)]
struct Block {
    left: (*const f32, isize),
    right: (*const f32, isize),
    mask: *const f32,
    height: usize,
    out: *mut f32,
    stride: isize,
    first: bool,
}

impl Block {
    /// All rows, in tiles of the largest size that fits.
    #[inline(always)]
    unsafe fn rows<L: Level, const TERM: u8, const VECTORS: usize>(mut self, rows: usize, used: usize) {
        let mut left = rows;
        while left > 0 {
            let done = if VECTORS == 2 && L::FLOAT_ROWS >= 8 && left >= 8 {
                self.tile::<L, TERM, 8, VECTORS>(used);
                8
            } else if VECTORS == 2 && L::FLOAT_ROWS >= 4 && left >= 4 {
                self.tile::<L, TERM, 4, VECTORS>(used);
                4
            } else if VECTORS == 2 && left >= 2 {
                self.tile::<L, TERM, 2, VECTORS>(used);
                2
            } else {
                self.tile::<L, TERM, 1, VECTORS>(used);
                1
            };
            self.left.0 = self.left.0.offset(done as isize * self.left.1);
            self.out = self.out.offset(done as isize * self.stride);
            left -= done;
        }
    }

    /// `ROWS` rows; a panel that is not full goes through a full tile beside the result.
    #[inline(always)]
    unsafe fn tile<L: Level, const TERM: u8, const ROWS: usize, const VECTORS: usize>(self, used: usize) {
        let width = VECTORS * L::Floats::LANES;
        if used == width {
            return self.full_tile::<L, TERM, ROWS, VECTORS>();
        }
        let mut tile = [[0f32; WIDEST]; ROWS];
        for (row, tile) in tile.iter_mut().enumerate() {
            let out = self.out.offset(row as isize * self.stride);
            if !self.first {
                out.cast::<u8>().copy_to_nonoverlapping(tile.as_mut_ptr().cast(), 4 * used);
            }
        }
        let beside = Block { out: tile.as_mut_ptr().cast(), stride: WIDEST as isize, ..self };
        beside.full_tile::<L, TERM, ROWS, VECTORS>();
        for (row, tile) in tile.iter().enumerate() {
            let out = self.out.offset(row as isize * self.stride);
            out.cast::<u8>().copy_from_nonoverlapping(tile.as_ptr().cast(), 4 * used);
        }
    }

    #[inline(always)]
    unsafe fn full_tile<L: Level, const TERM: u8, const ROWS: usize, const VECTORS: usize>(self) {
        let lanes = L::Floats::LANES;
        for row in ROWS..2 * ROWS {
            let next = self.out.wrapping_offset(row as isize * self.stride);
            prefetch(next.cast());
            prefetch(next.wrapping_add(VECTORS * lanes - 1).cast());
        }
        let mut sums = [[L::Floats::splat(0.0); VECTORS]; ROWS];
        if !self.first {
            for (row, sums) in sums.iter_mut().enumerate() {
                for (vector, sum) in sums.iter_mut().enumerate() {
                    *sum = L::Floats::load(self.out.offset(row as isize * self.stride).add(vector * lanes));
                }
            }
        }
        for k in 0..self.height {
            let right = self.right.0.offset(k as isize * self.right.1);
            let mut columns = [L::Floats::splat(0.0); VECTORS];
            let mut mask = columns;
            for vector in 0..VECTORS {
                columns[vector] = L::Floats::load(right.add(vector * lanes));
                if TERM == term::MASKED_FMA {
                    mask[vector] = L::Floats::load(self.mask.add((k * VECTORS + vector) * lanes));
                }
            }
            for (row, sums) in sums.iter_mut().enumerate() {
                let value = self.left.0.offset(row as isize * self.left.1).add(k).read_unaligned();
                let value = L::Floats::splat(value);
                for vector in 0..VECTORS {
                    let (sum, column) = (sums[vector], columns[vector]);
                    sums[vector] = match TERM {
                        term::FMA => value.fma(column, sum),
                        term::MASKED_FMA => value.fma(column, sum).where_mask(mask[vector], sum),
                        term::COLUMN_TRIT => value.add_trit(column, sum),
                        _ => column.add_trit(value, sum),
                    };
                }
            }
        }
        for (row, sums) in sums.iter().enumerate() {
            for (vector, sum) in sums.iter().enumerate() {
                sum.store(self.out.offset(row as isize * self.stride).add(vector * lanes));
            }
        }
    }
}
