//! Elementwise functions of kernel IR as instructions. 16-bit floats compute in f32 and round once.

use tri_ir::math::{self, Arith};
use tri_ir::{BinaryOp, DType, Scalar, UnaryOp};

use crate::emitter::Emitter;
use crate::value::{Type, Value};

fn int_condition(op: BinaryOp, signed: bool) -> Option<&'static str> {
    Some(match (op, signed) {
        (BinaryOp::Eq, _) => "icmp eq",
        (BinaryOp::Ne, _) => "icmp ne",
        (BinaryOp::Lt, true) => "icmp slt",
        (BinaryOp::Le, true) => "icmp sle",
        (BinaryOp::Gt, true) => "icmp sgt",
        (BinaryOp::Ge, true) => "icmp sge",
        (BinaryOp::Lt, false) => "icmp ult",
        (BinaryOp::Le, false) => "icmp ule",
        (BinaryOp::Gt, false) => "icmp ugt",
        (BinaryOp::Ge, false) => "icmp uge",
        _ => return None,
    })
}

fn float_condition(op: BinaryOp) -> Option<&'static str> {
    Some(match op {
        BinaryOp::Eq => "fcmp oeq",
        BinaryOp::Ne => "fcmp une",
        BinaryOp::Lt => "fcmp olt",
        BinaryOp::Le => "fcmp ole",
        BinaryOp::Gt => "fcmp ogt",
        BinaryOp::Ge => "fcmp oge",
        _ => return None,
    })
}

