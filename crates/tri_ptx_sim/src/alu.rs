//! Arithmetic on registers. A register is 64 bits; an instruction takes the low ones of its type.

use std::cmp::Ordering;

use half::{bf16, f16};

use crate::error::Fault;
use crate::instruction::{Alu, Class, Comparison, Shuffle, Type};
use crate::visits::WARP;
use crate::warp::{Lanes, Mask};

const F32: Type = Type { class: Class::Float, bits: 32 };
const B32: Type = Type { class: Class::Bits, bits: 32 };
const S32: Type = Type { class: Class::Signed, bits: 32 };
const U32: Type = Type { class: Class::Unsigned, bits: 32 };
const B64: Type = Type { class: Class::Bits, bits: 64 };
const S64: Type = Type { class: Class::Signed, bits: 64 };
const U64: Type = Type { class: Class::Unsigned, bits: 64 };

/// The results of a function of the operands' values in each lane.
#[inline(always)]
pub(crate) fn each(of: [&Lanes; 3], function: impl Fn([u64; 3]) -> u64) -> Lanes {
    std::array::from_fn(|lane| function(of.map(|values| values[lane])))
}

/// The results of an operation in all lanes, zero extended. Those that kernels are full of have loops of their own.
pub(crate) fn compute(alu: Alu, ty: Type, of: [&Lanes; 3]) -> Lanes {
    macro_rules! loops {
        ($($alu:ident: $($ty:ident)*;)*) => {
            match (alu, ty) {
                $($((Alu::$alu, $ty) => each(of, |of| one(Alu::$alu, $ty, of)),)*)*
                _ => each(of, |of| one(alu, ty, of)),
            }
        };
    }
    loops! {
        Add: F32 S32 U32 S64 U64;
        Sub: F32 S32 U32 S64 U64;
        Mul: F32 S32 U32 S64 U64;
        Mad: S32 U32 S64 U64;
        MulWide: S32 U32;
        MadWide: S32 U32;
        Fma: F32;
        And: B32 B64;
        Or: B32 B64;
        Xor: B32 B64;
        ShiftLeft: B32 B64;
        ShiftRight: B32 B64 S32 U32 S64 U64;
        Select: F32 B32 S32 U32 B64;
        Field: S32 U32;
    }
}

/// Whether a comparison holds in each lane.
pub(crate) fn compare(comparison: Comparison, ty: Type, of: [&Lanes; 3]) -> Lanes {
    macro_rules! loops {
        ($($ty:ident)*) => {
            match ty {
                $($ty => each(of, |of| compare_one(comparison, $ty, of)),)*
                _ => each(of, |of| compare_one(comparison, ty, of)),
            }
        };
    }
    loops!(F32 B32 S32 U32 B64 S64 U64)
}

/// What lanes that all take part read from each other: value, distance or lane, and limits.
pub(crate) fn shuffle(
    mode: Shuffle,
    members: Mask,
    [values, by, limits]: [&Lanes; 3],
) -> Result<Lanes, (usize, Fault)> {
    let mut results = [0; WARP];
    for lane in crate::warp::lanes(members) {
        let (by, limits) = (by[lane] as usize & 31, limits[lane] as usize);
        let (clamp, segments) = (limits & 31, limits >> 8 & 31);
        let last = (lane & segments) | (clamp & !segments);
        let source = match mode {
            Shuffle::Xor => lane ^ by,
            Shuffle::Down => lane + by,
            Shuffle::Index => (lane & segments) | (by & !segments),
        };
        let source = if source <= last { source } else { lane };
        if members >> source & 1 == 0 {
            return Err((lane, Fault::InactiveLane { lane: source as u32 }));
        }
        results[lane] = values[source] & 0xffff_ffff;
    }
    Ok(results)
}

fn f32_of(bits: u64) -> f32 {
    f32::from_bits(bits as u32)
}

