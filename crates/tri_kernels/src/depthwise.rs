//! Convolutions of f32 that see one channel a result: a vector of adjacent results is summed over the kernel, and no panel is packed.
//!
//! A band of the input's plane is copied between zeros as wide as the padding, a phase of the stride after the other, so that what adjacent
//! results read is always adjacent. Kernel rows in the padding are left out; of kernel columns a mask keeps the padding out, where a vector
//! meets it.

#![expect(
    unsafe_op_in_unsafe_fn,
    reason = "kernels are pointer arithmetic throughout, under the promise of the C ABI"
)]

use std::ops::Range;

use crate::conv::finish;
use crate::float::MOST_LANES;
use crate::lanes::{FloatLanes, Level};
use crate::scratch::{REGION_BYTES, Scratch};
use crate::{ConvArgs, ConvKernel};

/// Elements of a region.
const REGION: i64 = REGION_BYTES as i64 / 4;

/// How a plane's bands lie in memory.
struct Layout {
    /// Distance of the phases of a row: columns `phase`, `phase + stride`... of the padded input are adjacent.
    phase: usize,
    /// Distance of rows.
    row: usize,
    /// Rows of results of a band.
    rows: i64,
}

impl Layout {
    /// None where a band or the masks do not fit into a region.
    #[inline(always)]
    fn new<L: Level>(args: &ConvArgs) -> Option<Layout> {
        let lanes = L::Floats::LANES as i64;
        let stride = args.stride_width.max(1);
        let reach = (args.kernel_width - 1) * args.dilation_width / stride;
        let phase = args.out_width.checked_add(reach)?.checked_add(lanes)?;
        let row = phase.checked_mul(stride)?;
        let fit = REGION / row;
        let span = (args.kernel_height - 1) * args.dilation_height + 1;
        let rows = (fit - span) / args.stride_height.max(1) + 1;
        let fits = phase.checked_mul(args.kernel_width)? <= REGION && fit >= span;
        fits.then_some(Layout { phase: phase as usize, row: row as usize, rows })
    }
}

/// Whether a kernel of `width` columns meets padding with `used` results from column `x` on.
#[inline(always)]
fn is_padded(args: &ConvArgs, x: i64, used: usize) -> bool {
    let last = (x + used as i64 - 1) * args.stride_width + (args.kernel_width - 1) * args.dilation_width;
    x * args.stride_width < args.padding_width || last - args.padding_width >= args.width
}

/// By vector of results, then by kernel column: which lanes do not see padding.
#[inline(always)]
unsafe fn write_masks<L: Level>(args: &ConvArgs, to: *mut u32) {
    let mut to = to;
    for x in (0..args.out_width).step_by(L::Floats::LANES) {
        for j in 0..args.kernel_width {
            for lane in 0..L::Floats::LANES as i64 {
                let column = (x + lane) * args.stride_width - args.padding_width + j * args.dilation_width;
                to.write(if (0..args.width).contains(&column) { u32::MAX } else { 0 });
                to = to.add(1);
            }
        }
    }
}

/// Kernel rows that are not padding for a row of results.
#[inline(always)]
fn seen(args: &ConvArgs, y: i64) -> Range<i64> {
    let top = y * args.stride_height - args.padding_height;
    let before = |bound: i64| (bound - top + args.dilation_height - 1).div_euclid(args.dilation_height);
    before(0).clamp(0, args.kernel_height)..before(args.height).clamp(0, args.kernel_height)
}

/// f32 by f32, of which each result sees one channel: `args.channels == args.groups`. What does not fit goes to `general`.
///
/// # Safety
/// `args` says what it must be; `general` is a kernel of the same level for any number of channels.
#[inline(always)]
pub(crate) unsafe fn convolve<L: Level>(args: &ConvArgs, general: ConvKernel) {
    let has_sums =
        args.kernel_height > 0 && args.kernel_width > 0 && args.out_height > 0 && args.out_width > 0;
    let Some(layout) = has_sums.then(|| Layout::new::<L>(args)).flatten() else {
        return general(args);
    };
    let scratch = Scratch::of_thread();
    write_masks::<L>(args, scratch.mask.cast());
    let each = args.out_channels / args.channels.max(1);
    let first = args.first.max(0);
    for channel in first / each.max(1)..(args.last + each - 1) / each.max(1) {
        let planes = first.max(channel * each)..args.last.min((channel + 1) * each);
        let input = args.input.cast::<f32>().wrapping_offset((channel * args.height * args.width) as isize);
        for top in (0..args.out_height).step_by(layout.rows as usize) {
            let rows = top..args.out_height.min(top + layout.rows);
            copy_band(args, &layout, input, &rows, scratch.left.cast());
            for plane in planes.clone() {
                band::<L>(args, &layout, &scratch, plane, &rows);
                finish(args, plane as usize..plane as usize + 1, &rows);
            }
        }
    }
}

/// First row of the input that a row of results sees, perhaps in the padding.
#[inline(always)]
fn corner(args: &ConvArgs, y: i64) -> i64 {
    y * args.stride_height - args.padding_height
}

