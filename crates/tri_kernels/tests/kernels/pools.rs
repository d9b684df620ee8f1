//! Poolings.

use tri_kernels::PoolArgs;

use crate::support::{Bytes, Random, f32_bytes, levels, same};

/// Planes, height, width, then window, stride and padding (rows, columns).
const POOLS: [[i64; 9]; 14] = [
    [1, 1, 1, 1, 1, 1, 1, 0, 0],
    [3, 8, 9, 3, 3, 2, 2, 1, 1],
    [2, 112, 112, 3, 3, 2, 2, 1, 1],
    [2, 20, 33, 2, 2, 2, 2, 0, 0],
    [1, 7, 40, 3, 3, 1, 1, 1, 1],
    [1, 9, 50, 2, 5, 3, 4, 1, 2],
    [2, 5, 3, 5, 3, 1, 1, 2, 1],
    [1, 12, 17, 1, 1, 3, 5, 0, 0],
    [4, 3, 2, 7, 7, 2, 2, 6, 6],
    [1, 2, 40_000, 3, 3, 2, 2, 1, 1],
    [1, 2, 90_000, 2, 4, 1, 1, 0, 3],
    [1, 1, 65_600, 1, 65_536, 1, 1, 0, 10],
    [1, 0, 4, 3, 3, 1, 1, 2, 2],
    [0, 4, 4, 3, 3, 1, 1, 0, 0],
];

fn args([_, height, width, kh, kw, sh, sw, ph, pw]: [i64; 9]) -> PoolArgs {
    PoolArgs {
        input: std::ptr::null(),
        out: std::ptr::null_mut(),
        first: 0,
        last: 0,
        height,
        width,
        out_height: (height + 2 * ph - kh).div_euclid(sh) + 1,
        out_width: (width + 2 * pw - kw).div_euclid(sw) + 1,
        kernel_height: kh,
        kernel_width: kw,
        stride_height: sh,
        stride_width: sw,
        padding_height: ph,
        padding_width: pw,
    }
}

/// Rule 6 of numerics.md.
fn larger(a: f32, b: f32) -> f32 {
    match (a, b) {
        _ if a.is_nan() || b.is_nan() => f32::NAN,
        _ if a == b => f32::from_bits(a.to_bits() & b.to_bits()),
        _ => a.max(b),
    }
}

/// The definition.
fn pool(args: &PoolArgs, planes: i64, input: &[f32]) -> Vec<f32> {
    let mut out = Vec::new();
    for plane in 0..planes {
        for y in 0..args.out_height {
            for x in 0..args.out_width {
                let (top, left) = (
                    y * args.stride_height - args.padding_height,
                    x * args.stride_width - args.padding_width,
                );
                let mut largest = f32::NEG_INFINITY;
                for row in top.max(0)..args.height.min(top + args.kernel_height) {
                    for column in left.max(0)..args.width.min(left + args.kernel_width) {
                        let at = (plane * args.height + row) * args.width + column;
                        largest = larger(largest, input[at as usize]);
                    }
                }
                out.push(largest);
            }
        }
    }
    out
}

#[test]
fn the_largest_of_a_window_is_that_of_the_definition() {
    let mut random = Random(5);
    for sizes in POOLS {
        let mut args = args(sizes);
        let planes = sizes[0];
        let zero_or = |random: &mut Random| match random.below(8) {
            0 => -0.0,
            1 => 0.0,
            _ => random.hard_f32(),
        };
        let elements = (planes * args.height * args.width) as usize;
        let input: Vec<f32> = (0..elements).map(|_| zero_or(&mut random)).collect();
        let bytes = Bytes::new(input.iter().flat_map(|x| f32_bytes(*x)));
        let long = args.kernel_width > 1000;
        let count = (planes * args.out_height * args.out_width) as usize;
        // So long a window has a NaN.
        let expected = if long { vec![f32::NAN; count] } else { pool(&args, planes, &input) };
        for (level, table) in levels() {
            for split in [0, planes / 2] {
                let mut out = Bytes::filled(4 * count + 4);
                (args.input, args.out) = (bytes.ptr(), out.ptr_mut());
                for (first, last) in [(0, split), (split, planes)] {
                    (args.first, args.last) = (first, last);
                    // SAFETY: the operands are made for these sizes.
                    unsafe { (table.f32_max_pool2d)(&args) };
                }
                for (at, &want) in expected.iter().enumerate() {
                    let got = f32::from_bits(out.word(at));
                    assert!(same(got, want), "{level:?} {sizes:?}, {at}: {got:e}, not {want:e}");
                }
                assert_eq!(out.word(count), 0xa5a5_a5a5);
            }
        }
    }
}
