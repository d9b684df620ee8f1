//! Kernels that go row by row: quantisation, scaled products, the nearest tile.

use tri_kernels::{ClusterArgs, CpuLevel, GemmArgs, KernelTable, QuantizeArgs, ScaledGemmArgs};

use crate::support::{Bytes, Random, SHAPES, gemm, levels, random_trit, same, t2_row};

#[test]
fn the_nearest_tile_of_the_nearest_cluster_is_that_of_the_definition() {
    let mut random = Random(77);
    let sizes = [
        (1, 1, 1, 1),
        (9, 3, 5, 7),
        (16, 2, 64, 8),
        (32, 8, 33, 17),
        (300, 5, 24, 40),
        (0, 3, 4, 2),
        (200, 1, 512, 64),
        (40, 3, 129, 5),
        (30, 4, 40000, 2),
    ];
    for (at, (rows, count, width, each)) in sizes.into_iter().chain(sizes).enumerate() {
        let hard = rows < 20;
        // The second time scores are hard to tell apart: few signatures differ, and rows are of few numbers, of tiny or of huge ones.
        let is_close = at >= sizes.len();
        let x: Vec<f32> = (0..rows * width)
            .map(|at| match at / width.max(1) % 6 {
                _ if hard => random.hard_f32(),
                _ if !is_close => random.f32(),
                0 => 0.0,
                1 => random.below(3) as f32 - 1.0,
                2 => 1.0 + random.f32() * 1e-6,
                3 => random.f32() * 1e-40,
                4 => random.f32() * 1e37,
                _ => random.f32() * 1e-7,
            })
            .collect();
        let mut trits = |n: usize| -> Vec<i8> {
            let mut trits: Vec<i8> = (0..n).map(|_| random.below(3) as i8 - 1).collect();
            let mut from = 0;
            while is_close && from + width <= n {
                // A copy of the first signature but for two elements at most.
                trits.copy_within(0..width, from);
                for _ in 0..random.below(3) {
                    trits[from + random.below(width as u64) as usize] = random.below(3) as i8 - 1;
                }
                from += width;
            }
            trits
        };
        let (clusters, tiles) = (trits(width * count), trits(count * width * each));
        let best = |x: &[f32], trits: &[i8], columns: usize| {
            let score = |column: usize| {
                let trit = |k: usize| trits[column * x.len() + k];
                x.iter().enumerate().fold(0.0f32, |sum, (k, x)| match trit(k) {
                    0 => sum,
                    1 => sum + x,
                    _ => sum - x,
                })
            };
            let scores: Vec<f32> = (0..columns).map(score).collect();
            let above = |a: f32, b: f32| a > b || (b.is_nan() && !a.is_nan());
            (1..columns).fold(0, |best, at| if above(scores[at], scores[best]) { at } else { best })
        };
        let expected: Vec<i32> = (0..rows)
            .map(|row| {
                let x = &x[row * width..(row + 1) * width];
                let cluster = best(x, &clusters, count);
                let part = &tiles[cluster * width * each..(cluster + 1) * width * each];
                (cluster * each + best(x, part, each)) as i32
            })
            .collect();
        for level in [CpuLevel::Portable, CpuLevel::Avx2, CpuLevel::Avx512Vnni] {
            let Some(table) = KernelTable::for_level(level) else { continue };
            let mut out = vec![-1i32; rows];
            // Two parts, as two threads would take them.
            for (first, last) in [(0, rows / 3), (rows / 3, rows)] {
                let args = ClusterArgs {
                    on: x.as_ptr().cast(),
                    clusters: clusters.as_ptr().cast(),
                    tiles: tiles.as_ptr().cast(),
                    out: out.as_mut_ptr().cast(),
                    first: first as i64,
                    last: last as i64,
                    width: width as i64,
                    count: count as i64,
                    each: each as i64,
                };
                // SAFETY: the arrays have the sizes given.
                unsafe { (table.argmax_clusters)(&args) };
            }
            assert_eq!(out, expected, "{level:?} {rows} rows, {count} clusters of {each}, {width} wide");
        }
    }
}

