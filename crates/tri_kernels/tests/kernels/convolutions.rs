//! Convolutions of floats and bytes.

use tri_kernels::{Context, ConvArgs, EpilogueArgs, KernelTable};

use crate::support::{Bytes, Random, f32_bytes, levels, random_trit, same, t2_row, trit_bytes, trit_step};

/// Sizes of a convolution: images, channels, height, width, output channels, kernel rows and columns, then stride,
/// padding and dilation (rows, columns), then groups.
const CONVOLUTIONS: [[i64; 14]; 16] = [
    [1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1],
    [1, 3, 8, 9, 5, 3, 3, 1, 1, 1, 1, 1, 1, 1],
    [2, 4, 11, 13, 6, 3, 3, 2, 2, 1, 1, 1, 1, 2],
    [1, 8, 20, 40, 9, 3, 3, 1, 1, 1, 1, 1, 1, 1],
    [2, 6, 9, 7, 6, 3, 2, 1, 2, 0, 1, 2, 3, 6],
    [1, 32, 7, 7, 12, 3, 3, 1, 1, 1, 1, 1, 1, 1],
    [1, 3, 15, 16, 4, 7, 7, 2, 2, 3, 3, 1, 1, 1],
    [3, 2, 5, 5, 4, 1, 1, 1, 1, 0, 0, 1, 1, 1],
    [1, 2, 4, 4, 3, 3, 3, 1, 1, 4, 4, 1, 1, 1],
    [0, 2, 4, 4, 3, 3, 3, 1, 1, 0, 0, 1, 1, 1],
    [1, 1, 6, 300, 1, 5, 5, 1, 1, 2, 2, 1, 1, 1],
    [1, 500, 3, 3, 2, 3, 3, 1, 1, 1, 1, 1, 1, 1],
    [1, 2, 4, 60, 3, 1, 18, 1, 1, 0, 9, 1, 1, 1],
    [1, 5, 9, 24, 34, 3, 3, 1, 1, 1, 1, 1, 1, 1],
    [2, 6, 9, 20, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1],
    [1, 300, 9, 20, 12, 1, 1, 1, 1, 0, 0, 1, 1, 1],
];

/// The same of convolutions that see one channel a result: ragged edges, strides, no interior, several results a channel, planes of
/// several bands, and rows too long for one.
const DEPTHWISE: [[i64; 14]; 16] = [
    [1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1],
    [2, 3, 7, 7, 3, 3, 3, 1, 1, 1, 1, 1, 1, 3],
    [1, 4, 14, 14, 4, 5, 5, 1, 1, 2, 2, 1, 1, 4],
    [1, 2, 28, 33, 2, 3, 3, 2, 2, 1, 1, 1, 1, 2],
    [2, 3, 15, 40, 6, 5, 5, 2, 2, 2, 2, 1, 1, 3],
    [1, 2, 9, 50, 4, 3, 5, 1, 3, 2, 0, 1, 1, 2],
    [1, 2, 12, 21, 2, 3, 3, 1, 1, 2, 2, 2, 2, 2],
    [1, 2, 12, 40, 2, 3, 4, 3, 2, 2, 3, 2, 3, 2],
    [1, 3, 2, 2, 3, 5, 5, 1, 1, 4, 4, 1, 1, 3],
    [1, 2, 3, 20, 2, 1, 7, 1, 1, 0, 3, 1, 1, 2],
    [1, 2, 20, 3, 2, 7, 1, 2, 1, 3, 0, 1, 1, 2],
    [1, 1, 300, 300, 1, 3, 3, 1, 1, 1, 1, 1, 1, 1],
    [1, 2, 290, 260, 2, 3, 3, 2, 2, 1, 1, 1, 1, 2],
    [1, 1, 3, 40_000, 1, 3, 3, 1, 1, 1, 1, 1, 1, 1],
    [0, 2, 4, 4, 2, 3, 3, 1, 1, 0, 0, 1, 1, 2],
    [1, 2, 5, 66, 2, 2, 20, 1, 1, 1, 10, 1, 1, 2],
];

