//! Elementwise functions of kernel IR as instructions. 16-bit floats compute in f32 and round once.

use cranelift_codegen::ir::{
    InstBuilder, InstructionData, Opcode, Value,
    condcodes::{FloatCC, IntCC},
    types,
};
use tri_ir::math::{self, Arith};
use tri_ir::{BinaryOp, DType, Scalar, UnaryOp};

use crate::lanes::{Lanes, Rounding, Width};

/// Whether an element type has a four-wide form.
pub(crate) fn has_lanes(dtype: DType) -> bool {
    !matches!(dtype, DType::I64 | DType::F16 | DType::Bf16)
}

/// Whether a function on `dtype` has a four-wide form.
pub(crate) fn unary_has_lanes(op: UnaryOp, dtype: DType) -> bool {
    has_lanes(dtype) && !matches!(op, UnaryOp::Log | UnaryOp::Sin | UnaryOp::Cos)
}

/// Whether a function on `dtype` has a four-wide form.
pub(crate) fn binary_has_lanes(op: BinaryOp, dtype: DType) -> bool {
    let divides = matches!(op, BinaryOp::Div | BinaryOp::Rem) && dtype != DType::F32;
    has_lanes(dtype) && !divides && op != BinaryOp::Pow
}

fn int_condition(op: BinaryOp, signed: bool) -> Option<IntCC> {
    Some(match (op, signed) {
        (BinaryOp::Eq, _) => IntCC::Equal,
        (BinaryOp::Ne, _) => IntCC::NotEqual,
        (BinaryOp::Lt, true) => IntCC::SignedLessThan,
        (BinaryOp::Le, true) => IntCC::SignedLessThanOrEqual,
        (BinaryOp::Gt, true) => IntCC::SignedGreaterThan,
        (BinaryOp::Ge, true) => IntCC::SignedGreaterThanOrEqual,
        (BinaryOp::Lt, false) => IntCC::UnsignedLessThan,
        (BinaryOp::Le, false) => IntCC::UnsignedLessThanOrEqual,
        (BinaryOp::Gt, false) => IntCC::UnsignedGreaterThan,
        (BinaryOp::Ge, false) => IntCC::UnsignedGreaterThanOrEqual,
        _ => return None,
    })
}

fn float_condition(op: BinaryOp) -> Option<FloatCC> {
    Some(match op {
        BinaryOp::Eq => FloatCC::Equal,
        BinaryOp::Ne => FloatCC::NotEqual,
        BinaryOp::Lt => FloatCC::LessThan,
        BinaryOp::Le => FloatCC::LessThanOrEqual,
        BinaryOp::Gt => FloatCC::GreaterThan,
        BinaryOp::Ge => FloatCC::GreaterThanOrEqual,
        _ => return None,
    })
}

impl Lanes<'_, '_> {
    /// A number of any element type.
    pub(crate) fn scalar(&mut self, scalar: Scalar) -> Value {
        let int = scalar.as_int().unwrap_or(scalar.bits() as i64);
        match (scalar.dtype(), self.width) {
            (DType::F32, _) => self.f32(f32::from_bits(scalar.bits() as u32)),
            (DType::Bool, Width::Four) => self.i32(-(int as i32)),
            (_, Width::Four) => self.i32(int as i32),
            (DType::I64, Width::One) => self.e.int(int),
            (DType::I32, Width::One) => self.i32(int as i32),
            (DType::F16 | DType::Bf16, Width::One) => {
                self.e.builder.ins().iconst(types::I16, scalar.bits() as i64)
            }
            (_, Width::One) => self.e.builder.ins().iconst(types::I8, scalar.bits() as i64),
        }
    }

    /// Brings 32-bit lanes that hold bytes back into range after arithmetic; narrow scalars wrap by themselves.
    fn wrapped(&mut self, dtype: DType, value: Value) -> Value {
        match (self.width, dtype) {
            (Width::Four, DType::I8) => {
                let high = self.i32_shl(value, 24);
                self.i32_shr(high, 24)
            }
            (Width::Four, DType::U8) => {
                let mask = self.i32(0xff);
                self.i32_and(value, mask)
            }
            _ => value,
        }
    }

    /// An elementwise function of one operand.
    pub(crate) fn unary(&mut self, op: UnaryOp, dtype: DType, value: Value) -> Value {
        if dtype.is_small_float() {
            let wide = self.cast(dtype, DType::F32, value);
            let result = self.unary(op, DType::F32, wide);
            let is_bool = matches!(op, UnaryOp::IsFinite | UnaryOp::IsNan);
            return if is_bool { result } else { self.cast(DType::F32, dtype, result) };
        }
        if dtype == DType::F32 { self.float_unary(op, value) } else { self.int_unary(op, dtype, value) }
    }

