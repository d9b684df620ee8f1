//! Convolutions as products of matrices whose windows are gathered block by block, never as a whole.
//!
//! A window is the elements of the input that one result sees, in the canonical order (input channel, kernel row, kernel
//! column). For f32, windows are columns and a mask keeps padding out of the chain of sums; integers and trits add padding as 0,
//! which changes nothing there.

#![expect(
    unsafe_op_in_unsafe_fn,
    reason = "kernels are pointer arithmetic throughout, under the promise of the C ABI"
)]

use crate::ConvArgs;
use crate::byte::{self, SignedRows};
use crate::byte_gemm;
use crate::element::{Element, F32};
use crate::float::{self, Columns, Panel, WIDEST};
use crate::float_gemm::Strided;
use crate::lanes::Level;

/// The planes of one image and one group that a call computes.
struct Part {
    windows: Windows,
    /// First output channel, over all groups.
    channel: usize,
    channels: usize,
    /// First plane of `out`.
    plane: usize,
}

/// The windows of one group of channels of one image.
#[derive(Clone, Copy)]
struct Windows {
    base: *const u8,
    input: [i64; 2],
    kernel: [i64; 2],
    out_width: i64,
    stride: [i64; 2],
    padding: [i64; 2],
    dilation: [i64; 2],
}

impl Windows {
    /// Row and column of the input, perhaps in the padding, where the window of a result begins.
    #[inline(always)]
    fn corner(&self, result: usize) -> [i64; 2] {
        let (row, column) = (result as i64 / self.out_width, result as i64 % self.out_width);
        [row * self.stride[0] - self.padding[0], column * self.stride[1] - self.padding[1]]
    }

    /// Channel, row and column of a window's element.
    #[inline(always)]
    fn element(&self, k: usize) -> [i64; 3] {
        let k = k as i64;
        let (rest, column) = (k / self.kernel[1], k % self.kernel[1]);
        [rest / self.kernel[0], rest % self.kernel[0], column]
    }

    /// The element after `[channel, row, column]`.
    #[inline(always)]
    fn next(&self, [channel, row, column]: [i64; 3]) -> [i64; 3] {
        if column + 1 < self.kernel[1] {
            [channel, row, column + 1]
        } else if row + 1 < self.kernel[0] {
            [channel, row + 1, 0]
        } else {
            [channel + 1, 0, 0]
        }
    }

    /// Whether the window at a corner lies in the input altogether.
    #[inline(always)]
    fn is_inside(&self, corner: [i64; 2]) -> bool {
        (0..2).all(|axis| {
            let last = corner[axis] + (self.kernel[axis] - 1) * self.dilation[axis];
            corner[axis] >= 0 && last < self.input[axis]
        })
    }

    /// Index in the input of an element of the window at `corner`; none in padding.
    #[inline(always)]
    fn index(&self, corner: [i64; 2], [channel, row, column]: [i64; 3]) -> Option<isize> {
        let row = corner[0] + row * self.dilation[0];
        let column = corner[1] + column * self.dilation[1];
        let inside = (0..self.input[0]).contains(&row) && (0..self.input[1]).contains(&column);
        inside.then_some(((channel * self.input[0] + row) * self.input[1] + column) as isize)
    }
}

/// Windows of f32.
struct FloatWindows(Windows);

impl Columns for FloatWindows {
    #[inline(always)]
    unsafe fn direct(&self, _: usize, _: usize) -> Option<(*const f32, isize)> {
        None
    }

    #[inline(always)]
    unsafe fn pack<L: Level>(&self, panel: &Panel) -> bool {
        let windows = &self.0;
        let mut corners = [[0i64; 2]; WIDEST];
        let mut masked = false;
        for (column, corner) in corners.iter_mut().enumerate().take(panel.used) {
            *corner = windows.corner(panel.column + column);
            masked |= !windows.is_inside(*corner);
        }
        let mut element = windows.element(panel.k);
        for k in 0..panel.height {
            let (values, mask) = (panel.values.add(k * panel.width), panel.mask.add(k * panel.width));
            if masked {
                for (column, corner) in corners.iter().enumerate().take(panel.used) {
                    let index = windows.index(*corner, element);
                    values.add(column).write(index.map_or(0.0, |index| F32::read(windows.base, index)));
                    mask.add(column).write(if index.is_some() { u32::MAX } else { 0 });
                }
            } else {
                let [channel, row, column] = element;
                let row = channel * windows.input[0] + row * windows.dilation[0];
                let offset = row * windows.input[1] + column * windows.dilation[1];
                for (column, corner) in corners.iter().enumerate().take(panel.used) {
                    let index = offset + corner[0] * windows.input[1] + corner[1];
                    values.add(column).write(F32::read(windows.base, index as isize));
                }
            }
            element = windows.next(element);
        }
        masked
    }
}

