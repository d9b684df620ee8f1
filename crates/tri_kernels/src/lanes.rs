//! The vector operations that kernels are written in, and the levels that provide them.
//!
//! A kernel is one generic function over a [`Level`]; every function from the C ABI entry down is `inline(always)`, so that
//! it is compiled anew with the instructions that its entry enables.

mod arithmetic;
#[cfg(target_arch = "x86_64")]
mod arithmetic_x86;
mod panel;
mod portable;
#[cfg(target_arch = "x86_64")]
mod x86;

use tri_ir::math::Arith;

pub(crate) use panel::PanelLanes;
pub(crate) use portable::Portable;
#[cfg(target_arch = "x86_64")]
pub(crate) use x86::{Avx2, Avx512Vnni};

/// The vectors of a CPU level.
pub(crate) trait Level {
    /// Vectors of f32.
    type Floats: FloatLanes;
    /// Arithmetic of elementary functions on these.
    type Arithmetic: Arith<F32 = Self::Floats> + Default;
    /// Vectors of bytes.
    type Bytes: ByteLanes;
    /// Vectors of sums of columns.
    type Panels: PanelLanes;
    /// Rows of a tile of f32 results: 1, 2, 4 or 8, as registers allow beside two vectors of columns.
    const FLOAT_ROWS: usize;
    /// Rows of a tile of i32 results: 1, 2 or 4, as registers allow beside four columns.
    const BYTE_ROWS: usize;
    /// Rows of a tile of i32 results by panels: 1, 2, 4, 6 or 8, as registers allow beside two vectors of columns.
    const PANEL_ROWS: usize;
    /// Rows from which panels of bytes are worth making.
    const PANEL_FROM: usize;
}

/// A vector of f32.
///
/// # Safety
/// The CPU has the level's instructions; pointers are valid for `LANES` elements, at any alignment.
pub(crate) trait FloatLanes: Copy {
    const LANES: usize;
    unsafe fn splat(value: f32) -> Self;
    unsafe fn load(from: *const f32) -> Self;
    unsafe fn store(self, to: *mut f32);
    /// `self` with the lanes whose bits `lanes` has read from memory, where lane 0 would lie at `from`; nothing else is read.
    unsafe fn load_lanes(self, from: *const f32, lanes: u32) -> Self;
    /// Writes the lanes whose bits `lanes` has; nothing else is written.
    unsafe fn store_lanes(self, to: *mut f32, lanes: u32);
    /// As many trits, one byte each, as numbers.
    unsafe fn trits(from: *const i8) -> Self;
    /// As many i32, as numbers.
    unsafe fn integers(from: *const i32) -> Self;
    unsafe fn add(self, other: Self) -> Self;
    unsafe fn mul(self, factor: Self) -> Self;
    /// The larger of the magnitude of `self` and of `other`, which is not negative, in the order of bits: infinity and NaN
    /// are above every number.
    unsafe fn larger_magnitude(self, other: Self) -> Self;
    /// The larger by rule 6 of numerics.md: NaN if either is, and -0 below +0.
    unsafe fn larger(self, other: Self) -> Self;
    /// How far each element is from the nearest integer.
    unsafe fn distance_to_integer(self) -> Self;
    /// Writes each element, half to even, as a signed byte; none is beyond -128..=127.
    unsafe fn round_to_bytes(self, to: *mut i8);
    /// As [`round_to_bytes`](FloatLanes::round_to_bytes), four vectors in order.
    unsafe fn round_four_to_bytes(four: [Self; 4], to: *mut i8);
    /// `self * factor + sum`, rounded once.
    unsafe fn fma(self, factor: Self, sum: Self) -> Self;
    /// `sum + self`, `sum - self`, or `sum`, which is not -0, as `trit` is +1, -1 or 0.
    unsafe fn add_trit(self, trit: Self, sum: Self) -> Self;
    /// Twos of bits as numbers: -`value`, +0, `value` and anything, for [`choose`](FloatLanes::choose).
    unsafe fn trit_table(value: f32) -> Self;
    /// Of the table `self`, what the lowest two bits of each lane of `words` name.
    unsafe fn choose(self, words: Self) -> Self;
    /// Lanes as words, shifted right by two bits.
    unsafe fn next_trits(self) -> Self;
    /// Writes the transpose of `LANES` rows of `LANES` elements, `stride` bytes apart, to rows `to_stride` elements apart; the bits
    /// of each element that `flip` has are flipped.
    unsafe fn transpose(from: *const f32, stride: isize, to: *mut f32, to_stride: usize, flip: u32);
    /// Trits in `t2`, lane 0 in bits 1:0: 2 where an element is above `threshold`, 0 where it is below minus that, else 1.
    unsafe fn trit_codes(self, threshold: Self) -> u32;
    /// `self` where the bits of `mask` are all ones, `other` where they are zero.
    unsafe fn where_mask(self, mask: Self, other: Self) -> Self;
}

/// A vector of bytes, and vectors of i32 partial sums.
///
/// # Safety
/// The CPU has the level's instructions; pointers are valid for `BYTES` bytes, at any alignment.
pub(crate) trait ByteLanes: Copy {
    const BYTES: usize;
    type Sums: Copy;
    unsafe fn zero() -> Self::Sums;
    unsafe fn load(from: *const u8) -> Self;
    /// Bits `2 * plane + 1 : 2 * plane` of each byte.
    unsafe fn codes(self, plane: usize) -> Self;
    /// Trits, one byte each, as codes: plus one.
    unsafe fn trit_codes(self) -> Self;
    /// Writes bytes 0, 4, 8... of four vectors of bytes, then 1, 5, 9..., 2, 6, 10... and 3, 7, 11...
    #[inline(always)]
    unsafe fn split(from: *const u8, to: *mut u8) {
        let words = from.cast::<u32>();
        for plane in 0..4 {
            // Words and shifts rather than bytes at strides: these become vector operations.
            for i in 0..Self::BYTES {
                // SAFETY: both have four vectors.
                unsafe {
                    let word = u32::from_le(words.add(i).read_unaligned());
                    to.add(plane * Self::BYTES + i).write((word >> (8 * plane)) as u8);
                }
            }
        }
    }
    /// Adds the products of unsigned `self` and signed `other`; `CODES` promises that `self` is at most 3.
    unsafe fn dot<const CODES: bool>(self, other: Self, sums: Self::Sums) -> Self::Sums;
    /// The sum over lanes, modulo 2^32.
    unsafe fn total(sums: Self::Sums) -> i32;
    /// The totals of four.
    unsafe fn totals(sums: [Self::Sums; 4]) -> [i32; 4];
    /// Lane by lane.
    unsafe fn add_sums(sums: Self::Sums, other: Self::Sums) -> Self::Sums;

    /// Partial sums of products of codes, in whatever form takes them fastest.
    type Fields: Copy;
    /// How often [`add_fields`](ByteLanes::add_fields) may add before [`sum_fields`](ByteLanes::sum_fields) must follow.
    const FIELD_TERMS: usize;
    unsafe fn no_fields() -> Self::Fields;
    /// Adds the products of the four codes of each byte: bits 1:0 with the signed bytes at `planes`, bits 3:2 with the
    /// vector of bytes behind, and so on.
    unsafe fn add_fields(self, planes: *const u8, fields: Self::Fields) -> Self::Fields;
    /// The sums of the products.
    unsafe fn sum_fields(fields: Self::Fields) -> Self::Sums;
}
