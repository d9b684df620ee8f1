//! Convolution and pooling.

use tri_ir::{Conv2d, Op, Pool2d, PoolKind};

use super::{IntrinsicCall, Rule};
use crate::error::Result;
use crate::lowering::Lowering;
use crate::value::Value;

pub(super) fn rule(name: &str) -> Option<Rule> {
    match name {
        "conv2d" => Some(conv2d),
        "max_pool2d" => Some(|lowering, call| pool2d(lowering, call, PoolKind::Max)),
        "avg_pool2d" => Some(|lowering, call| pool2d(lowering, call, PoolKind::Avg)),
        _ => None,
    }
}

fn conv2d(lowering: &mut Lowering<'_>, call: &IntrinsicCall<'_>) -> Result<Value> {
    let x = lowering.operand(call)?;
    let weight = lowering.nth(call, 1)?;
    let weight = lowering.tensor(weight)?;
    let mut both = |name| lowering.count(call, name).map(|n| [n, n]);
    let (stride, padding, dilation) = (both("stride")?, both("padding")?, both("dilation")?);
    let groups = lowering.count(call, "groups")?;
    let op = Op::Conv2d(Conv2d { stride, padding, dilation, groups, kernel: None });
    lowering.emit(op, vec![x, weight]).map(Value::Tensor)
}

/// A stride of 0 means that of the window: windows do not overlap.
fn pool2d(lowering: &mut Lowering<'_>, call: &IntrinsicCall<'_>, kind: PoolKind) -> Result<Value> {
    let x = lowering.operand(call)?;
    let size = lowering.count(call, "size")?;
    let stride = match lowering.count(call, "stride")? {
        0 => size,
        stride => stride,
    };
    let padding = lowering.count(call, "padding")?;
    let (size, stride, padding) = ([size; 2], [stride; 2], [padding; 2]);
    lowering.emit(Op::Pool2d(Pool2d { kind, size, stride, padding }), vec![x]).map(Value::Tensor)
}
