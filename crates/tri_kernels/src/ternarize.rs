//! Rows of f32 to trits packed in `t2` with one scale each: `ternarize_rows`, or `ternarize_tensor`, and `encode` of numerics.md in one.
//!
//! The definition divides each element by the scale, the mean magnitude, and rounds half to even. A quotient becomes a digit other than 0
//! where it is beyond 1/2, and that is where twice the element is beyond the scale. Twice a number is exact, or infinite and beyond any
//! scale. That no quotient a little beyond 1/2 is rounded to 1/2: a scale is `m 2^e` with an integer m below 2^24, an element `k 2^d`,
//! and with d = e, as below the least normal number, `k / m > 1/2` has `2k >= m + 1`, so the quotient is at least `1/2 + 1/(2m)`, beyond
//! `1/2 + 2^-25`, which is where rounding leaves 1/2. Where the element has a finer step, `d = e - 1`, the same holds of `k / 2m` with
//! `k >= m + 1`. Elements of other steps are beyond the scale, or below half of it.

#![expect(
    unsafe_op_in_unsafe_fn,
    reason = "kernels are pointer arithmetic throughout, under the promise of the C ABI"
)]

use tri_ir::math::Arith;

use crate::lanes::{FloatLanes, Level};
use crate::limits::prefetch;
use crate::partials::{self, MOST_PARTS, PARTIALS, first_lanes};
use crate::{KernelTable, QuantizeArgs};

/// Elements of the longest row that fits the second cache beside the one that is packed.
const MOST_ASKED: usize = 1 << 16;
/// Trits in a byte.
const IN_BYTE: usize = 4;

/// Rows of f32 in slices: `digits` gets `ceil(width / 4)` bytes a row, `scales` an f32 a row. For callers that have no code generator.
/// False, and nothing is written, where a slice is not as long as the sizes say.
#[must_use]
pub fn ternarize_rows(
    table: &'static KernelTable,
    x: &[u8],
    [rows, width]: [usize; 2],
    digits: &mut [u8],
    scales: &mut [u8],
) -> bool {
    let row_bytes = width.checked_mul(4);
    if Some(x.len()) != row_bytes.and_then(|bytes| rows.checked_mul(bytes))
        || Some(digits.len()) != rows.checked_mul(width.div_ceil(IN_BYTE))
        || Some(scales.len()) != rows.checked_mul(4)
    {
        return false;
    }
    let args = QuantizeArgs {
        x: x.as_ptr(),
        order: std::ptr::null(),
        digits: digits.as_mut_ptr(),
        scales: scales.as_mut_ptr(),
        first: 0,
        last: rows as i64,
        width: width as i64,
    };
    // SAFETY: the slices were just held to the sizes, and a table is of a level of this machine.
    unsafe { (table.ternarize_rows)(&args) };
    true
}

/// Packs rows `first..last`.
///
/// # Safety
/// `args` says what it must be.
#[inline(always)]
pub(crate) unsafe fn rows<L: Level>(args: &QuantizeArgs) {
    by_scales::<L>(args, |mean| mean);
}

/// The same, with scales as a tensor has one.
///
/// # Safety
/// `args` says what it must be.
#[inline(always)]
pub(crate) unsafe fn tensor<L: Level>(args: &QuantizeArgs) {
    // A NaN stays.
    by_scales::<L>(args, |mean| if mean < 1e-5 { 1e-5 } else { mean });
}

/// Packs rows by what `scale` makes of the mean magnitude of each.
#[inline(always)]
unsafe fn by_scales<L: Level>(args: &QuantizeArgs, scale: impl Fn(f32) -> f32) {
    let width = args.width.max(0) as usize;
    let bytes = width.div_ceil(IN_BYTE);
    let order = args.order.cast::<i32>();
    for row in args.first.max(0)..args.last {
        let from =
            if order.is_null() { row as usize } else { order.add(row as usize).read_unaligned() as usize };
        let x = args.x.cast::<f32>().add(from * width);
        let scale = scale(mean_magnitude::<L>(x, width));
        let next = if row + 1 < args.last && width <= MOST_ASKED { x.wrapping_add(width) } else { x };
        pack::<L>(x, next, width, least_double(scale), args.digits.add(row as usize * bytes));
        args.scales.cast::<f32>().add(row as usize).write_unaligned(scale);
    }
}

