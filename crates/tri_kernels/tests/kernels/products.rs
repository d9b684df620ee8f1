//! Products of matrices of floats, bytes and trits.

use tri_kernels::{CpuLevel, GemmKernel, KernelTable};

use crate::support::{
    Bytes, Random, SHAPES, f32_bytes, gemm, levels, random_trit, same, t2_row, trit_bytes, trit_step,
};

/// What surrounds the operands' elements.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Layout {
    /// k adjacent on the left, columns adjacent on the right.
    Plain,
    /// k adjacent on both sides.
    Transposed,
    /// Rows adjacent on the left, gaps everywhere.
    Strided,
}

const LAYOUTS: [Layout; 3] = [Layout::Plain, Layout::Transposed, Layout::Strided];

/// Strides: left row and k, right k and column, result row.
fn strides(layout: Layout, [m, n, k]: [usize; 3]) -> [usize; 5] {
    match layout {
        Layout::Plain => [k, 1, n, 1, n],
        Layout::Transposed => [k, 1, 1, k, n],
        Layout::Strided => [1, m + 3, 2 * n + 1, 2, n + 5],
    }
}

/// Element (i, j) of a matrix of `rows * columns` goes to `i * row + j * column`.
fn spread<const N: usize>(
    [rows, columns]: [usize; 2],
    [row, column]: [usize; 2],
    mut element: impl FnMut(usize, usize) -> [u8; N],
) -> Bytes {
    let length = if rows * columns == 0 { 0 } else { (rows - 1) * row + (columns - 1) * column + 1 };
    let mut bytes = vec![0x77; N * length];
    for i in 0..rows {
        for j in 0..columns {
            let at = N * (i * row + j * column);
            bytes[at..at + N].copy_from_slice(&element(i, j));
        }
    }
    Bytes::new(bytes)
}

