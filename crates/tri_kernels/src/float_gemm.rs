//! Contractions of floats with floats or trits, at any strides.

#![expect(
    unsafe_op_in_unsafe_fn,
    reason = "kernels are pointer arithmetic throughout, under the promise of the C ABI"
)]

use std::marker::PhantomData;

use crate::GemmArgs;
use crate::element::Element;
use crate::float::{Columns, MOST_LANES, Output, Panel, Rows, multiply};
use crate::lanes::{FloatLanes, Level};
use crate::limits::prefetch;

/// An operand at strides of elements; `along` is the distance of k, `across` of rows or columns.
pub(crate) struct Strided<E> {
    base: *const u8,
    across: isize,
    along: isize,
    element: PhantomData<E>,
}

impl<E: Element> Strided<E> {
    #[inline(always)]
    pub(crate) fn new(base: *const u8, across: isize, along: isize) -> Strided<E> {
        Strided { base, across, along, element: PhantomData }
    }

    #[inline(always)]
    unsafe fn read(&self, across: usize, k: usize) -> f32 {
        E::read(self.base, across as isize * self.across + k as isize * self.along)
    }
}

impl<E: Element> Rows for Strided<E> {
    #[inline(always)]
    unsafe fn direct(&self) -> Option<(*const f32, isize)> {
        (E::IS_F32 && self.along == 1).then_some((self.base.cast(), self.across))
    }

    #[inline(always)]
    unsafe fn at(&self, row: usize, k: usize) -> f32 {
        self.read(row, k)
    }
}

impl<E: Element> Columns for Strided<E> {
    #[inline(always)]
    unsafe fn direct(&self, k: usize, column: usize) -> Option<(*const f32, isize)> {
        let at = k as isize * self.along + column as isize;
        (E::IS_F32 && self.across == 1).then(|| (self.base.cast::<f32>().wrapping_offset(at), self.along))
    }

    #[inline(always)]
    unsafe fn pack<L: Level>(&self, panel: &Panel) -> bool {
        if self.across == 1 {
            for k in 0..panel.height {
                for column in 0..panel.used {
                    let at = (panel.k + k) as isize * self.along + (panel.column + column) as isize;
                    panel.values.add(k * panel.width + column).write(E::read(self.base, at));
                }
            }
        } else {
            transpose::<L>(panel, |column, k, length, to| {
                let start = column as isize * self.across + k as isize * self.along;
                // A single column has no distance to the next, and a distance of 0 says that it was copied.
                if E::IS_F32 && self.along == 1 && self.across != 0 {
                    let from = self.base.cast::<f32>().wrapping_offset(start);
                    let [columns, along] = panel.ahead;
                    prefetch(from.wrapping_offset(columns as isize * self.across).wrapping_add(along).cast());
                    return (from, self.across);
                }
                for i in 0..length {
                    to.add(i).write(E::read(self.base, start + i as isize * self.along));
                }
                (to.cast_const(), 0)
            });
        }
        false
    }
}

/// Fills a panel with columns along k, square by square. `read(column, k, length, to)` gives where `length` elements of a column
/// are and how far its neighbour is, or writes them to `to` and gives that and 0.
#[inline(always)]
unsafe fn transpose<L: Level>(
    panel: &Panel,
    read: impl Fn(usize, usize, usize, *mut f32) -> (*const f32, isize),
) {
    let lanes = L::Floats::LANES;
    let mut square = [0f32; MOST_LANES * MOST_LANES];
    for column in (0..panel.used).step_by(lanes) {
        let used = lanes.min(panel.used - column);
        for k in (0..panel.height).step_by(lanes) {
            let length = lanes.min(panel.height - k);
            let mut from = (square.as_ptr(), lanes as isize);
            for i in (0..used).rev() {
                let row = square.as_mut_ptr().add(i * lanes);
                let (at, apart) = read(panel.column + column + i, panel.k + k, length, row);
                if apart != 0 {
                    from = (at, apart);
                }
            }
            let to = panel.values.add(k * panel.width + column);
            if used == lanes && length == lanes {
                L::Floats::transpose(from.0, 4 * from.1, to, panel.width, 0);
                continue;
            }
            for i in 0..used {
                for j in 0..length {
                    let value = from.0.offset(i as isize * from.1).add(j).read_unaligned();
                    to.add(j * panel.width + i).write(value);
                }
            }
        }
    }
}

#[inline(always)]
pub(crate) fn output(args: &GemmArgs) -> Output {
    Output {
        base: args.c.cast(),
        stride: args.c_row as isize,
        rows: args.m.max(0) as usize,
        columns: args.n.max(0) as usize,
    }
}

/// `A` by `B`; `TERM` says what a product is.
///
/// # Safety
/// `args` says what it must be.
#[inline(always)]
pub(crate) unsafe fn gemm<L: Level, const TERM: u8, A: Element, B: Element>(args: &GemmArgs) {
    let a = Strided::<A>::new(args.a, args.a_row as isize, args.a_k as isize);
    let b = Strided::<B>::new(args.b, args.b_n as isize, args.b_k as isize);
    multiply::<L, TERM, _, _>(&a, &b, &output(args), args.k.max(0) as usize);
}
