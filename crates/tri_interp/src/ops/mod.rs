//! The arithmetic, one file an op family. Operands have been verified to have the types that an op takes.

pub(crate) mod cast;
pub(crate) mod clusters;
pub(crate) mod contraction;
pub(crate) mod convolution;
pub(crate) mod elementwise;
pub(crate) mod movement;
pub(crate) mod pooling;
pub(crate) mod quantize;
pub(crate) mod reduction;
pub(crate) mod route;
pub(crate) mod source;

use tri_ir::Op;

use crate::Fault;
use crate::tensor::Tensor;

/// Results of an op that depends on its operands alone; `shapes` are the results' shapes.
pub(crate) fn compute(
    op: &Op,
    operands: &[&Tensor],
    mut shapes: Vec<Vec<usize>>,
) -> Result<Vec<Tensor>, Fault> {
    let mut shape = || shapes.pop().unwrap_or_default();
    let result = match op {
        Op::Constant(scalar) => source::constant(*scalar, shape()),
        Op::Literal(data) => source::literal(data),
        Op::Iota { axis } => source::iota(*axis as usize, shape()),
        Op::Random => source::random(operands[0], shape()),
        Op::Unary(op) => elementwise::unary(*op, operands[0]),
        Op::Binary(op) => elementwise::binary(*op, operands[0], operands[1]),
        Op::Select => elementwise::select(operands[0], operands[1], operands[2]),
        Op::Broadcast => movement::broadcast(operands[0], shape()),
        Op::Reshape => operands[0].reshaped(shape()),
        Op::Permute { perm } => movement::permute(operands[0], perm),
        Op::Concat { axis } => movement::concat(operands, *axis as usize, shape()),
        Op::Gather => movement::gather(operands[0], operands[1], shape())?,
        Op::Contract { batch, contract } => {
            contraction::contract(operands[0], operands[1], batch, contract, shape())
        }
        Op::Conv2d(attributes) => convolution::conv2d(operands[0], operands[1], *attributes, shape()),
        Op::Pool2d(attributes) => pooling::pool2d(operands[0], *attributes, shape()),
        Op::Reduce { op, axes } => reduction::reduce(*op, operands[0], axes, shape()),
        Op::ArgMax { axis } => reduction::argmax(operands[0], *axis as usize, shape()),
        Op::ArgMaxClusters => clusters::argmax(operands[0], operands[1], operands[2]),
        Op::Softmax { axis } => reduction::softmax(operands[0], *axis as usize),
        Op::Quantize(quantizer) => return Ok(quantize::quantize(*quantizer, operands[0])),
        // Encodings are a matter of memory; values do not change.
        Op::Encode => operands[0].clone(),
        Op::DimValue(_)
        | Op::Cast
        | Op::Slice { .. }
        | Op::Pad { .. }
        | Op::Call { .. }
        | Op::Route { .. }
        | Op::StateRead { .. }
        | Op::StateWrite { .. }
        | Op::BindDim { .. } => unreachable!("{} is the frame's", op.name()),
    };
    Ok(vec![result])
}
