//! exp, sigmoid and tanh, in f32 with fma.

use super::Arith;

/// `(e^r - 1 - r) / r^2` for |r| <= ln 2 / 2: minimax for the relative error of e^r, 3.1e-9. Fitted by the Remez
/// exchange at 160 bits, coefficients rounded to f32.
const EXP: [f32; 5] = [
    f32::from_bits(0x3eff_fffe),
    f32::from_bits(0x3e2a_aa49),
    f32::from_bits(0x3d2a_ac79),
    f32::from_bits(0x3c09_1cf1),
    f32::from_bits(0x3ab5_123d),
];

/// `(tanh x - x) / x^3` in x^2 for |x| <= 0.625: minimax for the relative error of tanh, 4.4e-9.
const TANH: [f32; 5] = [
    f32::from_bits(0xbeaa_aa99),
    f32::from_bits(0x3e08_8393),
    f32::from_bits(0xbd5c_1e2e),
    f32::from_bits(0x3ca9_1354),
    f32::from_bits(0xbbba_f0fe),
];

/// 1.5 * 2^23: adding it to |x| < 2^22 rounds x to an integer, which then lies in the low bits.
const TO_INTEGER: f32 = 12_582_912.0;

/// ln 2 as a sum of two f32.
const LN_2_HIGH: f32 = f32::from_bits(0x3f31_7218);
const LN_2_LOW: f32 = -1.904_654_2e-9;

/// e^x. `x = n ln 2 + r`, then `2^n (1 + r + r^2 P(r))`; 2^n is multiplied in two halves, so that overflow and
/// subnormal results come out of the last multiplication alone.
///
/// Always inlined, as its siblings are, so that vectors of kernels get the instructions of the function that it is in.
#[inline(always)]
pub fn exp<A: Arith>(a: &mut A, x: A::F32) -> A::F32 {
    // Beyond these the result is infinity or 0 all the same; NaN passes both selects.
    let (high, low) = (a.f32(89.0), a.f32(-105.0));
    let above = a.lt(high, x);
    let x = a.select(above, high, x);
    let below = a.lt(x, low);
    let x = a.select(below, low, x);

    let (log2_e, to_integer) = (a.f32(std::f32::consts::LOG2_E), a.f32(TO_INTEGER));
    let shifted = a.fma(x, log2_e, to_integer);
    let n = a.sub(shifted, to_integer);
    let (ln_2_high, ln_2_low) = (a.f32(-LN_2_HIGH), a.f32(-LN_2_LOW));
    let r = a.fma(n, ln_2_high, x);
    let r = a.fma(n, ln_2_low, r);

    let p = a.polynomial(r, &EXP);
    let square = a.mul(r, r);
    let rest = a.fma(square, p, r);
    let one = a.f32(1.0);
    let mantissa = a.add(rest, one);

    let (shifted, base) = (a.to_bits(shifted), a.i32(TO_INTEGER.to_bits() as i32));
    let n = a.i32_sub(shifted, base);
    let half = a.i32_shr(n, 1);
    let other = a.i32_sub(n, half);
    let (half, other) = (power_of_two(a, half), power_of_two(a, other));
    let scaled = a.mul(mantissa, half);
    a.mul(scaled, other)
}

/// 2^n for n in -126..=127.
#[inline(always)]
fn power_of_two<A: Arith>(a: &mut A, n: A::I32) -> A::F32 {
    let bias = a.i32(127);
    let biased = a.i32_add(n, bias);
    let bits = a.i32_shl(biased, 23);
    a.bits_to_f32(bits)
}

/// `1 / (1 + e^-x)`. With `e = e^-|x|` it is `1 / (1 + e)` or `e / (1 + e)`; the rounding error of `1 + e` is carried
/// along and corrected.
#[inline(always)]
pub fn sigmoid<A: Arith>(a: &mut A, x: A::F32) -> A::F32 {
    let (zero, one) = (a.f32(0.0), a.f32(1.0));
    let magnitude = a.abs(x);
    let negated = a.sub(zero, magnitude);
    let e = exp(a, negated);
    let sum = a.add(one, e);
    let kept = a.sub(sum, one);
    let lost = a.sub(e, kept);
    let negative = a.lt(x, zero);
    let numerator = a.select(negative, e, one);
    let quotient = a.div(numerator, sum);
    let correction = a.div(lost, sum);
    let correction = a.sub(zero, correction);
    a.fma(quotient, correction, quotient)
}

/// Hyperbolic tangent: with `m = |x|`, `m + m^3 P(m^2)` below 0.625, else `1 - 2 / (e^2m + 1)`, with the sign of x.
#[inline(always)]
pub fn tanh<A: Arith>(a: &mut A, x: A::F32) -> A::F32 {
    let magnitude = a.abs(x);
    let square = a.mul(magnitude, magnitude);
    let p = a.polynomial(square, &TANH);
    let factor = a.mul(square, p);
    let near = a.fma(magnitude, factor, magnitude);

    let doubled = a.add(magnitude, magnitude);
    let e = exp(a, doubled);
    let (one, two) = (a.f32(1.0), a.f32(2.0));
    let sum = a.add(e, one);
    let quotient = a.div(two, sum);
    let far = a.sub(one, quotient);

    let limit = a.f32(0.625);
    let is_near = a.lt(magnitude, limit);
    let value = a.select(is_near, near, far);
    a.with_sign(value, x)
}
