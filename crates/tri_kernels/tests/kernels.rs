//! Every kernel at every level of this machine, against the definition written out, to the bit.

#![expect(unsafe_code, reason = "kernels are called through the C ABI")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use tri_kernels::{
    ClusterArgs, ConvArgs, CpuLevel, GemmArgs, GemmKernel, KernelTable, QuantizeArgs, ScaledGemmArgs,
};

/// A small generator of numbers (xorshift), so that failures repeat.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> 11
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn f32(&mut self) -> f32 {
        (self.next() % 20001) as f32 / 7000.0 - 1.4
    }

    /// Mostly ordinary, sometimes what breaks kernels.
    fn hard_f32(&mut self) -> f32 {
        const HARD: [f32; 10] =
            [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -0.0, 0.0, 1e-45, -1e-45, 1e-38, f32::MAX, f32::MIN];
        if self.below(40) == 0 { HARD[self.below(10) as usize] } else { self.f32() }
    }

    /// Products of these underflow, to either zero.
    fn tiny_f32(&mut self) -> f32 {
        self.f32() * 1e-30
    }
}

/// Bytes that begin at an odd address and end where their memory ends.
struct Bytes {
    memory: Vec<u8>,
    start: usize,
}

impl Bytes {
    fn new(bytes: impl IntoIterator<Item = u8>) -> Bytes {
        let bytes: Vec<u8> = bytes.into_iter().collect();
        let mut memory: Vec<u8> = Vec::with_capacity(bytes.len() + 1);
        let start = 1 - memory.as_ptr().addr() % 2;
        memory.resize(start, 0);
        memory.extend(bytes);
        Bytes { memory, start }
    }

    fn filled(length: usize) -> Bytes {
        Bytes::new(std::iter::repeat_n(0xa5, length))
    }

    fn ptr(&self) -> *const u8 {
        self.memory[self.start..].as_ptr()
    }

    fn ptr_mut(&mut self) -> *mut u8 {
        self.memory[self.start..].as_mut_ptr()
    }

    fn word(&self, index: usize) -> u32 {
        let at = self.start + 4 * index;
        u32::from_le_bytes(self.memory[at..at + 4].try_into().unwrap())
    }
}

fn levels() -> impl Iterator<Item = (CpuLevel, &'static KernelTable)> {
    CpuLevel::ALL.into_iter().filter_map(|level| Some((level, KernelTable::for_level(level)?)))
}

fn same(a: f32, b: f32) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
}

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

const SHAPES: [[usize; 3]; 34] = [
    [0, 3, 4],
    [2, 0, 4],
    [2, 3, 0],
    [1, 1, 1],
    [1, 5, 7],
    [2, 33, 3],
    [7, 31, 255],
    [33, 64, 256],
    [5, 16, 257],
    [9, 17, 64],
    [4, 32, 63],
    [3, 33, 65],
    [1, 128, 256],
    [1, 129, 300],
    [1, 127, 513],
    [8, 15, 127],
    [16, 8, 129],
    [15, 7, 1],
    [129, 3, 5],
    [2, 4, 1023],
    [35, 6, 1025],
    [6, 5, 4095],
    [5, 6, 4097],
    [1, 2, 65537],
    [33, 37, 4101],
    [43, 33, 2049],
    [131, 49, 70],
    [64, 96, 272],
    [9, 37, 32],
    [1, 64, 31],
    [17, 40, 16],
    [3, 70, 61],
    [2, 21, 128],
    [18, 259, 125],
];