fn check_float(
    select: impl Fn(&KernelTable) -> GemmKernel,
    a_bytes: impl Fn(f32) -> Vec<u8>,
    b_bytes: impl Fn(f32) -> Vec<u8>,
    mut a_value: impl FnMut(&mut Random) -> f32,
    mut b_value: impl FnMut(&mut Random) -> f32,
    step: impl Fn(f32, f32, f32) -> f32,
) {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for shape @ [m, n, k] in SHAPES {
        let a: Vec<f32> = (0..m * k).map(|_| a_value(&mut random)).collect();
        let b: Vec<f32> = (0..k * n).map(|_| b_value(&mut random)).collect();
        let mut expected = vec![0f32; m * n];
        for i in 0..m {
            for j in 0..n {
                for l in 0..k {
                    expected[i * n + j] = step(a[i * k + l], b[l * n + j], expected[i * n + j]);
                }
            }
        }
        for layout in LAYOUTS {
            let strides @ [a_row, a_k, b_k, b_n, c_row] = strides(layout, shape);
            let place = |values: &[f32], [rows, columns]: [usize; 2], at, bytes: &dyn Fn(f32) -> Vec<u8>| {
                match bytes(0.0).len() {
                    4 => spread::<4>([rows, columns], at, |i, j| {
                        bytes(values[i * columns + j]).try_into().unwrap()
                    }),
                    2 => spread::<2>([rows, columns], at, |i, j| {
                        bytes(values[i * columns + j]).try_into().unwrap()
                    }),
                    _ => spread::<1>([rows, columns], at, |i, j| {
                        bytes(values[i * columns + j]).try_into().unwrap()
                    }),
                }
            };
            let a = place(&a, [m, k], [a_row, a_k], &a_bytes);
            let b = place(&b, [k, n], [b_k, b_n], &b_bytes);
            for (level, table) in levels() {
                let c = gemm(select(table), shape, strides, &a, &b);
                for i in 0..m {
                    for j in 0..n {
                        let (got, want) = (f32::from_bits(c.word(i * c_row + j)), expected[i * n + j]);
                        assert!(
                            same(got, want),
                            "{level:?} {shape:?} {layout:?} ({i}, {j}): {got:e}, not {want:e}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn f32_by_f32_is_one_fma_chain() {
    let fma = |a: f32, b: f32, sum: f32| a.mul_add(b, sum);
    let select = |table: &KernelTable| table.f32_gemm;
    check_float(select, f32_bytes, f32_bytes, Random::f32, Random::f32, fma);
    check_float(select, f32_bytes, f32_bytes, Random::hard_f32, Random::hard_f32, fma);
    check_float(select, f32_bytes, f32_bytes, Random::tiny_f32, Random::tiny_f32, fma);
}

#[test]
fn bf16_and_f16_are_widened_first() {
    let fma = |a: f32, b: f32, sum: f32| a.mul_add(b, sum);
    let bf16 = |x: f32| half::bf16::from_f32(x).to_le_bytes().to_vec();
    let value = |random: &mut Random| half::bf16::from_f32(random.hard_f32()).to_f32();
    check_float(|table| table.bf16_gemm, bf16, bf16, value, value, fma);
    let f16 = |x: f32| half::f16::from_f32(x).to_le_bytes().to_vec();
    // Any bits: subnormals, infinities and NaN among them.
    let value = |random: &mut Random| half::f16::from_bits(random.below(1 << 16) as u16).to_f32();
    check_float(|table| table.f16_gemm, f16, f16, value, value, fma);
}

#[test]
fn f32_by_trit_adds_subtracts_or_leaves() {
    let select = |table: &KernelTable| table.f32_trit_gemm;
    check_float(select, f32_bytes, trit_bytes, Random::f32, random_trit, trit_step);
    check_float(select, f32_bytes, trit_bytes, Random::hard_f32, random_trit, trit_step);
}

#[test]
fn f32_by_packed_trit_equals_f32_by_plain_trit() {
    let mut random = Random(77);
    for shape @ [m, n, k] in SHAPES {
        let a: Vec<f32> = (0..m * k).map(|_| random.hard_f32()).collect();
        let b: Vec<i8> = (0..n * k).map(|_| random_trit(&mut random) as i8).collect();
        let a = spread([m, k], [k, 1], |i, j| a[i * k + j].to_le_bytes());
        let plain = spread([n, k], [k, 1], |i, j| [b[i * k + j] as u8]);
        let packed = Bytes::new((0..n).flat_map(|j| t2_row(b[j * k..(j + 1) * k].iter().copied())));
        for (level, table) in levels() {
            let want = gemm(table.f32_trit_gemm, shape, [k, 1, 1, k, n], &a, &plain);
            let got = gemm(table.f32_t2_gemm, shape, [k, 1, 0, k.div_ceil(4), n], &a, &packed);
            for i in 0..m * n {
                assert!(
                    same(f32::from_bits(got.word(i)), f32::from_bits(want.word(i))),
                    "{level:?} {shape:?}"
                );
            }
        }
    }
}

/// Both integer kernels; trits only where `b` is trits.
fn check_bytes(shape @ [m, n, k]: [usize; 3], a: &[i8], b: &[i8]) {
    let mut expected = vec![0i32; m * n];
    for i in 0..m {
        for j in 0..n {
            for l in 0..k {
                expected[i * n + j] += i32::from(a[i * k + l]) * i32::from(b[j * k + l]);
            }
        }
    }
    let packed = b
        .iter()
        .all(|trit| (-1..=1).contains(trit))
        .then(|| Bytes::new((0..n).flat_map(|j| t2_row(b[j * k..(j + 1) * k].iter().copied()))));
    for layout in LAYOUTS {
        let strides @ [a_row, a_k, b_k, b_n, c_row] = strides(layout, shape);
        let a = spread([m, k], [a_row, a_k], |i, j| [a[i * k + j] as u8]);
        let b = spread([k, n], [b_k, b_n], |i, j| [b[j * k + i] as u8]);
        for (level, table) in levels() {
            let check = |c: Bytes, name: &str| {
                for i in 0..m {
                    for j in 0..n {
                        let got = c.word(i * c_row + j) as i32;
                        assert_eq!(
                            got,
                            expected[i * n + j],
                            "{name} {level:?} {shape:?} {layout:?} ({i}, {j})"
                        );
                    }
                }
            };
            check(gemm(table.i8_gemm, shape, strides, &a, &b), "i8");
            if let Some(packed) = &packed {
                let strides = [a_row, a_k, 0, k.div_ceil(4), c_row];
                check(gemm(table.i8_trit_gemm, shape, strides, &a, packed), "t2");
            }
        }
    }
}

#[test]
fn bytes_by_bytes_and_by_trits_are_exact() {
    let mut random = Random(5);
    for shape @ [m, n, k] in SHAPES {
        let mut bytes = |length, choices: u64, least: i64| -> Vec<i8> {
            (0..length).map(|_| (random.below(choices) as i64 + least) as i8).collect()
        };
        let a = bytes(m * k, 256, -128);
        check_bytes(shape, &a, &bytes(n * k, 256, -128));
        check_bytes(shape, &a, &bytes(n * k, 3, -1));
    }
}

#[test]
fn extreme_bytes_do_not_wrap() {
    for shape @ [m, n, k] in [[1, 5, 4096], [2, 4, 4097], [5, 1, 65_537], [3, 6, 255]] {
        for a in [-128, -127, 127] {
            for b in [-128, -1, 0, 1, 127] {
                check_bytes(shape, &vec![a; m * k], &vec![b; n * k]);
            }
        }
    }
    let table = KernelTable::for_level(CpuLevel::Portable).unwrap();
    let (a, b) = (Bytes::new(vec![127; 4096]), Bytes::new(vec![0xaa; 1024]));
    assert_eq!(gemm(table.i8_trit_gemm, [1, 1, 4096], [4096, 1, 0, 1024, 1], &a, &b).word(0), 520_192);
}