/// What twice the magnitude of an element must be above for a digit other than 0. A scale of 0 makes zeros of all, one that is NaN or
/// infinite too.
#[inline(always)]
fn least_double(scale: f32) -> f32 {
    if scale == 0.0 { f32::INFINITY } else { scale }
}

/// The sum of magnitudes by rule 5, divided by their number.
#[inline(always)]
unsafe fn mean_magnitude<L: Level>(x: *const f32, width: usize) -> f32 {
    let mut a = L::Arithmetic::default();
    let (lanes, parts) = (L::Floats::LANES, partials::parts::<L>());
    let mut sums = [L::Floats::splat(0.0); MOST_PARTS];
    let whole = width / PARTIALS * PARTIALS;
    for at in (0..whole).step_by(PARTIALS) {
        for (part, sum) in sums.iter_mut().enumerate().take(parts) {
            let magnitude = a.abs(L::Floats::load(x.add(at + part * lanes)));
            *sum = a.add(*sum, magnitude);
        }
    }
    for (part, sum) in sums.iter_mut().enumerate().take(parts) {
        let at = whole + part * lanes;
        let mask = first_lanes(width.saturating_sub(at).min(lanes));
        // What lies behind the row is +0, which changes no sum.
        let magnitude = a.abs(L::Floats::splat(0.0).load_lanes(x.wrapping_add(at), mask));
        *sum = a.add(*sum, magnitude);
    }
    partials::sum::<L>(sums) / width as f32
}

/// Writes the codes of a row, which is in a cache, and meanwhile asks for the next one; codes behind a row are of 0.
#[inline(always)]
unsafe fn pack<L: Level>(x: *const f32, next: *const f32, width: usize, least_double: f32, to: *mut u8) {
    let (lanes, least) = (L::Floats::LANES, L::Floats::splat(least_double));
    let whole = width / lanes * lanes;
    for at in (0..whole).step_by(lanes) {
        prefetch(next.wrapping_add(at).cast());
        let element = L::Floats::load(x.add(at));
        let codes = element.add(element).trit_codes(least).to_le_bytes();
        to.add(at / IN_BYTE).copy_from_nonoverlapping(codes.as_ptr(), lanes / IN_BYTE);
    }
    if whole < width {
        let element = L::Floats::splat(0.0).load_lanes(x.add(whole), first_lanes(width - whole));
        let codes = element.add(element).trit_codes(least).to_le_bytes();
        let bytes = (width - whole).div_ceil(IN_BYTE);
        to.add(whole / IN_BYTE).copy_from_nonoverlapping(codes.as_ptr(), bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::least_double;

    /// The definition beside the comparison, for elements around half of a scale.
    fn assert_same(scale: f32) {
        let near = (0.5 * scale).to_bits();
        let elements = (near.saturating_sub(3)..=near + 3).map(f32::from_bits);
        for element in elements.chain([0.0, scale, f32::MAX, f32::MIN_POSITIVE, 1e-45, f32::INFINITY]) {
            let digit = (element / scale).round_ties_even().clamp(-1.0, 1.0);
            let is_digit = scale != 0.0 && digit == 1.0;
            let compared = element + element > least_double(scale);
            assert_eq!(compared, is_digit, "{element:e} by {scale:e}");
        }
    }

    #[test]
    fn a_digit_is_where_twice_the_element_is_beyond_the_scale() {
        // All scales of two binades, of all subnormal numbers and of the least normal ones; others are these times a power of two.
        (0x3f80_0000..0x4080_0000u32).chain(0..0x0100_0000).map(f32::from_bits).for_each(assert_same);
        (0x0100_0000..0x7f80_0000u32).step_by(10_007).map(f32::from_bits).for_each(assert_same);
        [f32::INFINITY, f32::NAN, f32::MAX].into_iter().for_each(assert_same);
    }
}