/// The result of an operation, zero extended.
#[inline(always)]
fn one(alu: Alu, ty: Type, operands: [u64; 3]) -> u64 {
    let operand = |at: usize| operands[at];
    if alu == Alu::Select {
        return ty.low(if operand(2) & 1 == 1 { operand(0) } else { operand(1) });
    }
    match (ty.class, ty.bits) {
        (Class::Brain, _) | (Class::Float, 16) => {
            let wide = [0, 1, 2].map(|at| small(ty, operand(at)));
            rounded(ty, small_result(alu, wide))
        }
        (Class::Float, 32) => f32_result(alu, operands).to_bits().into(),
        (Class::Float, _) => {
            let [a, b, c] = [0, 1, 2].map(|at| f64::from_bits(operand(at)));
            let result = match alu {
                Alu::Add => a + b,
                Alu::Sub => a - b,
                Alu::Mul => a * b,
                Alu::Div => a / b,
                Alu::Fma => a.mul_add(b, c),
                Alu::Sqrt => a.sqrt(),
                Alu::Neg => -a,
                Alu::Abs => a.abs(),
                Alu::CopySign => b.copysign(a),
                Alu::Reciprocal => 1.0 / a,
                _ => f64::NAN,
            };
            result.to_bits()
        }
        _ => integer(alu, ty, operands),
    }
}

#[inline(always)]
fn f32_result(alu: Alu, operands: [u64; 3]) -> f32 {
    let [a, b, c] = operands.map(f32_of);
    let extreme_of = |alu| f32_of(extreme(alu, f64::from(a), f64::from(b), operands[0], operands[1]));
    match alu {
        Alu::Add => a + b,
        Alu::Sub => a - b,
        Alu::Mul => a * b,
        Alu::Div => a / b,
        Alu::Fma => a.mul_add(b, c),
        Alu::Sqrt => a.sqrt(),
        Alu::Neg => -a,
        Alu::Abs => a.abs(),
        Alu::CopySign => b.copysign(a),
        Alu::Min | Alu::Max => extreme_of(alu),
        Alu::MinNumber | Alu::MaxNumber if a.is_nan() => b,
        Alu::MinNumber | Alu::MaxNumber if b.is_nan() => a,
        Alu::MinNumber => extreme_of(Alu::Min),
        Alu::MaxNumber => extreme_of(Alu::Max),
        Alu::Reciprocal => 1.0 / a,
        _ => f32::NAN,
    }
}

/// A float of 16 bits.
fn small(ty: Type, bits: u64) -> f32 {
    if ty.class == Class::Brain {
        bf16::from_bits(bits as u16).to_f32()
    } else {
        f16::from_bits(bits as u16).to_f32()
    }
}

fn rounded(ty: Type, value: f32) -> u64 {
    u64::from(if ty.class == Class::Brain {
        bf16::from_f32(value).to_bits()
    } else {
        f16::from_f32(value).to_bits()
    })
}

/// A result of floats of 16 bits before it is rounded to them: f32 has more than twice their bits, so that rounding twice is
/// rounding once; a sum with a product rounds to odd first, which keeps that.
fn small_result(alu: Alu, wide: [f32; 3]) -> f32 {
    if alu == Alu::Fma {
        let [a, b, c] = wide.map(f64::from);
        return narrowed_to_odd(sum_to_odd(a * b, c));
    }
    f32_result(alu, wide.map(|value| value.to_bits().into()))
}

/// A sum, or if it is not a number of 53 bits, the odd one of the two numbers beside it.
fn sum_to_odd(a: f64, b: f64) -> f64 {
    let sum = a + b;
    let part = sum - a;
    let error = (a - (sum - part)) + (b - part);
    if !sum.is_finite() || error == 0.0 || sum.to_bits() & 1 == 1 {
        return sum;
    }
    let away = (error > 0.0) == (sum > 0.0);
    f64::from_bits(if away { sum.to_bits() + 1 } else { sum.to_bits() - 1 })
}

/// As [`sum_to_odd`], of a number that has too many bits.
fn narrowed_to_odd(value: f64) -> f32 {
    let near = value as f32;
    let error = value - f64::from(near);
    if !near.is_finite() || error == 0.0 || near.to_bits() & 1 == 1 {
        return near;
    }
    let away = (error > 0.0) == (value > 0.0);
    f32::from_bits(if away { near.to_bits() + 1 } else { near.to_bits() - 1 })
}

/// The bits of the smaller or larger of two f32: NaN if one is, and -0 below +0.
fn extreme(alu: Alu, a: f64, b: f64, a_bits: u64, b_bits: u64) -> u64 {
    if a.is_nan() || b.is_nan() {
        return f32::NAN.to_bits().into();
    }
    let a_first = a < b || (a == b && a.is_sign_negative());
    if a_first == (alu == Alu::Min) { a_bits } else { b_bits }
}

