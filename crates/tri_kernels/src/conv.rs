//! Convolutions as products of matrices: weights by windows, whose elements are gathered panel by panel, never as a whole.
//!
//! A sum runs in the canonical order (input channel, kernel row, kernel column). For f32 a mask keeps padding out of it; integers and trits
//! add padding as 0, which changes nothing there.

#![expect(
    unsafe_op_in_unsafe_fn,
    reason = "kernels are pointer arithmetic throughout, under the promise of the C ABI"
)]

use std::ops::Range;

use crate::byte::SignedRows;
use crate::conv_byte;
use crate::conv_float;
use crate::element;
use crate::float_gemm::Strided;
use crate::lanes::Level;
use crate::windows::{Planes, Windows};
use crate::{ConvArgs, EpilogueArgs};

/// Calls the epilogue, if there is one, for rows of planes whose sums are final.
///
/// # Safety
/// The epilogue may be called as `args` says.
#[inline(always)]
pub(crate) unsafe fn finish(args: &ConvArgs, planes: Range<usize>, rows: &Range<i64>) {
    if let Some(epilogue) = args.epilogue {
        let part = EpilogueArgs {
            first: planes.start as i64,
            last: planes.end as i64,
            top: rows.start,
            bottom: rows.end,
        };
        epilogue(args.context, args.frame, &part, 0);
    }
}

/// Bytes of results that an epilogue is called for, about: few enough to be in the cache still, many enough for long rows.
const EPILOGUE_BYTES: i64 = 128 << 10;

/// How far the epilogue has come in some planes.
pub(crate) struct Finished<'a> {
    args: &'a ConvArgs,
    planes: Range<usize>,
    /// Rows before this one are done.
    next: i64,
}

impl<'a> Finished<'a> {
    pub(crate) fn new(args: &'a ConvArgs, planes: Range<usize>) -> Self {
        Finished { args, planes, next: 0 }
    }

    /// Calls the epilogue for rows before `end`, whose sums are final: at once if these are the last ones of a band, else when there are enough.
    ///
    /// # Safety
    /// As [`finish`].
    #[inline(always)]
    pub(crate) unsafe fn up_to(&mut self, end: i64, is_last: bool) {
        let bytes = 4 * self.planes.len() as i64 * self.args.out_width * (end - self.next);
        if end > self.next && (is_last || bytes >= EPILOGUE_BYTES) {
            finish(self.args, self.planes.clone(), &(self.next..end));
            self.next = end;
        }
    }
}

/// The planes of one image and one group that a call computes.
struct Part {
    windows: Windows,
    /// First output channel, over all groups.
    channel: usize,
    channels: usize,
    /// First plane of `out`.
    plane: usize,
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
            out: [args.out_height, args.out_width],
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
pub(crate) unsafe fn float_conv<L: Level, const TERM: u8, W: element::Element>(args: &ConvArgs) {
    let (plane_size, window) = sizes(args);
    let mut plane = args.first.max(0);
    while plane < args.last && plane_size > 0 {
        let part = part(args, plane, 4);
        let out = conv_float::Output {
            base: args.out.cast::<f32>().wrapping_add(part.plane * plane_size),
            stride: plane_size as isize,
            rows: part.channels,
            plane: part.plane,
            args,
        };
        if window == 0 {
            out.base.cast::<u8>().write_bytes(0, 4 * part.channels * plane_size);
            finish(args, part.plane..part.plane + part.channels, &(0..args.out_height));
        } else {
            let weight = args.weight.wrapping_add(part.channel * window * W::BYTES);
            let weight = Strided::<W>::new(weight, window as isize, 1);
            let mut planes = Planes::new(part.windows);
            let places = part.windows.places();
            conv_float::multiply::<L, TERM, _>(&weight, &mut planes, &out, window, places);
        }
        plane += part.channels as i64;
    }
}

/// Rows of weights, one after the other.
pub(crate) trait WeightRows: SignedRows {
    /// Those of `length` elements that begin at `base`, from row `first` on.
    fn of_rows(base: *const u8, length: usize, first: usize) -> Self;
}

/// i8 by i8 or trits, as `W` says.
///
/// # Safety
/// `args` says what it must be.
#[inline(always)]
pub(crate) unsafe fn byte_conv<L: Level, W: WeightRows>(args: &ConvArgs) {
    let (plane_size, window) = sizes(args);
    let mut plane = args.first.max(0);
    while plane < args.last && plane_size > 0 {
        let part = part(args, plane, 1);
        let out = conv_byte::Output {
            base: args.out.cast::<i32>().wrapping_add(part.plane * plane_size),
            stride: plane_size as isize,
            rows: part.channels,
            plane: part.plane,
            args,
        };
        if window == 0 {
            out.base.cast::<u8>().write_bytes(0, 4 * part.channels * plane_size);
            finish(args, part.plane..part.plane + part.channels, &(0..args.out_height));
        } else {
            let weight = W::of_rows(args.weight, window, part.channel);
            let mut planes = Planes::new(part.windows);
            let places = part.windows.places();
            conv_byte::multiply::<L, W>(&weight, &mut planes, &out, window, places);
        }
        plane += part.channels as i64;
    }
}
