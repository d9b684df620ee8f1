//! The error function, in f32 with fma.

use super::{Arith, exp};

/// `erf(x) / x - 1` in x^2 for |x| <= 0.921875: minimax for the relative error of erf, 4.1e-10.
const NEAR: [f32; 7] = [
    f32::from_bits(0x3e03_75d4),
    f32::from_bits(0xbec0_93a2),
    f32::from_bits(0x3de7_1710),
    f32::from_bits(0xbcdc_083e),
    f32::from_bits(0x3baa_6d6b),
    f32::from_bits(0xba55_74bc),
    f32::from_bits(0x38af_888b),
];

/// `(-ln(1 - erf x) - x) / x` for x in 0.921875..4: minimax for the relative error of erf, 2.1e-10.
const FAR: [f32; 8] = [
    f32::from_bits(0x3e03_a354),
    f32::from_bits(0x3f22_b80a),
    f32::from_bits(0x3dd7_989a),
    f32::from_bits(0xbcb9_d296),
    f32::from_bits(0x3b40_67df),
    f32::from_bits(0xb858_a5bd),
    f32::from_bits(0xb83d_7bdc),
    f32::from_bits(0x36a4_9602),
];

/// Error function: `x + x P(x^2)` below 0.921875, else `1 - e^-(|x| + |x| Q(|x|))` with the sign of x. From 4 on the f32
/// nearest the result is 1.
#[inline(always)]
pub fn erf<A: Arith>(a: &mut A, x: A::F32) -> A::F32 {
    let square = a.mul(x, x);
    let p = a.polynomial(square, &NEAR);
    let near = a.fma(x, p, x);

    let magnitude = a.abs(x);
    let four = a.f32(4.0);
    let beyond = a.lt(four, magnitude);
    let bounded = a.select(beyond, four, magnitude);
    let q = a.polynomial(bounded, &FAR);
    let exponent = a.fma(bounded, q, bounded);
    let zero = a.f32(0.0);
    let exponent = a.sub(zero, exponent);
    let e = exp(a, exponent);
    let one = a.f32(1.0);
    let far = a.sub(one, e);
    let far = a.with_sign(far, x);

    let limit = a.f32(0.921_875);
    let is_near = a.lt(magnitude, limit);
    a.select(is_near, near, far)
}
