//! Products with trits in `t2` whose columns are shorter than a vector of bytes: the way back from a few hidden units.
//!
//! A vector of stored bytes holds several columns, so a row is repeated as often. Each column's sum is then in a few adjacent lanes,
//! which are added in pairs until there is one lane a column: results come out as vectors, in order.

#![expect(
    unsafe_op_in_unsafe_fn,
    reason = "kernels are pointer arithmetic throughout, under the promise of the C ABI"
)]

use std::mem::MaybeUninit;

use crate::byte::{Output, SignedRows};
use crate::lanes::{ByteLanes, Level};

/// Codes in a stored byte.
const CODES: usize = 4;
/// Most stored bytes of a short column.
const MOST_BYTES: usize = 32;
/// Rows that share the loads of columns.
const ROWS: usize = 8;
/// The widest vector of any level, in bytes.
const VECTOR: usize = 64;
/// Most vectors of columns that become one of results.
const MOST_PARTS: usize = 8;

/// Whether columns `stride` bytes apart are short, and one follows the other.
#[inline(always)]
pub(crate) fn serves<L: Level>(stride: i64, depth: usize) -> bool {
    let bytes = depth.div_ceil(CODES);
    let parts = bytes / L::Bytes::LANE_BYTES;
    bytes as i64 == stride && bytes.is_multiple_of(L::Bytes::LANE_BYTES) && matches!(parts, 1 | 2 | 4 | 8)
}

/// `out = rows * columns` over `depth` products; columns are side by side from `base`, and those of `out` are adjacent.
///
/// # Safety
/// The operands and `out` are valid for these sizes, `out` overlaps neither, and columns are ones that this [serves].
#[inline(always)]
pub(crate) unsafe fn multiply<L: Level, A: SignedRows>(a: &A, base: *const u8, out: &Output, depth: usize) {
    match depth.div_ceil(CODES) / L::Bytes::LANE_BYTES {
        1 => columns::<L, A, 1>(a, base, out, depth),
        2 => columns::<L, A, 2>(a, base, out, depth),
        4 => columns::<L, A, 4>(a, base, out, depth),
        _ => columns::<L, A, 8>(a, base, out, depth),
    }
}

/// A few rows as vectors of columns meet them; only those at hand are written.
struct Rows {
    planes: [[[u8; VECTOR]; CODES]; ROWS],
    sums: [i32; ROWS],
}

/// All rows by all columns, of `PARTS` lanes each.
#[inline(always)]
unsafe fn columns<L: Level, A: SignedRows, const PARTS: usize>(
    a: &A,
    base: *const u8,
    out: &Output,
    depth: usize,
) {
    // A vector of results takes this many bytes of columns.
    let group = PARTS * L::Bytes::BYTES;
    let lanes = L::Bytes::BYTES / L::Bytes::LANE_BYTES;
    let mut room = MaybeUninit::<Rows>::uninit();
    for first in (0..out.rows).step_by(ROWS) {
        let count = ROWS.min(out.rows - first);
        for row in 0..count {
            let sum = repeat::<L, A, PARTS>(
                a,
                first + row,
                depth,
                (&raw mut (*room.as_mut_ptr()).planes[row]).cast(),
            );
            (&raw mut (*room.as_mut_ptr()).sums[row]).write(sum);
        }
        let rows = room.as_ptr();
        let mut column = 0;
        while column + lanes <= out.columns {
            let from = base.add(column / lanes * group);
            group_by_rows::<L, PARTS>(from, rows, count, |row, sums| {
                L::Bytes::store_sums(sums, out.at(first + row, column));
            });
            column += lanes;
        }
        if column < out.columns {
            let left = out.columns - column;
            let mut end = [0u8; MOST_PARTS * VECTOR];
            let bytes = left * PARTS * L::Bytes::LANE_BYTES;
            end.as_mut_ptr().copy_from_nonoverlapping(base.add(column / lanes * group), bytes);
            group_by_rows::<L, PARTS>(end.as_ptr(), rows, count, |row, sums| {
                let mut lanes = [0i32; VECTOR];
                L::Bytes::store_sums(sums, lanes.as_mut_ptr());
                let to = out.at(first + row, column).cast::<u8>();
                to.copy_from_nonoverlapping(lanes.as_ptr().cast(), 4 * left);
            });
        }
    }
}

/// Writes the row's bytes for each code of a stored byte, repeated for each column of a vector, and gives its sum.
#[inline(always)]
unsafe fn repeat<L: Level, A: SignedRows, const PARTS: usize>(
    a: &A,
    row: usize,
    depth: usize,
    planes: *mut u8,
) -> i32 {
    let bytes = PARTS * L::Bytes::LANE_BYTES;
    let mut linear = [0i8; CODES * MOST_BYTES];
    a.copy(row, 0, depth, linear.as_mut_ptr());
    let sum = linear[..CODES * bytes].iter().map(|x| i32::from(*x)).sum();
    let words = linear.as_ptr().cast::<u32>();
    for plane in 0..CODES {
        let mut part = [0u8; MOST_BYTES];
        for (at, byte) in part[..bytes].iter_mut().enumerate() {
            // Words and shifts rather than bytes at strides: these become vector operations.
            *byte = (u32::from_le(words.add(at).read_unaligned()) >> (8 * plane)) as u8;
        }
        for at in (0..L::Bytes::BYTES).step_by(bytes) {
            planes.add(plane * VECTOR + at).copy_from_nonoverlapping(part.as_ptr(), bytes);
        }
    }
    sum
}

/// The sums of one vector of columns for each row.
#[inline(always)]
unsafe fn group_by_rows<L: Level, const PARTS: usize>(
    from: *const u8,
    rows: *const Rows,
    count: usize,
    mut put: impl FnMut(usize, <L::Bytes as ByteLanes>::Sums),
) {
    let mut codes = [[L::Bytes::load(from); CODES]; PARTS];
    for (part, codes) in codes.iter_mut().enumerate() {
        let stored = L::Bytes::load(from.add(part * L::Bytes::BYTES));
        for (plane, codes) in codes.iter_mut().enumerate() {
            *codes = stored.codes(plane);
        }
    }
    for row in 0..count {
        let mut sums = [L::Bytes::zero(); PARTS];
        for plane in 0..CODES {
            let repeated = L::Bytes::load((&raw const (*rows).planes[row][plane]).cast());
            for (sum, codes) in sums.iter_mut().zip(&codes) {
                *sum = codes[plane].dot::<true>(repeated, *sum);
            }
        }
        let mut left = PARTS;
        while left > 1 {
            left /= 2;
            for at in 0..left {
                sums[at] = L::Bytes::add_pairs(sums[2 * at], sums[2 * at + 1]);
            }
        }
        // Codes are trits plus one.
        put(row, L::Bytes::add_sums(sums[0], L::Bytes::splat_sums((*rows).sums[row].wrapping_neg())));
    }
}
