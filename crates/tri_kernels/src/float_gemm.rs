//! Contractions of floats with floats or trits, at any strides.

#![expect(
    unsafe_op_in_unsafe_fn,
    reason = "kernels are pointer arithmetic throughout, under the promise of the C ABI"
)]

use std::marker::PhantomData;

use crate::GemmArgs;
use crate::element::Element;
use crate::float::{Columns, Output, Panel, Rows, multiply};
use crate::lanes::Level;

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

/// Elements packed before going to the next column: a cache line of either side stays in use.
const SQUARE: usize = 16;

impl<E: Element> Columns for Strided<E> {
    #[inline(always)]
    unsafe fn direct(&self, k: usize, column: usize) -> Option<(*const f32, isize)> {
        let at = k as isize * self.along + column as isize;
        (E::IS_F32 && self.across == 1).then(|| (self.base.cast::<f32>().wrapping_offset(at), self.along))
    }

    #[inline(always)]
    unsafe fn pack(&self, panel: &Panel) -> bool {
        for top in (0..panel.height).step_by(SQUARE) {
            let height = SQUARE.min(panel.height - top);
            if self.across == 1 {
                for k in top..top + height {
                    for column in 0..panel.used {
                        let value = E::read(
                            self.base,
                            (panel.k + k) as isize * self.along + (panel.column + column) as isize,
                        );
                        panel.values.add(k * panel.width + column).write(value);
                    }
                }
            } else {
                for column in 0..panel.used {
                    for k in top..top + height {
                        let value = self.read(panel.column + column, panel.k + k);
                        panel.values.add(k * panel.width + column).write(value);
                    }
                }
            }
        }
        false
    }
}

/// Trits in `t2`: column j in the bytes from `j * stride`.
struct PackedTrits {
    base: *const u8,
    stride: isize,
}

impl Columns for PackedTrits {
    #[inline(always)]
    unsafe fn direct(&self, _: usize, _: usize) -> Option<(*const f32, isize)> {
        None
    }

    #[inline(always)]
    unsafe fn pack(&self, panel: &Panel) -> bool {
        for column in 0..panel.used {
            let bytes = self.base.offset((panel.column + column) as isize * self.stride);
            for k in 0..panel.height {
                let byte = bytes.add((panel.k + k) / 4).read();
                let code = byte >> (2 * ((panel.k + k) % 4)) & 3;
                panel.values.add(k * panel.width + column).write(f32::from(code) - 1.0);
            }
        }
        false
    }
}

#[inline(always)]
fn output(args: &GemmArgs) -> Output {
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

/// `A` by trits in `t2`.
///
/// # Safety
/// `args` says what it must be.
#[inline(always)]
pub(crate) unsafe fn packed_trit_gemm<L: Level, const TERM: u8, A: Element>(args: &GemmArgs) {
    let a = Strided::<A>::new(args.a, args.a_row as isize, args.a_k as isize);
    let b = PackedTrits { base: args.b, stride: args.b_n as isize };
    multiply::<L, TERM, _, _>(&a, &b, &output(args), args.k.max(0) as usize);
}
