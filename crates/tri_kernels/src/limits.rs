//! Loops that do nothing but what limits a kernel: fused multiply-adds, byte dot products, reads. A benchmark holds kernels against them.

#![expect(unsafe_op_in_unsafe_fn, reason = "each loop is vector operations under the promise of its entry")]

use std::hint::black_box;

use crate::CpuLevel;
#[cfg(target_arch = "x86_64")]
use crate::lanes::{Avx2, Avx512Vnni};
use crate::lanes::{ByteLanes, FloatLanes, Level, Portable};

/// Sums in flight: more than latency times units of any CPU, and no more than there are registers.
const CHAINS: usize = 12;
/// Terms of each sum in a round.
const TERMS: usize = 32;

/// Places, equally far from one another, from which bytes are read in turn. Which is fastest depends on how busy memory is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Streams {
    /// In order.
    One,
    /// Quarters.
    Four,
    /// Eighths.
    Eight,
}

impl Streams {
    /// All of them.
    pub const ALL: [Streams; 3] = [Streams::One, Streams::Four, Streams::Eight];
}

/// How fast a thread can be, at one CPU level of this machine.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    fma: unsafe fn(usize) -> f32,
    dot: unsafe fn(usize) -> i32,
    read: unsafe fn(&[u8], Streams) -> u64,
    /// Floating-point operations of a round, and of a dot product's.
    operations: [usize; 2],
}

impl Limits {
    /// The loops of a level; none where this machine lacks its instructions.
    pub fn for_level(level: CpuLevel) -> Option<Limits> {
        if !level.is_supported() {
            return None;
        }
        match level {
            CpuLevel::Portable => Some(portable::LIMITS),
            #[cfg(target_arch = "x86_64")]
            CpuLevel::Avx2 => Some(avx2::LIMITS),
            #[cfg(target_arch = "x86_64")]
            CpuLevel::Avx512Vnni => Some(avx512vnni::LIMITS),
            #[cfg(not(target_arch = "x86_64"))]
            CpuLevel::Avx2 | CpuLevel::Avx512Vnni => None,
        }
    }

    /// Multiplies and adds in f32, fused; gives the number of operations.
    pub fn multiply_add(&self, rounds: usize) -> usize {
        // SAFETY: `for_level` gave the loops of a level that this machine has.
        black_box(unsafe { (self.fma)(rounds) });
        rounds * self.operations[0]
    }

    /// Multiplies and adds bytes, as the level's kernels for trits do; gives the number of operations.
    pub fn dot_product(&self, rounds: usize) -> usize {
        // SAFETY: as above.
        black_box(unsafe { (self.dot)(rounds) });
        rounds * self.operations[1]
    }

    /// Reads all bytes but a few at the end, with prefetches ahead.
    pub fn read(&self, bytes: &[u8], streams: Streams) {
        // SAFETY: as above.
        black_box(unsafe { (self.read)(bytes, streams) });
    }
}

#[inline(always)]
unsafe fn fma<L: Level>(rounds: usize) -> f32 {
    let (factor, term) = (L::Floats::splat(black_box(0.5)), L::Floats::splat(black_box(1.0)));
    let mut sums = [L::Floats::splat(0.0); CHAINS];
    for _ in 0..rounds {
        for _ in 0..TERMS {
            for sum in &mut sums {
                *sum = sum.fma(factor, term);
            }
        }
    }
    let mut total = sums[0];
    for sum in &sums[1..] {
        total = total.add(*sum);
    }
    let mut lanes = [0f32; 16];
    total.store(lanes.as_mut_ptr());
    lanes.iter().sum()
}

#[inline(always)]
unsafe fn dot<L: Level>(rounds: usize) -> i32 {
    let (codes, values) = ([2u8; 64 * TERMS], [3u8; 64 * CHAINS]);
    let mut sums = [L::Bytes::zero(); CHAINS];
    for _ in 0..rounds {
        // Unknown to the compiler in each round, or it would multiply once and add often.
        let (codes, values) = (black_box(&codes).as_ptr(), black_box(&values).as_ptr());
        for term in 0..TERMS {
            let code = L::Bytes::load(codes.add(64 * term));
            for (chain, sum) in sums.iter_mut().enumerate() {
                *sum = code.dot::<true>(L::Bytes::load(values.add(64 * chain)), *sum);
            }
        }
    }
    let mut total = 0i32;
    for sum in sums {
        total = total.wrapping_add(L::Bytes::total(sum));
    }
    total
}

#[inline(always)]
unsafe fn read<const STREAMS: usize>(bytes: &[u8]) -> u64 {
    const LINE: usize = 64;
    const AHEAD: usize = 2048;
    let apart = bytes.len() / STREAMS / LINE * LINE;
    let mut sums = [0u64; 8];
    for at in (0..apart).step_by(LINE) {
        for stream in 0..STREAMS {
            let line = bytes.as_ptr().add(stream * apart + at);
            prefetch(line.wrapping_add(AHEAD));
            for (sum, word) in sums.iter_mut().zip(line.cast::<[u64; 8]>().read_unaligned()) {
                *sum ^= word;
            }
        }
    }
    sums.into_iter().fold(0, |all, sum| all ^ sum)
}

/// Asks for the line at an address, which need not be one, in the second cache.
#[inline(always)]
pub(crate) unsafe fn prefetch(at: *const u8) {
    #[cfg(target_arch = "x86_64")]
    std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T1 }>(at.cast());
    #[cfg(not(target_arch = "x86_64"))]
    let _ = at;
}

macro_rules! limits {
    ($module:ident, $level:ty, #[$features:meta]) => {
        mod $module {
            use super::*;

            #[$features]
            unsafe fn fma(rounds: usize) -> f32 {
                // SAFETY: the caller has the level's instructions.
                unsafe { super::fma::<$level>(rounds) }
            }

            #[$features]
            unsafe fn dot(rounds: usize) -> i32 {
                // SAFETY: as above.
                unsafe { super::dot::<$level>(rounds) }
            }

            #[$features]
            unsafe fn read(bytes: &[u8], streams: Streams) -> u64 {
                // SAFETY: as above.
                unsafe {
                    match streams {
                        Streams::One => super::read::<1>(bytes),
                        Streams::Four => super::read::<4>(bytes),
                        Streams::Eight => super::read::<8>(bytes),
                    }
                }
            }

            const LANES: [usize; 2] = [
                <<$level as Level>::Floats as FloatLanes>::LANES,
                <<$level as Level>::Bytes as ByteLanes>::BYTES,
            ];

            pub(super) const LIMITS: Limits = Limits {
                fma,
                dot,
                read,
                operations: [2 * CHAINS * TERMS * LANES[0], 2 * CHAINS * TERMS * LANES[1]],
            };
        }
    };
}

limits!(portable, Portable, #[doc = "Instructions that every CPU of the architecture has."]);
#[cfg(target_arch = "x86_64")]
limits!(avx2, Avx2, #[target_feature(enable = "avx2,fma,f16c,bmi1,bmi2,lzcnt,popcnt,movbe")]);
#[cfg(target_arch = "x86_64")]
limits!(
    avx512vnni,
    Avx512Vnni,
    #[target_feature(
        enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx512vnni,avx2,fma,f16c,bmi1,bmi2,lzcnt,popcnt,movbe"
    )]
);