#[inline(always)]
fn integer(alu: Alu, ty: Type, [a, b, c]: [u64; 3]) -> u64 {
    let signed = ty.class == Class::Signed;
    let wide = |value: u64| if signed { i128::from(ty.signed(value)) } else { i128::from(ty.low(value)) };
    let (x, y) = (wide(a), wide(b));
    let result = match alu {
        Alu::Add => x + y,
        Alu::Sub => x - y,
        Alu::Mul | Alu::MulWide => x.wrapping_mul(y),
        Alu::MulHigh => x.wrapping_mul(y) >> ty.bits,
        Alu::Mad => x.wrapping_mul(y).wrapping_add(wide(c)),
        // The third operand is as wide as the result.
        Alu::MadWide => x * y + if signed { i128::from(c as i64) } else { i128::from(c) },
        // What the machine gives for a zero divisor is nothing to rely on: all ones.
        Alu::Div => x.checked_div(y).unwrap_or(-1),
        Alu::Rem => x.checked_rem(y).unwrap_or(-1),
        Alu::Neg => -x,
        Alu::Abs => x.abs(),
        Alu::Min => x.min(y),
        Alu::Max => x.max(y),
        Alu::And => i128::from(a & b),
        Alu::Or => i128::from(a | b),
        Alu::Xor => i128::from(a ^ b),
        Alu::Not => i128::from(!a),
        Alu::ShiftLeft => shift(b, ty).map_or(0, |by| x << by),
        Alu::ShiftRight => shift(b, ty).map_or(if x < 0 { -1 } else { 0 }, |by| x >> by),
        Alu::Ones => i128::from(ty.low(a).count_ones()),
        Alu::Zeros => i128::from(ty.low(a).leading_zeros()) - i128::from(64 - ty.bits),
        Alu::Field => return field(ty, a, b & 0xff, c & 0xff),
        Alu::Fma
        | Alu::Sqrt
        | Alu::CopySign
        | Alu::Select
        | Alu::MinNumber
        | Alu::MaxNumber
        | Alu::Reciprocal => 0,
    };
    let bits = if matches!(alu, Alu::MulWide | Alu::MadWide) { 2 * ty.bits } else { ty.bits };
    Type { class: ty.class, bits: bits.min(64) }.low(result as u64)
}

/// Bits to shift by, unless all are shifted out.
fn shift(by: u64, ty: Type) -> Option<u32> {
    let by = by as u32;
    (by < ty.bits).then_some(by)
}

/// `length` bits from `position`, the highest of them repeated if the type is signed.
#[inline(always)]
fn field(ty: Type, value: u64, position: u64, length: u64) -> u64 {
    if length == 0 {
        return 0;
    }
    let value = if ty.class == Class::Signed { ty.signed(value) } else { ty.low(value) as i64 };
    let moved = value >> position.min(63);
    let part = Type { class: ty.class, bits: length.min(ty.bits.into()) as u32 };
    ty.low(if ty.class == Class::Signed { part.signed(moved as u64) as u64 } else { part.low(moved as u64) })
}

/// Whether a comparison holds.
#[inline(always)]
fn compare_one(comparison: Comparison, ty: Type, [a, b, _]: [u64; 3]) -> u64 {
    let ordering = match (ty.class, ty.bits) {
        (Class::Float, 32) => f32_of(a).partial_cmp(&f32_of(b)),
        (Class::Float, 16) | (Class::Brain, _) => small(ty, a).partial_cmp(&small(ty, b)),
        (Class::Float, _) => f64::from_bits(a).partial_cmp(&f64::from_bits(b)),
        (Class::Signed, _) => Some(ty.signed(a).cmp(&ty.signed(b))),
        _ => Some(ty.low(a).cmp(&ty.low(b))),
    };
    let holds = match ordering {
        Some(Ordering::Less) => comparison.less,
        Some(Ordering::Equal) => comparison.equal,
        Some(Ordering::Greater) => comparison.greater,
        None => comparison.unordered,
    };
    holds.into()
}

/// `c` plus the sum of the products of the four bytes of `a` and `b`.
pub(crate) fn dot4(left: bool, right: bool, a: u64, b: u64, c: u64) -> u64 {
    let byte = |value: u64, at: u32, signed: bool| {
        let byte = (value >> (8 * at)) as u8;
        if signed { i32::from(byte as i8) } else { i32::from(byte) }
    };
    let sum =
        (0..4).fold(c as u32 as i32, |sum, at| sum.wrapping_add(byte(a, at, left) * byte(b, at, right)));
    u64::from(sum as u32)
}

