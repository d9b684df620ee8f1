//! Scalar operations whose meaning numerics.md fixes beyond what IEEE or the machine says.

/// Smaller of two; NaN if one is NaN; -0 below +0 (rule 6).
#[inline(always)]
pub fn min_f32(a: f32, b: f32) -> f32 {
    if a.is_nan() | b.is_nan() {
        f32::NAN
    } else if a < b || (a == b && a.is_sign_negative()) {
        a
    } else {
        b
    }
}

/// Larger of two; NaN if one is NaN; -0 below +0 (rule 6).
#[inline(always)]
pub fn max_f32(a: f32, b: f32) -> f32 {
    if a.is_nan() | b.is_nan() {
        f32::NAN
    } else if a > b || (a == b && a.is_sign_positive()) {
        a
    } else {
        b
    }
}

/// Whether `a` goes before an earlier `b` in argmax and route: larger, or a number where `b` is NaN (rule 6).
#[inline(always)]
pub fn rank_above(a: f32, b: f32) -> bool {
    a > b || (b.is_nan() && !a.is_nan())
}

/// -1, 0 or +1 of the operand's sign; zeros keep theirs, NaN stays NaN.
#[inline(always)]
pub fn sign_f32(a: f32) -> f32 {
    if a == 0.0 || a.is_nan() { a } else { 1f32.copysign(a) }
}

/// Rule 9: rounded half to even and saturated to `low..=high`, NaN is 0.
#[inline(always)]
pub fn float_to_int(a: f32, low: i64, high: i64) -> i64 {
    (a.round_ties_even() as i64).clamp(low, high)
}

/// Rule 9: nearest f32, ties to even.
#[inline(always)]
pub fn int_to_f32(a: i64) -> f32 {
    a as f32
}

macro_rules! floor_division {
    ($div:ident, $rem:ident, $ty:ty) => {
        /// Quotient rounded toward negative infinity; 0 for a zero divisor; the smallest number by -1 wraps.
        #[inline(always)]
        pub fn $div(a: $ty, b: $ty) -> $ty {
            if b == 0 {
                return 0;
            }
            let quotient = a.wrapping_div(b);
            quotient - <$ty>::from(a.wrapping_rem(b) != 0 && (a < 0) != (b < 0))
        }

        /// `a - b * floor(a / b)`, with the divisor's sign; 0 for a zero divisor.
        #[inline(always)]
        pub fn $rem(a: $ty, b: $ty) -> $ty {
            if b == 0 {
                return 0;
            }
            let remainder = a.wrapping_rem(b);
            if remainder != 0 && (a < 0) != (b < 0) { remainder + b } else { remainder }
        }
    };
}

floor_division!(div_floor_i32, rem_floor_i32, i32);
floor_division!(div_floor_i64, rem_floor_i64, i64);
