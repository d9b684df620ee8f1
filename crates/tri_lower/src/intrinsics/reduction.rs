//! Functions along axes: sum, mean, variance, max, min, all, any, softmax, argmax, argmax_clusters.

use tri_ir::{self as ir, BinaryOp, DType, Dim, Op, ReduceOp};

use super::source::f32_scalar;
use super::{IntrinsicCall, Rule};
use crate::error::{Result, Stop};
use crate::lowering::Lowering;
use crate::value::Value;

pub(super) fn rule(name: &str) -> Option<Rule> {
    match name {
        "sum" => Some(|lowering, call| reduce(lowering, call, ReduceOp::Sum)),
        "max" => Some(|lowering, call| reduce(lowering, call, ReduceOp::Max)),
        "min" => Some(|lowering, call| reduce(lowering, call, ReduceOp::Min)),
        "all" => Some(|lowering, call| reduce(lowering, call, ReduceOp::All)),
        "any" => Some(|lowering, call| reduce(lowering, call, ReduceOp::Any)),
        "mean" => Some(mean),
        "variance" => Some(variance),
        "softmax" => Some(softmax),
        "argmax" => Some(argmax),
        "argmax_clusters" => Some(argmax_clusters),
        _ => None,
    }
}

/// The axes reduced over: the one given, or all.
fn axes(lowering: &mut Lowering<'_>, call: &IntrinsicCall<'_>, rank: usize) -> Result<Vec<u32>> {
    if !call.signature.params.iter().any(|param| &*param.name == "axis") {
        return Ok((0..rank as u32).collect());
    }
    Ok(vec![lowering.axis(call, "axis", rank)?])
}

fn reduce(lowering: &mut Lowering<'_>, call: &IntrinsicCall<'_>, op: ReduceOp) -> Result<Value> {
    let operand = lowering.operand(call)?;
    let rank = lowering.shape_of(operand)?.len();
    let axes = axes(lowering, call, rank)?;
    let fold = |lowering: &mut Lowering<'_>, operand| {
        lowering.emit(Op::Reduce { op, axes }, vec![operand]).map(Value::Tensor)
    };
    if op == ReduceOp::Sum { lowering.in_f32(operand, fold) } else { fold(lowering, operand) }
}

/// Sum, then division by the number of elements.
fn mean_over(lowering: &mut Lowering<'_>, operand: ir::Value, axes: Vec<u32>) -> Result<Value> {
    let shape = lowering.shape_of(operand)?;
    let summed: Vec<Dim> = axes.iter().map(|axis| shape[*axis as usize].clone()).collect();
    let count = lowering.product(&summed)?;
    let sum = lowering.emit(Op::Reduce { op: ReduceOp::Sum, axes }, vec![operand])?;
    let count = match count.as_constant() {
        Some(n) => f32_scalar(n as f64),
        None => lowering.splat(Value::Int(count), DType::F32)?,
    };
    lowering.binary(BinaryOp::Div, Value::Tensor(sum), count)
}

fn mean(lowering: &mut Lowering<'_>, call: &IntrinsicCall<'_>) -> Result<Value> {
    let operand = lowering.operand(call)?;
    let rank = lowering.shape_of(operand)?.len();
    let axes = axes(lowering, call, rank)?;
    lowering.in_f32(operand, |lowering, operand| mean_over(lowering, operand, axes))
}

/// Mean of the squared differences from the mean (numerics.md, rule 5).
fn variance(lowering: &mut Lowering<'_>, call: &IntrinsicCall<'_>) -> Result<Value> {
    let operand = lowering.operand(call)?;
    let shape = lowering.shape_of(operand)?;
    let axes = axes(lowering, call, shape.len())?;
    lowering.in_f32(operand, |lowering, operand| variance_over(lowering, operand, axes))
}

fn variance_over(lowering: &mut Lowering<'_>, operand: ir::Value, axes: Vec<u32>) -> Result<Value> {
    let mean = mean_over(lowering, operand, axes.clone())?;
    let mean = lowering.tensor(&mean)?;
    let mut kept = lowering.shape_of(operand)?;
    for axis in &axes {
        kept[*axis as usize] = Dim::constant(1);
    }
    let mean = lowering.reshape(mean, kept)?;
    let difference = lowering.binary(BinaryOp::Sub, Value::Tensor(operand), Value::Tensor(mean))?;
    let squares = lowering.binary(BinaryOp::Mul, difference.clone(), difference)?;
    let squares = lowering.tensor(&squares)?;
    mean_over(lowering, squares, axes)
}

fn softmax(lowering: &mut Lowering<'_>, call: &IntrinsicCall<'_>) -> Result<Value> {
    let operand = lowering.operand(call)?;
    let rank = lowering.shape_of(operand)?.len();
    let axis = lowering.axis(call, "axis", rank)?;
    lowering.in_f32(operand, |lowering, operand| {
        lowering.emit(Op::Softmax { axis }, vec![operand]).map(Value::Tensor)
    })
}

fn argmax(lowering: &mut Lowering<'_>, call: &IntrinsicCall<'_>) -> Result<Value> {
    let operand = lowering.operand(call)?;
    let rank = lowering.shape_of(operand)?.len();
    let axis = lowering.axis(call, "axis", rank)?;
    lowering.emit(Op::ArgMax { axis }, vec![operand]).map(Value::Tensor)
}

fn argmax_clusters(lowering: &mut Lowering<'_>, call: &IntrinsicCall<'_>) -> Result<Value> {
    let [on, signatures, clusters] = ["on", "signatures", "clusters"].map(|name| {
        let value = lowering.arg(call, name)?;
        lowering.tensor(value)
    });
    lowering.argmax_clusters(on?, signatures?, clusters?).map(Value::Tensor)
}

impl Lowering<'_> {
    /// The tile of each row of `on`: f32[.., K], trit[T, K], trit[C, K] to i32[..].
    pub(crate) fn argmax_clusters(
        &mut self,
        on: ir::Value,
        signatures: ir::Value,
        clusters: ir::Value,
    ) -> Result<ir::Value> {
        let shape = self.shape_of(on)?;
        let Some((width, outer)) = shape.split_last() else { return Err(Stop::Reported) };
        let rows = self.product(outer)?;
        let on = self.reshape(on, vec![rows, width.clone()])?;
        let (tiles, count) = (self.shape_of(signatures)?[0].clone(), self.shape_of(clusters)?[0].clone());
        let each = match (tiles.as_constant(), count.as_constant()) {
            (Some(tiles), Some(count)) if count > 0 && tiles % count == 0 && tiles > 0 => tiles / count,
            _ => {
                return Err(
                    self.invalid("tiles are as many in each cluster, and there is one at least".to_owned())
                );
            }
        };
        let parts = self.reshape(signatures, vec![count, Dim::constant(each), width.clone()])?;
        let chosen = self.emit(Op::ArgMaxClusters, vec![on, clusters, parts])?;
        self.reshape(chosen, outer.to_vec())
    }
}
