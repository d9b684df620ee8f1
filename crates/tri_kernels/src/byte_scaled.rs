//! i8 by trits in `t2` to f32: `sum * row_scale * column_scale`, perhaps times one number, the product of a ternary linear layer.
//!
//! Sums are made a block at a time, so that they are scaled while they are in the first cache.

#![expect(
    unsafe_op_in_unsafe_fn,
    reason = "kernels are pointer arithmetic throughout, under the promise of the C ABI"
)]

use std::mem::MaybeUninit;

use crate::byte_sums::Scaled;
use crate::lanes::{FloatLanes, Level};
use crate::{GemmArgs, GemmKernel, ScaledGemmArgs};

/// Rows and columns of a block, 32 KiB: rows enough for columns to be laid out for all of them.
const ROWS: usize = 64;
const COLUMNS: usize = 128;

/// The product; `gemm` makes the sums.
///
/// # Safety
/// `args` says what it must be.
#[inline(always)]
pub(crate) unsafe fn packed_trit_gemm<L: Level>(args: &ScaledGemmArgs, gemm: GemmKernel) {
    let (m, n) = (args.gemm.m.max(0) as usize, args.gemm.n.max(0) as usize);
    let mut room = MaybeUninit::<[i32; ROWS * COLUMNS]>::uninit();
    let sums = room.as_mut_ptr().cast::<i32>();
    let result = Scaled::of(args);
    for row in (0..m).step_by(ROWS) {
        for column in (0..n).step_by(COLUMNS) {
            let (rows, columns) = (ROWS.min(m - row), COLUMNS.min(n - column));
            gemm(&GemmArgs {
                a: args.gemm.a.offset(row as isize * args.gemm.a_row as isize),
                b: args.gemm.b.offset(column as isize * args.gemm.b_n as isize),
                c: sums.cast(),
                c_row: COLUMNS as i64,
                m: rows as i64,
                n: columns as i64,
                ..args.gemm
            });
            for i in 0..rows {
                let row = row + i;
                scale::<L>(
                    sums.add(i * COLUMNS),
                    result.around(row),
                    args.columns.cast::<f32>().add(column),
                    result.row(row).add(column),
                    columns,
                );
            }
        }
    }
}

/// One row of a block.
#[inline(always)]
unsafe fn scale<L: Level>(
    sums: *const i32,
    [row_scale, all_scale]: [f32; 2],
    column_scales: *const f32,
    to: *mut f32,
    columns: usize,
) {
    let (lanes, row, all) = (L::Floats::LANES, L::Floats::splat(row_scale), L::Floats::splat(all_scale));
    let whole = columns / lanes * lanes;
    for at in (0..whole).step_by(lanes) {
        let scales = L::Floats::load(column_scales.add(at));
        L::Floats::integers(sums.add(at)).mul(row).mul(scales).mul(all).store(to.add(at));
    }
    for at in whole..columns {
        let sum = sums.add(at).read() as f32;
        to.add(at).write_unaligned(sum * row_scale * column_scales.add(at).read_unaligned() * all_scale);
    }
}
