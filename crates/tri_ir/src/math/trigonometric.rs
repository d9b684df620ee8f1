//! sin and cos over the whole range of f32, through f64.
//!
//! The argument is reduced to a quadrant n and a rest |r| <= pi/4. Below 128 by subtracting `n pi/2` in two exact parts;
//! from there on by Payne and Hanek's method (SIGNUM Newsletter 18, 1983): the mantissa times those bits of 2/pi that
//! matter for the exponent, modulo 4, in 64-bit fixed point.

use super::WideArith;

/// `(sin r - r) / r^3` in r^2 for |r| <= pi/4: minimax for the relative error, 5.1e-15.
const SIN: [f64; 5] = [
    -0.166_666_666_666_299_8,
    0.008_333_333_325_010_779,
    -0.000_198_412_636_915_611_58,
    2.755_533_167_918_192_5e-6,
    -2.475_986_921_053_096e-8,
];

/// `(cos r - 1 + r^2/2) / r^4` in r^2 for |r| <= pi/4: minimax for the relative error, 9.4e-17.
const COS: [f64; 5] = [
    0.041_666_666_666_595_825,
    -0.001_388_888_887_752_023,
    2.480_158_066_726_275_6e-5,
    -2.755_551_585_539_543e-7,
    2.064_465_269_181_507_5e-9,
];

/// pi/2: its first 33 bits, and the rest.
const HALF_PI_HIGH: f64 = 1.570_796_326_734_125_6;
const HALF_PI_LOW: f64 = 6.077_100_506_506_192e-11;

/// `floor(2/pi * 2^(8 j - 56))` modulo 2^96 for j = 16..32, bits 32..96: an argument with biased exponent E is
/// reduced with j = E / 8.
const TWO_OVER_PI_HIGH: [u64; 16] = [
    0x0000_00a2_f983_6e4e,
    0x0000_a2f9_836e_4e44,
    0x00a2_f983_6e4e_4415,
    0xa2f9_836e_4e44_1529,
    0xf983_6e4e_4415_29fc,
    0x836e_4e44_1529_fc27,
    0x6e4e_4415_29fc_2757,
    0x4e44_1529_fc27_57d1,
    0x4415_29fc_2757_d1f5,
    0x1529_fc27_57d1_f534,
    0x29fc_2757_d1f5_34dd,
    0xfc27_57d1_f534_ddc0,
    0x2757_d1f5_34dd_c0db,
    0x57d1_f534_ddc0_db62,
    0xd1f5_34dd_c0db_6295,
    0xf534_ddc0_db62_9599,
];

/// Bits 0..32 of the same.
const TWO_OVER_PI_LOW: [u64; 16] = [
    0x4415_29fc,
    0x1529_fc27,
    0x29fc_2757,
    0xfc27_57d1,
    0x2757_d1f5,
    0x57d1_f534,
    0xd1f5_34dd,
    0xf534_ddc0,
    0x34dd_c0db,
    0xddc0_db62,
    0xc0db_6295,
    0xdb62_9599,
    0x6295_993c,
    0x9599_3c43,
    0x993c_4390,
    0x3c43_9041,
];

/// Quadrant (modulo 4) and rest of a magnitude below 128.
fn reduce_small<A: WideArith>(a: &mut A, magnitude: A::F32) -> (A::I32, A::F64) {
    let x = a.widen(magnitude);
    let (two_over_pi, to_integer) = (a.f64(std::f64::consts::FRAC_2_PI), a.f64(6_755_399_441_055_744.0));
    let quadrants = a.f64_mul(x, two_over_pi);
    let shifted = a.f64_add(quadrants, to_integer);
    let n = a.f64_sub(shifted, to_integer);
    let (high, low) = (a.f64(HALF_PI_HIGH), a.f64(HALF_PI_LOW));
    let (high, low) = (a.f64_mul(n, high), a.f64_mul(n, low));
    let rest = a.f64_sub(x, high);
    let rest = a.f64_sub(rest, low);
    let bits = a.f64_to_bits(shifted);
    (a.i64_to_i32(bits), rest)
}