fn gemm(
    kernel: GemmKernel,
    [m, n, k]: [usize; 3],
    [a_row, a_k, b_k, b_n, c_row]: [usize; 5],
    a: &Bytes,
    b: &Bytes,
) -> Bytes {
    let mut c = Bytes::filled(4 * (m.max(1) * c_row + n));
    let args = GemmArgs {
        a: a.ptr(),
        a_row: a_row as i64,
        a_k: a_k as i64,
        b: b.ptr(),
        b_k: b_k as i64,
        b_n: b_n as i64,
        c: c.ptr_mut(),
        c_row: c_row as i64,
        m: m as i64,
        n: n as i64,
        k: k as i64,
    };
    // SAFETY: the operands are made for these sizes and strides.
    unsafe { kernel(&args) };
    // What lies between and behind the rows stays as it was.
    for i in 0..m.max(1) * c_row + n {
        if i / c_row.max(1) >= m || i % c_row.max(1) >= n {
            assert_eq!(c.word(i), 0xa5a5_a5a5, "wrote outside the result: {i}");
        }
    }
    c
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

fn f32_bytes(x: f32) -> Vec<u8> {
    x.to_le_bytes().to_vec()
}

fn trit_bytes(x: f32) -> Vec<u8> {
    vec![x as i8 as u8]
}

fn trit_step(a: f32, trit: f32, sum: f32) -> f32 {
    match trit as i8 {
        1 => sum + a,
        -1 => sum - a,
        _ => sum,
    }
}

fn random_trit(random: &mut Random) -> f32 {
    random.below(3) as f32 - 1.0
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

fn t2_row(trits: impl Iterator<Item = i8>) -> Vec<u8> {
    let codes: Vec<u8> = trits.map(|trit| (trit + 1) as u8).collect();
    let byte = |four: &[u8]| (0..4).fold(0, |byte, i| byte | four.get(i).unwrap_or(&1) << (2 * i));
    codes.chunks(4).map(byte).collect()
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

fn check_conv<T: Copy, W: Copy>(
    select: impl Fn(&KernelTable) -> tri_kernels::ConvKernel,
    mut input: impl FnMut(&mut Random) -> (T, Vec<u8>),
    mut weight: impl FnMut(&mut Random) -> (W, Vec<u8>),
    zero: u32,
    step: impl Fn(T, W, u32) -> u32,
    same: impl Fn(u32, u32) -> bool,
) {
    let mut random = Random(11);
    for sizes in CONVOLUTIONS {
        let mut args = conv_args(sizes);
        let images = sizes[0];
        let elements = (images * args.channels * args.height * args.width) as usize;
        let (inputs, bytes): (Vec<T>, Vec<Vec<u8>>) = (0..elements).map(|_| input(&mut random)).unzip();
        let input_bytes = Bytes::new(bytes.concat());
        let elements =
            args.out_channels * (args.channels / args.groups) * args.kernel_height * args.kernel_width;
        let (weights, bytes): (Vec<W>, Vec<Vec<u8>>) = (0..elements).map(|_| weight(&mut random)).unzip();
        let weight_bytes = Bytes::new(bytes.concat());
        let expected = convolve(&args, images, &inputs, &weights, zero, &step);
        let planes = images * args.out_channels;
        for (level, table) in levels() {
            for split in [0, planes / 3, planes / 2] {
                let mut out = Bytes::filled(4 * expected.len() + 4);
                (args.input, args.weight, args.out) = (input_bytes.ptr(), weight_bytes.ptr(), out.ptr_mut());
                for (first, last) in [(0, split), (split, planes)] {
                    (args.first, args.last) = (first, last);
                    // SAFETY: the operands are made for these sizes.
                    unsafe { select(table)(&args) };
                }
                for (i, &want) in expected.iter().enumerate() {
                    let got = out.word(i);
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
        check_conv(|table| table.f32_conv2d, value, value, 0, fma, same_bits);
    }
}

#[test]
fn f32_convolution_by_trits_adds_subtracts_or_leaves() {
    let value = |random: &mut Random| {
        let x = random.hard_f32();
        (x, f32_bytes(x))
    };
    let trit = |random: &mut Random| {
        let trit = random_trit(random);
        (trit, trit_bytes(trit))
    };
    let step = |x: f32, w: f32, sum: u32| trit_step(x, w, f32::from_bits(sum)).to_bits();
    check_conv(|table| table.f32_trit_conv2d, value, trit, 0, step, same_bits);
}

#[test]
fn i8_convolution_is_exact() {
    let byte = |random: &mut Random| {
        let x = random.below(256) as u8 as i8;
        (x, vec![x as u8])
    };
    let step = |x: i8, w: i8, sum: u32| (sum as i32 + i32::from(x) * i32::from(w)) as u32;
    check_conv(|table| table.i8_conv2d, byte, byte, 0, step, |a, b| a == b);
    let extreme = |_: &mut Random| (-128, vec![0x80]);
    check_conv(|table| table.i8_conv2d, extreme, extreme, 0, step, |a, b| a == b);
}

#[test]
fn kernels_run_on_several_threads_at_once() {
    let table = KernelTable::for_level(CpuLevel::of_machine()).unwrap();
    let a = Bytes::new((0..64 * 300).map(|i| (i % 251) as u8));
    let b = Bytes::new((0..40 * 300).map(|i| (i % 241) as u8));
    let alone: Vec<u32> = {
        let c = gemm(table.i8_gemm, [64, 40, 300], [300, 1, 1, 300, 40], &a, &b);
        (0..64 * 40).map(|i| c.word(i)).collect()
    };
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..20 {
                    let c = gemm(table.i8_gemm, [64, 40, 300], [300, 1, 1, 300, 40], &a, &b);
                    assert!((0..64 * 40).all(|i| c.word(i) == alone[i]));
                }
            });
        }
    });
}

#[test]
fn scalar_operations_round_as_ieee_says() {
    for (_, table) in levels() {
        assert_eq!(
            (table.fma_f32)(1.0 + f32::EPSILON, 1.0 - f32::EPSILON, -1.0),
            -f32::EPSILON * f32::EPSILON
        );
        assert_eq!(
            (table.fma_f64)(1.0 + f64::EPSILON, 1.0 - f64::EPSILON, -1.0),
            -f64::EPSILON * f64::EPSILON
        );
        for (x, nearest) in
            [(0.5, 0.0), (1.5, 2.0), (2.5, 2.0), (-0.5, -0.0), (-1.5, -2.0), (8_388_609.0, 8_388_609.0)]
        {
            assert_eq!((table.nearest_f32)(x).to_bits(), f32::to_bits(nearest));
            assert_eq!((table.nearest_f64)(x.into()).to_bits(), f64::from(nearest).to_bits());
        }
        assert_eq!(
            [(table.floor_f32)(-1.5), (table.ceil_f32)(-1.5), (table.trunc_f32)(-1.5)],
            [-2.0, -1.0, -1.0]
        );
        assert_eq!(
            [(table.floor_f64)(-1.5), (table.ceil_f64)(-1.5), (table.trunc_f64)(-1.5)],
            [-2.0, -1.0, -1.0]
        );
    }
}

#[test]
fn a_level_is_refused_where_the_machine_lacks_it() {
    for level in CpuLevel::ALL {
        assert_eq!(KernelTable::for_level(level).is_some(), level.is_supported());
        assert_eq!(CpuLevel::from_name(level.name()), Some(level));
    }
    assert!(CpuLevel::Portable.is_supported());
}

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
fn scaled_products_are_the_sums_times_both_scales() {
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
        for (level, table) in levels() {
            let sums = gemm(table.i8_trit_gemm, shape, [k, 1, 0, k.div_ceil(4), n], &a, &b);
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
            };
            // SAFETY: the operands are made for these sizes and strides.
            unsafe { (table.i8_trit_scaled_gemm)(&args) };
            for (i, row) in rows.iter().enumerate() {
                for (j, column) in columns.iter().enumerate() {
                    let want = sums.word(i * n + j).cast_signed() as f32 * row * column;
                    let got = f32::from_bits(c.word(i * n + j));
                    assert!(same(got, want), "{level:?} {shape:?} ({i}, {j}): {got:e}, not {want:e}");
                }
            }
            assert!((0..16).all(|i| c.word(m * n + i) == 0xa5a5_a5a5), "{level:?} {shape:?}: wrote behind");
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
            for (level, table) in levels() {
                let (mut digits, mut scales) = (Bytes::filled(6 * width + 1), Bytes::filled(4 * 6 + 4));
                let (digits_ptr, scales_ptr) = (digits.ptr_mut(), scales.ptr_mut());
                for (first, last) in [(0, 4), (4, 6)] {
                    let args = QuantizeArgs {
                        x: bytes.ptr(),
                        digits: digits_ptr,
                        scales: scales_ptr,
                        first,
                        last,
                        width: width as i64,
                    };
                    // SAFETY: the operands have this width and six rows.
                    unsafe { (table.quantize_rows)(&args) };
                }
                for (row, x) in x.iter().enumerate() {
                    let (want, scale) = quantized(x);
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
