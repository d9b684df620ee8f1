//! The elementary functions of numerics.md, each defined once as arithmetic over a trait.
//!
//! The interpreter evaluates a function with [`Native`]; a code generator implements [`Arith`] (and [`WideArith`]) so that
//! each method emits one instruction, calls the same function and so emits the same arithmetic: the bits agree by
//! construction. Every function is straight-line code: decisions are selects, so it runs in vector lanes too.
//! `exp`, `sigmoid`, `tanh`, `erf` and `rsqrt` need `Arith` alone (32-bit lanes); `log`, `pow`, `sin`, `cos` and `random` go
//! through f64 and 64-bit integers. No function calls a platform's libm, and none is more than 2 ulp from exact.

mod elementary;
mod error_function;
mod exponential;
mod fused;
mod logarithm;
mod native;
mod random;
mod scalar;
mod trigonometric;

pub use elementary::rsqrt;
pub use error_function::erf;
pub use exponential::{exp, sigmoid, tanh};
pub use fused::fma;
pub use logarithm::{log, pow};
pub use native::Native;
pub use random::random;
pub use scalar::{
    div_floor_i32, div_floor_i64, float_to_int, int_to_f32, max_f32, min_f32, rank_above, rem_floor_i32,
    rem_floor_i64, sign_f32,
};
pub use trigonometric::{cos, sin};

/// Arithmetic on f32, 32-bit integers and truth values. IEEE 754 binary32, nearest even, subnormals kept; integers
/// wrap. `bool` results come from f32 and i32 comparisons only, so that they can be 32-bit lane masks.
pub trait Arith {
    /// An f32, or a vector of them.
    type F32: Copy;
    /// A 32-bit integer.
    type I32: Copy;
    /// Result of a comparison.
    type Bool: Copy;

    /// A constant.
    fn f32(&mut self, value: f32) -> Self::F32;
    /// A constant.
    fn i32(&mut self, value: i32) -> Self::I32;

    /// `a + b`.
    fn add(&mut self, a: Self::F32, b: Self::F32) -> Self::F32;
    /// `a - b`.
    fn sub(&mut self, a: Self::F32, b: Self::F32) -> Self::F32;
    /// `a * b`.
    fn mul(&mut self, a: Self::F32, b: Self::F32) -> Self::F32;
    /// `a / b`.
    fn div(&mut self, a: Self::F32, b: Self::F32) -> Self::F32;
    /// `a * b + c`, rounded once.
    fn fma(&mut self, a: Self::F32, b: Self::F32, c: Self::F32) -> Self::F32;
    /// Square root.
    fn sqrt(&mut self, a: Self::F32) -> Self::F32;
    /// `a < b`; false if one is NaN.
    fn lt(&mut self, a: Self::F32, b: Self::F32) -> Self::Bool;
    /// `a == b`; false if one is NaN.
    fn eq(&mut self, a: Self::F32, b: Self::F32) -> Self::Bool;
    /// `a` where `condition`, else `b`.
    fn select(&mut self, condition: Self::Bool, a: Self::F32, b: Self::F32) -> Self::F32;

    /// Both.
    fn bool_and(&mut self, a: Self::Bool, b: Self::Bool) -> Self::Bool;
    /// Either.
    fn bool_or(&mut self, a: Self::Bool, b: Self::Bool) -> Self::Bool;
    /// Not.
    fn bool_not(&mut self, a: Self::Bool) -> Self::Bool;

    /// The bits of an f32.
    fn to_bits(&mut self, a: Self::F32) -> Self::I32;
    /// The f32 of these bits.
    fn bits_to_f32(&mut self, a: Self::I32) -> Self::F32;
    /// Nearest f32 of a signed integer.
    fn i32_to_f32(&mut self, a: Self::I32) -> Self::F32;
    /// Integer part of an f32 that lies within -2^31..2^31 (no caller passes others or NaN).
    fn f32_to_i32(&mut self, a: Self::F32) -> Self::I32;

    /// `a + b`, wrapping.
    fn i32_add(&mut self, a: Self::I32, b: Self::I32) -> Self::I32;
    /// `a - b`, wrapping.
    fn i32_sub(&mut self, a: Self::I32, b: Self::I32) -> Self::I32;
    /// Bitwise and.
    fn i32_and(&mut self, a: Self::I32, b: Self::I32) -> Self::I32;
    /// Bitwise or.
    fn i32_or(&mut self, a: Self::I32, b: Self::I32) -> Self::I32;
    /// Bitwise exclusive or.
    fn i32_xor(&mut self, a: Self::I32, b: Self::I32) -> Self::I32;
    /// `a << by`, `by < 32`.
    fn i32_shl(&mut self, a: Self::I32, by: u32) -> Self::I32;
    /// Arithmetic shift right, `by < 32`.
    fn i32_shr(&mut self, a: Self::I32, by: u32) -> Self::I32;
    /// `a == b`.
    fn i32_eq(&mut self, a: Self::I32, b: Self::I32) -> Self::Bool;

    /// The value without its sign bit.
    #[inline(always)]
    fn abs(&mut self, a: Self::F32) -> Self::F32 {
        let bits = self.to_bits(a);
        let mask = self.i32(i32::MAX);
        let bits = self.i32_and(bits, mask);
        self.bits_to_f32(bits)
    }