fn conv_args(sizes: [i64; 14]) -> ConvArgs {
    let [_, channels, height, width, out_channels, kh, kw, sh, sw, ph, pw, dh, dw, groups] = sizes;
    ConvArgs {
        input: std::ptr::null(),
        weight: std::ptr::null(),
        out: std::ptr::null_mut(),
        first: 0,
        last: 0,
        channels,
        height,
        width,
        out_channels,
        kernel_height: kh,
        kernel_width: kw,
        out_height: (height + 2 * ph - dh * (kh - 1) - 1) / sh + 1,
        out_width: (width + 2 * pw - dw * (kw - 1) - 1) / sw + 1,
        stride_height: sh,
        stride_width: sw,
        padding_height: ph,
        padding_width: pw,
        dilation_height: dh,
        dilation_width: dw,
        groups,
        epilogue: None,
        context: std::ptr::null_mut(),
        frame: std::ptr::null_mut(),
    }
}

/// The definition: `step` folds the elements of each window, without padding, from `start`.
fn convolve<T: Copy, W: Copy, S: Copy>(
    args: &ConvArgs,
    images: i64,
    input: &[T],
    weight: &[W],
    start: S,
    step: impl Fn(T, W, S) -> S,
) -> Vec<S> {
    let per_group = args.channels / args.groups;
    let mut out = Vec::new();
    for image in 0..images {
        for o in 0..args.out_channels {
            for at in 0..args.out_height * args.out_width {
                let (y, x) = (at / args.out_width, at % args.out_width);
                let mut sum = start;
                for c in 0..per_group {
                    for i in 0..args.kernel_height {
                        for j in 0..args.kernel_width {
                            let y = y * args.stride_height - args.padding_height + i * args.dilation_height;
                            let x = x * args.stride_width - args.padding_width + j * args.dilation_width;
                            if y < 0 || x < 0 || y >= args.height || x >= args.width {
                                continue;
                            }
                            let channel = o / (args.out_channels / args.groups) * per_group + c;
                            let input_at =
                                ((image * args.channels + channel) * args.height + y) * args.width + x;
                            let weight_at =
                                ((o * per_group + c) * args.kernel_height + i) * args.kernel_width + j;
                            sum = step(input[input_at as usize], weight[weight_at as usize], sum);
                        }
                    }
                }
                out.push(sum);
            }
        }
    }
    out
}

/// What [`turn`] changes of a result.
const TURNED: u32 = 0x5a5a_0001;

/// An epilogue that turns some bits of each result; the frame is the result's memory and the size of its planes.
unsafe extern "C" fn turn(_: *mut Context, frame: *mut i64, part: *const EpilogueArgs, _: i64) {
    // SAFETY: the test gives the frame, and the kernel parts of its result.
    unsafe {
        let ([out, height, width], part) = (frame.cast::<[i64; 3]>().read(), &*part);
        for plane in part.first..part.last {
            for at in part.top * width..part.bottom * width {
                let word = (out as *mut u32).offset((plane * height * width + at) as isize);
                word.write_unaligned(word.read_unaligned() ^ TURNED);
            }
        }
    }
}

/// `weight` is how a weight is drawn, and how rows of a length are stored.
fn check_conv<T: Copy, W: Copy>(
    cases: &[[i64; 14]],
    select: impl Fn(&KernelTable) -> tri_kernels::ConvKernel,
    mut input: impl FnMut(&mut Random) -> (T, Vec<u8>),
    (mut weight, store): (impl FnMut(&mut Random) -> W, impl Fn(&[W], usize) -> Vec<u8>),
    zero: u32,
    step: impl Fn(T, W, u32) -> u32,
    same: impl Fn(u32, u32) -> bool,
) {
    let mut random = Random(11);
    for &sizes in cases {
        let mut args = conv_args(sizes);
        let images = sizes[0];
        let elements = (images * args.channels * args.height * args.width) as usize;
        let (inputs, bytes): (Vec<T>, Vec<Vec<u8>>) = (0..elements).map(|_| input(&mut random)).unzip();
        let input_bytes = Bytes::new(bytes.concat());
        let row = args.channels / args.groups * args.kernel_height * args.kernel_width;
        let weights: Vec<W> = (0..args.out_channels * row).map(|_| weight(&mut random)).collect();
        let weight_bytes = Bytes::new(store(&weights, row as usize));
        let expected = convolve(&args, images, &inputs, &weights, zero, &step);
        let planes = images * args.out_channels;
        for (level, table) in levels() {
            for split in [0, planes / 3, planes / 2] {
                let mut out = Bytes::filled(4 * expected.len() + 4);
                (args.input, args.weight, args.out) = (input_bytes.ptr(), weight_bytes.ptr(), out.ptr_mut());
                let mut frame = [out.ptr_mut() as i64, args.out_height, args.out_width];
                let turned = if split > 0 { TURNED } else { 0 };
                args.epilogue = (split > 0).then_some(turn as _);
                args.frame = frame.as_mut_ptr();
                for (first, last) in [(0, split), (split, planes)] {
                    (args.first, args.last) = (first, last);
                    // SAFETY: the operands are made for these sizes.
                    unsafe { select(table)(&args) };
                }
                for (i, &want) in expected.iter().enumerate() {
                    let got = out.word(i) ^ turned;
                    assert!(
                        same(got, want),
                        "{level:?} {sizes:?} split at {split}, {i}: {got:x}, not {want:x}"
                    );
                }
                assert_eq!(out.word(expected.len()), 0xa5a5_a5a5);
            }
        }
    }
}

