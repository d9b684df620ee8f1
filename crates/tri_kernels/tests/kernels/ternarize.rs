//! Rows and tensors of f32 to packed trits.

use tri_kernels::{KernelTable, QuantizeArgs, QuantizeKernel};

use crate::support::{Bytes, Random, levels, same, t2_row};

/// Which scale a kernel takes, of the mean magnitude.
type Scale = (fn(&KernelTable) -> QuantizeKernel, fn(f32) -> f32);

/// Those of `ternarize_rows` and of `ternarize_tensor`.
const SCALES: [Scale; 2] = [
    (|table| table.ternarize_rows, |mean| mean),
    (|table| table.ternarize_tensor, |mean| if mean.is_nan() { mean } else { mean.max(1e-5) }),
];

/// The definition of numerics.md: the mean magnitude by rule 5, and quotients by the scale.
fn ternarized(row: &[f32], scale: fn(f32) -> f32) -> (Vec<i8>, f32) {
    let mut sums = [0.0f32; 16];
    row.iter().enumerate().for_each(|(i, x)| sums[i % 16] += x.abs());
    for half in [8, 4, 2, 1] {
        (0..half).for_each(|i| sums[i] += sums[i + half]);
    }
    let scale = scale(sums[0] / row.len() as f32);
    let digit = |x: &f32| (x / scale).round_ties_even().clamp(-1.0, 1.0) as i8;
    let digits = row.iter().map(|x| if scale == 0.0 { 0 } else { digit(x) });
    (digits.collect(), scale)
}

fn assert_packed(rows: &[Vec<f32>], what: &str) {
    for scale in SCALES {
        assert_packed_by(scale, rows, what);
    }
}

fn assert_packed_by((kernel, scale): Scale, rows: &[Vec<f32>], what: &str) {
    let width = rows[0].len();
    let bytes = width.div_ceil(4);
    let x = Bytes::new(rows.iter().flatten().flat_map(|x| x.to_le_bytes()));
    for (level, table) in levels() {
        let mut digits = Bytes::filled(rows.len() * bytes + 4);
        let mut scales = Bytes::filled(4 * rows.len() + 4);
        let middle = rows.len() as i64 / 2;
        for (first, last) in [(0, middle), (middle, rows.len() as i64)] {
            let (digits, scales) = (digits.ptr_mut(), scales.ptr_mut());
            let args = QuantizeArgs {
                x: x.ptr(),
                order: std::ptr::null(),
                digits,
                scales,
                first,
                last,
                width: width as i64,
            };
            // SAFETY: the operands have this width and as many rows.
            unsafe { kernel(table)(&args) };
        }
        for (at, row) in rows.iter().enumerate() {
            let (want, scale) = ternarized(row, scale);
            let from = digits.start + at * bytes;
            let got = &digits.memory[from..from + bytes];
            assert_eq!(got, t2_row(want.into_iter()), "{level:?} {what} of {width}, row {at}");
            let got = f32::from_bits(scales.word(at));
            assert!(same(got, scale), "{level:?} {what} of {width}, row {at}: {got:e}, not {scale:e}");
        }
        let behind = &digits.memory[digits.start + rows.len() * bytes..];
        assert_eq!((behind, scales.word(rows.len())), (&[0xa5; 4][..], 0xa5a5_a5a5), "wrote behind");
    }
}

#[test]
fn rows_are_packed_by_their_mean_magnitude() {
    let mut random = Random(21);
    for width in (0..70).chain([127, 128, 129, 255, 1000, 4093]) {
        for size in [1.0, 1e-20, 1e-38, 1e-42, 3e-45, 1e30, 1e38] {
            let rows: Vec<Vec<f32>> =
                (0..3).map(|_| (0..width).map(|_| random.f32() * size).collect()).collect();
            assert_packed(&rows, &format!("rows of {size:e}"));
        }
        let hard = (0..4).map(|_| (0..width).map(|_| random.hard_f32()).collect()).collect::<Vec<_>>();
        assert_packed(&hard, "rows with what breaks kernels");
    }
}

#[test]
fn what_is_half_of_the_scale_becomes_zero() {
    // Of each four numbers one is half of their mean, and one a little more or less.
    for width in [4, 16, 20, 64, 100] {
        for scale in [1.0f32, 1e-30, 1e-44, 3.1e37] {
            for ulps in [-1, 0, 1] {
                let half = 0.5 * scale;
                let near = f32::from_bits(half.to_bits().wrapping_add_signed(ulps));
                let row: Vec<f32> = (0..width)
                    .map(|i| match i % 4 {
                        0 => half,
                        1 => -near,
                        2 => 1.5 * scale,
                        _ => -1.5 * scale,
                    })
                    .collect();
                assert_packed(&[row], "halves");
            }
        }
    }
}

#[test]
fn one_hard_element_makes_a_row_of_zeros_with_its_scale() {
    for width in [1, 5, 16, 33] {
        for hard in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, 0.0, -0.0, 1e-45] {
            for among in [0.0, 1.0, -1.0, f32::MAX] {
                for at in [0, width / 2, width - 1] {
                    let mut row = vec![among; width];
                    row[at] = hard;
                    assert_packed(&[row.clone(), row], &format!("{hard:e} among {among:e}"));
                }
            }
        }
    }
}
