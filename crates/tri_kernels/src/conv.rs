//! Convolutions as products of matrices: weights by windows, whose elements are gathered panel by panel, never as a whole.
//!
//! A sum runs in the canonical order (input channel, kernel row, kernel column). For f32 a mask keeps padding out of it; integers and trits
//! add padding as 0, which changes nothing there.

#![expect(
    unsafe_op_in_unsafe_fn,
    reason = "kernels are pointer arithmetic throughout, under the promise of the C ABI"
)]

use crate::ConvArgs;
use crate::byte;
use crate::byte_gemm;
use crate::byte_panel::{self, PanelColumns, PanelVector};
use crate::element;
use crate::float::{self, Columns, Panel};
use crate::float_gemm::Strided;
use crate::lanes::{FloatLanes, Level, PanelLanes};
use crate::windows::{Element, Group, MOST, Windows};

/// The planes of one image and one group that a call computes.
struct Part {
    windows: Windows,
    /// First output channel, over all groups.
    channel: usize,
    channels: usize,
    /// First plane of `out`.
    plane: usize,
}

/// Windows of f32.
struct FloatWindows(Windows);

impl Columns for FloatWindows {
    #[inline(always)]
    unsafe fn direct(&self, k: usize, column: usize) -> Option<(*const f32, isize)> {
        // A kernel of one place sees each channel as it is.
        let Windows { input, kernel, stride, padding, .. } = self.0;
        let plane = (input[0] * input[1]) as isize;
        let at = k as isize * plane + column as isize;
        (kernel == [1, 1] && stride == [1, 1] && padding == [0, 0])
            .then(|| (self.0.base.cast::<f32>().wrapping_offset(at), plane))
    }

    #[inline(always)]
    unsafe fn pack<L: Level>(&self, panel: &Panel) -> bool {
        if let Some((from, plane)) = self.direct(panel.k, panel.column) {
            for k in 0..panel.height {
                let (from, to) = (from.offset(k as isize * plane), panel.values.add(k * panel.width));
                from.cast::<u8>().copy_to_nonoverlapping(to.cast(), 4 * panel.used);
            }
            return false;
        }
        let lanes = L::Floats::LANES;
        let mut masked = false;
        for first in (0..panel.used).step_by(MOST) {
            masked |= self.group(panel, first).is_padded();
        }
        for first in (0..panel.used).step_by(MOST) {
            let group = self.group(panel, first);
            let mut element = self.0.element(panel.k);
            for k in 0..panel.height {
                let at = k * panel.width + first;
                let elements = group.elements(element);
                let mut copy = [0f32; MOST];
                let mut values = self.0.base.cast::<f32>().wrapping_offset(elements.start);
                if !elements.is_run {
                    group.gather(&elements, &mut copy);
                    values = copy.as_ptr();
                }
                let mut masks = [0u32; MOST];
                for (mask, byte) in masks.iter_mut().zip(elements.mask) {
                    *mask = i32::from(byte.cast_signed()).cast_unsigned();
                }
                // A panel may be narrower than what is looked at together.
                for lane in (0..MOST.min(panel.width - first)).step_by(lanes) {
                    let values = L::Floats::load(values.add(lane));
                    let mask = L::Floats::load(masks.as_ptr().add(lane).cast());
                    values.where_mask(mask, L::Floats::splat(0.0)).store(panel.values.add(at + lane));
                    if masked {
                        mask.store(panel.mask.add(at + lane).cast());
                    }
                }
                element = self.0.next(element);
            }
        }
        masked
    }
}

impl FloatWindows {
    #[inline(always)]
    fn group(&self, panel: &Panel, first: usize) -> Group {
        Group::new(&self.0, panel.column + first, MOST.min(panel.used - first))
    }
}

/// Windows of i8; padding is 0.
struct ByteWindows(Windows);

impl PanelColumns for ByteWindows {
    const CODES: bool = false;

    #[inline(always)]
    unsafe fn fill<L: Level>(&self, columns: &PanelVector) {
        let group = Group::new(&self.0, columns.column, columns.used);
        let mut element = self.0.element(columns.k);
        let mut rows = [[0u8; MOST]; 4];
        for k in 0..columns.length.next_multiple_of(4) {
            if k < columns.length {
                self.read(&group, element, &mut rows[k % 4]);
                element = self.0.next(element);
            }
            if k % 4 == 3 {
                let rows = [rows[0].as_ptr(), rows[1].as_ptr(), rows[2].as_ptr(), rows[3].as_ptr()];
                columns.put_bytes::<L>(k / 4, L::Panels::columns(rows));
            }
        }
    }
}

impl ByteWindows {
    /// An element of each window.
    #[inline(always)]
    unsafe fn read(&self, group: &Group, element: Element, to: &mut [u8; MOST]) {
        let elements = group.elements(element);
        if elements.is_run {
            // Read as a whole, or the compiler fears that what is written is read.
            let values = self.0.base.wrapping_offset(elements.start).cast::<[u8; MOST]>().read();
            for ((to, value), mask) in to.iter_mut().zip(values).zip(elements.mask) {
                *to = value & mask;
            }
        } else {
            *to = [0; MOST];
            group.gather(&elements, to);
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
pub(crate) unsafe fn float_conv<L: Level, const TERM: u8, W: element::Element>(args: &ConvArgs) {
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
            row_stride: plane_size as isize,
            column_stride: 1,
            rows: part.channels,
            columns: plane_size,
        };
        byte_panel::multiply::<L, _, _>(&weight, &ByteWindows(part.windows), &out, window);
        plane += part.channels as i64;
    }
}
