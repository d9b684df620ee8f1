//! Products of byte matrices with i32 sums.
//!
//! The right operand is stored as unsigned bytes, each value plus a bias, because dot-product instructions take one unsigned and
//! one signed operand: `sum (w + bias) x - bias sum x = sum w x`. Arithmetic is modulo 2^32 throughout, so order does not matter.
//! Rows of the left operand are copied to scratch, padded with zeros, which makes whatever pads the right operand harmless.

#![expect(
    unsafe_op_in_unsafe_fn,
    reason = "kernels are pointer arithmetic throughout, under the promise of the C ABI"
)]

use crate::lanes::{ByteLanes, Level};
use crate::limits::prefetch;
use crate::scratch::Scratch;

/// Length of a block of k: a multiple of every chunk.
pub(crate) const BLOCK: usize = 4096;
/// Rows of the left operand that are packed at once.
const PACKED_ROWS: usize = 32;
/// Columns of a tile.
const COLUMNS: usize = 4;
/// The widest vector of any level.
const MOST_BYTES: usize = 64;

/// The left operand: signed bytes.
///
/// # Safety
/// Indices are within the operand.
pub(crate) trait SignedRows {
    /// Writes `length` elements of `row` from `k` on.
    unsafe fn copy(&self, row: usize, k: usize, length: usize, to: *mut i8);
}

/// The right operand: where the stored bytes of a column are.
///
/// # Safety
/// Indices are within the operand.
pub(crate) trait UnsignedColumns {
    /// Stored value of 0.
    const BIAS: i32;
    /// Elements in a stored byte: 4 two-bit codes, or 1.
    const PER_BYTE: usize;
    /// The stored bytes of `length` elements of `column` from `k` on, a multiple of [`BLOCK`]; `to` is free for them.
    unsafe fn bytes(&self, column: usize, k: usize, length: usize, to: *mut u8) -> *const u8;
    /// How far the stored bytes of a column are from those of the column `columns` on; 0 where they are copied.
    fn distance(&self, columns: usize) -> isize;
}

/// The result, at any strides.
pub(crate) struct Output {
    pub(crate) base: *mut i32,
    pub(crate) row_stride: isize,
    pub(crate) column_stride: isize,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
}

impl Output {
    #[inline(always)]
    pub(crate) unsafe fn at(&self, row: usize, column: usize) -> *mut i32 {
        self.base.offset(row as isize * self.row_stride + column as isize * self.column_stride)
    }
}

/// `out = rows * columns` over `depth` products.
///
/// # Safety
/// The operands and `out` are valid for these sizes, and `out` overlaps neither.
#[inline(always)]
pub(crate) unsafe fn multiply<L: Level, A: SignedRows, B: UnsignedColumns>(
    a: &A,
    b: &B,
    out: &Output,
    depth: usize,
) {
    if depth == 0 {
        for row in 0..out.rows {
            for column in 0..out.columns {
                out.at(row, column).write_unaligned(0);
            }
        }
        return;
    }
    let scratch = Scratch::of_thread();
    let mut sums = [0i32; PACKED_ROWS];
    for row in (0..out.rows).step_by(PACKED_ROWS) {
        let rows = PACKED_ROWS.min(out.rows - row);
        for k in (0..depth).step_by(BLOCK) {
            let length = BLOCK.min(depth - k);
            for (i, sum) in sums.iter_mut().enumerate().take(rows) {
                let to = scratch.left.add(i * BLOCK);
                *sum = copy_row::<L, A>(a, row + i, k, length, B::PER_BYTE, to, scratch.mask);
            }
            let block = Block {
                left: scratch.left,
                sums: &sums,
                row,
                rows,
                length: length.div_ceil(B::PER_BYTE),
                first: k == 0,
                ahead: b.distance(COLUMNS),
            };
            let mut column = 0;
            while column < out.columns {
                let to = scratch.right;
                if out.columns - column >= COLUMNS {
                    let mut columns = [to.cast_const(); COLUMNS];
                    for (j, bytes) in columns.iter_mut().enumerate() {
                        *bytes = b.bytes(column + j, k, length, to.add(j * BLOCK));
                    }
                    block.columns::<L, B, COLUMNS>(columns, out, column);
                    column += COLUMNS;
                } else {
                    block.columns::<L, B, 1>([b.bytes(column, k, length, to)], out, column);
                    column += 1;
                }
            }
        }
    }
}

/// Copies a row and gives its sum. With codes, elements 0, 4, 8... of a chunk lie before 1, 5, 9... and so on, as a vector of
/// bytes gives up its codes.
#[inline(always)]
pub(crate) unsafe fn copy_row<L: Level, A: SignedRows>(
    a: &A,
    row: usize,
    k: usize,
    length: usize,
    per_byte: usize,
    to: *mut u8,
    staging: *mut u8,
) -> i32 {
    let chunk = per_byte * L::Bytes::BYTES;
    let padded = length.next_multiple_of(chunk);
    let linear = if per_byte == 1 { to } else { staging };
    a.copy(row, k, length, linear.cast());
    linear.add(length).write_bytes(0, padded - length);
    let ones = L::Bytes::load([1u8; MOST_BYTES].as_ptr());
    let mut sums = L::Bytes::zero();
    for start in (0..padded).step_by(L::Bytes::BYTES) {
        sums = ones.dot::<true>(L::Bytes::load(linear.add(start)), sums);
    }
    if per_byte > 1 {
        for start in (0..padded).step_by(chunk) {
            L::Bytes::split(linear.add(start), to.add(start));
        }
    }
    L::Bytes::total(sums)
}