    fn float_unary(&mut self, op: UnaryOp, x: Value) -> Value {
        match op {
            UnaryOp::Neg => self.e.builder.ins().fneg(x),
            UnaryOp::Abs => Arith::abs(self, x),
            UnaryOp::Sign => {
                let (zero, one) = (self.f32(0.0), self.f32(1.0));
                let unit = self.with_sign(one, x);
                // Zeros and NaN stay what they are.
                let (negative, positive) = (self.lt(x, zero), self.lt(zero, x));
                let other = self.bool_or(negative, positive);
                self.choose(other, unit, x)
            }
            UnaryOp::Sqrt => Arith::sqrt(self, x),
            UnaryOp::Floor => self.round(Rounding::Floor, x),
            UnaryOp::Ceil => self.round(Rounding::Ceil, x),
            UnaryOp::Round => self.round(Rounding::Nearest, x),
            UnaryOp::Rsqrt => math::rsqrt(self, x),
            UnaryOp::Exp => math::exp(self, x),
            UnaryOp::Log => math::log(self, x),
            UnaryOp::Tanh => math::tanh(self, x),
            UnaryOp::Sigmoid => math::sigmoid(self, x),
            UnaryOp::Erf => math::erf(self, x),
            UnaryOp::Sin => math::sin(self, x),
            UnaryOp::Cos => math::cos(self, x),
            UnaryOp::IsFinite => {
                let (magnitude, infinity) = (Arith::abs(self, x), self.f32(f32::INFINITY));
                self.lt(magnitude, infinity)
            }
            UnaryOp::IsNan => self.compare_floats(FloatCC::Unordered, x, x),
            UnaryOp::Not => unreachable!("verified: not is of bool"),
        }
    }

    fn int_unary(&mut self, op: UnaryOp, dtype: DType, x: Value) -> Value {
        let zero = self.scalar(Scalar::int(dtype, 0));
        let result = match op {
            UnaryOp::Not => return self.bool_not(x),
            UnaryOp::Neg => self.e.builder.ins().ineg(x),
            UnaryOp::Abs => {
                let (negated, negative) =
                    (self.e.builder.ins().ineg(x), self.compare(IntCC::SignedLessThan, x, zero));
                self.choose(negative, negated, x)
            }
            UnaryOp::Sign => {
                let one = self.scalar(Scalar::int(dtype, 1));
                let is_zero = self.compare(IntCC::Equal, x, zero);
                let unit = if dtype == DType::U8 {
                    one
                } else {
                    let (minus, negative) =
                        (self.scalar(Scalar::int(dtype, -1)), self.compare(IntCC::SignedLessThan, x, zero));
                    self.choose(negative, minus, one)
                };
                self.choose(is_zero, zero, unit)
            }
            _ => unreachable!("verified: {} is of floats", op.name()),
        };
        self.wrapped(dtype, result)
    }

    /// An elementwise function of two operands of one type.
    pub(crate) fn binary(&mut self, op: BinaryOp, dtype: DType, a: Value, b: Value) -> Value {
        if dtype.is_small_float() {
            let (a, b) = (self.cast(dtype, DType::F32, a), self.cast(dtype, DType::F32, b));
            let result = self.binary(op, DType::F32, a, b);
            return if op.is_comparison() { result } else { self.cast(DType::F32, dtype, result) };
        }
        if dtype == DType::F32 { self.float_binary(op, a, b) } else { self.int_binary(op, dtype, a, b) }
    }

    fn float_binary(&mut self, op: BinaryOp, a: Value, b: Value) -> Value {
        if let Some(condition) = float_condition(op) {
            return self.compare_floats(condition, a, b);
        }
        match op {
            BinaryOp::Add => self.add(a, b),
            BinaryOp::Sub => self.sub(a, b),
            BinaryOp::Mul => self.mul(a, b),
            BinaryOp::Div => self.div(a, b),
            BinaryOp::Min | BinaryOp::Max => self.extreme(op, a, b),
            BinaryOp::Pow => math::pow(self, a, b),
            _ => unreachable!("verified: {} is not of floats", op.name()),
        }
    }

    /// The smaller or the larger: NaN if there is one, and -0 below +0. Beside a known number that is one instruction on x86-64, which
    /// gives its second operand where neither is smaller.
    fn extreme(&mut self, op: BinaryOp, a: Value, b: Value) -> Value {
        let known = [(self.known_f32(a), a, b), (self.known_f32(b), b, a)];
        let known = known.into_iter().find_map(|(number, known, other)| Some((number?, known, other)));
        let is_zero = |bits: u32| move |number: f32| number.to_bits() == bits;
        let (plus, minus) = (is_zero(0.0f32.to_bits()), is_zero((-0.0f32).to_bits()));
        match (op, known) {
            (BinaryOp::Min, Some((number, known, other))) if !number.is_nan() && !minus(number) => {
                let smaller = self.lt(known, other);
                self.choose(smaller, known, other)
            }
            (BinaryOp::Max, Some((number, known, other))) if !number.is_nan() => {
                let larger = self.lt(other, known);
                let result = self.choose(larger, known, other);
                // Of -0 and +0 that is -0, which this makes +0; it changes nothing else.
                if plus(number) { self.add(result, known) } else { result }
            }
            (BinaryOp::Min, _) => self.e.builder.ins().fmin(a, b),
            _ => self.e.builder.ins().fmax(a, b),
        }
    }