/// Windows of i8.
struct ByteWindows(Windows);

impl SignedRows for ByteWindows {
    #[inline(always)]
    unsafe fn copy(&self, row: usize, k: usize, length: usize, to: *mut i8) {
        let windows = &self.0;
        let corner = windows.corner(row);
        let mut element = windows.element(k);
        for i in 0..length {
            let index = windows.index(corner, element);
            to.add(i).write(index.map_or(0, |index| windows.base.cast::<i8>().offset(index).read()));
            element = windows.next(element);
        }
    }
}

/// The part that begins at `plane`; its input begins `element_bytes` times its first element from the input's.
#[inline(always)]
fn part(args: &ConvArgs, plane: i64, element_bytes: i64) -> Part {
    let groups = args.groups.max(1);
    let (in_group, out_group) = (args.channels / groups, args.out_channels / groups);
    let (image, channel) = (plane / args.out_channels, plane % args.out_channels);
    let group = channel / out_group;
    let end = ((group + 1) * out_group).min(channel + args.last - plane);
    let first = (image * args.channels + group * in_group) * args.height * args.width;
    Part {
        windows: Windows {
            base: args.input.wrapping_offset((first * element_bytes) as isize),
            input: [args.height, args.width],
            kernel: [args.kernel_height, args.kernel_width],
            out_width: args.out_width,
            stride: [args.stride_height, args.stride_width],
            padding: [args.padding_height, args.padding_width],
            dilation: [args.dilation_height, args.dilation_width],
        },
        channel: channel as usize,
        channels: (end - channel) as usize,
        plane: plane as usize,
    }
}

/// Elements of a plane of `out`, and of a window.
#[inline(always)]
fn sizes(args: &ConvArgs) -> (usize, usize) {
    let plane = args.out_height.max(0) * args.out_width.max(0);
    let window = args.channels / args.groups.max(1) * args.kernel_height.max(0) * args.kernel_width.max(0);
    (plane as usize, window.max(0) as usize)
}

/// f32 by `W` elements; `TERM` says what a product is.
///
/// # Safety
/// `args` says what it must be.
#[inline(always)]
pub(crate) unsafe fn float_conv<L: Level, const TERM: u8, W: Element>(args: &ConvArgs) {
    let (plane_size, window) = sizes(args);
    let mut plane = args.first.max(0);
    while plane < args.last && plane_size > 0 {
        let part = part(args, plane, 4);
        let weight = args.weight.wrapping_add(part.channel * window * W::BYTES);
        let weight = Strided::<W>::new(weight, window as isize, 1);
        let out = float::Output {
            base: args.out.cast::<f32>().wrapping_add(part.plane * plane_size),
            stride: plane_size as isize,
            rows: part.channels,
            columns: plane_size,
        };
        let windows = FloatWindows(part.windows);
        float::multiply::<L, TERM, _, _>(&weight, &windows, &out, window);
        plane += part.channels as i64;
    }
}

/// i8 by i8.
///
/// # Safety
/// `args` says what it must be.
#[inline(always)]
pub(crate) unsafe fn byte_conv<L: Level>(args: &ConvArgs) {
    let (plane_size, window) = sizes(args);
    let mut plane = args.first.max(0);
    while plane < args.last && plane_size > 0 {
        let part = part(args, plane, 1);
        let weight = byte_gemm::Strided {
            base: args.weight.cast::<i8>().wrapping_add(part.channel * window),
            across: window as isize,
            along: 1,
        };
        let out = byte::Output {
            base: args.out.cast::<i32>().wrapping_add(part.plane * plane_size),
            row_stride: 1,
            column_stride: plane_size as isize,
            rows: plane_size,
            columns: part.channels,
        };
        byte::multiply::<L, _, _>(&ByteWindows(part.windows), &weight, &out, window);
        plane += part.channels as i64;
    }
}
