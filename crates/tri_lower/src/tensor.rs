//! Elementwise operators, broadcasting, casts, reshapes and transpositions.

use tri_ir::{self as ir, BinaryOp, DType, Dim, Op, Scalar, Shape, TensorType, UnaryOp};
use tri_syntax::ast;

use crate::error::{Result, Stop};
use crate::lowering::Lowering;
use crate::value::Value;

impl Lowering<'_> {
    /// A value of the function under construction.
    pub(crate) fn tensor(&mut self, value: &Value) -> Result<ir::Value> {
        match value {
            Value::Tensor(tensor) => Ok(*tensor),
            Value::Scalar(scalar) => self.constant(*scalar, Vec::new()),
            other => Err(self.invalid(format!("{} where a tensor is needed", other.kind()))),
        }
    }

    /// A tensor of equal elements.
    pub(crate) fn constant(&mut self, scalar: Scalar, shape: impl Into<Shape>) -> Result<ir::Value> {
        self.emit_as(Op::Constant(scalar), Vec::new(), TensorType::new(scalar.dtype(), shape))
    }

    /// Sizes of a tensor or of a scalar yet to be placed.
    pub(crate) fn value_shape(&mut self, value: &Value) -> Result<Shape> {
        match value {
            Value::Tensor(tensor) => self.shape_of(*tensor),
            Value::Scalar(_) => Ok(Vec::new().into()),
            other => Err(self.invalid(format!("{} where a tensor is needed", other.kind()))),
        }
    }

    /// The tensor stretched to `shape`.
    pub(crate) fn broadcast(&mut self, value: &Value, shape: &Shape) -> Result<ir::Value> {
        match value {
            Value::Scalar(scalar) => self.constant(*scalar, shape.clone()),
            other => {
                let tensor = self.tensor(other)?;
                let ty = self.type_of(tensor)?;
                if ty.shape == *shape {
                    return Ok(tensor);
                }
                self.emit_as(Op::Broadcast, vec![tensor], ty.with_shape(shape.clone()))
            }
        }
    }

    /// All of `values` stretched to one shape.
    pub(crate) fn broadcast_all(&mut self, values: &[Value]) -> Result<Vec<ir::Value>> {
        let mut shape: Shape = Vec::new().into();
        for value in values {
            let other = self.value_shape(value)?;
            shape = self.common_shape(shape, other)?;
        }
        values.iter().map(|value| self.broadcast(value, &shape)).collect()
    }

    fn common_shape(&self, a: Shape, b: Shape) -> Result<Shape> {
        if a == b {
            return Ok(a);
        }
        let (mut long, short) = if a.len() >= b.len() { (a, b) } else { (b, a) };
        let one = Dim::constant(1);
        let start = long.len() - short.len();
        for (left, right) in long[start..].iter_mut().zip(&short) {
            if *left == one {
                *left = right.clone();
            } else if left != right && *right != one {
                return Err(self.unsupported("an operator on sizes that are not seen to be equal"));
            }
        }
        Ok(long)
    }

    /// An elementwise operation with one operand.
    pub(crate) fn unary(&mut self, op: UnaryOp, operand: &Value) -> Result<Value> {
        let operand = self.tensor(operand)?;
        let apply =
            |lowering: &mut Self, operand| lowering.emit(Op::Unary(op), vec![operand]).map(Value::Tensor);
        match op {
            UnaryOp::Neg
            | UnaryOp::Not
            | UnaryOp::Abs
            | UnaryOp::Sign
            | UnaryOp::IsFinite
            | UnaryOp::IsNan => apply(self, operand),
            _ => self.in_f32(operand, apply),
        }
    }

    /// What is defined on f32: f16 and bf16 are widened before, and the result is rounded once (numerics.md, small floats).
    pub(crate) fn in_f32(
        &mut self,
        operand: ir::Value,
        compute: impl FnOnce(&mut Self, ir::Value) -> Result<Value>,
    ) -> Result<Value> {
        let dtype = self.type_of(operand)?.dtype;
        if !matches!(dtype, DType::F16 | DType::Bf16) {
            return compute(self, operand);
        }
        let wide = self.cast(Value::Tensor(operand), DType::F32)?;
        let wide = self.tensor(&wide)?;
        let result = compute(self, wide)?;
        self.cast(result, dtype)
    }

    /// An elementwise operation with two operands.
    pub(crate) fn binary(&mut self, op: BinaryOp, a: Value, b: Value) -> Result<Value> {
        let operands = self.broadcast_all(&[a, b])?;
        self.emit(Op::Binary(op), operands).map(Value::Tensor)
    }

    /// `-x`, `!x`.
    pub(crate) fn tensor_unary(&mut self, op: ast::UnaryOp, operand: Value) -> Result<Value> {
        let op = match op {
            ast::UnaryOp::Neg => UnaryOp::Neg,
            ast::UnaryOp::Not => UnaryOp::Not,
        };
        self.unary(op, &operand)
    }

    /// `a + b` and its like.
    pub(crate) fn tensor_binary(&mut self, op: ast::BinaryOp, a: Value, b: Value) -> Result<Value> {
        let op = match op {
            ast::BinaryOp::MatMul => return self.matmul(a, b),
            ast::BinaryOp::Mul => BinaryOp::Mul,
            ast::BinaryOp::Div => BinaryOp::Div,
            ast::BinaryOp::Rem => BinaryOp::Rem,
            ast::BinaryOp::Add => BinaryOp::Add,
            ast::BinaryOp::Sub => BinaryOp::Sub,
            ast::BinaryOp::Eq => BinaryOp::Eq,
            ast::BinaryOp::Ne => BinaryOp::Ne,
            ast::BinaryOp::Lt => BinaryOp::Lt,
            ast::BinaryOp::Le => BinaryOp::Le,
            ast::BinaryOp::Gt => BinaryOp::Gt,
            ast::BinaryOp::Ge => BinaryOp::Ge,
            ast::BinaryOp::And => BinaryOp::And,
            ast::BinaryOp::Or => BinaryOp::Or,
        };
        self.binary(op, a, b)
    }

    /// `x as dtype`.
    pub(crate) fn cast(&mut self, operand: Value, dtype: DType) -> Result<Value> {
        if let Value::Int(_) | Value::Float(_) | Value::Bool(_) = operand {
            return self.splat(operand, dtype);
        }
        let operand = self.tensor(&operand)?;
        let ty = self.type_of(operand)?;
        if ty.dtype == dtype {
            return Ok(Value::Tensor(operand));
        }
        self.emit_as(Op::Cast, vec![operand], ty.with_dtype(dtype)).map(Value::Tensor)
    }

    /// The same elements in another shape.
    pub(crate) fn reshape(&mut self, operand: ir::Value, shape: impl Into<Shape>) -> Result<ir::Value> {
        let (ty, shape) = (self.type_of(operand)?, shape.into());
        if ty.shape == shape {
            return Ok(operand);
        }
        self.emit_as(Op::Reshape, vec![operand], ty.with_shape(shape))
    }

    /// The axes in another order.
    pub(crate) fn permute(&mut self, operand: ir::Value, perm: Vec<u32>) -> Result<ir::Value> {
        if perm.iter().enumerate().all(|(to, from)| to == *from as usize) {
            return Ok(operand);
        }
        self.emit(Op::Permute { perm }, vec![operand])
    }

    /// `x.T`.
    pub(crate) fn transpose(&mut self, operand: Value) -> Result<Value> {
        let operand = self.tensor(&operand)?;
        let rank = self.shape_of(operand)?.len() as u32;
        if rank < 2 {
            return Err(Stop::Reported);
        }
        let mut perm: Vec<u32> = (0..rank).collect();
        perm.swap(rank as usize - 1, rank as usize - 2);
        self.permute(operand, perm).map(Value::Tensor)
    }

    /// Product of sizes.
    pub(crate) fn product(&self, dims: &[Dim]) -> Result<Dim> {
        Dim::product(dims).map_err(|error| self.dim_error(error))
    }
}
