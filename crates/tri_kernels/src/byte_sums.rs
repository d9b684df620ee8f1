//! Where sums of a vector of columns go as soon as they are made: as they are, or scaled to f32.

#![expect(
    unsafe_op_in_unsafe_fn,
    reason = "kernels are pointer arithmetic throughout, under the promise of the C ABI"
)]

use crate::byte::Output;
use crate::lanes::{Level, PanelLanes};
use crate::{GemmArgs, ScaledGemmArgs};

/// The most lanes of any level.
const MOST_LANES: usize = 16;

/// A result of which vectors of columns are given one by one.
///
/// # Safety
/// Rows and columns are within the result.
pub(crate) trait Sums {
    /// Takes the sums of `used` columns from `column` on; lanes behind these hold anything.
    unsafe fn put<L: Level>(&self, row: usize, column: usize, used: usize, sums: L::Panels);
}

impl Sums for Output {
    #[inline(always)]
    unsafe fn put<L: Level>(&self, row: usize, column: usize, used: usize, sums: L::Panels) {
        let to = self.at(row, column).cast::<u8>();
        if used == L::Panels::LANES {
            return sums.store(to);
        }
        let mut beside = [0i32; MOST_LANES];
        sums.store(beside.as_mut_ptr().cast());
        to.copy_from_nonoverlapping(beside.as_ptr().cast(), 4 * used);
    }
}

/// f32: the sum, rounded once, times the scale of the row, times that of the column, times that of all.
pub(crate) struct Scaled {
    to: *mut f32,
    stride: isize,
    /// Null where row i is row i.
    order: *const i32,
    rows: *const f32,
    columns: *const f32,
    /// One where there is no such factor, which changes nothing.
    all: f32,
}

impl Scaled {
    /// # Safety
    /// `args` says what it must be.
    pub(crate) unsafe fn of(args: &ScaledGemmArgs) -> Scaled {
        let GemmArgs { c, c_row, .. } = args.gemm;
        let all = if args.all.is_null() { 1.0 } else { args.all.cast::<f32>().read_unaligned() };
        Scaled {
            to: c.cast(),
            stride: c_row as isize,
            order: args.order.cast(),
            rows: args.rows.cast(),
            columns: args.columns.cast(),
            all,
        }
    }

    /// The scales of a row and of all, which the scales of columns come between.
    #[inline(always)]
    pub(crate) unsafe fn around(&self, row: usize) -> [f32; 2] {
        [self.rows.add(row).read_unaligned(), self.all]
    }

    /// Where a row of the result begins.
    #[inline(always)]
    pub(crate) unsafe fn row(&self, row: usize) -> *mut f32 {
        let at =
            if self.order.is_null() { row as isize } else { self.order.add(row).read_unaligned() as isize };
        self.to.offset(at * self.stride)
    }
}

impl Sums for Scaled {
    #[inline(always)]
    unsafe fn put<L: Level>(&self, row: usize, column: usize, used: usize, sums: L::Panels) {
        let to = self.row(row).add(column);
        let (around, scales) = (self.around(row), self.columns.add(column));
        if used == L::Panels::LANES {
            return sums.store_scaled(around, scales, to);
        }
        let (mut few, mut beside) = ([0f32; MOST_LANES], [0f32; MOST_LANES]);
        few.as_mut_ptr().cast::<u8>().copy_from_nonoverlapping(scales.cast(), 4 * used);
        sums.store_scaled(around, few.as_ptr(), beside.as_mut_ptr());
        to.cast::<u8>().copy_from_nonoverlapping(beside.as_ptr().cast(), 4 * used);
    }
}