    /// `magnitude`, whose sign bit is clear, with the sign bit of `sign`.
    #[inline(always)]
    fn with_sign(&mut self, magnitude: Self::F32, sign: Self::F32) -> Self::F32 {
        let sign = self.to_bits(sign);
        let mask = self.i32(i32::MIN);
        let sign = self.i32_and(sign, mask);
        let bits = self.to_bits(magnitude);
        let bits = self.i32_or(bits, sign);
        self.bits_to_f32(bits)
    }

    /// `c[0] + c[1] x + c[2] x^2 ...` by Horner's rule, each step one fma.
    #[inline(always)]
    fn polynomial(&mut self, x: Self::F32, coefficients: &[f32]) -> Self::F32 {
        let mut terms = coefficients.iter().rev();
        let mut sum = self.f32(terms.next().copied().unwrap_or(0.0));
        for c in terms {
            let c = self.f32(*c);
            sum = self.fma(sum, x, c);
        }
        sum
    }
}

/// What some functions need besides: f64 (IEEE 754 binary64, nearest even) and 64-bit integers (wrapping).
pub trait WideArith: Arith {
    /// An f64.
    type F64: Copy;
    /// A 64-bit integer.
    type I64: Copy;

    /// A constant.
    fn f64(&mut self, value: f64) -> Self::F64;
    /// A constant.
    fn i64(&mut self, value: i64) -> Self::I64;

    /// The f64 of the same value.
    fn widen(&mut self, a: Self::F32) -> Self::F64;
    /// The nearest f32.
    fn narrow(&mut self, a: Self::F64) -> Self::F32;
    /// `a + b`.
    fn f64_add(&mut self, a: Self::F64, b: Self::F64) -> Self::F64;
    /// `a - b`.
    fn f64_sub(&mut self, a: Self::F64, b: Self::F64) -> Self::F64;
    /// `a * b`.
    fn f64_mul(&mut self, a: Self::F64, b: Self::F64) -> Self::F64;
    /// `a / b`.
    fn f64_div(&mut self, a: Self::F64, b: Self::F64) -> Self::F64;
    /// `a` where `condition`, else `b`.
    fn f64_select(&mut self, condition: Self::Bool, a: Self::F64, b: Self::F64) -> Self::F64;
    /// `a < b`; false if one is NaN.
    fn f64_lt(&mut self, a: Self::F64, b: Self::F64) -> Self::Bool;
    /// The bits of an f64.
    fn f64_to_bits(&mut self, a: Self::F64) -> Self::I64;
    /// The f64 of these bits.
    fn f64_from_bits(&mut self, a: Self::I64) -> Self::F64;
    /// Nearest f64 of a signed integer.
    fn i64_to_f64(&mut self, a: Self::I64) -> Self::F64;

    /// `a + b`, wrapping.
    fn i64_add(&mut self, a: Self::I64, b: Self::I64) -> Self::I64;
    /// `a - b`, wrapping.
    fn i64_sub(&mut self, a: Self::I64, b: Self::I64) -> Self::I64;
    /// `a * b`, wrapping.
    fn i64_mul(&mut self, a: Self::I64, b: Self::I64) -> Self::I64;
    /// Bitwise and.
    fn i64_and(&mut self, a: Self::I64, b: Self::I64) -> Self::I64;
    /// Bitwise or.
    fn i64_or(&mut self, a: Self::I64, b: Self::I64) -> Self::I64;
    /// Bitwise exclusive or.
    fn i64_xor(&mut self, a: Self::I64, b: Self::I64) -> Self::I64;
    /// `a << by`, `by < 64`.
    fn i64_shl(&mut self, a: Self::I64, by: u32) -> Self::I64;
    /// Logical shift right, `by < 64`.
    fn i64_shr(&mut self, a: Self::I64, by: u32) -> Self::I64;
    /// `a` where `condition`, else `b`.
    fn i64_select(&mut self, condition: Self::Bool, a: Self::I64, b: Self::I64) -> Self::I64;
    /// Zero extension.
    fn u32_to_i64(&mut self, a: Self::I32) -> Self::I64;
    /// The low 32 bits.
    fn i64_to_i32(&mut self, a: Self::I64) -> Self::I32;

    /// `table[index & 15]`. The default is a tree of selects; a backend with cheap loads may load instead.
    fn table(&mut self, table: &'static [u64; 16], index: Self::I32) -> Self::I64 {
        let mut level: Vec<Self::I64> = table.iter().map(|word| self.i64(*word as i64)).collect();
        let zero = self.i32(0);
        for bit in 0..4 {
            let mask = self.i32(1 << bit);
            let masked = self.i32_and(index, mask);
            let even = self.i32_eq(masked, zero);
            level = level.as_chunks::<2>().0.iter().map(|[a, b]| self.i64_select(even, *a, *b)).collect();
        }
        level[0]
    }

    /// `c[0] + c[1] x + c[2] x^2 ...` by Horner's rule, a multiplication and an addition each step.
    fn f64_polynomial(&mut self, x: Self::F64, coefficients: &[f64]) -> Self::F64 {
        let mut terms = coefficients.iter().rev();
        let mut sum = self.f64(terms.next().copied().unwrap_or(0.0));
        for c in terms {
            let product = self.f64_mul(sum, x);
            let c = self.f64(*c);
            sum = self.f64_add(product, c);
        }
        sum
    }
}
