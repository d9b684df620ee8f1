//! Rows of f32 to bytes with one scale each: `quantize_rows` of numerics.md.
//!
//! The largest magnitude is found among the bits of the numbers without their signs: as integers these have the order of the magnitudes,
//! and infinity and NaN are above every number.

#![expect(
    unsafe_op_in_unsafe_fn,
    reason = "kernels are pointer arithmetic throughout, under the promise of the C ABI"
)]

use crate::QuantizeArgs;
use crate::lanes::{FloatLanes, Level};

/// Rows whose largest magnitude is below this, 2^-119, become zeros.
const QUIET: f32 = f32::from_bits(8 << 23);
/// Bits of infinity.
const INFINITE: u32 = 0x7f80_0000;
/// The most lanes of any level.
const MOST_LANES: usize = 16;

/// Quantises rows `first..last`.
///
/// # Safety
/// `args` says what it must be.
#[inline(always)]
pub(crate) unsafe fn rows<L: Level>(args: &QuantizeArgs) {
    let width = args.width.max(0) as usize;
    for row in args.first.max(0)..args.last {
        let x = args.x.cast::<f32>().add(row as usize * width);
        let to = args.digits.cast::<i8>().add(row as usize * width);
        let scale = quantize::<L>(x, width, to);
        args.scales.cast::<f32>().add(row as usize).write_unaligned(scale);
    }
}

/// Writes the digits of one row, and gives its scale.
#[inline(always)]
pub(crate) unsafe fn quantize<L: Level>(x: *const f32, width: usize, to: *mut i8) -> f32 {
    let bits = largest::<L>(x, width);
    let largest = f32::from_bits(bits);
    if bits >= INFINITE || largest < QUIET {
        to.write_bytes(0, width);
        return if bits >= INFINITE { f32::NAN } else { 0.0 };
    }
    let factor = L::Floats::splat(127.0 / largest);
    let lanes = L::Floats::LANES;
    let whole = width / lanes * lanes;
    // No product is beyond 127 by as much as a half, so nothing has to be clamped.
    for at in (0..whole).step_by(lanes) {
        L::Floats::load(x.add(at)).mul(factor).round_to_bytes(to.add(at));
    }
    if whole < width {
        let mut rest = [0.0f32; MOST_LANES];
        rest.as_mut_ptr().cast::<u8>().copy_from_nonoverlapping(x.add(whole).cast(), 4 * (width - whole));
        let mut digits = [0i8; MOST_LANES];
        L::Floats::load(rest.as_ptr()).mul(factor).round_to_bytes(digits.as_mut_ptr());
        to.add(whole).copy_from_nonoverlapping(digits.as_ptr(), width - whole);
    }
    largest / 127.0
}

/// The bits of the largest magnitude of a row; 0 of an empty one.
#[inline(always)]
pub(crate) unsafe fn largest<L: Level>(x: *const f32, width: usize) -> u32 {
    let lanes = L::Floats::LANES;
    let whole = width / lanes * lanes;
    let mut most = L::Floats::splat(0.0);
    for at in (0..whole).step_by(lanes) {
        most = L::Floats::load(x.add(at)).larger_magnitude(most);
    }
    let mut rest = [0.0f32; MOST_LANES];
    rest.as_mut_ptr().cast::<u8>().copy_from_nonoverlapping(x.add(whole).cast(), 4 * (width - whole));
    most = L::Floats::load(rest.as_ptr()).larger_magnitude(most);
    most.store(rest.as_mut_ptr());
    rest[..lanes].iter().map(|lane| lane.to_bits()).max().unwrap_or(0)
}
