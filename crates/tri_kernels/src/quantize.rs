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
/// Vectors at once.
pub(crate) const TOGETHER: usize = 4;

/// Quantises rows `first..last`.
///
/// # Safety
/// `args` says what it must be.
#[inline(always)]
pub(crate) unsafe fn rows<L: Level>(args: &QuantizeArgs) {
    let width = args.width.max(0) as usize;
    let order = args.order.cast::<i32>();
    for row in args.first.max(0)..args.last {
        let from =
            if order.is_null() { row as usize } else { order.add(row as usize).read_unaligned() as usize };
        let x = args.x.cast::<f32>().add(from * width);
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
    // No product is beyond 127 by as much as a half, so nothing has to be clamped.
    round::<L, false>(x, width, 127.0 / largest, to);
    largest / 127.0
}

/// Writes `x * factor`, half to even, as bytes. With `DISTANCES` it gives the sum of how far the products are from these, added up in any
/// order, else 0.
#[inline(always)]
pub(crate) unsafe fn round<L: Level, const DISTANCES: bool>(
    x: *const f32,
    width: usize,
    factor: f32,
    to: *mut i8,
) -> f32 {
    let (lanes, factor) = (L::Floats::LANES, L::Floats::splat(factor));
    let block = TOGETHER * lanes;
    let (blocks, whole) = (width / block * block, width / lanes * lanes);
    let mut sums = [L::Floats::splat(0.0); TOGETHER];
    for at in (0..blocks).step_by(block) {
        let mut scaled = [factor; TOGETHER];
        for (vector, (scaled, sum)) in scaled.iter_mut().zip(&mut sums).enumerate() {
            *scaled = L::Floats::load(x.add(at + vector * lanes)).mul(factor);
            if DISTANCES {
                *sum = scaled.distance_to_integer().add(*sum);
            }
        }
        L::Floats::round_four_to_bytes(scaled, to.add(at));
    }
    for at in (blocks..whole).step_by(lanes) {
        let scaled = L::Floats::load(x.add(at)).mul(factor);
        scaled.round_to_bytes(to.add(at));
        sums[0] = scaled.distance_to_integer().add(sums[0]);
    }
    if whole < width {
        let (mut rest, mut last) = ([0f32; MOST_LANES], [0i8; MOST_LANES]);
        rest.as_mut_ptr().cast::<u8>().copy_from_nonoverlapping(x.add(whole).cast(), 4 * (width - whole));
        let scaled = L::Floats::load(rest.as_ptr()).mul(factor);
        scaled.round_to_bytes(last.as_mut_ptr());
        to.add(whole).copy_from_nonoverlapping(last.as_ptr(), width - whole);
        sums[0] = scaled.distance_to_integer().add(sums[0]);
    }
    if DISTANCES { total::<L>(sums) } else { 0.0 }
}

/// The sum of all lanes, in any order.
#[inline(always)]
pub(crate) unsafe fn total<L: Level>([a, b, c, d]: [L::Floats; TOGETHER]) -> f32 {
    let mut values = [0f32; MOST_LANES];
    a.add(b).add(c.add(d)).store(values.as_mut_ptr());
    let mut half = MOST_LANES / 2;
    while half > 0 {
        for at in 0..half {
            values[at] += values[at + half];
        }
        half /= 2;
    }
    values[0]
}

/// The bits of the largest magnitude of a row; 0 of an empty one.
#[inline(always)]
pub(crate) unsafe fn largest<L: Level>(x: *const f32, width: usize) -> u32 {
    let lanes = L::Floats::LANES;
    let whole = width / lanes * lanes;
    // Several at once, since one would wait for itself.
    let mut several = [L::Floats::splat(0.0); TOGETHER];
    let block = TOGETHER * lanes;
    let blocks = width / block * block;
    for at in (0..blocks).step_by(block) {
        for (vector, most) in several.iter_mut().enumerate() {
            *most = L::Floats::load(x.add(at + vector * lanes)).larger_magnitude(*most);
        }
    }
    let mut most =
        several.into_iter().fold(L::Floats::splat(0.0), |most, lanes| lanes.larger_magnitude(most));
    for at in (blocks..whole).step_by(lanes) {
        most = L::Floats::load(x.add(at)).larger_magnitude(most);
    }
    let mut rest = [0.0f32; MOST_LANES];
    rest.as_mut_ptr().cast::<u8>().copy_from_nonoverlapping(x.add(whole).cast(), 4 * (width - whole));
    most = L::Floats::load(rest.as_ptr()).larger_magnitude(most);
    most.store(rest.as_mut_ptr());
    rest[..lanes].iter().map(|lane| lane.to_bits()).max().unwrap_or(0)
}
