//! log and pow, through f64, where every f32 is a normal number and the rounding error vanishes beside 2^-24.

use super::WideArith;

/// `(2 atanh s - 2 s) / s^3` in s^2 for |s| <= 0.17158 (`m` in sqrt(1/2)..sqrt(2), `s = (m - 1) / (m + 1)`): minimax
/// for the relative error of ln m, 1.3e-18.
const LOG: [f64; 7] = [
    0.666_666_666_666_673_4,
    0.399_999_999_994_156_75,
    0.285_714_287_421_875_27,
    0.222_221_985_916_041_92,
    0.181_835_634_759_799_5,
    0.153_140_696_415_029_8,
    0.147_957_844_651_949_14,
];

/// `(2^r - 1) / r` for |r| <= 1/2: minimax for the relative error of 2^r, 7.8e-14.
const EXP2: [f64; 9] = [
    0.693_147_180_558_548_3,
    0.240_226_506_958_135_52,
    0.055_504_108_739_806_095,
    0.009_618_129_159_234_275,
    0.001_333_354_732_224_830_4,
    0.000_154_034_559_769_820_5,
    1.525_849_562_486_664e-5,
    1.325_519_873_014_018e-6,
    9.168_085_918_204_512e-8,
];

/// 1.5 * 2^52: adding it to |x| < 2^51 rounds x to an integer, which then lies in the low bits.
const TO_INTEGER: f64 = 6_755_399_441_055_744.0;

/// Exponent and natural logarithm of the mantissa, `x = 2^e m`, for positive finite x; other x give some number.
fn decompose<A: WideArith>(a: &mut A, x: A::F32) -> (A::F64, A::F64) {
    let x = a.widen(x);
    let bits = a.f64_to_bits(x);
    // Splits where m passes sqrt(2): the offset moves those mantissas into the next exponent.
    let (one, root_half) = (a.i64(1.0f64.to_bits() as i64), a.i64(0x3fe6_a09e_667f_3bcd));
    let offset = a.i64_sub(bits, root_half);
    // The exponent field is biased so that a logical shift serves; x is at least 2^-149.
    let bias = a.i64(1024 << 52);
    let biased = a.i64_add(offset, bias);
    let field = a.i64_shr(biased, 52);
    let unbias = a.i64(1024);
    let exponent = a.i64_sub(field, unbias);
    let shift = a.i64_shl(exponent, 52);
    let mantissa = a.i64_sub(bits, shift);
    let m = a.f64_from_bits(mantissa);
    let one = a.f64_from_bits(one);
    let (difference, sum) = (a.f64_sub(m, one), a.f64_add(m, one));
    let s = a.f64_div(difference, sum);
    let square = a.f64_mul(s, s);
    let p = a.f64_polynomial(square, &LOG);
    let cube = a.f64_mul(square, s);
    let rest = a.f64_mul(cube, p);
    let doubled = a.f64_add(s, s);
    let log = a.f64_add(rest, doubled);
    (a.i64_to_f64(exponent), log)
}

/// Natural logarithm; of 0: -inf, of a negative number: NaN.
pub fn log<A: WideArith>(a: &mut A, x: A::F32) -> A::F32 {
    let (exponent, mantissa) = decompose(a, x);
    let ln_2 = a.f64(std::f64::consts::LN_2);
    let product = a.f64_mul(exponent, ln_2);
    let sum = a.f64_add(product, mantissa);
    let log = a.narrow(sum);
    special_logarithms(a, x, log)
}

/// `log`, or what x has instead where it is zero, negative, infinite or NaN.
fn special_logarithms<A: WideArith>(a: &mut A, x: A::F32, log: A::F32) -> A::F32 {
    let (zero, infinity) = (a.f32(0.0), a.f32(f32::INFINITY));
    let (minus, nan) = (a.f32(f32::NEG_INFINITY), a.f32(f32::NAN));
    let finite = a.lt(x, infinity);
    // Infinity and NaN are their own logarithms.
    let log = a.select(finite, log, x);
    let is_zero = a.eq(x, zero);
    let log = a.select(is_zero, minus, log);
    let negative = a.lt(x, zero);
    a.select(negative, nan, log)
}

