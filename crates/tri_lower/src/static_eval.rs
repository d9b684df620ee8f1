//! Arithmetic on static values.

use tri_dims::DimError;
use tri_hir::hir::{ExprId, Type};
use tri_ir::{DType, Dim, Scalar};
use tri_syntax::ast::{BinaryOp, UnaryOp};

use crate::error::Result;
use crate::eval::Frame;
use crate::lowering::Lowering;
use crate::value::Value;

impl Lowering<'_> {
    pub(crate) fn static_unary(&mut self, op: UnaryOp, value: &Value) -> Result<Value> {
        match (op, value) {
            (UnaryOp::Neg, Value::Int(dim)) => {
                dim.neg().map(Value::Int).map_err(|error| self.dim_error(error))
            }
            (UnaryOp::Neg, Value::Float(x)) => Ok(Value::Float(-x)),
            (UnaryOp::Not, Value::Bool(x)) => Ok(Value::Bool(!x)),
            _ => Err(self.invalid(format!("`{}` of {}", op.as_str(), value.kind()))),
        }
    }

    /// `&&` and `||` do not look at the second operand where the first decides.
    pub(crate) fn eval_static_binary(
        &mut self,
        frame: &mut Frame,
        op: BinaryOp,
        a: ExprId,
        b: ExprId,
        ty: &Type,
    ) -> Result<Value> {
        let a = self.eval(frame, a)?;
        match (op, &a) {
            (BinaryOp::And, Value::Bool(false)) | (BinaryOp::Or, Value::Bool(true)) => return Ok(a),
            _ => {}
        }
        let b = self.eval(frame, b)?;
        match (&a, &b) {
            (Value::Int(x), Value::Int(y)) if !matches!(ty, Type::Float) => self.int_binary(op, x, y),
            (Value::Int(_) | Value::Float(_), Value::Int(_) | Value::Float(_)) => {
                let (x, y) = (self.float(&a)?, self.float(&b)?);
                self.float_binary(op, x, y)
            }
            (Value::Bool(x), Value::Bool(y)) => match op {
                BinaryOp::And | BinaryOp::Or => Ok(Value::Bool(*y)),
                BinaryOp::Eq => Ok(Value::Bool(x == y)),
                BinaryOp::Ne => Ok(Value::Bool(x != y)),
                _ => Err(self.invalid(format!("`{}` of truth values", op.as_str()))),
            },
            (Value::Str(x), Value::Str(y)) => match op {
                BinaryOp::Eq => Ok(Value::Bool(x == y)),
                BinaryOp::Ne => Ok(Value::Bool(x != y)),
                _ => Err(self.invalid(format!("`{}` of strings", op.as_str()))),
            },
            _ => Err(self.invalid(format!("`{}` of {} and {}", op.as_str(), a.kind(), b.kind()))),
        }
    }

    fn int_binary(&mut self, op: BinaryOp, a: &Dim, b: &Dim) -> Result<Value> {
        let size = match op {
            BinaryOp::Add => a.add(b),
            BinaryOp::Sub => a.sub(b),
            BinaryOp::Mul => a.mul(b),
            BinaryOp::Div => match a.exact_div(b) {
                Err(DimError::NotDivisible { .. }) => a.floor_div(b),
                quotient => quotient,
            },
            BinaryOp::Rem => a.rem(b),
            _ => return self.compare_sizes(op, a, b),
        };
        size.map(Value::Int).map_err(|error| self.dim_error(error))
    }

    fn compare_sizes(&mut self, op: BinaryOp, a: &Dim, b: &Dim) -> Result<Value> {
        let difference = a.sub(b).map_err(|error| self.dim_error(error))?;
        let Some(difference) = difference.as_constant() else {
            return Err(self.unsupported("a condition on a size known only at run time"));
        };
        self.ordering(op, difference.cmp(&0))
    }

    fn ordering(&mut self, op: BinaryOp, order: std::cmp::Ordering) -> Result<Value> {
        let holds = match op {
            BinaryOp::Eq => order.is_eq(),
            BinaryOp::Ne => order.is_ne(),
            BinaryOp::Lt => order.is_lt(),
            BinaryOp::Le => order.is_le(),
            BinaryOp::Gt => order.is_gt(),
            BinaryOp::Ge => order.is_ge(),
            _ => return Err(self.invalid(format!("`{}` of static numbers", op.as_str()))),
        };
        Ok(Value::Bool(holds))
    }

    fn float_binary(&mut self, op: BinaryOp, a: f64, b: f64) -> Result<Value> {
        Ok(match op {
            BinaryOp::Add => Value::Float(a + b),
            BinaryOp::Sub => Value::Float(a - b),
            BinaryOp::Mul => Value::Float(a * b),
            BinaryOp::Div => Value::Float(a / b),
            BinaryOp::Rem => Value::Float(a - b * (a / b).floor()),
            _ => match a.partial_cmp(&b) {
                Some(order) => return self.ordering(op, order),
                // NaN is equal to nothing.
                None => Value::Bool(op == BinaryOp::Ne),
            },
        })
    }

    /// A static number as a float.
    pub(crate) fn float(&mut self, value: &Value) -> Result<f64> {
        match value {
            Value::Float(x) => Ok(*x),
            Value::Int(dim) => match dim.as_constant() {
                Some(n) => Ok(n as f64),
                None => Err(self.unsupported("a static float made of a size known only at run time")),
            },
            other => Err(self.invalid(format!("{} where a static number is needed", other.kind()))),
        }
    }

    /// A function of static values.
    pub(crate) fn static_call(&mut self, name: &str, args: &[Value]) -> Result<Value> {
        if let ("max" | "min" | "maximum" | "minimum", [Value::Int(a), Value::Int(b)]) = (name, args) {
            let (Some(x), Some(y)) = (a.as_constant(), b.as_constant()) else {
                return Err(self.unsupported("a condition on a size known only at run time"));
            };
            return Ok(Value::int(if name.starts_with("max") { x.max(y) } else { x.min(y) }));
        }
        if let ("abs", [Value::Int(a)]) = (name, args)
            && let Some(n) = a.as_constant()
        {
            return Ok(Value::int(n.saturating_abs()));
        }
        let mut numbers = Vec::with_capacity(args.len());
        for arg in args {
            numbers.push(self.float(arg)?);
        }
        let value = match (name, numbers.as_slice()) {
            ("sqrt", [x]) => x.sqrt(),
            ("rsqrt", [x]) => 1.0 / x.sqrt(),
            ("exp", [x]) => x.exp(),
            ("log", [x]) => x.ln(),
            ("sin", [x]) => x.sin(),
            ("cos", [x]) => x.cos(),
            ("tanh", [x]) => x.tanh(),
            ("abs", [x]) => x.abs(),
            ("floor", [x]) => x.floor(),
            ("ceil", [x]) => x.ceil(),
            ("round", [x]) => x.round_ties_even(),
            ("pow", [x, y]) => x.powf(*y),
            ("max" | "maximum", [x, y]) => x.max(*y),
            ("min" | "minimum", [x, y]) => x.min(*y),
            _ => return Err(self.unsupported(&format!("`{name}` of static values"))),
        };
        Ok(Value::Float(value))
    }

    /// A static number as an element of `dtype`, rounded once.
    pub(crate) fn scalar(&mut self, value: &Value, dtype: DType) -> Result<Scalar> {
        match value {
            Value::Bool(x) if dtype == DType::Bool => Ok(Scalar::bool(*x)),
            Value::Bool(x) => self.scalar(&Value::int((*x).into()), dtype),
            Value::Scalar(scalar) if scalar.dtype() == dtype => Ok(*scalar),
            Value::Int(dim) if !dtype.is_float() => {
                let n = dim.as_constant().filter(|n| fits(dtype, *n));
                let n =
                    n.ok_or_else(|| self.invalid(format!("this number does not fit in {}", dtype.name())))?;
                Ok(Scalar::int(dtype, n))
            }
            Value::Int(_) | Value::Float(_) => {
                let x = self.float(value)?;
                match dtype {
                    DType::F32 => Ok(Scalar::f32(x as f32)),
                    DType::F16 => Ok(Scalar::from_bits(dtype, half::f16::from_f64(x).to_bits().into())),
                    DType::Bf16 => Ok(Scalar::from_bits(dtype, half::bf16::from_f64(x).to_bits().into())),
                    _ => Ok(Scalar::int(dtype, float_to_int(x, dtype))),
                }
            }
            other => Err(self.invalid(format!("{} where an element is needed", other.kind()))),
        }
    }
}

/// Rule 9 of numerics.md: nearest, halves to even, then the nearest that the type has; NaN is 0.
fn float_to_int(x: f64, dtype: DType) -> i64 {
    let (low, high) = match dtype {
        DType::Bool => return i64::from(x != 0.0),
        DType::Trit => (-1, 1),
        DType::I8 => (i8::MIN.into(), i8::MAX.into()),
        DType::U8 => (0, u8::MAX.into()),
        DType::I32 => (i32::MIN.into(), i32::MAX.into()),
        _ => (i64::MIN, i64::MAX),
    };
    (x.round_ties_even() as i64).clamp(low, high)
}

fn fits(dtype: DType, n: i64) -> bool {
    match dtype {
        DType::Bool => (0..=1).contains(&n),
        DType::Trit => (-1..=1).contains(&n),
        DType::I8 => i8::try_from(n).is_ok(),
        DType::U8 => u8::try_from(n).is_ok(),
        DType::I32 => i32::try_from(n).is_ok(),
        DType::I64 => true,
        DType::F16 | DType::Bf16 | DType::F32 => false,
    }
}
