//! Casts (rule 9 of numerics.md) as instructions: floats round half to even, everything saturates, NaN becomes 0.

use cranelift_codegen::ir::{
    InstBuilder, Value,
    condcodes::{FloatCC, IntCC},
    types,
};
use tri_ir::math::Arith;
use tri_ir::{DType, Scalar};

use crate::lanes::{Lanes, Rounding, Width};

/// Smallest and largest value of an integer type narrower than 64 bits.
fn limits(to: DType) -> (i64, i64) {
    match to {
        DType::Trit => (-1, 1),
        DType::I8 => (i8::MIN.into(), i8::MAX.into()),
        DType::U8 => (0, u8::MAX.into()),
        _ => (i32::MIN.into(), i32::MAX.into()),
    }
}

impl Lanes<'_, '_> {
    /// Another element type.
    pub(crate) fn cast(&mut self, from: DType, to: DType, value: Value) -> Value {
        if from == to {
            return value;
        }
        match (from, to) {
            (DType::F16 | DType::Bf16, _) => {
                let wide = if from == DType::F16 { self.widen_f16(value) } else { self.widen_bf16(value) };
                self.cast(DType::F32, to, wide)
            }
            (DType::F32, DType::F16) => self.narrow_f16(value),
            (DType::F32, DType::Bf16) => self.narrow_bf16(value),
            (DType::F32, DType::Bool) => {
                let zero = self.f32(0.0);
                self.compare_floats(FloatCC::NotEqual, value, zero)
            }
            (DType::F32, DType::I64) => {
                let rounded = self.round(Rounding::Nearest, value);
                self.e.builder.ins().fcvt_to_sint_sat(types::I64, rounded)
            }
            (DType::F32, _) => {
                let rounded = self.round(Rounding::Nearest, value);
                let int = self.saturate_to_int(rounded);
                self.saturated(DType::I32, to, int)
            }
            (_, DType::F16 | DType::Bf16) => {
                let wide = self.cast(from, DType::F32, value);
                self.cast(DType::F32, to, wide)
            }
            (_, DType::Bool) => {
                let zero = self.scalar(Scalar::int(from, 0));
                self.compare(IntCC::NotEqual, value, zero)
            }
            (_, DType::F32) => self.int_to_float(from, value),
            (DType::I64, _) => self.saturated(DType::I64, to, value),
            (_, DType::I64) => {
                let int = self.extended(from, value);
                self.e.builder.ins().sextend(types::I64, int)
            }
            _ => {
                let int = self.as_i32(from, value);
                self.saturated(DType::I32, to, int)
            }
        }
    }

    /// An integer, trit or bool of at most 32 bits as i32.
    fn as_i32(&mut self, from: DType, value: Value) -> Value {
        match (self.width, from) {
            // A true lane is -1.
            (Width::Four, DType::Bool) => self.e.builder.ins().ineg(value),
            (Width::Four, _) => value,
            (Width::One, _) => self.extended(from, value),
        }
    }

    fn int_to_float(&mut self, from: DType, value: Value) -> Value {
        if from == DType::I64 {
            return self.e.builder.ins().fcvt_from_sint(types::F32, value);
        }
        let int = self.as_i32(from, value);
        self.i32_to_f32(int)
    }

    /// An i32 or i64 clamped to a narrower type.
    fn saturated(&mut self, from: DType, to: DType, value: Value) -> Value {
        if from == to {
            return value;
        }
        let (low, high) = limits(to);
        let (low, high) = (self.scalar(Scalar::int(from, low)), self.scalar(Scalar::int(from, high)));
        let below = self.compare(IntCC::SignedLessThan, value, low);
        let value = self.choose(below, low, value);
        let above = self.compare(IntCC::SignedGreaterThan, value, high);
        let value = self.choose(above, high, value);
        match (self.width, to) {
            (Width::Four, _) => value,
            (Width::One, DType::I32) => self.e.builder.ins().ireduce(types::I32, value),
            (Width::One, _) => self.e.builder.ins().ireduce(types::I8, value),
        }
    }

