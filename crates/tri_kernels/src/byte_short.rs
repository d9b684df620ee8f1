//! Products with trits in `t2` whose columns are shorter than a vector of bytes: the way back from a few hidden units.
//!
//! A word of a column is 16 elements of k. Vectors of stored columns are taken apart into one vector for each word, with a column a lane, so
//! that sums need no addition across a vector; and a column's words are met by all rows before the next columns are loaded.

#![expect(
    unsafe_op_in_unsafe_fn,
    reason = "kernels are pointer arithmetic throughout, under the promise of the C ABI"
)]

use std::mem::MaybeUninit;

use crate::byte::SignedRows;
use crate::byte_sums::Sums;
use crate::lanes::{Level, PanelLanes};
use crate::limits::prefetch;

/// Codes in a stored byte, and bytes in a word.
const CODES: usize = 4;
/// Elements of k in a word.
const WORD: usize = 16;
/// Most words of a short column.
const MOST_WORDS: usize = 8;
/// Rows that share the loads of columns.
const ROWS: usize = 8;
/// Bytes that memory is read in.
const LINE: usize = 64;
/// Bytes of columns that are asked for before the first row is at hand.
const SMALL: usize = 4 << 10;
/// The widest vector of any level, in bytes.
const VECTOR: usize = 64;

/// Whether columns `stride` bytes apart are short, and one follows the other.
#[inline(always)]
pub(crate) fn serves(stride: i64, depth: usize) -> bool {
    let bytes = depth.div_ceil(CODES);
    bytes as i64 == stride && bytes.is_multiple_of(4) && matches!(bytes / 4, 1 | 2 | 4 | 8)
}

/// `sums = rows * columns` over `depth` products; columns are side by side from `base`.
///
/// # Safety
/// The operands and `sums` are valid for these sizes, `sums` overlaps neither, and columns are ones that this [serves].
#[inline(always)]
pub(crate) unsafe fn multiply<L: Level, A: SignedRows, S: Sums>(
    a: &A,
    base: *const u8,
    sums: &S,
    size: [usize; 2],
    depth: usize,
) {
    match depth.div_ceil(WORD) {
        1 => columns::<L, A, S, 1>(a, base, sums, size, depth),
        2 => columns::<L, A, S, 2>(a, base, sums, size, depth),
        4 => columns::<L, A, S, 4>(a, base, sums, size, depth),
        _ => columns::<L, A, S, 8>(a, base, sums, size, depth),
    }
}

/// A few rows as words of columns meet them; only those at hand are written.
struct Rows {
    /// For each 16 elements of k, elements 0, 4, 8 and 12, then 1, 5, 9 and 13, and so on.
    digits: [[i8; MOST_WORDS * WORD]; ROWS],
    sums: [i32; ROWS],
}

/// All rows by all columns, of `WORDS` words each.
#[inline(always)]
unsafe fn columns<L: Level, A: SignedRows, S: Sums, const WORDS: usize>(
    a: &A,
    base: *const u8,
    sums: &S,
    [rows, columns]: [usize; 2],
    depth: usize,
) {
    let lanes = L::Panels::LANES;
    let mut room = MaybeUninit::<Rows>::uninit();
    for line in (0..SMALL.min(columns * CODES * WORDS)).step_by(LINE) {
        prefetch(base.wrapping_add(line));
    }
    for first in (0..rows).step_by(ROWS) {
        let count = ROWS.min(rows - first);
        for row in 0..count {
            let to = (&raw mut (*room.as_mut_ptr()).digits[row]).cast();
            let sum = pack::<L, A, WORDS>(a, first + row, depth, to);
            (&raw mut (*room.as_mut_ptr()).sums[row]).write(sum);
        }
        let room = room.as_ptr();
        for column in (0..columns).step_by(lanes) {
            let used = lanes.min(columns - column);
            let from = base.add(column * CODES * WORDS);
            let codes = if used == lanes {
                words::<L, WORDS>(from)
            } else {
                let mut end = [0u8; MOST_WORDS * VECTOR];
                end.as_mut_ptr().copy_from_nonoverlapping(from, used * CODES * WORDS);
                words::<L, WORDS>(end.as_ptr())
            };
            for row in 0..count {
                let digits = (&raw const (*room).digits[row]).cast::<u8>();
                // Two chains of additions, since one would wait for itself.
                let mut few = [L::Panels::zero(); 2];
                for (word, codes) in codes.iter().enumerate() {
                    for (plane, codes) in codes.iter().enumerate() {
                        let digits = L::Panels::splat(digits.add(word * WORD + 4 * plane));
                        few[plane % 2] = codes.add_products::<true>(digits, few[plane % 2]);
                    }
                }
                // Codes are trits plus one.
                let surplus = (*room).sums[row].wrapping_neg();
                let sum =
                    few[0].widen().add(few[1].widen()).add(L::Panels::splat((&raw const surplus).cast()));
                sums.put::<L>(first + row, column, used, sum);
            }
        }
    }
}

/// Writes the row's bytes in the order of words, and gives its sum.
#[inline(always)]
unsafe fn pack<L: Level, A: SignedRows, const WORDS: usize>(
    a: &A,
    row: usize,
    depth: usize,
    to: *mut u8,
) -> i32 {
    let mut linear = [0i8; MOST_WORDS * WORD];
    if depth == WORDS * WORD {
        // Of a known length.
        a.copy(row, 0, WORDS * WORD, linear.as_mut_ptr());
    } else {
        a.copy(row, 0, depth, linear.as_mut_ptr());
    }
    for start in (0..WORDS * WORD).step_by(4 * L::Panels::LANES) {
        L::Panels::load(linear.as_ptr().add(start).cast()).fours().store(to.add(start));
    }
    linear[..WORDS * WORD].iter().map(|x| i32::from(*x)).sum()
}

/// The codes of a vector of columns, by word and place in its bytes.
#[inline(always)]
unsafe fn words<L: Level, const WORDS: usize>(from: *const u8) -> [[L::Panels; CODES]; WORDS] {
    let mut stored = [L::Panels::zero(); WORDS];
    for (at, stored) in stored.iter_mut().enumerate() {
        *stored = L::Panels::load(from.add(at * 4 * L::Panels::LANES));
    }
    // Even words of a pair of vectors, then odd ones; then the same among each of these.
    let mut block = WORDS;
    while block > 1 {
        for stored in stored.chunks_exact_mut(block) {
            let mut apart = [L::Panels::zero(); WORDS];
            for (at, pair) in stored.chunks_exact(2).enumerate() {
                (apart[at], apart[block / 2 + at]) = pair[0].evens_and_odds(pair[1]);
            }
            stored.copy_from_slice(&apart[..block]);
        }
        block /= 2;
    }
    let mut codes = [[L::Panels::zero(); CODES]; WORDS];
    for (at, stored) in stored.into_iter().enumerate() {
        let word = if WORDS == 1 { 0 } else { at.reverse_bits() >> (usize::BITS - WORDS.ilog2()) };
        for (plane, codes) in codes[word].iter_mut().enumerate() {
            *codes = stored.codes(plane);
        }
    }
    codes
}
