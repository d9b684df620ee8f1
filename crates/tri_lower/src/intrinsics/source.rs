//! Tensors out of nothing: equal elements, counts, random numbers.

use tri_ir::{DType, Op, Scalar};

use super::{IntrinsicCall, Rule};
use crate::error::Result;
use crate::function::{Role, Stream};
use crate::lowering::Lowering;
use crate::names::random_stream;
use crate::value::Value;

pub(super) fn rule(name: &str) -> Option<Rule> {
    match name {
        "zeros" => Some(|lowering, call| number(lowering, call, 0)),
        "ones" => Some(|lowering, call| number(lowering, call, 1)),
        "full" => Some(full),
        "iota" => Some(iota),
        "random" => Some(random),
        _ => None,
    }
}

fn number(lowering: &mut Lowering<'_>, call: &IntrinsicCall<'_>, n: i64) -> Result<Value> {
    let ty = lowering.result_type(call)?;
    let scalar = lowering.scalar(&Value::int(n), ty.dtype)?;
    lowering.constant(scalar, ty.shape).map(Value::Tensor)
}

fn full(lowering: &mut Lowering<'_>, call: &IntrinsicCall<'_>) -> Result<Value> {
    let ty = lowering.result_type(call)?;
    let value = lowering.nth(call, 0)?.clone();
    let value = match value {
        Value::Tensor(_) | Value::Scalar(_) => value,
        other => lowering.splat(other, ty.dtype)?,
    };
    lowering.broadcast(&value, &ty.shape).map(Value::Tensor)
}

fn iota(lowering: &mut Lowering<'_>, call: &IntrinsicCall<'_>) -> Result<Value> {
    let ty = lowering.result_type(call)?;
    lowering.emit_as(Op::Iota { axis: 0 }, Vec::new(), ty).map(Value::Tensor)
}

/// In an initial value, the sequence depends on the member's path too.
fn random(lowering: &mut Lowering<'_>, call: &IntrinsicCall<'_>) -> Result<Value> {
    let ty = lowering.result_type(call)?.with_dtype(DType::F32);
    let asked = match lowering.arg(call, "stream") {
        Ok(value) => lowering.number(value)? as u64,
        Err(_) => 0,
    };
    let label = lowering.open.iter().rev().find_map(|open| match &open.role {
        Role::Init(label) => Some(label.clone()),
        _ => None,
    });
    let number = random_stream(&label.unwrap_or_default(), asked);
    let stream = lowering.stream(Stream { number, own: Some(asked) })?;
    lowering.emit_as(Op::Random, vec![stream], ty).map(Value::Tensor)
}

/// The scalar of `x` in f32.
pub(super) fn f32_scalar(x: f64) -> Value {
    Value::Scalar(Scalar::f32(x as f32))
}