impl Emitter {
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
            UnaryOp::Neg => self.instruction(Type::F32, format_args!("fneg float {x}")),
            UnaryOp::Abs => Arith::abs(self, x),
            UnaryOp::Sign => {
                let unit = self.with_sign(Value::f32(1.0), x);
                // Zeros and NaN stay what they are.
                let other = self.compare("fcmp one", x, Value::f32(0.0));
                self.choose(other, unit, x)
            }
            UnaryOp::Sqrt => Arith::sqrt(self, x),
            UnaryOp::Floor => self.call(Type::F32, "llvm.floor.f32", &[x]),
            UnaryOp::Ceil => self.call(Type::F32, "llvm.ceil.f32", &[x]),
            UnaryOp::Round => self.call(Type::F32, "llvm.roundeven.f32", &[x]),
            UnaryOp::Rsqrt => math::rsqrt(self, x),
            UnaryOp::Exp => math::exp(self, x),
            UnaryOp::Log => math::log(self, x),
            UnaryOp::Tanh => math::tanh(self, x),
            UnaryOp::Sigmoid => math::sigmoid(self, x),
            UnaryOp::Erf => math::erf(self, x),
            UnaryOp::Sin => math::sin(self, x),
            UnaryOp::Cos => math::cos(self, x),
            UnaryOp::IsFinite => {
                let magnitude = Arith::abs(self, x);
                self.lt(magnitude, Value::f32(f32::INFINITY))
            }
            UnaryOp::IsNan => self.compare("fcmp uno", x, x),
            UnaryOp::Not => unreachable!("verified: not is of bool"),
        }
    }

    fn int_unary(&mut self, op: UnaryOp, dtype: DType, x: Value) -> Value {
        let zero = Value::int(x.ty, 0);
        match op {
            UnaryOp::Not => self.bool_not(x),
            UnaryOp::Neg => self.binary("sub", zero, x),
            UnaryOp::Abs => {
                let negated = self.binary("sub", zero, x);
                let negative = self.compare("icmp slt", x, zero);
                self.choose(negative, negated, x)
            }
            UnaryOp::Sign => {
                let is_zero = self.compare("icmp eq", x, zero);
                let one = self.scalar(Scalar::int(dtype, 1));
                let unit = if dtype == DType::U8 {
                    one
                } else {
                    let negative = self.compare("icmp slt", x, zero);
                    self.choose(negative, Value::int(x.ty, -1), one)
                };
                self.choose(is_zero, zero, unit)
            }
            _ => unreachable!("verified: {} is of floats", op.name()),
        }
    }

    /// An elementwise function of two operands of one type.
    pub(crate) fn elementwise(&mut self, op: BinaryOp, dtype: DType, a: Value, b: Value) -> Value {
        if dtype.is_small_float() {
            let (a, b) = (self.cast(dtype, DType::F32, a), self.cast(dtype, DType::F32, b));
            let result = self.elementwise(op, DType::F32, a, b);
            return if op.is_comparison() { result } else { self.cast(DType::F32, dtype, result) };
        }
        if dtype == DType::F32 { self.float_binary(op, a, b) } else { self.int_binary(op, dtype, a, b) }
    }

    fn float_binary(&mut self, op: BinaryOp, a: Value, b: Value) -> Value {
        if let Some(condition) = float_condition(op) {
            return self.compare(condition, a, b);
        }
        match op {
            BinaryOp::Add => Arith::add(self, a, b),
            BinaryOp::Sub => Arith::sub(self, a, b),
            BinaryOp::Mul => Arith::mul(self, a, b),
            BinaryOp::Div => Arith::div(self, a, b),
            BinaryOp::Min => self.call(Type::F32, "llvm.minimum.f32", &[a, b]),
            BinaryOp::Max => self.call(Type::F32, "llvm.maximum.f32", &[a, b]),
            BinaryOp::Pow => math::pow(self, a, b),
            _ => unreachable!("verified: {} is not of floats", op.name()),
        }
    }

    fn int_binary(&mut self, op: BinaryOp, dtype: DType, a: Value, b: Value) -> Value {
        let signed = !matches!(dtype, DType::U8 | DType::Bool);
        if let Some(condition) = int_condition(op, signed) {
            return self.compare(condition, a, b);
        }
        let less = if signed { "icmp slt" } else { "icmp ult" };
        match op {
            BinaryOp::And => self.binary("and", a, b),
            BinaryOp::Or => self.binary("or", a, b),
            BinaryOp::Min => {
                let less = self.compare(less, a, b);
                self.choose(less, a, b)
            }
            BinaryOp::Max => {
                let less = self.compare(less, a, b);
                self.choose(less, b, a)
            }
            BinaryOp::Div | BinaryOp::Rem => self.floor_division(op, dtype, a, b),
            BinaryOp::Add => self.binary("add", a, b),
            BinaryOp::Sub => self.binary("sub", a, b),
            BinaryOp::Mul => self.binary("mul", a, b),
            _ => unreachable!("verified: {} is not of integers", op.name()),
        }
    }

    /// Quotient or remainder, rounded toward negative infinity; 0 for a zero divisor.
    fn floor_division(&mut self, op: BinaryOp, dtype: DType, a: Value, b: Value) -> Value {
        let (narrow, wide) = (a.ty, if dtype == DType::I64 { Type::I64 } else { Type::I32 });
        let (a, b) = (self.extended(dtype, a, wide), self.extended(dtype, b, wide));
        let (zero, one) = (Value::int(wide, 0), Value::int(wide, 1));
        let is_zero = self.compare("icmp eq", b, zero);
        // Neither a zero divisor nor the smallest number by -1 has a quotient.
        let is_minus_one = self.compare("icmp eq", b, Value::int(wide, -1));
        let has_none = self.binary("or", is_zero, is_minus_one);
        let divisor = self.choose(has_none, one, b);
        let quotient = self.binary("sdiv", a, divisor);
        let whole = self.binary("mul", quotient, divisor);
        let remainder = self.binary("sub", a, whole);
        let uneven = self.compare("icmp ne", remainder, zero);
        let signs = self.binary("xor", remainder, divisor);
        let opposite = self.compare("icmp slt", signs, zero);
        let moved = self.binary("and", uneven, opposite);
        let result = if op == BinaryOp::Rem {
            let shifted = self.binary("add", remainder, divisor);
            self.choose(moved, shifted, remainder)
        } else {
            let lower = self.binary("sub", quotient, one);
            let floor = self.choose(moved, lower, quotient);
            let negated = self.binary("sub", zero, a);
            let quotient = self.choose(is_minus_one, negated, floor);
            self.choose(is_zero, zero, quotient)
        };
        self.convert("trunc", result, narrow)
    }
}