/// The bytes of `a` are numbers 0 to 3, those of `b` 4 to 7; each nibble of the selector names one, or with its high bit the
/// repeated sign of one.
pub(crate) fn permute([a, b, selector]: [u64; 3]) -> u64 {
    let all = (b << 32) | (a & 0xffff_ffff);
    (0..4).fold(0, |word, at| {
        let nibble = selector >> (4 * at);
        let byte = (all >> (8 * (nibble & 7))) as u8;
        let byte = if nibble & 8 == 0 { byte } else { ((byte as i8) >> 7) as u8 };
        word | u64::from(byte) << (8 * at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str) -> Type {
        crate::opcode::type_of(name).expect("a type")
    }

    /// The result of any lane.
    fn computed(alu: Alu, ty: Type, operands: &[u64]) -> u64 {
        let operand = |at: usize| [operands.get(at).copied().unwrap_or(0); WARP];
        compute(alu, ty, [&operand(0), &operand(1), &operand(2)])[7]
    }

    #[test]
    fn integers_wrap_and_shift_as_the_isa_says() {
        assert_eq!(computed(Alu::Add, of("s32"), &[0xffff_ffff, 1]), 0);
        assert_eq!(computed(Alu::ShiftRight, of("s32"), &[0x8000_0000, 40]), 0xffff_ffff);
        assert_eq!(computed(Alu::ShiftLeft, of("b32"), &[1, 32]), 0);
        assert_eq!(computed(Alu::MulWide, of("s32"), &[0xffff_ffff, 2]), (-2i64) as u64);
        assert_eq!(computed(Alu::MulHigh, of("u32"), &[0xffff_ffff, 16]), 15);
        assert_eq!(computed(Alu::Div, of("s32"), &[(-7i32) as u32 as u64, 2]), (-3i32) as u32 as u64);
        assert_eq!(computed(Alu::Zeros, of("b32"), &[1]), 31);
        assert_eq!(computed(Alu::Field, of("s32"), &[0xf0, 4, 4]), 0xffff_ffff);
    }

    #[test]
    fn extremes_keep_nan_and_signs() {
        let bits = |value: f32| u64::from(value.to_bits());
        assert_eq!(computed(Alu::Max, of("f32"), &[bits(-0.0), bits(0.0)]), bits(0.0));
        assert_eq!(computed(Alu::Min, of("f32"), &[bits(0.0), bits(-0.0)]), bits(-0.0));
        assert!(f32_of(computed(Alu::Max, of("f32"), &[bits(f32::NAN), bits(1.0)])).is_nan());
        assert_eq!(computed(Alu::MaxNumber, of("f32"), &[bits(f32::NAN), bits(1.0)]), bits(1.0));
        assert_eq!(computed(Alu::Min, of("f32"), &[bits(3.0), bits(2.0)]), bits(2.0));
    }

    #[test]
    fn floats_of_16_bits_round_once() {
        let half = |value: f32| u64::from(f16::from_f32(value).to_bits());
        assert_eq!(computed(Alu::Neg, of("f16"), &[half(1.5)]), half(-1.5));
        assert_eq!(computed(Alu::Add, of("f16"), &[half(2048.0), half(1.0)]), half(2048.0));
        // 33 * 63 = 2079 lies between 2078 and 2080; the third operand breaks the tie downwards, though f32 has no bits for it.
        assert_eq!(
            computed(Alu::Fma, of("f16"), &[half(33.0), half(63.0), half(-5.960_464_5e-8)]),
            half(2078.0)
        );
        let unequal = Comparison { less: true, equal: false, greater: true, unordered: true };
        assert!(compare(unequal, of("bf16"), [&[0x3f80; WARP], &[0; WARP], &[0; WARP]]) == [1; WARP]);
    }

    #[test]
    fn bytes_multiply_with_their_own_signs() {
        assert_eq!(permute([0x0302_0180, 0x7060_5040, 0x5840]), 0x50ff_4080);
        assert_eq!(dot4(true, false, 0xff, 0xff, 10), (10 - 255i32) as u32 as u64);
    }
}