    /// The number that an f32 is in all lanes, if it is a constant.
    fn known_f32(&self, value: Value) -> Option<f32> {
        let dfg = &self.e.builder.func.dfg;
        let inst = dfg.value_def(dfg.resolve_aliases(value)).inst()?;
        match dfg.insts[inst] {
            InstructionData::UnaryIeee32 { imm, .. } => Some(imm.as_f32()),
            InstructionData::UnaryConst { constant_handle, .. } => {
                let (fours, _) = dfg.constants.get(constant_handle).as_slice().as_chunks::<4>();
                let first = fours.first()?;
                fours.iter().all(|four| four == first).then(|| f32::from_le_bytes(*first))
            }
            InstructionData::Unary { opcode: Opcode::Splat, arg } => self.known_f32(arg),
            _ => None,
        }
    }

    fn int_binary(&mut self, op: BinaryOp, dtype: DType, a: Value, b: Value) -> Value {
        // Lanes hold bytes extended, so they compare as signed numbers.
        let signed = self.width == Width::Four || dtype != DType::U8;
        if let Some(condition) = int_condition(op, signed) {
            return self.compare(condition, a, b);
        }
        let less = int_condition(BinaryOp::Lt, signed).unwrap_or(IntCC::SignedLessThan);
        let result = match op {
            BinaryOp::And => return self.e.builder.ins().band(a, b),
            BinaryOp::Or => return self.e.builder.ins().bor(a, b),
            BinaryOp::Min => {
                let less = self.compare(less, a, b);
                return self.choose(less, a, b);
            }
            BinaryOp::Max => {
                let less = self.compare(less, a, b);
                return self.choose(less, b, a);
            }
            BinaryOp::Div | BinaryOp::Rem => return self.floor_division(op, dtype, a, b),
            BinaryOp::Add => self.e.builder.ins().iadd(a, b),
            BinaryOp::Sub => self.e.builder.ins().isub(a, b),
            BinaryOp::Mul => self.multiply(dtype, a, b),
            _ => unreachable!("verified: {} is not of integers", op.name()),
        };
        self.wrapped(dtype, result)
    }

    /// Cranelift multiplies no bytes.
    fn multiply(&mut self, dtype: DType, a: Value, b: Value) -> Value {
        if self.width == Width::Four || dtype.bytes() > 1 {
            return self.e.builder.ins().imul(a, b);
        }
        let (a, b) = (self.extended(dtype, a), self.extended(dtype, b));
        let product = self.e.builder.ins().imul(a, b);
        self.e.builder.ins().ireduce(types::I8, product)
    }

    /// A scalar integer narrower than 32 bits as 32 bits.
    pub(crate) fn extended(&mut self, dtype: DType, value: Value) -> Value {
        match dtype {
            DType::I32 | DType::I64 => value,
            DType::U8 | DType::Bool => self.e.builder.ins().uextend(types::I32, value),
            _ => self.e.builder.ins().sextend(types::I32, value),
        }
    }

    /// Quotient or remainder of scalars, rounded toward negative infinity; 0 for a zero divisor.
    fn floor_division(&mut self, op: BinaryOp, dtype: DType, a: Value, b: Value) -> Value {
        let (a, b) = (self.extended(dtype, a), self.extended(dtype, b));
        let ty = self.e.builder.func.dfg.value_type(a);
        let ins = |lanes: &mut Self, n: i64| lanes.e.builder.ins().iconst(ty, n);
        let (zero, one) = (ins(self, 0), ins(self, 1));
        let is_zero = self.e.builder.ins().icmp_imm_s(IntCC::Equal, b, 0);
        // The machine traps on a zero divisor and on the smallest number by -1.
        let is_minus_one = self.e.builder.ins().icmp_imm_s(IntCC::Equal, b, -1);
        let traps = self.e.builder.ins().bor(is_zero, is_minus_one);
        let divisor = self.e.builder.ins().select(traps, one, b);
        let quotient = self.e.builder.ins().sdiv(a, divisor);
        let whole = self.e.builder.ins().imul(quotient, divisor);
        let remainder = self.e.builder.ins().isub(a, whole);
        let uneven = self.e.builder.ins().icmp_imm_s(IntCC::NotEqual, remainder, 0);
        let signs = self.e.builder.ins().bxor(remainder, divisor);
        let opposite = self.e.builder.ins().icmp_imm_s(IntCC::SignedLessThan, signs, 0);
        let moved = self.e.builder.ins().band(uneven, opposite);
        let result = if op == BinaryOp::Rem {
            let shifted = self.e.builder.ins().iadd(remainder, divisor);
            self.e.builder.ins().select(moved, shifted, remainder)
        } else {
            let lower = self.e.builder.ins().isub(quotient, one);
            let floor = self.e.builder.ins().select(moved, lower, quotient);
            let negated = self.e.builder.ins().ineg(a);
            let quotient = self.e.builder.ins().select(is_minus_one, negated, floor);
            self.e.builder.ins().select(is_zero, zero, quotient)
        };
        if dtype.bytes() == 1 { self.e.builder.ins().ireduce(types::I8, result) } else { result }
    }
}
