//! Functions that move elements: reshape, permute, stack, concat, gather, pad.

use std::rc::Rc;

use tri_ir::{self as ir, Dim, Op};

use super::{IntrinsicCall, Rule};
use crate::error::{Result, Stop};
use crate::lowering::Lowering;
use crate::value::Value;

pub(super) fn rule(name: &str) -> Option<Rule> {
    match name {
        "reshape" => Some(reshape),
        "permute" => Some(permute),
        "broadcast" => Some(broadcast),
        "stack" => Some(stack),
        "concat" => Some(concat),
        "gather" => Some(gather),
        "pad" => Some(pad),
        _ => None,
    }
}

fn reshape(lowering: &mut Lowering<'_>, call: &IntrinsicCall<'_>) -> Result<Value> {
    let shape = lowering.result_shape(call)?;
    let operand = lowering.operand(call)?;
    lowering.reshape(operand, shape).map(Value::Tensor)
}

fn broadcast(lowering: &mut Lowering<'_>, call: &IntrinsicCall<'_>) -> Result<Value> {
    let shape = lowering.result_shape(call)?;
    let operand = lowering.nth(call, 0)?;
    lowering.broadcast(operand, &shape).map(Value::Tensor)
}

/// The elements of a list argument.
fn list<'a>(lowering: &Lowering<'_>, call: &'a IntrinsicCall<'_>, index: usize) -> Result<&'a Rc<[Value]>> {
    match lowering.nth(call, index)? {
        Value::List(elements) => Ok(elements),
        other => Err(lowering.invalid(format!("{} where a list is needed", other.kind()))),
    }
}

/// An axis of a tensor with `rank` axes.
fn axis_of(lowering: &Lowering<'_>, value: &Value, rank: usize) -> Result<u32> {
    let axis = match value {
        Value::Axis(axis) => i64::from(*axis),
        other => lowering.number(other)?,
    };
    let from_start = if axis < 0 { axis + rank as i64 } else { axis };
    let inside = usize::try_from(from_start).is_ok_and(|axis| axis < rank);
    if inside { Ok(from_start as u32) } else { Err(lowering.invalid(format!("no axis {axis} of {rank}"))) }
}

fn permute(lowering: &mut Lowering<'_>, call: &IntrinsicCall<'_>) -> Result<Value> {
    let operand = lowering.operand(call)?;
    let rank = lowering.shape_of(operand)?.len();
    let axes = list(lowering, call, 1)?;
    let is_rest = |axis: &&Value| matches!(axis, Value::RestAxes);
    let named: Vec<u32> = axes
        .iter()
        .filter(|axis| !is_rest(axis))
        .map(|axis| axis_of(lowering, axis, rank))
        .collect::<Result<_>>()?;
    let rest = (0..rank as u32).filter(|axis| !named.contains(axis));
    let mut perm = named.clone();
    if let Some(at) = axes.iter().position(|axis| is_rest(&axis)) {
        perm.splice(at..at, rest);
    }
    lowering.permute(operand, perm).map(Value::Tensor)
}

/// The tensors of a list argument.
fn tensors(lowering: &mut Lowering<'_>, call: &IntrinsicCall<'_>) -> Result<Vec<ir::Value>> {
    let elements = list(lowering, call, 0)?;
    elements.iter().map(|element| lowering.tensor(element)).collect()
}

fn stack(lowering: &mut Lowering<'_>, call: &IntrinsicCall<'_>) -> Result<Value> {
    let tensors = tensors(lowering, call)?;
    let Some(first) = tensors.first() else {
        return Err(lowering.invalid("nothing to stack"));
    };
    let mut shape = lowering.shape_of(*first)?.to_vec();
    let axis = lowering.axis(call, "axis", shape.len() + 1)?;
    shape.insert(axis as usize, Dim::constant(1));
    let mut parts = Vec::with_capacity(tensors.len());
    for tensor in tensors {
        parts.push(lowering.reshape(tensor, shape.clone())?);
    }
    join(lowering, axis, parts)
}

fn concat(lowering: &mut Lowering<'_>, call: &IntrinsicCall<'_>) -> Result<Value> {
    let tensors = tensors(lowering, call)?;
    let Some(first) = tensors.first() else {
        return Err(lowering.invalid("nothing to join"));
    };
    let rank = lowering.shape_of(*first)?.len();
    let axis = lowering.axis(call, "axis", rank)?;
    join(lowering, axis, tensors)
}

fn join(lowering: &mut Lowering<'_>, axis: u32, parts: Vec<ir::Value>) -> Result<Value> {
    match parts.as_slice() {
        [one] => Ok(Value::Tensor(*one)),
        _ => lowering.emit(Op::Concat { axis }, parts).map(Value::Tensor),
    }
}

fn gather(lowering: &mut Lowering<'_>, call: &IntrinsicCall<'_>) -> Result<Value> {
    let table = lowering.operand(call)?;
    let ids = lowering.nth(call, 1)?;
    let ids = lowering.tensor(ids)?;
    lowering.emit(Op::Gather, vec![table, ids]).map(Value::Tensor)
}

/// `pad(x, axis, low, high, value)`.
fn pad(lowering: &mut Lowering<'_>, call: &IntrinsicCall<'_>) -> Result<Value> {
    let operand = lowering.operand(call)?;
    let ty = lowering.type_of(operand)?;
    let axis = lowering.axis(call, "axis", ty.rank())? as usize;
    let Value::Int(before) = lowering.arg(call, "low")?.clone() else { return Err(Stop::Reported) };
    let Value::Int(after) = lowering.arg(call, "high")?.clone() else { return Err(Stop::Reported) };
    let value = lowering.arg(call, "value")?.clone();
    let value = lowering.scalar(&value, ty.dtype)?;
    let mut low = vec![Dim::default(); ty.rank()];
    let mut shape = ty.shape.clone();
    let size = shape[axis].add(&before).and_then(|size| size.add(&after));
    shape[axis] = size.map_err(|error| lowering.dim_error(error))?;
    low[axis] = before;
    lowering.emit_as(Op::Pad { low, value }, vec![operand], ty.with_shape(shape)).map(Value::Tensor)
}