/// Copies what rows of results see of a plane; rows in the padding are left as they are.
#[inline(always)]
unsafe fn copy_band(args: &ConvArgs, layout: &Layout, input: *const f32, rows: &Range<i64>, to: *mut f32) {
    let (stride, padding) = (args.stride_width, args.padding_width);
    let start = corner(args, rows.start);
    let end = corner(args, rows.end - 1) + (args.kernel_height - 1) * args.dilation_height + 1;
    for y in start.max(0)..end.min(args.height) {
        let from = input.offset((y * args.width) as isize);
        let to = to.add((y - start) as usize * layout.row);
        for phase in 0..stride {
            let to = to.add(phase as usize * layout.phase);
            // Elements of the phase before the input, and in it.
            let before = ((padding - phase + stride - 1).div_euclid(stride)).clamp(0, layout.phase as i64);
            let inside = (args.width + padding - phase + stride - 1).div_euclid(stride);
            let inside = inside.clamp(before, layout.phase as i64);
            to.write_bytes(0, before as usize);
            let column = before * stride + phase - padding;
            let count = (inside - before) as usize;
            if stride == 1 {
                from.cast::<u8>()
                    .offset(4 * column as isize)
                    .copy_to_nonoverlapping(to.add(before as usize).cast(), 4 * count);
            } else {
                for i in 0..count {
                    let value = from.offset((column + i as i64 * stride) as isize).read_unaligned();
                    to.add(before as usize + i).write(value);
                }
            }
            to.add(inside as usize).write_bytes(0, layout.phase - inside as usize);
        }
    }
}

/// Rows of results of one plane.
#[inline(always)]
unsafe fn band<L: Level>(args: &ConvArgs, layout: &Layout, scratch: &Scratch, plane: i64, rows: &Range<i64>) {
    let lanes = L::Floats::LANES;
    let input = scratch.left.cast_const().cast::<f32>();
    let taps = args.kernel_height * args.kernel_width;
    let weight = args.weight.cast::<f32>().wrapping_offset((plane % args.out_channels * taps) as isize);
    let out = args.out.cast::<f32>().wrapping_offset((plane * args.out_height * args.out_width) as isize);
    for x in (0..args.out_width).step_by(lanes) {
        let used = lanes.min((args.out_width - x) as usize);
        let is_padded = is_padded(args, x, used);
        let mask = scratch.mask.cast_const().cast::<f32>().add((x * args.kernel_width) as usize);
        for y in rows.clone() {
            let row = corner(args, y) - corner(args, rows.start);
            let tile = Tile {
                input: input.add(row as usize * layout.row + x as usize),
                weight,
                out: out.offset((y * args.out_width + x) as isize),
                mask,
                used,
                seen: seen(args, y),
            };
            match (args.kernel_width, is_padded) {
                (3, false) => tile.sum::<L, 3, false>(args, layout),
                (3, true) => tile.sum::<L, 3, true>(args, layout),
                (5, false) => tile.sum::<L, 5, false>(args, layout),
                (5, true) => tile.sum::<L, 5, true>(args, layout),
                _ => tile.sum::<L, 0, true>(args, layout),
            }
        }
    }
}

/// A vector of adjacent results.
struct Tile {
    /// What the kernel's first place sees.
    input: *const f32,
    weight: *const f32,
    out: *mut f32,
    /// By kernel column.
    mask: *const f32,
    used: usize,
    seen: Range<i64>,
}

impl Tile {
    /// Sums over a kernel of `WIDTH` columns, or of any number where that is 0.
    #[inline(always)]
    unsafe fn sum<L: Level, const WIDTH: usize, const MASKED: bool>(&self, args: &ConvArgs, layout: &Layout) {
        let width = if WIDTH > 0 { WIDTH } else { args.kernel_width as usize };
        let mut sum = L::Floats::splat(0.0);
        for i in self.seen.clone() {
            let row = self.input.offset((i * args.dilation_height) as isize * layout.row as isize);
            let weight = self.weight.offset(i as isize * width as isize);
            for j in 0..width {
                let column = j * args.dilation_width as usize;
                let stride = args.stride_width as usize;
                let (column, phase) =
                    if stride == 1 { (column, 0) } else { (column / stride, column % stride) };
                let values = L::Floats::load(row.add(phase * layout.phase + column));
                let next = L::Floats::splat(weight.add(j).read_unaligned()).fma(values, sum);
                sum = if MASKED {
                    next.where_mask(L::Floats::load(self.mask.add(j * L::Floats::LANES)), sum)
                } else {
                    next
                };
            }
        }
        if self.used == L::Floats::LANES {
            sum.store(self.out);
        } else {
            let mut beside = [0f32; MOST_LANES];
            sum.store(beside.as_mut_ptr());
            self.out.cast::<u8>().copy_from_nonoverlapping(beside.as_ptr().cast(), 4 * self.used);
        }
    }
}