#[test]
fn scaled_products_are_the_sums_times_their_scales() {
    let mut random = Random(5);
    for shape @ [m, n, k] in SHAPES {
        let a = Bytes::new((0..m * k).map(|_| random.next() as u8));
        let trits: Vec<i8> = (0..n * k).map(|_| random_trit(&mut random) as i8).collect();
        let b = Bytes::new((0..n).flat_map(|j| t2_row(trits[j * k..(j + 1) * k].iter().copied())));
        let scales = |count: usize, random: &mut Random| -> Vec<f32> {
            (0..count).map(|_| random.hard_f32()).collect()
        };
        let (rows, columns) = (scales(m, &mut random), scales(n, &mut random));
        let bytes = |scales: &[f32]| Bytes::new(scales.iter().flat_map(|scale| scale.to_le_bytes()));
        let (row_bytes, column_bytes) = (bytes(&rows), bytes(&columns));
        let backwards = Bytes::new((0..m as i32).rev().flat_map(i32::to_le_bytes));
        for (level, table) in levels() {
            let sums = gemm(table.i8_trit_gemm, shape, [k, 1, 0, k.div_ceil(4), n], &a, &b);
            // Each row to its own place, and each to the place of another; with and without a scale of all.
            let all = bytes(&[0.3]);
            for (order, all) in
                [(None, None), (Some(&backwards), None), (None, Some(&all)), (Some(&backwards), Some(&all))]
            {
                let mut c = Bytes::filled(4 * m * n + 64);
                let args = ScaledGemmArgs {
                    gemm: GemmArgs {
                        a: a.ptr(),
                        a_row: k as i64,
                        a_k: 1,
                        b: b.ptr(),
                        b_k: 0,
                        b_n: k.div_ceil(4) as i64,
                        c: c.ptr_mut(),
                        c_row: n as i64,
                        m: m as i64,
                        n: n as i64,
                        k: k as i64,
                    },
                    rows: row_bytes.ptr(),
                    columns: column_bytes.ptr(),
                    all: all.map_or(std::ptr::null(), Bytes::ptr),
                    order: order.map_or(std::ptr::null(), Bytes::ptr),
                };
                // SAFETY: the operands are made for these sizes and strides.
                unsafe { (table.i8_trit_scaled_gemm)(&args) };
                for (i, row) in rows.iter().enumerate() {
                    for (j, column) in columns.iter().enumerate() {
                        let scaled = sums.word(i * n + j).cast_signed() as f32 * row * column;
                        let want = if all.is_some() { scaled * 0.3 } else { scaled };
                        let to = if order.is_some() { m - 1 - i } else { i };
                        let got = f32::from_bits(c.word(to * n + j));
                        assert!(same(got, want), "{level:?} {shape:?} ({i}, {j}): {got:e}, not {want:e}");
                    }
                }
                assert!(
                    (0..16).all(|i| c.word(m * n + i) == 0xa5a5_a5a5),
                    "{level:?} {shape:?}: wrote behind"
                );
            }
        }
    }
}

/// `quantize_rows` as numerics.md has it.
fn quantized(row: &[f32]) -> (Vec<i8>, f32) {
    if row.iter().any(|x| !x.is_finite()) {
        return (vec![0; row.len()], f32::NAN);
    }
    let largest = row.iter().fold(0.0f32, |largest, x| largest.max(x.abs()));
    if largest < 2f32.powi(-119) {
        return (vec![0; row.len()], 0.0);
    }
    let digit = |x: &f32| (x * (127.0 / largest)).round_ties_even().clamp(-127.0, 127.0) as i8;
    (row.iter().map(digit).collect(), largest / 127.0)
}

#[test]
fn rows_are_quantized_by_their_largest_magnitude() {
    let mut random = Random(6);
    for width in [0, 1, 7, 15, 16, 17, 32, 100, 511, 512] {
        for size in [1.0, 1e-30, 2f32.powi(-119), 1e-37, 1e-44, 1e30, f32::MAX] {
            let mut x: Vec<Vec<f32>> =
                (0..6).map(|_| (0..width).map(|_| random.f32() * 0.5 * size).collect()).collect();
            for (row, at) in [(2, 0), (3, width / 2), (4, width.max(1) - 1)] {
                if let Some(x) = x[row].get_mut(at) {
                    *x = random.hard_f32();
                }
            }
            // Halves meet the tie of rounding.
            x[5].iter_mut().enumerate().for_each(|(i, x)| *x = (i % 255) as f32 * 0.5 - 63.5);
            let bytes = Bytes::new(x.iter().flatten().flat_map(|x| x.to_le_bytes()));
            let order = Bytes::new([0i32, 3, 2, 2, 5, 4].into_iter().flat_map(i32::to_le_bytes));
            for (level, table) in levels() {
                let (mut digits, mut scales) = (Bytes::filled(6 * width + 1), Bytes::filled(4 * 6 + 4));
                let (digits_ptr, scales_ptr) = (digits.ptr_mut(), scales.ptr_mut());
                for (first, last) in [(0, 4), (4, 6)] {
                    let args = QuantizeArgs {
                        x: bytes.ptr(),
                        order: order.ptr(),
                        digits: digits_ptr,
                        scales: scales_ptr,
                        first,
                        last,
                        width: width as i64,
                    };
                    // SAFETY: the operands have this width and six rows.
                    unsafe { (table.quantize_rows)(&args) };
                }
                for (row, from) in [0, 3, 2, 2, 5, 4].into_iter().enumerate() {
                    let (want, scale) = quantized(&x[from]);
                    let at = digits.start + row * width;
                    let got: Vec<i8> =
                        digits.memory[at..at + width].iter().map(|x| x.cast_signed()).collect();
                    assert_eq!(got, want, "{level:?} {width} {size:e} row {row}");
                    assert!(
                        same(f32::from_bits(scales.word(row)), scale),
                        "{level:?} {width} {size:e} row {row}"
                    );
                }
                assert_eq!(
                    (digits.memory.last(), scales.word(6)),
                    (Some(&0xa5), 0xa5a5_a5a5),
                    "wrote behind"
                );
            }
        }
    }
}
