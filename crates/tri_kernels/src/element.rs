//! Operand elements, widened to f32.

/// An element type of a float contraction.
///
/// # Safety
/// `base` is valid at element `index`, at any alignment.
pub(crate) trait Element {
    /// Whether a row of elements is a row of f32.
    const IS_F32: bool = false;
    const BYTES: usize;
    unsafe fn read(base: *const u8, index: isize) -> f32;
}

pub(crate) struct F32;
pub(crate) struct Bf16;
pub(crate) struct F16;
/// A trit in an i8.
pub(crate) struct Trit;

impl Element for F32 {
    const BYTES: usize = 4;
    const IS_F32: bool = true;

    #[inline(always)]
    unsafe fn read(base: *const u8, index: isize) -> f32 {
        // SAFETY: the trait's promise.
        unsafe { base.cast::<f32>().offset(index).read_unaligned() }
    }
}

impl Element for Bf16 {
    const BYTES: usize = 2;
    #[inline(always)]
    unsafe fn read(base: *const u8, index: isize) -> f32 {
        // SAFETY: the trait's promise.
        let bits = unsafe { base.cast::<u16>().offset(index).read_unaligned() };
        f32::from_bits(u32::from(bits) << 16)
    }
}

impl Element for F16 {
    const BYTES: usize = 2;
    #[inline(always)]
    unsafe fn read(base: *const u8, index: isize) -> f32 {
        // SAFETY: the trait's promise.
        widen_f16(unsafe { base.cast::<u16>().offset(index).read_unaligned() })
    }
}

impl Element for Trit {
    const BYTES: usize = 1;
    #[inline(always)]
    unsafe fn read(base: *const u8, index: isize) -> f32 {
        // SAFETY: the trait's promise.
        f32::from(unsafe { base.cast::<i8>().offset(index).read() })
    }
}

/// The f32 of the same value; exact.
#[inline(always)]
fn widen_f16(bits: u16) -> f32 {
    // Exponent and fraction in their f32 places are off by the difference of the biases, 2^112, subnormals too.
    const BIAS: f32 = f32::from_bits((127 + 112) << 23);
    let magnitude = f32::from_bits(u32::from(bits & 0x7fff) << 13) * BIAS;
    let infinite = if bits & 0x7c00 == 0x7c00 { 0x7f80_0000 } else { 0 };
    f32::from_bits(magnitude.to_bits() | infinite | u32::from(bits & 0x8000) << 16)
}
