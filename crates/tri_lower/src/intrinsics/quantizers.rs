//! The quantisers of numerics.md.

use tri_ir::{DType, Op, Quantizer};

use super::{IntrinsicCall, Rule};
use crate::error::Result;
use crate::lowering::Lowering;
use crate::value::{GenericValue, Value};

pub(super) fn rule(name: &str) -> Option<Rule> {
    match name {
        "quantize_rows" => Some(|lowering, call| quantize(lowering, call, Quantizer::QuantizeRows)),
        "ternarize_rows" => Some(|lowering, call| quantize(lowering, call, Quantizer::TernarizeRows)),
        "ternarize_tensor" => Some(|lowering, call| quantize(lowering, call, Quantizer::TernarizeTensor)),
        "ternarize_twn" => Some(|lowering, call| quantize(lowering, call, Quantizer::TernarizeTwn)),
        "ternarize_groups" => Some(groups),
        "ternarize_at" => Some(at),
        _ => None,
    }
}

fn quantize(lowering: &mut Lowering<'_>, call: &IntrinsicCall<'_>, quantizer: Quantizer) -> Result<Value> {
    let operand = lowering.operand(call)?;
    let results = lowering.emit_results(Op::Quantize(quantizer), vec![operand])?;
    match results.as_slice() {
        [one] => Ok(Value::Tensor(*one)),
        several => Ok(Value::List(several.iter().map(|value| Value::Tensor(*value)).collect())),
    }
}

/// `ternarize_groups[G](w)`.
fn groups(lowering: &mut Lowering<'_>, call: &IntrinsicCall<'_>) -> Result<Value> {
    let generic = call.signature.generics.iter().position(|generic| &*generic.name == "G");
    let size = match generic.and_then(|at| call.generics.get(at)) {
        Some(GenericValue::Dim(dim)) => lowering.number(&Value::Int(dim.clone()))?,
        _ => lowering.number(lowering.arg(call, "group")?)?,
    };
    let group = u32::try_from(size).ok().filter(|size| *size > 0);
    let group = group.ok_or_else(|| lowering.invalid(format!("a group of {size} elements")))?;
    quantize(lowering, call, Quantizer::TernarizeGroups { group })
}

/// `ternarize_at(w, threshold)`.
fn at(lowering: &mut Lowering<'_>, call: &IntrinsicCall<'_>) -> Result<Value> {
    let threshold = lowering.arg(call, "threshold")?.clone();
    let threshold = lowering.scalar(&threshold, DType::F32)?;
    quantize(lowering, call, Quantizer::TernarizeAt { threshold })
}
