//! Contractions of floats with trits in `t2`.
//!
//! A word of a column is 16 trits in the order of k. Words of as many columns as a vector has lanes are turned so that each column has a
//! lane; then a trit of each is a shift and a look-up in a table of four numbers: -1, 0 and 1 in a panel, and for one row minus the
//! row's element, 0 and the element, which go straight to the sums.

#![expect(
    unsafe_op_in_unsafe_fn,
    reason = "kernels are pointer arithmetic throughout, under the promise of the C ABI"
)]

use crate::GemmArgs;
use crate::element::Element;
use crate::float::{Columns, MOST_LANES, Output, PACKED_LENGTH, Panel, Rows, left_block, multiply, term};
use crate::float_gemm::{Strided, output};
use crate::lanes::{FloatLanes, Level};
use crate::limits::prefetch;
use crate::scratch::Scratch;

/// Trits in a word.
const WORD: usize = 16;
/// Vectors of columns that one row goes by together.
const VECTORS: usize = 4;

/// Column j is the bytes from `j * stride`.
struct PackedTrits {
    base: *const u8,
    stride: isize,
}

/// Words of as many columns as there are lanes, each column in a lane.
type Square = [f32; MOST_LANES * MOST_LANES];

impl PackedTrits {
    /// Turns the words of `used` columns that hold `length` elements from `k` on, at most as many words as there are lanes. `ahead` is how many
    /// bytes further to ask for what will be read soon.
    #[inline(always)]
    unsafe fn turn<L: Level>(
        &self,
        (column, used): (usize, usize),
        (k, length): (usize, usize),
        ahead: isize,
        to: &mut Square,
    ) {
        let lanes = L::Floats::LANES;
        let from = self.base.wrapping_offset(column as isize * self.stride).wrapping_add(k / 4);
        if used == lanes && length == WORD * lanes {
            for column in 0..lanes {
                prefetch(from.wrapping_offset(column as isize * self.stride + ahead));
            }
            return L::Floats::transpose(from.cast(), self.stride, to.as_mut_ptr(), lanes, 0);
        }
        // The last bytes of a column may end with its memory.
        let mut copy = [0u8; 4 * MOST_LANES * MOST_LANES];
        for column in 0..used {
            let to = copy.as_mut_ptr().add(column * 4 * lanes);
            let from = from.wrapping_offset(column as isize * self.stride);
            from.copy_to_nonoverlapping(to, length.div_ceil(4));
        }
        L::Floats::transpose(copy.as_ptr().cast(), 4 * lanes as isize, to.as_mut_ptr(), lanes, 0);
    }
}

impl Columns for PackedTrits {
    #[inline(always)]
    unsafe fn direct(&self, _: usize, _: usize) -> Option<(*const f32, isize)> {
        None
    }

    #[inline(always)]
    unsafe fn pack<L: Level>(&self, panel: &Panel) -> bool {
        let lanes = L::Floats::LANES;
        let ahead = panel.ahead[0] as isize * self.stride;
        let table = L::Floats::trit_table(1.0);
        let mut square = [0f32; MOST_LANES * MOST_LANES];
        for column in (0..panel.used).step_by(lanes) {
            for k in (0..panel.height).step_by(WORD * lanes) {
                let length = (panel.height - k).min(WORD * lanes);
                let columns = (panel.column + column, lanes.min(panel.used - column));
                self.turn::<L>(columns, (panel.k + k, length), ahead, &mut square);
                for from in (0..length).step_by(WORD) {
                    let mut words = L::Floats::load(square.as_ptr().add(from / WORD * lanes));
                    for i in from..length.min(from + WORD) {
                        table.choose(words).store(panel.values.add((k + i) * panel.width + column));
                        words = words.next_trits();
                    }
                }
            }
        }
        false
    }
}

/// `A` by trits in `t2`.
///
/// # Safety
/// `args` says what it must be.
#[inline(always)]
pub(crate) unsafe fn gemm<L: Level, A: Element>(args: &GemmArgs) {
    let a = Strided::<A>::new(args.a, args.a_row as isize, args.a_k as isize);
    let b = PackedTrits { base: args.b, stride: args.b_n as isize };
    let (out, depth) = (output(args), args.k.max(0) as usize);
    if out.rows == 1 && depth > 0 {
        return one_row::<L, _>(&a, &b, &out, depth);
    }
    multiply::<L, { term::COLUMN_TRIT }, _, _>(&a, &b, &out, depth);
}

#[inline(always)]
unsafe fn one_row<L: Level, A: Rows>(a: &A, b: &PackedTrits, out: &Output, depth: usize) {
    let scratch = Scratch::of_thread();
    let lanes = L::Floats::LANES;
    for from in (0..depth).step_by(PACKED_LENGTH) {
        let length = PACKED_LENGTH.min(depth - from);
        let (row, _) = left_block(a, &scratch, 0, 1, from, length);
        for column in (0..out.columns).step_by(VECTORS * lanes) {
            let used = (VECTORS * lanes).min(out.columns - column);
            let mut result = [0f32; VECTORS * MOST_LANES];
            let place = out.base.add(column).cast::<u8>();
            if from > 0 {
                place.copy_to_nonoverlapping(result.as_mut_ptr().cast(), 4 * used);
            }
            add_row::<L>(row, b, (column, used), (from, length), &mut result);
            place.copy_from_nonoverlapping(result.as_ptr().cast(), 4 * used);
        }
    }
}

/// Adds to the results of `used` columns the products of `length` elements from `k` on, the first of which is at `row`.
#[inline(always)]
unsafe fn add_row<L: Level>(
    row: *const f32,
    b: &PackedTrits,
    (column, used): (usize, usize),
    (k, length): (usize, usize),
    result: &mut [f32; VECTORS * MOST_LANES],
) {
    let lanes = L::Floats::LANES;
    let side = WORD * lanes;
    let mut squares = [[0f32; MOST_LANES * MOST_LANES]; VECTORS];
    let mut sums = [L::Floats::splat(0.0); VECTORS];
    for (vector, sum) in sums.iter_mut().enumerate() {
        *sum = L::Floats::load(result.as_ptr().add(vector * lanes));
    }
    for at in (0..length).step_by(side) {
        let terms = side.min(length - at);
        for (vector, square) in squares.iter_mut().enumerate() {
            let first = vector * lanes;
            if first < used {
                let columns = (column + first, lanes.min(used - first));
                b.turn::<L>(columns, (k + at, terms), side as isize / 4, square);
            }
        }
        for from in (0..terms).step_by(WORD) {
            let mut words = [L::Floats::splat(0.0); VECTORS];
            for (words, square) in words.iter_mut().zip(&squares) {
                *words = L::Floats::load(square.as_ptr().add(from / WORD * lanes));
            }
            for i in from..terms.min(from + WORD) {
                let table = L::Floats::trit_table(row.add(at + i).read_unaligned());
                for (words, sum) in words.iter_mut().zip(&mut sums) {
                    *sum = sum.add(table.choose(*words));
                    *words = words.next_trits();
                }
            }
        }
    }
    for (vector, sum) in sums.into_iter().enumerate() {
        sum.store(result.as_mut_ptr().add(vector * lanes));
    }
}