    fn widen_bf16(&mut self, value: Value) -> Value {
        let bits = self.e.builder.ins().uextend(types::I32, value);
        let bits = self.i32_shl(bits, 16);
        self.bits_to_f32(bits)
    }

    fn narrow_bf16(&mut self, value: Value) -> Value {
        let bits = self.to_bits(value);
        let odd = self.e.builder.ins().ushr_imm_u(bits, 16);
        let odd = self.e.builder.ins().band_imm_s(odd, 1);
        let half = self.i32(0x7fff);
        let rounded = self.i32_add(bits, half);
        let rounded = self.i32_add(rounded, odd);
        let quiet = self.i32(0x0040_0000);
        let nan = self.i32_or(bits, quiet);
        let is_nan = self.compare_floats(FloatCC::Unordered, value, value);
        let bits = self.choose(is_nan, nan, rounded);
        let high = self.e.builder.ins().ushr_imm_u(bits, 16);
        self.e.builder.ins().ireduce(types::I16, high)
    }

    /// The exponent is rebiased by a multiplication, which makes subnormal numbers normal too.
    fn widen_f16(&mut self, value: Value) -> Value {
        let bits = self.e.builder.ins().uextend(types::I32, value);
        let (magnitude_mask, sign_mask, infinity) = (self.i32(0x7fff), self.i32(0x8000), self.i32(0x7c00));
        let magnitude = self.i32_and(bits, magnitude_mask);
        let sign = self.i32_and(bits, sign_mask);
        let sign = self.i32_shl(sign, 16);
        let moved = self.i32_shl(magnitude, 13);
        let small = self.bits_to_f32(moved);
        let factor = self.f32(f32::from_bits((127 + 112) << 23));
        let number = self.mul(small, factor);
        let number = self.to_bits(number);
        let exponent = self.i32(0x7f80_0000);
        let special = self.i32_or(moved, exponent);
        let is_special = self.compare(IntCC::SignedGreaterThanOrEqual, magnitude, infinity);
        let bits = self.choose(is_special, special, number);
        let bits = self.i32_or(bits, sign);
        self.bits_to_f32(bits)
    }

    /// Below 2^-14 an addition of 1/2 rounds to multiples of 2^-24; above, the bits dropped are rounded by an integer
    /// addition that carries into the exponent.
    fn narrow_f16(&mut self, value: Value) -> Value {
        let bits = self.to_bits(value);
        let magnitude_mask = self.i32(i32::MAX);
        let magnitude = self.i32_and(bits, magnitude_mask);
        let sign = self.e.builder.ins().ushr_imm_u(bits, 16);
        let sign = self.e.builder.ins().band_imm_s(sign, 0x8000);

        let half = self.f32(0.5);
        let number = self.bits_to_f32(magnitude);
        let shifted = self.add(number, half);
        let (shifted, base) = (self.to_bits(shifted), self.i32(0.5f32.to_bits() as i32));
        let subnormal = self.i32_sub(shifted, base);

        let odd = self.i32_shr(magnitude, 13);
        let one = self.i32(1);
        let odd = self.i32_and(odd, one);
        let rebias = self.i32(0xfff - (112 << 23));
        let rounded = self.i32_add(magnitude, rebias);
        let rounded = self.i32_add(rounded, odd);
        let normal = self.i32_shr(rounded, 13);

        let (least, most) = (self.i32(0x3880_0000), self.i32(0x4780_0000));
        let is_small = self.compare(IntCC::SignedLessThan, magnitude, least);
        let finite = self.choose(is_small, subnormal, normal);
        let (infinity, nan) = (self.i32(0x7c00), self.i32(0x7e00));
        let is_nan = self.compare_floats(FloatCC::Unordered, value, value);
        let special = self.choose(is_nan, nan, infinity);
        let is_special = self.compare(IntCC::SignedGreaterThanOrEqual, magnitude, most);
        let result = self.choose(is_special, special, finite);
        let result = self.i32_or(result, sign);
        self.e.builder.ins().ireduce(types::I16, result)
    }
}
