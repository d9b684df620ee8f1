//! Functions that treat elements one by one.

use tri_ir::{BinaryOp, DType, Op, UnaryOp};

use super::{IntrinsicCall, Rule};
use crate::error::{Result, Stop};
use crate::lowering::Lowering;
use crate::value::Value;

pub(super) fn rule(name: &str) -> Option<Rule> {
    if unary_op(name).is_some() {
        return Some(unary);
    }
    match name {
        "minimum" => Some(|lowering, call| binary(lowering, call, BinaryOp::Min)),
        "maximum" => Some(|lowering, call| binary(lowering, call, BinaryOp::Max)),
        "pow" => Some(pow),
        "select" => Some(select),
        _ => None,
    }
}

fn unary_op(name: &str) -> Option<UnaryOp> {
    // `neg` and `not` are operators of the language.
    UnaryOp::from_name(name).filter(|op| !matches!(op, UnaryOp::Neg | UnaryOp::Not))
}

fn unary(lowering: &mut Lowering<'_>, call: &IntrinsicCall<'_>) -> Result<Value> {
    match unary_op(&call.signature.name) {
        Some(op) => lowering.unary(op, lowering.nth(call, 0)?),
        None => Err(lowering.unsupported("this function")),
    }
}

fn binary(lowering: &mut Lowering<'_>, call: &IntrinsicCall<'_>, op: BinaryOp) -> Result<Value> {
    let (a, b) = (lowering.nth(call, 0)?.clone(), lowering.nth(call, 1)?.clone());
    lowering.binary(op, a, b)
}

fn pow(lowering: &mut Lowering<'_>, call: &IntrinsicCall<'_>) -> Result<Value> {
    let [base, exponent] = lowering.broadcast_all(&call.args)?[..] else { return Err(Stop::Reported) };
    lowering.in_f32(base, |lowering, base| {
        let exponent = lowering.cast(Value::Tensor(exponent), DType::F32)?;
        lowering.binary(BinaryOp::Pow, Value::Tensor(base), exponent)
    })
}

fn select(lowering: &mut Lowering<'_>, call: &IntrinsicCall<'_>) -> Result<Value> {
    let operands = lowering.broadcast_all(&call.args)?;
    lowering.emit(Op::Select, operands).map(Value::Tensor)
}
