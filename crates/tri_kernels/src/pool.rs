//! The largest elements of windows of f32: of the rows of a window column by column, then of neighbours in that line.

#![expect(
    unsafe_op_in_unsafe_fn,
    reason = "kernels are pointer arithmetic throughout, under the promise of the C ABI"
)]

use crate::PoolArgs;
use crate::lanes::{FloatLanes, Level};
use crate::scratch::{REGION_BYTES, Scratch};
use crate::windows::copy_phase;

/// What no window chooses if it has anything else.
const NOTHING: f32 = f32::NEG_INFINITY;

/// The largest element of each window, by rule 6 of numerics.md; -inf where a window has none.
///
/// # Safety
/// `args` says what it must be.
#[inline(always)]
pub(crate) unsafe fn max<L: Level>(args: &PoolArgs) {
    let plane = (args.height * args.width) as isize;
    for at in args.first.max(0)..args.last {
        let input = args.input.cast::<f32>().wrapping_offset(at as isize * plane);
        for y in 0..args.out_height {
            let row = (at * args.out_height + y) * args.out_width;
            let out = args.out.cast::<f32>().wrapping_offset(row as isize);
            let top = y * args.stride_height - args.padding_height;
            let rows = top.max(0)..args.height.min(top + args.kernel_height);
            // A line is cut where it would not fit.
            let most = (REGION_BYTES as i64 / 4 - args.kernel_width) / args.stride_width.max(1) - 64;
            if most > 0 {
                for x in (0..args.out_width).step_by(most as usize) {
                    let columns = x..args.out_width.min(x + most);
                    line::<L>(args, input, &rows, &columns, out.wrapping_offset(x as isize));
                }
            } else {
                for x in 0..args.out_width {
                    out.offset(x as isize).write_unaligned(window::<L>(args, input, &rows, x));
                }
            }
        }
    }
}

/// Some adjacent results of a row; `rows` are those of the input in their windows.
#[inline(always)]
unsafe fn line<L: Level>(
    args: &PoolArgs,
    input: *const f32,
    rows: &std::ops::Range<i64>,
    columns: &std::ops::Range<i64>,
    out: *mut f32,
) {
    let lanes = L::Floats::LANES;
    let scratch = Scratch::of_thread();
    let (line, phases) = (scratch.left.cast::<f32>(), scratch.right.cast::<f32>());
    let (count, stride) = ((columns.end - columns.start) as usize, args.stride_width as usize);
    let length = (count - 1) * stride + args.kernel_width as usize;
    // Where the input begins and ends in the line.
    let corner = columns.start * args.stride_width - args.padding_width;
    let before = (-corner).clamp(0, length as i64) as usize;
    let inside = (args.width - corner).clamp(before as i64, length as i64) as usize;
    for at in (before..inside).step_by(lanes) {
        let mask = first_lanes(lanes.min(inside - at));
        let mut largest = L::Floats::splat(NOTHING);
        for y in rows.clone() {
            let from = input.wrapping_offset((y * args.width + corner) as isize + at as isize);
            largest = largest.larger(L::Floats::splat(NOTHING).load_lanes(from, mask));
        }
        largest.store(line.add(at));
    }
    (0..before).chain(inside..length).for_each(|at| line.add(at).write(NOTHING));
    let phase = count + args.kernel_width as usize / stride;
    for first in 0..stride.min(args.kernel_width as usize) {
        copy_phase(line.add(first), phases.add(first * phase), (length - first).div_ceil(stride), stride);
    }
    for x in (0..count).step_by(lanes) {
        let mut largest = L::Floats::splat(NOTHING);
        for j in 0..args.kernel_width as usize {
            let from = phases.add(j % stride * phase + j / stride + x);
            largest = largest.larger(L::Floats::load(from));
        }
        largest.store_lanes(out.add(x), first_lanes(lanes.min(count - x)));
    }
}

/// One result.
#[inline(always)]
unsafe fn window<L: Level>(args: &PoolArgs, input: *const f32, rows: &std::ops::Range<i64>, x: i64) -> f32 {
    let left = x * args.stride_width - args.padding_width;
    let mut largest = L::Floats::splat(NOTHING);
    for y in rows.clone() {
        for column in left.max(0)..args.width.min(left + args.kernel_width) {
            let value = input.offset((y * args.width + column) as isize).read_unaligned();
            largest = largest.larger(L::Floats::splat(value));
        }
    }
    let mut result = NOTHING;
    largest.store_lanes(&raw mut result, 1);
    result
}

#[inline(always)]
fn first_lanes(count: usize) -> u32 {
    u32::MAX >> (32 - count)
}
