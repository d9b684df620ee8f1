//! The arithmetic of [`tri_ir::math`] as instructions, on one number or on four at once.

use cranelift_codegen::ir::{
    ConstantData, Endianness, InstBuilder, MemFlagsData, Type, Value,
    condcodes::{FloatCC, IntCC},
    types,
};
use tri_ir::math::{Arith, WideArith};
use tri_kernels::{CpuLevel, KernelTable};

use crate::emitter::Emitter;

/// How many points of a loop one instruction computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Width {
    /// One. A `bool` is a byte 0 or 1.
    One,
    /// Four neighbours. Bytes are extended to 32-bit lanes; a `bool` is a lane of ones or zeros.
    Four,
}

/// Emits arithmetic at the end of the current block.
pub(crate) struct Lanes<'e, 'a> {
    pub(crate) e: &'e mut Emitter<'a>,
    pub(crate) width: Width,
}

/// Bits are taken as they lie in memory.
const BITS: MemFlagsData = MemFlagsData::new().with_endianness(Endianness::Little);

/// Rounding to an integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rounding {
    Floor,
    Ceil,
    Nearest,
}

impl Lanes<'_, '_> {
    fn ty(&self, one: Type) -> Type {
        match self.width {
            Width::One => one,
            Width::Four => one.by(4).unwrap_or(one),
        }
    }

    fn lanes_constant(&mut self, ty: Type, bits: u32) -> Value {
        let bytes = bits.to_le_bytes().repeat(4);
        let constant = self.e.builder.func.dfg.constants.insert(ConstantData::from(bytes));
        self.e.builder.ins().vconst(ty, constant)
    }

    /// The same bits as another type of the same size.
    pub(crate) fn cast_bits(&mut self, to: Type, value: Value) -> Value {
        self.e.builder.ins().bitcast(to, BITS, value)
    }

    /// Applies a scalar function of the kernel table to each lane.
    fn by_table(&mut self, offset: i32, operands: &[Value]) -> Value {
        if self.width == Width::One {
            return self.e.call_numeric(offset, operands);
        }
        let mut result = operands[0];
        for lane in 0..4u8 {
            let args: Vec<Value> =
                operands.iter().map(|v| self.e.builder.ins().extractlane(*v, lane)).collect();
            let value = self.e.call_numeric(offset, &args);
            result = self.e.builder.ins().insertlane(result, value, lane);
        }
        result
    }

    /// f32 rounded to an integer.
    pub(crate) fn round(&mut self, rounding: Rounding, value: Value) -> Value {
        if self.e.level == CpuLevel::Portable {
            let offset = match rounding {
                Rounding::Floor => KernelTable::FLOOR_F32_OFFSET,
                Rounding::Ceil => KernelTable::CEIL_F32_OFFSET,
                Rounding::Nearest => KernelTable::NEAREST_F32_OFFSET,
            };
            return self.by_table(offset, &[value]);
        }
        match rounding {
            Rounding::Floor => self.e.builder.ins().floor(value),
            Rounding::Ceil => self.e.builder.ins().ceil(value),
            Rounding::Nearest => self.e.builder.ins().nearest(value),
        }
    }

    /// An f32 to a 32-bit integer, saturating, NaN to 0.
    pub(crate) fn saturate_to_int(&mut self, value: Value) -> Value {
        let ty = self.ty(types::I32);
        self.e.builder.ins().fcvt_to_sint_sat(ty, value)
    }

    /// `a` where `condition`, else `b`, of any type that has this width.
    pub(crate) fn choose(&mut self, condition: Value, a: Value, b: Value) -> Value {
        match self.width {
            Width::One => self.e.builder.ins().select(condition, a, b),
            Width::Four => {
                let ty = self.e.builder.func.dfg.value_type(a);
                let mask = if ty == types::I32X4 { condition } else { self.cast_bits(ty, condition) };
                self.e.builder.ins().bitselect(mask, a, b)
            }
        }
    }

    /// Compares 32-bit (or, at width one, any) integers.
    pub(crate) fn compare(&mut self, condition: IntCC, a: Value, b: Value) -> Value {
        self.e.builder.ins().icmp(condition, a, b)
    }

    /// Compares floats.
    pub(crate) fn compare_floats(&mut self, condition: FloatCC, a: Value, b: Value) -> Value {
        self.e.builder.ins().fcmp(condition, a, b)
    }
}

macro_rules! instructions {
    ($($name:ident($($arg:ident: $ty:ident),*) -> $result:ident = $inst:ident;)*) => {
        $(fn $name(&mut self, $($arg: Self::$ty),*) -> Self::$result {
            self.e.builder.ins().$inst($($arg),*)
        })*
    };
}

impl Arith for Lanes<'_, '_> {
    type F32 = Value;
    type I32 = Value;
    type Bool = Value;

    fn f32(&mut self, value: f32) -> Value {
        match self.width {
            Width::One => {
                let value = cranelift_codegen::ir::immediates::Ieee32::with_bits(value.to_bits());
                self.e.builder.ins().f32const(value)
            }
            Width::Four => self.lanes_constant(types::F32X4, value.to_bits()),
        }
    }

    fn i32(&mut self, value: i32) -> Value {
        match self.width {
            Width::One => self.e.builder.ins().iconst(types::I32, i64::from(value)),
            Width::Four => self.lanes_constant(types::I32X4, value as u32),
        }
    }