/// Packed rows over one block of k.
struct Block<'a> {
    left: *const u8,
    sums: &'a [i32; PACKED_ROWS],
    row: usize,
    rows: usize,
    /// In stored bytes of the right operand.
    length: usize,
    first: bool,
    /// From a column to one that is read soon.
    ahead: isize,
}

impl Block<'_> {
    /// All rows by a few columns.
    #[inline(always)]
    unsafe fn columns<L: Level, B: UnsignedColumns, const N: usize>(
        &self,
        columns: [*const u8; N],
        out: &Output,
        column: usize,
    ) {
        // The last bytes of a column may end with its memory: they are read from a copy.
        let whole = self.length / L::Bytes::BYTES * L::Bytes::BYTES;
        let mut ends = [[0u8; MOST_BYTES]; N];
        for (bytes, end) in columns.iter().zip(&mut ends) {
            bytes.add(whole).copy_to_nonoverlapping(end.as_mut_ptr(), self.length - whole);
        }
        let mut row = 0;
        while row < self.rows {
            let left = self.rows - row;
            row += if L::BYTE_ROWS >= 4 && left >= 4 {
                self.tile::<L, B, 4, N>(row, &columns, &ends, out, column);
                4
            } else if L::BYTE_ROWS >= 2 && left >= 2 {
                self.tile::<L, B, 2, N>(row, &columns, &ends, out, column);
                2
            } else {
                self.tile::<L, B, 1, N>(row, &columns, &ends, out, column);
                1
            };
        }
    }

    #[inline(always)]
    unsafe fn tile<L: Level, B: UnsignedColumns, const M: usize, const N: usize>(
        &self,
        row: usize,
        columns: &[*const u8; N],
        ends: &[[u8; MOST_BYTES]; N],
        out: &Output,
        column: usize,
    ) {
        let left = self.left.add(row * BLOCK);
        let mut sums = [[L::Bytes::zero(); N]; M];
        let chunks = self.length / L::Bytes::BYTES;
        for chunk in 0..chunks {
            let mut stored = [L::Bytes::load(columns[0].add(chunk * L::Bytes::BYTES)); N];
            if row == 0 && B::PER_BYTE > 1 {
                for column in columns {
                    prefetch(column.wrapping_offset(self.ahead).wrapping_add(chunk * L::Bytes::BYTES));
                }
            }
            for j in 1..N {
                stored[j] = L::Bytes::load(columns[j].add(chunk * L::Bytes::BYTES));
            }
            accumulate::<L, B, M, N>(left, chunk, stored, &mut sums);
        }
        if !self.length.is_multiple_of(L::Bytes::BYTES) {
            let mut stored = [L::Bytes::load(ends[0].as_ptr()); N];
            for j in 1..N {
                stored[j] = L::Bytes::load(ends[j].as_ptr());
            }
            accumulate::<L, B, M, N>(left, chunks, stored, &mut sums);
        }
        for (i, sums) in sums.into_iter().enumerate() {
            let surplus = B::BIAS.wrapping_mul(self.sums[row + i]);
            let mut totals = [0; N];
            if let ([a, b, c, d], [e, f, g, h]) = (&sums[..], &mut totals[..]) {
                [*e, *f, *g, *h] = L::Bytes::totals([*a, *b, *c, *d]);
            } else {
                totals = sums.map(|sum| L::Bytes::total(sum));
            }
            for (j, sum) in totals.into_iter().enumerate() {
                let to = out.at(self.row + row + i, column + j);
                let before = if self.first { 0 } else { to.read_unaligned() };
                to.write_unaligned(before.wrapping_add(sum.wrapping_sub(surplus)));
            }
        }
    }
}

/// Adds the products of one vector of stored bytes of each column.
#[inline(always)]
unsafe fn accumulate<L: Level, B: UnsignedColumns, const M: usize, const N: usize>(
    left: *const u8,
    chunk: usize,
    stored: [L::Bytes; N],
    sums: &mut [[<L::Bytes as ByteLanes>::Sums; N]; M],
) {
    for plane in 0..B::PER_BYTE {
        let mut values = stored;
        if B::PER_BYTE > 1 {
            for value in &mut values {
                *value = value.codes(plane);
            }
        }
        for (i, sums) in sums.iter_mut().enumerate() {
            let row = L::Bytes::load(left.add(i * BLOCK + (chunk * B::PER_BYTE + plane) * L::Bytes::BYTES));
            for (value, sum) in values.iter().zip(sums) {
                *sum = if B::PER_BYTE > 1 {
                    value.dot::<true>(row, *sum)
                } else {
                    value.dot::<false>(row, *sum)
                };
            }
        }
    }
}