/// Quadrant (modulo 4) and rest of a finite magnitude from 128 on.
fn reduce_large<A: WideArith>(a: &mut A, magnitude: A::F32) -> (A::I32, A::F64) {
    let bits = a.to_bits(magnitude);
    let index = a.i32_shr(bits, 26);
    let (high, low) = (a.table(&TWO_OVER_PI_HIGH, index), a.table(&TWO_OVER_PI_LOW, index));
    let (fraction_mask, implicit) = (a.i32(0x007f_ffff), a.i32(0x0080_0000));
    let fraction = a.i32_and(bits, fraction_mask);
    let mantissa = a.i32_or(fraction, implicit);
    let mut mantissa = a.u32_to_i64(mantissa);
    // Shifted left by the low three bits of the exponent.
    let zero = a.i32(0);
    for bit in 0..3 {
        let mask = a.i32(1 << (23 + bit));
        let masked = a.i32_and(bits, mask);
        let clear = a.i32_eq(masked, zero);
        let shifted = a.i64_shl(mantissa, 1 << bit);
        mantissa = a.i64_select(clear, mantissa, shifted);
    }
    let product = a.i64_mul(mantissa, high);
    let carried = a.i64_mul(mantissa, low);
    let carried = a.i64_shr(carried, 32);
    let quadrants = a.i64_add(product, carried);
    // Two bits of quadrant, 62 of fraction; rounded to the nearest quadrant.
    let half = a.i64(1 << 61);
    let rounded = a.i64_add(quadrants, half);
    let n = a.i64_shr(rounded, 62);
    let whole = a.i64_shl(n, 62);
    let fraction = a.i64_sub(quadrants, whole);
    let fraction = a.i64_to_f64(fraction);
    let unit = a.f64(std::f64::consts::FRAC_PI_2 / (1u64 << 62) as f64);
    let rest = a.f64_mul(fraction, unit);
    (a.i64_to_i32(n), rest)
}

/// sin(magnitude + turns * pi/2) with its sign flipped by the sign bit in `flip`.
fn sine_of_quadrant<A: WideArith>(a: &mut A, magnitude: A::F32, turns: i32, flip: A::I32) -> A::F32 {
    let (small_n, small_r) = reduce_small(a, magnitude);
    let (large_n, large_r) = reduce_large(a, magnitude);
    let limit = a.f32(128.0);
    let small = a.lt(magnitude, limit);
    let r = a.f64_select(small, small_r, large_r);
    let (small_n, large_n) = (a.u32_to_i64(small_n), a.u32_to_i64(large_n));
    let n = a.i64_select(small, small_n, large_n);
    let n = a.i64_to_i32(n);
    let turns = a.i32(turns);
    let n = a.i32_add(n, turns);

    let square = a.f64_mul(r, r);
    let s = a.f64_polynomial(square, &SIN);
    let cube = a.f64_mul(square, r);
    let s = a.f64_mul(cube, s);
    let sin = a.f64_add(r, s);
    let c = a.f64_polynomial(square, &COS);
    let fourth = a.f64_mul(square, square);
    let c = a.f64_mul(fourth, c);
    let (half, one) = (a.f64(0.5), a.f64(1.0));
    let halved = a.f64_mul(square, half);
    let cos = a.f64_sub(one, halved);
    let cos = a.f64_add(cos, c);

    let (zero, odd) = (a.i32(0), a.i32(1));
    let low = a.i32_and(n, odd);
    let even = a.i32_eq(low, zero);
    let value = a.f64_select(even, sin, cos);
    let value = a.narrow(value);
    let two = a.i32(2);
    let second = a.i32_and(n, two);
    let second = a.i32_shl(second, 30);
    let bits = a.to_bits(value);
    let bits = a.i32_xor(bits, second);
    let bits = a.i32_xor(bits, flip);
    let value = a.bits_to_f32(bits);
    let infinity = a.f32(f32::INFINITY);
    let finite = a.lt(magnitude, infinity);
    let nan = a.f32(f32::NAN);
    a.select(finite, value, nan)
}

/// Sine of x radians; of an infinity: NaN.
pub fn sin<A: WideArith>(a: &mut A, x: A::F32) -> A::F32 {
    let bits = a.to_bits(x);
    let mask = a.i32(i32::MIN);
    let sign = a.i32_and(bits, mask);
    let magnitude = a.abs(x);
    sine_of_quadrant(a, magnitude, 0, sign)
}

/// Cosine of x radians; of an infinity: NaN.
pub fn cos<A: WideArith>(a: &mut A, x: A::F32) -> A::F32 {
    let magnitude = a.abs(x);
    let sign = a.i32(0);
    sine_of_quadrant(a, magnitude, 1, sign)
}