/// 2^t for finite t or NaN, rounded to f32: infinity from 128, 0 below -150.
fn exp2<A: WideArith>(a: &mut A, t: A::F64) -> A::F32 {
    let (high, low, to_integer) = (a.f64(200.0), a.f64(-200.0), a.f64(TO_INTEGER));
    let above = a.f64_lt(high, t);
    let t = a.f64_select(above, high, t);
    let below = a.f64_lt(t, low);
    let t = a.f64_select(below, low, t);
    let shifted = a.f64_add(t, to_integer);
    let n = a.f64_sub(shifted, to_integer);
    let r = a.f64_sub(t, n);
    let p = a.f64_polynomial(r, &EXP2);
    let product = a.f64_mul(r, p);
    let one = a.f64(1.0);
    let mantissa = a.f64_add(product, one);
    let bits = a.f64_to_bits(shifted);
    // The low 52 bits of the shifted number count from 2^51; the shift drops what lies above.
    let field = a.i64_shl(bits, 52);
    let one = a.f64_to_bits(one);
    let scale = a.i64_add(field, one);
    let scale = a.f64_from_bits(scale);
    let scaled = a.f64_mul(mantissa, scale);
    a.narrow(scaled)
}

/// x to the power y: `2^(y log2 |x|)` with the sign and the special values of IEEE 754 `pow`.
pub fn pow<A: WideArith>(a: &mut A, x: A::F32, y: A::F32) -> A::F32 {
    let (zero, one) = (a.f32(0.0), a.f32(1.0));
    let base = a.abs(x);
    let magnitude = pow_magnitude(a, base, y);
    let (integer, odd) = classify(a, y);

    // An odd power keeps the sign, a power that is no integer has no value below zero.
    let sign = a.with_sign(one, x);
    let signed = a.mul(magnitude, sign);
    let result = a.select(odd, signed, magnitude);
    let (negative, infinity) = (a.lt(x, zero), a.f32(f32::INFINITY));
    let finite = a.lt(base, infinity);
    let fraction = a.bool_not(integer);
    let undefined = a.bool_and(negative, finite);
    let undefined = a.bool_and(undefined, fraction);
    let nan = a.f32(f32::NAN);
    let result = a.select(undefined, nan, result);

    // x^0 and 1^y are 1, even for NaN.
    let (to_zero, of_one) = (a.eq(y, zero), a.eq(x, one));
    let unit = a.bool_or(to_zero, of_one);
    a.select(unit, one, result)
}

/// `base^y` for a base without sign.
fn pow_magnitude<A: WideArith>(a: &mut A, base: A::F32, y: A::F32) -> A::F32 {
    let (exponent, mantissa) = decompose(a, base);
    let log2_e = a.f64(std::f64::consts::LOG2_E);
    let product = a.f64_mul(mantissa, log2_e);
    let log2 = a.f64_add(product, exponent);
    // Zero, infinity and NaN: as their logarithm is.
    let plain = a.narrow(log2);
    let special = special_logarithms(a, base, plain);
    let special = a.widen(special);
    let (zero, infinity) = (a.f32(0.0), a.f32(f32::INFINITY));
    let positive = a.lt(zero, base);
    let finite = a.lt(base, infinity);
    let ordinary = a.bool_and(positive, finite);
    let log2 = a.f64_select(ordinary, log2, special);

    let wide = a.widen(y);
    let t = a.f64_mul(wide, log2);
    // 1 to an infinite power: infinity times 0 is NaN, but the value is 1.
    let (one, nothing) = (a.f32(1.0), a.f64(0.0));
    let is_one = a.eq(base, one);
    let number = a.eq(y, y);
    let unit = a.bool_and(is_one, number);
    let t = a.f64_select(unit, nothing, t);
    exp2(a, t)
}

/// Whether y is an integer (infinities are even integers), and whether it is odd.
fn classify<A: WideArith>(a: &mut A, y: A::F32) -> (A::Bool, A::Bool) {
    let magnitude = a.abs(y);
    let limit = a.f32(16_777_216.0);
    let small = a.lt(magnitude, limit);
    // From 2^24 on every f32 is an even integer; NaN goes that way too and stays NaN through the magnitude.
    let bounded = a.select(small, magnitude, limit);
    let truncated = a.f32_to_i32(bounded);
    let back = a.i32_to_f32(truncated);
    let integer = a.eq(back, bounded);
    let (one, mask) = (a.i32(1), a.i32(1));
    let low = a.i32_and(truncated, mask);
    let low = a.i32_eq(low, one);
    (integer, a.bool_and(integer, low))
}