    instructions! {
        add(a: F32, b: F32) -> F32 = fadd;
        sub(a: F32, b: F32) -> F32 = fsub;
        mul(a: F32, b: F32) -> F32 = fmul;
        div(a: F32, b: F32) -> F32 = fdiv;
        sqrt(a: F32) -> F32 = sqrt;
        bool_and(a: Bool, b: Bool) -> Bool = band;
        bool_or(a: Bool, b: Bool) -> Bool = bor;
        i32_add(a: I32, b: I32) -> I32 = iadd;
        i32_sub(a: I32, b: I32) -> I32 = isub;
        i32_and(a: I32, b: I32) -> I32 = band;
        i32_or(a: I32, b: I32) -> I32 = bor;
        i32_xor(a: I32, b: I32) -> I32 = bxor;
    }

    fn fma(&mut self, a: Value, b: Value, c: Value) -> Value {
        match self.e.level {
            CpuLevel::Portable => self.by_table(KernelTable::FMA_F32_OFFSET, &[a, b, c]),
            _ => self.e.builder.ins().fma(a, b, c),
        }
    }

    fn lt(&mut self, a: Value, b: Value) -> Value {
        self.compare_floats(FloatCC::LessThan, a, b)
    }

    fn eq(&mut self, a: Value, b: Value) -> Value {
        self.compare_floats(FloatCC::Equal, a, b)
    }

    fn select(&mut self, condition: Value, a: Value, b: Value) -> Value {
        self.choose(condition, a, b)
    }

    fn bool_not(&mut self, a: Value) -> Value {
        match self.width {
            Width::One => self.e.builder.ins().bxor_imm_s(a, 1),
            Width::Four => self.e.builder.ins().bnot(a),
        }
    }

    fn to_bits(&mut self, a: Value) -> Value {
        let ty = self.ty(types::I32);
        self.cast_bits(ty, a)
    }

    fn bits_to_f32(&mut self, a: Value) -> Value {
        let ty = self.ty(types::F32);
        self.cast_bits(ty, a)
    }

    fn i32_to_f32(&mut self, a: Value) -> Value {
        let ty = self.ty(types::F32);
        self.e.builder.ins().fcvt_from_sint(ty, a)
    }

    fn f32_to_i32(&mut self, a: Value) -> Value {
        self.saturate_to_int(a)
    }

    fn i32_shl(&mut self, a: Value, by: u32) -> Value {
        let by = self.e.builder.ins().iconst(types::I32, i64::from(by));
        self.e.builder.ins().ishl(a, by)
    }

    fn i32_shr(&mut self, a: Value, by: u32) -> Value {
        let by = self.e.builder.ins().iconst(types::I32, i64::from(by));
        self.e.builder.ins().sshr(a, by)
    }

    fn i32_eq(&mut self, a: Value, b: Value) -> Value {
        self.compare(IntCC::Equal, a, b)
    }
}

/// At width one only: Cranelift's vectors hold two 64-bit lanes.
impl WideArith for Lanes<'_, '_> {
    type F64 = Value;
    type I64 = Value;

    instructions! {
        f64_add(a: F64, b: F64) -> F64 = fadd;
        f64_sub(a: F64, b: F64) -> F64 = fsub;
        f64_mul(a: F64, b: F64) -> F64 = fmul;
        f64_div(a: F64, b: F64) -> F64 = fdiv;
        i64_add(a: I64, b: I64) -> I64 = iadd;
        i64_sub(a: I64, b: I64) -> I64 = isub;
        i64_mul(a: I64, b: I64) -> I64 = imul;
        i64_and(a: I64, b: I64) -> I64 = band;
        i64_or(a: I64, b: I64) -> I64 = bor;
        i64_xor(a: I64, b: I64) -> I64 = bxor;
        i64_select(condition: Bool, a: I64, b: I64) -> I64 = select;
        f64_select(condition: Bool, a: F64, b: F64) -> F64 = select;
    }

    fn f64(&mut self, value: f64) -> Value {
        let value = cranelift_codegen::ir::immediates::Ieee64::with_bits(value.to_bits());
        self.e.builder.ins().f64const(value)
    }

    fn i64(&mut self, value: i64) -> Value {
        self.e.int(value)
    }

    fn widen(&mut self, a: Value) -> Value {
        self.e.builder.ins().fpromote(types::F64, a)
    }

    fn narrow(&mut self, a: Value) -> Value {
        self.e.builder.ins().fdemote(types::F32, a)
    }

    fn f64_lt(&mut self, a: Value, b: Value) -> Value {
        self.compare_floats(FloatCC::LessThan, a, b)
    }

    fn f64_to_bits(&mut self, a: Value) -> Value {
        self.cast_bits(types::I64, a)
    }

    fn f64_from_bits(&mut self, a: Value) -> Value {
        self.cast_bits(types::F64, a)
    }

    fn i64_to_f64(&mut self, a: Value) -> Value {
        self.e.builder.ins().fcvt_from_sint(types::F64, a)
    }

    fn i64_shl(&mut self, a: Value, by: u32) -> Value {
        self.e.builder.ins().ishl_imm_u(a, i64::from(by))
    }

    fn i64_shr(&mut self, a: Value, by: u32) -> Value {
        self.e.builder.ins().ushr_imm_u(a, i64::from(by))
    }

    fn u32_to_i64(&mut self, a: Value) -> Value {
        self.e.builder.ins().uextend(types::I64, a)
    }

    fn i64_to_i32(&mut self, a: Value) -> Value {
        self.e.builder.ins().ireduce(types::I32, a)
    }
}
