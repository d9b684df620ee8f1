//! What the tests of kernels share: numbers, bytes at odd addresses, and a call of a product that looks around its result.

use tri_kernels::{CpuLevel, GemmArgs, GemmKernel, KernelTable};

/// A small generator of numbers (xorshift), so that failures repeat.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> 11
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub(crate) fn f32(&mut self) -> f32 {
        (self.next() % 20001) as f32 / 7000.0 - 1.4
    }

    /// Mostly ordinary, sometimes what breaks kernels.
    pub(crate) fn hard_f32(&mut self) -> f32 {
        const HARD: [f32; 10] =
            [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -0.0, 0.0, 1e-45, -1e-45, 1e-38, f32::MAX, f32::MIN];
        if self.below(40) == 0 { HARD[self.below(10) as usize] } else { self.f32() }
    }

    /// Products of these underflow, to either zero.
    pub(crate) fn tiny_f32(&mut self) -> f32 {
        self.f32() * 1e-30
    }
}

/// Bytes that begin at an odd address and end where their memory ends.
pub(crate) struct Bytes {
    pub(crate) memory: Vec<u8>,
    pub(crate) start: usize,
}

impl Bytes {
    pub(crate) fn new(bytes: impl IntoIterator<Item = u8>) -> Bytes {
        let bytes: Vec<u8> = bytes.into_iter().collect();
        let mut memory: Vec<u8> = Vec::with_capacity(bytes.len() + 1);
        let start = 1 - memory.as_ptr().addr() % 2;
        memory.resize(start, 0);
        memory.extend(bytes);
        Bytes { memory, start }
    }

    pub(crate) fn filled(length: usize) -> Bytes {
        Bytes::new(std::iter::repeat_n(0xa5, length))
    }

    pub(crate) fn ptr(&self) -> *const u8 {
        self.memory[self.start..].as_ptr()
    }

    pub(crate) fn ptr_mut(&mut self) -> *mut u8 {
        self.memory[self.start..].as_mut_ptr()
    }

    pub(crate) fn word(&self, index: usize) -> u32 {
        let at = self.start + 4 * index;
        u32::from_le_bytes(self.memory[at..at + 4].try_into().unwrap())
    }
}

pub(crate) fn levels() -> impl Iterator<Item = (CpuLevel, &'static KernelTable)> {
    CpuLevel::ALL.into_iter().filter_map(|level| Some((level, KernelTable::for_level(level)?)))
}

pub(crate) fn same(a: f32, b: f32) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
}

pub(crate) const SHAPES: [[usize; 3]; 37] = [
    [4, 32, 512],
    [13, 40, 640],
    [2, 20, 33000],
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

pub(crate) fn gemm(
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

pub(crate) fn f32_bytes(x: f32) -> Vec<u8> {
    x.to_le_bytes().to_vec()
}

pub(crate) fn trit_bytes(x: f32) -> Vec<u8> {
    vec![x as i8 as u8]
}

pub(crate) fn trit_step(a: f32, trit: f32, sum: f32) -> f32 {
    match trit as i8 {
        1 => sum + a,
        -1 => sum - a,
        _ => sum,
    }
}

pub(crate) fn random_trit(random: &mut Random) -> f32 {
    random.below(3) as f32 - 1.0
}

pub(crate) fn t2_row(trits: impl Iterator<Item = i8>) -> Vec<u8> {
    let codes: Vec<u8> = trits.map(|trit| (trit + 1) as u8).collect();
    let byte = |four: &[u8]| (0..4).fold(0, |byte, i| byte | four.get(i).unwrap_or(&1) << (2 * i));
    codes.chunks(4).map(byte).collect()
}