fn same_bits(a: u32, b: u32) -> bool {
    same(f32::from_bits(a), f32::from_bits(b))
}

#[test]
fn f32_convolution_skips_padding() {
    let fma = |x: f32, w: f32, sum: u32| x.mul_add(w, f32::from_bits(sum)).to_bits();
    for draw in [Random::f32, Random::hard_f32, Random::tiny_f32] {
        let value = |random: &mut Random| {
            let x = draw(random);
            (x, f32_bytes(x))
        };
        let bytes = |weights: &[f32], _| weights.iter().flat_map(|w| f32_bytes(*w)).collect();
        check_conv(&CONVOLUTIONS, |table| table.f32_conv2d, value, (draw, bytes), 0, fma, same_bits);
        check_conv(&DEPTHWISE, |table| table.f32_depthwise_conv2d, value, (draw, bytes), 0, fma, same_bits);
    }
}

#[test]
fn f32_convolution_by_trits_adds_subtracts_or_leaves() {
    let value = |random: &mut Random| {
        let x = random.hard_f32();
        (x, f32_bytes(x))
    };
    let bytes = |weights: &[f32], _| weights.iter().flat_map(|w| trit_bytes(*w)).collect();
    let trit = (random_trit, bytes);
    let step = |x: f32, w: f32, sum: u32| trit_step(x, w, f32::from_bits(sum)).to_bits();
    check_conv(&CONVOLUTIONS, |table| table.f32_trit_conv2d, value, trit, 0, step, same_bits);
}

#[test]
fn i8_convolution_is_exact() {
    let bytes = |weights: &[i8], _| weights.iter().map(|w| *w as u8).collect();
    let weight = (|random: &mut Random| any_byte(random).0, bytes);
    check_conv(&CONVOLUTIONS, |table| table.i8_conv2d, any_byte, weight, 0, exact_step, |a, b| a == b);
    let extreme = |_: &mut Random| (-128, vec![0x80]);
    let weight = (|_: &mut Random| -128, bytes);
    check_conv(&CONVOLUTIONS, |table| table.i8_conv2d, extreme, weight, 0, exact_step, |a, b| a == b);
}

#[test]
fn i8_convolution_by_packed_trits_is_exact() {
    let rows = |weights: &[i8], row: usize| {
        weights.chunks(row).flat_map(|row| t2_row(row.iter().copied())).collect::<Vec<u8>>()
    };
    let trit = |random: &mut Random| random_trit(random) as i8;
    for cases in [&CONVOLUTIONS, &DEPTHWISE] {
        let select = |table: &KernelTable| table.i8_trit_conv2d;
        check_conv(cases, select, any_byte, (trit, rows), 0, exact_step, |a, b| a == b);
    }
    let extreme = |_: &mut Random| (-128, vec![0x80]);
    let select = |table: &KernelTable| table.i8_trit_conv2d;
    check_conv(&CONVOLUTIONS, select, extreme, (|_: &mut Random| -1, rows), 0, exact_step, |a, b| a == b);
}

fn any_byte(random: &mut Random) -> (i8, Vec<u8>) {
    let x = random.below(256) as u8;
    (x as i8, vec![x])
}

fn exact_step(x: i8, w: i8, sum: u32) -> u32 {
    (sum as i32 + i32::from(x) * i32::from(w)) as u32
}
