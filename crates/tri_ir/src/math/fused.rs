//! The fused multiply-add of numerics.md, exact on every machine.

/// `a * b + c`, rounded once. The product is exact in f64; the sum is rounded to odd there, so that rounding it to
/// f32 cannot round twice (Boldo and Melquiond, "Emulation of FMA and correctly rounded sums", 2008).
#[inline(always)]
pub fn fma(a: f32, b: f32, c: f32) -> f32 {
    let (product, c) = (f64::from(a) * f64::from(b), f64::from(c));
    let sum = product + c;
    // Two-sum: the error of `sum`, exactly. NaN where the sum is not finite, which counts as exact.
    let part = sum - product;
    let error = (product - (sum - part)) + (c - part);
    let bits = sum.to_bits();
    let inexact = error.abs() > 0.0;
    // Truncated toward zero, then the last bit set.
    let rounded_away = u64::from((error > 0.0) != (sum > 0.0));
    let odd = bits.wrapping_sub(rounded_away) | 1;
    f64::from_bits(if inexact { odd } else { bits }) as f32
}
