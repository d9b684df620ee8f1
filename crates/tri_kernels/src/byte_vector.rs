//! One row of bytes by trits in `t2`: a layer for one token, where reading the weights is what takes time.
//!
//! Stored bytes are multiplied as they are, a field of two bits at a time ([`ByteLanes::add_fields`]), so that a vector of them costs
//! one masking and one dot product a field and no shift. Four columns go together and share the loads of the row. They are far from
//! one another, a quarter of the matrix: memory delivers four streams of adjacent columns faster than one.

#![expect(
    unsafe_op_in_unsafe_fn,
    reason = "kernels are pointer arithmetic throughout, under the promise of the C ABI"
)]

use crate::byte::{Output, SignedRows, copy_row};
use crate::lanes::{ByteLanes, Level};
use crate::limits::prefetch;
use crate::scratch::{REGION_BYTES, Scratch};

/// Columns that go together.
const COLUMNS: usize = 4;
/// Least and most bytes by which a column is asked for before it is read, into the second cache: the first has too few requests in
/// flight. Between them a column's own length did best when measured: 1024 for short columns, 2048 for long ones.
const AHEAD: [usize; 2] = [1024, 2048];
/// Codes in a stored byte.
const CODES: usize = 4;
/// Length of a block of k: what fills a region, and a multiple of every chunk.
const BLOCK: usize = REGION_BYTES;
/// The widest vector of any level.
const MOST_BYTES: usize = 64;

/// `out = row * columns` over `depth` products; column j is the bytes from `j * stride` of `base`.
///
/// # Safety
/// The operands and `out` are valid for these sizes, and `out` has one row and overlaps neither.
#[inline(always)]
pub(crate) unsafe fn multiply<L: Level, A: SignedRows>(
    a: &A,
    (base, stride): (*const u8, isize),
    out: &Output,
    depth: usize,
) {
    let scratch = Scratch::of_thread();
    for k in (0..depth).step_by(BLOCK) {
        let length = BLOCK.min(depth - k);
        let surplus = copy_row::<L, A>(a, 0, k, length, CODES, scratch.left, scratch.right);
        let bytes = length.div_ceil(CODES);
        let at = |column: usize| base.wrapping_offset(column as isize * stride).wrapping_add(k / CODES);
        // A column's neighbour may be read with it, since zeros of the row meet what lies there; the last has none.
        let last = at(out.columns.saturating_sub(1)).wrapping_add(bytes);
        let apart = out.columns / COLUMNS;
        for column in 0..apart {
            let first = std::array::from_fn(|j| column + j * apart);
            let sums = columns_by_row::<L>(first.map(at), scratch.left, bytes, last);
            for (column, sum) in first.into_iter().zip(sums) {
                write(out, column, sum.wrapping_sub(surplus), k == 0);
            }
        }
        let rest = COLUMNS * apart..out.columns;
        if !rest.is_empty() {
            let columns = std::array::from_fn(|j| at((rest.start + j).min(rest.end - 1)));
            let sums = columns_by_row::<L>(columns, scratch.left, bytes, last);
            for (column, sum) in rest.zip(sums) {
                write(out, column, sum.wrapping_sub(surplus), k == 0);
            }
        }
    }
}

/// Writes a sum of the first block of k, or adds that of a later one.
#[inline(always)]
unsafe fn write(out: &Output, column: usize, sum: i32, is_first: bool) {
    let to = out.at(0, column);
    let before = if is_first { 0 } else { to.read_unaligned() };
    to.write_unaligned(before.wrapping_add(sum));
}

/// Sums of codes times the row, for a few columns of `bytes` bytes in memory that ends at `last`.
#[inline(always)]
unsafe fn columns_by_row<L: Level>(
    columns: [*const u8; COLUMNS],
    row: *const u8,
    bytes: usize,
    last: *const u8,
) -> [i32; COLUMNS] {
    let width = L::Bytes::BYTES;
    let whole = bytes.next_multiple_of(width);
    let is_followed = |column: &*const u8| (last as isize).wrapping_sub(*column as isize) >= whole as isize;
    let chunks = if columns.iter().all(is_followed) { whole } else { bytes } / width;
    let ahead = bytes.clamp(AHEAD[0], AHEAD[1]);
    let mut sums = [L::Bytes::zero(); COLUMNS];
    let mut chunk = 0;
    while chunk < chunks {
        let end = chunks.min(chunk + L::Bytes::FIELD_TERMS);
        let mut fields = [L::Bytes::no_fields(); COLUMNS];
        while chunk < end {
            let planes = row.add(chunk * CODES * width);
            for (column, fields) in columns.iter().zip(&mut fields) {
                let stored = column.add(chunk * width);
                prefetch(stored.wrapping_add(ahead));
                *fields = L::Bytes::load(stored).add_fields(planes, *fields);
            }
            chunk += 1;
        }
        for (sum, fields) in sums.iter_mut().zip(fields) {
            *sum = L::Bytes::add_sums(*sum, L::Bytes::sum_fields(fields));
        }
    }
    if chunks * width < bytes {
        // The last bytes of a column may end with its memory: they are read from a copy.
        let planes = row.add(chunks * CODES * width);
        for (column, sum) in columns.iter().zip(&mut sums) {
            let mut end = [0u8; MOST_BYTES];
            column.add(chunks * width).copy_to_nonoverlapping(end.as_mut_ptr(), bytes - chunks * width);
            let fields = L::Bytes::load(end.as_ptr()).add_fields(planes, L::Bytes::no_fields());
            *sum = L::Bytes::add_sums(*sum, L::Bytes::sum_fields(fields));
        }
    }
    L::Bytes::totals(sums)
}
