//! Conversions between types.

use half::{bf16, f16};

use crate::instruction::{Class, Rounding, Type};

/// A number between its types.
enum Number {
    Int(i128),
    F64(f64),
}

/// A converted value, extended by the sign of its type, if that has one, as the ISA says of registers that are wider.
pub(crate) fn convert(to: Type, from: Type, rounding: Rounding, saturate: bool, bits: u64) -> u64 {
    let value = converted(to, from, rounding, saturate, bits);
    if to.class == Class::Signed { to.signed(value) as u64 } else { value }
}

/// A converted value, zero extended.
fn converted(to: Type, from: Type, rounding: Rounding, saturate: bool, bits: u64) -> u64 {
    let number = match (from.class, from.bits) {
        (Class::Float, 16) => Number::F64(f16::from_bits(bits as u16).to_f64()),
        (Class::Brain, _) => Number::F64(bf16::from_bits(bits as u16).to_f64()),
        (Class::Float, 32) => Number::F64(f32::from_bits(bits as u32).into()),
        (Class::Float, _) => Number::F64(f64::from_bits(bits)),
        (Class::Signed, _) => Number::Int(from.signed(bits).into()),
        _ => Number::Int(from.low(bits).into()),
    };
    match (number, to.class, to.bits) {
        (Number::F64(value), Class::Float, bits) => {
            // Between equal types a conversion rounds to an integer.
            let value = if from == to { round(value, rounding) } else { value };
            match bits {
                // By way of binary32: the crate's conversion from binary64 drops bits before it rounds.
                16 => f16::from_f32(value as f32).to_bits().into(),
                32 => (value as f32).to_bits().into(),
                _ => value.to_bits(),
            }
        }
        (Number::F64(value), Class::Brain, _) => {
            let value = if from == to { round(value, rounding) } else { value };
            bf16::from_f32(value as f32).to_bits().into()
        }
        (Number::F64(value), _, _) => {
            clamp(to, round(value, rounding) as i128, value.is_nan(), to.bits == 64)
        }
        (Number::Int(value), Class::Float, 16) => f16::from_f32(value as f32).to_bits().into(),
        (Number::Int(value), Class::Float, 32) => (value as f32).to_bits().into(),
        (Number::Int(value), Class::Float, _) => (value as f64).to_bits(),
        (Number::Int(value), Class::Brain, _) => bf16::from_f32(value as f32).to_bits().into(),
        (Number::Int(value), _, _) if saturate => clamp(to, value, false, false),
        (Number::Int(value), _, _) => to.low(value as u64),
    }
}

fn round(value: f64, rounding: Rounding) -> f64 {
    match rounding {
        Rounding::NearestEven => value.round_ties_even(),
        Rounding::Zero => value.trunc(),
        Rounding::Down => value.floor(),
        Rounding::Up => value.ceil(),
    }
}

/// Within the limits of an integer type. NaN becomes 0, or the smallest number of a type of 64 bits.
fn clamp(to: Type, value: i128, is_nan: bool, wide: bool) -> u64 {
    if is_nan {
        return if wide { 1 << 63 } else { 0 };
    }
    let (low, high) = match to.class {
        Class::Signed => (-1i128 << (to.bits - 1), (1i128 << (to.bits - 1)) - 1),
        _ => (0, (1i128 << to.bits) - 1),
    };
    to.low(value.clamp(low, high) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::opcode::type_of;

    fn cvt(to: &str, from: &str, rounding: Rounding, bits: u64) -> u64 {
        convert(type_of(to).expect("a type"), type_of(from).expect("a type"), rounding, false, bits)
    }

    #[test]
    fn floats_become_integers_within_limits() {
        let bits = |value: f32| u64::from(value.to_bits());
        assert_eq!(cvt("s32", "f32", Rounding::Zero, bits(1e20)), 0x7fff_ffff);
        assert_eq!(cvt("s32", "f32", Rounding::Zero, bits(f32::NAN)), 0);
        assert_eq!(cvt("f32", "f32", Rounding::NearestEven, bits(2.5)), bits(2.0));
        assert_eq!(cvt("f32", "s64", Rounding::NearestEven, u64::MAX), bits(-1.0));
        assert_eq!(cvt("u64", "u32", Rounding::NearestEven, u64::MAX), 0xffff_ffff);
        assert_eq!(cvt("s64", "s32", Rounding::NearestEven, 0xffff_ffff), u64::MAX);
        assert_eq!(cvt("s8", "s32", Rounding::NearestEven, 0x80), (-128i64) as u64);
        assert_eq!(cvt("bf16", "f32", Rounding::NearestEven, bits(1.0)), 0x3f80);
    }
}
