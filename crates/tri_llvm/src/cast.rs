//! Casts (rule 9 of numerics.md) as instructions: floats round half to even, everything saturates, NaN becomes 0.

use tri_ir::{DType, Scalar};

use crate::emitter::Emitter;
use crate::value::{Type, Value};

/// Smallest and largest value of an integer type narrower than 64 bits.
fn limits(to: DType) -> (i64, i64) {
    match to {
        DType::Trit => (-1, 1),
        DType::I8 => (i8::MIN.into(), i8::MAX.into()),
        DType::U8 => (0, u8::MAX.into()),
        _ => (i32::MIN.into(), i32::MAX.into()),
    }
}

impl Emitter {
    /// A number of any element type.
    pub(crate) fn scalar(&self, scalar: Scalar) -> Value {
        let bits = scalar.bits();
        let ty = Type::of(scalar.dtype());
        match ty {
            Type::F32 => Value::f32(f32::from_bits(bits as u32)),
            // LLVM reads a number as a signed one, whatever it means.
            Type::I8 => Value::int(ty, (bits as i8).into()),
            Type::I16 => Value::int(ty, (bits as i16).into()),
            Type::I32 => Value::int(ty, (bits as i32).into()),
            _ => Value::int(ty, bits as i64),
        }
    }

    /// An integer, trit or bool as a wider integer.
    pub(crate) fn extended(&mut self, dtype: DType, value: Value, to: Type) -> Value {
        let name = if matches!(dtype, DType::U8 | DType::Bool) { "zext" } else { "sext" };
        self.convert(name, value, to)
    }

    /// Another element type.
    pub(crate) fn cast(&mut self, from: DType, to: DType, value: Value) -> Value {
        if from == to {
            return value;
        }
        match (from, to) {
            (DType::F16 | DType::Bf16, _) => {
                let small = self.convert("bitcast", value, small_float(from));
                let wide = self.convert("fpext", small, Type::F32);
                self.cast(DType::F32, to, wide)
            }
            (DType::F32, DType::F16 | DType::Bf16) => {
                let small = self.convert("fptrunc", value, small_float(to));
                self.convert("bitcast", small, Type::I16)
            }
            (DType::F32, DType::Bool) => self.compare("fcmp une", value, Value::f32(0.0)),
            (DType::F32, DType::I64) => {
                let rounded = self.call(Type::F32, "llvm.roundeven.f32", &[value]);
                self.call(Type::I64, "llvm.fptosi.sat.i64.f32", &[rounded])
            }
            (DType::F32, _) => {
                let rounded = self.call(Type::F32, "llvm.roundeven.f32", &[value]);
                let int = self.call(Type::I32, "llvm.fptosi.sat.i32.f32", &[rounded]);
                self.saturated(to, int)
            }
            (_, DType::F16 | DType::Bf16) => {
                let wide = self.cast(from, DType::F32, value);
                self.cast(DType::F32, to, wide)
            }
            (_, DType::Bool) => self.compare("icmp ne", value, Value::int(value.ty, 0)),
            (_, DType::F32) => {
                let int = if from == DType::I64 { value } else { self.extended(from, value, Type::I32) };
                self.convert("sitofp", int, Type::F32)
            }
            (DType::I64, _) => self.saturated(to, value),
            (_, DType::I64) => self.extended(from, value, Type::I64),
            _ => {
                let int = self.extended(from, value, Type::I32);
                self.saturated(to, int)
            }
        }
    }

    /// An i32 or i64 clamped to a narrower type.
    fn saturated(&mut self, to: DType, value: Value) -> Value {
        if Type::of(to) == value.ty {
            return value;
        }
        let (low, high) = limits(to);
        let (low, high) = (Value::int(value.ty, low), Value::int(value.ty, high));
        let below = self.compare("icmp slt", value, low);
        let value = self.choose(below, low, value);
        let above = self.compare("icmp sgt", value, high);
        let value = self.choose(above, high, value);
        self.convert("trunc", value, Type::of(to))
    }
}

fn small_float(dtype: DType) -> Type {
    if dtype == DType::F16 { Type::Half } else { Type::Bfloat }
}
