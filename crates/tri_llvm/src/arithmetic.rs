//! The arithmetic of [`tri_ir::math`] as instructions: no contraction, correctly rounded division and square root, subnormals kept.

use tri_ir::math::{Arith, WideArith};

use crate::emitter::Emitter;
use crate::value::{Type, Value};

macro_rules! instructions {
    ($($name:ident($a:ident: $ty:ident, $b:ident) -> $result:ident = $inst:literal;)*) => {
        $(fn $name(&mut self, $a: Self::$ty, $b: Self::$ty) -> Self::$result {
            self.binary($inst, $a, $b)
        })*
    };
}

impl Arith for Emitter {
    type F32 = Value;
    type I32 = Value;
    type Bool = Value;

    fn f32(&mut self, value: f32) -> Value {
        Value::f32(value)
    }

    fn i32(&mut self, value: i32) -> Value {
        Value::int(Type::I32, value.into())
    }

    instructions! {
        add(a: F32, b) -> F32 = "fadd";
        sub(a: F32, b) -> F32 = "fsub";
        mul(a: F32, b) -> F32 = "fmul";
        div(a: F32, b) -> F32 = "fdiv";
        bool_and(a: Bool, b) -> Bool = "and";
        bool_or(a: Bool, b) -> Bool = "or";
        i32_add(a: I32, b) -> I32 = "add";
        i32_sub(a: I32, b) -> I32 = "sub";
        i32_and(a: I32, b) -> I32 = "and";
        i32_or(a: I32, b) -> I32 = "or";
        i32_xor(a: I32, b) -> I32 = "xor";
    }

    fn fma(&mut self, a: Value, b: Value, c: Value) -> Value {
        self.call(Type::F32, "llvm.fma.f32", &[a, b, c])
    }

    fn sqrt(&mut self, a: Value) -> Value {
        self.call(Type::F32, "llvm.sqrt.f32", &[a])
    }

    fn lt(&mut self, a: Value, b: Value) -> Value {
        self.compare("fcmp olt", a, b)
    }

    fn eq(&mut self, a: Value, b: Value) -> Value {
        self.compare("fcmp oeq", a, b)
    }

    fn select(&mut self, condition: Value, a: Value, b: Value) -> Value {
        self.choose(condition, a, b)
    }

    fn bool_not(&mut self, a: Value) -> Value {
        self.binary("xor", a, Value::int(Type::I1, 1))
    }

    fn to_bits(&mut self, a: Value) -> Value {
        self.convert("bitcast", a, Type::I32)
    }

    fn bits_to_f32(&mut self, a: Value) -> Value {
        self.convert("bitcast", a, Type::F32)
    }

    fn i32_to_f32(&mut self, a: Value) -> Value {
        self.convert("sitofp", a, Type::F32)
    }

    fn f32_to_i32(&mut self, a: Value) -> Value {
        self.call(Type::I32, "llvm.fptosi.sat.i32.f32", &[a])
    }

    fn i32_shl(&mut self, a: Value, by: u32) -> Value {
        self.binary("shl", a, Value::int(Type::I32, by.into()))
    }

    fn i32_shr(&mut self, a: Value, by: u32) -> Value {
        self.binary("ashr", a, Value::int(Type::I32, by.into()))
    }

    fn i32_eq(&mut self, a: Value, b: Value) -> Value {
        self.compare("icmp eq", a, b)
    }
}

impl WideArith for Emitter {
    type F64 = Value;
    type I64 = Value;

    instructions! {
        f64_add(a: F64, b) -> F64 = "fadd";
        f64_sub(a: F64, b) -> F64 = "fsub";
        f64_mul(a: F64, b) -> F64 = "fmul";
        f64_div(a: F64, b) -> F64 = "fdiv";
        i64_add(a: I64, b) -> I64 = "add";
        i64_sub(a: I64, b) -> I64 = "sub";
        i64_mul(a: I64, b) -> I64 = "mul";
        i64_and(a: I64, b) -> I64 = "and";
        i64_or(a: I64, b) -> I64 = "or";
        i64_xor(a: I64, b) -> I64 = "xor";
    }

    fn f64(&mut self, value: f64) -> Value {
        Value::f64(value)
    }

    fn i64(&mut self, value: i64) -> Value {
        self.int(value)
    }

    fn widen(&mut self, a: Value) -> Value {
        self.convert("fpext", a, Type::F64)
    }

    fn narrow(&mut self, a: Value) -> Value {
        self.convert("fptrunc", a, Type::F32)
    }

    fn f64_select(&mut self, condition: Value, a: Value, b: Value) -> Value {
        self.choose(condition, a, b)
    }

    fn i64_select(&mut self, condition: Value, a: Value, b: Value) -> Value {
        self.choose(condition, a, b)
    }

    fn f64_lt(&mut self, a: Value, b: Value) -> Value {
        self.compare("fcmp olt", a, b)
    }

    fn f64_to_bits(&mut self, a: Value) -> Value {
        self.convert("bitcast", a, Type::I64)
    }

    fn f64_from_bits(&mut self, a: Value) -> Value {
        self.convert("bitcast", a, Type::F64)
    }

    fn i64_to_f64(&mut self, a: Value) -> Value {
        self.convert("sitofp", a, Type::F64)
    }

    fn i64_shl(&mut self, a: Value, by: u32) -> Value {
        let by = self.int(by.into());
        self.binary("shl", a, by)
    }

    fn i64_shr(&mut self, a: Value, by: u32) -> Value {
        let by = self.int(by.into());
        self.binary("lshr", a, by)
    }

    fn u32_to_i64(&mut self, a: Value) -> Value {
        self.convert("zext", a, Type::I64)
    }

    fn i64_to_i32(&mut self, a: Value) -> Value {
        self.convert("trunc", a, Type::I32)
    }
}
