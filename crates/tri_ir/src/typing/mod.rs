//! Type rules of the ops that need nothing but their operands' types: one function an op family.
//!
//! [`infer`] gives the result types where operands determine them; [`check`] compares them with declared ones and holds the
//! rules of ops whose result type is an input (constants, casts, broadcasts, slices). Calls, routes and states need the module
//! and are the verifier's. Sizes are compared as polynomials in normal form.

mod contraction;
mod elementwise;
mod movement;
mod reduction;
mod source;

use tri_dims::DimError;

use crate::{DType, Dim, Encoding, Op, TensorType};

/// Most monomials that multiplying or substituting sizes may produce; honest sizes have a few.
pub(crate) const MAX_TERMS: usize = 4_096;

/// Why an op does not accept its operands or its results' types.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TypeError {
    /// Too few or too many operands.
    #[error("takes {expected} operands, not {found}")]
    OperandCount {
        /// As many the op takes.
        expected: usize,
        /// As many it has.
        found: usize,
    },
    /// Too few or too many results.
    #[error("gives {expected} results, not {found}")]
    ResultCount {
        /// As many the op gives.
        expected: usize,
        /// As many are declared.
        found: usize,
    },
    /// An element type that the op has no meaning for.
    #[error("does not take {} as operand {operand}", found.name())]
    Dtype {
        /// Which operand.
        operand: usize,
        /// Its element type.
        found: DType,
    },
    /// An operand in a packed encoding where only plain ones are taken.
    #[error("operand {operand} is in {}, but only plain tensors are taken here", found.name())]
    Encoded {
        /// Which operand.
        operand: usize,
        /// Its encoding.
        found: Encoding,
    },
    /// An operand with too few or too many axes.
    #[error("operand {operand} has rank {found}, not {expected}")]
    Rank {
        /// Which operand.
        operand: usize,
        /// Axes it should have.
        expected: usize,
        /// Axes it has.
        found: usize,
    },
    /// No such axis.
    #[error("axis {axis} is not below the rank, {rank}, or not in order")]
    Axis {
        /// The axis.
        axis: u32,
        /// Number of axes.
        rank: usize,
    },
    /// Operands whose types do not go together.
    #[error("operand {operand} is {found}, which does not fit the operands before it")]
    Operand {
        /// Which operand.
        operand: usize,
        /// Its type.
        found: Box<TensorType>,
    },
    /// A result declared with another type than it has.
    #[error("result {result} is {expected}, not {found} as declared")]
    Result {
        /// Which result.
        result: usize,
        /// What it is.
        expected: Box<TensorType>,
        /// What is declared.
        found: Box<TensorType>,
    },
    /// A declared result type that the op cannot give.
    #[error("cannot give {found} from these operands: {reason}")]
    ResultForm {
        /// What is declared.
        found: Box<TensorType>,
        /// Why not.
        reason: &'static str,
    },
    /// An attribute out of its range.
    #[error("{0}")]
    Attribute(&'static str),
    /// An integer contraction that could leave i32.
    #[error("a sum of {terms} products of {} by {} can leave i32", left.name(), right.name())]
    Wraps {
        /// Length of the sum.
        terms: i64,
        /// Element type of the first operand.
        left: DType,
        /// Element type of the second.
        right: DType,
    },
    /// A size without value or normal form.
    #[error("a size is wrong: {0}")]
    Dim(#[from] DimError),
    /// Sizes with more terms than this compiler handles.
    #[error("a size has too many terms")]
    TooComplex,
    /// The operands alone do not say what the result is.
    #[error("the operands do not determine the type of the result")]
    Undetermined,
}

type Types = Vec<TensorType>;

/// Types of the results, or `None` where they are not determined by the operands ([`Op::Constant`], [`Op::Cast`], [`Op::Broadcast`],
/// [`Op::Call`] and their like). Operands are checked as far as possible without the results.
pub fn infer(op: &Op, operands: &[&TensorType]) -> Result<Option<Types>, TypeError> {
    plain_operands(op, operands)?;
    let one = |ty: TensorType| Some(vec![ty]);
    Ok(match op {
        Op::DimValue(_) => one(TensorType::scalar(DType::I32)),
        Op::Literal(data) => one(source::literal(data)?),
        Op::Unary(op) => one(elementwise::unary(*op, operands)?),
        Op::Binary(op) => one(elementwise::binary(*op, operands)?),
        Op::Select => one(elementwise::select(operands)?),
        Op::Permute { perm } => one(movement::permute(perm, operands)?),
        Op::Concat { axis } => one(movement::concat(*axis, operands)?),
        Op::Gather => one(movement::gather(operands)?),
        Op::Contract { batch, contract } => one(contraction::contract(batch, contract, operands)?),
        Op::Conv2d(attributes) => one(contraction::conv2d(*attributes, operands)?),
        Op::Pool2d(attributes) => one(reduction::pool2d(*attributes, operands)?),
        Op::Reduce { op, axes } => one(reduction::reduce(*op, axes, operands)?),
        Op::ArgMax { axis } => one(reduction::argmax(*axis, operands)?),
        Op::ArgMaxClusters => one(reduction::argmax_clusters(operands)?),
        Op::Softmax { axis } => one(reduction::softmax(*axis, operands)?),
        Op::Quantize(quantizer) => Some(reduction::quantize(*quantizer, operands)?),
        Op::StateWrite { .. } => {
            exactly(operands, 1)?;
            Some(Vec::new())
        }
        Op::BindDim { .. } => {
            exactly(operands, 1)?;
            let expected = TensorType::scalar(DType::I32);
            if *operands[0] != expected {
                return Err(TypeError::Operand { operand: 0, found: Box::new(operands[0].clone()) });
            }
            Some(Vec::new())
        }
        Op::Constant(_)
        | Op::Iota { .. }
        | Op::Random
        | Op::Cast
        | Op::Broadcast
        | Op::Reshape
        | Op::Slice { .. }
        | Op::Pad { .. }
        | Op::Encode
        | Op::Call { .. }
        | Op::Route { .. }
        | Op::StateRead { .. } => None,
    })
}

/// Whether the op gives results of these types. Calls, routes and states pass: what they give depends on the module.
pub fn check(op: &Op, operands: &[&TensorType], results: &[&TensorType]) -> Result<(), TypeError> {
    if let Some(expected) = infer(op, operands)? {
        return same_results(&expected, results);
    }
    match op {
        Op::Constant(scalar) => source::constant(*scalar, operands, results),
        Op::Iota { axis } => source::iota(*axis, operands, results),
        Op::Random => source::random(operands, results),
        Op::Cast => elementwise::cast(operands, results),
        Op::Broadcast => movement::broadcast(operands, results),
        Op::Reshape => movement::reshape(operands, results),
        Op::Slice { starts, steps } => movement::slice(starts, steps, operands, results),
        Op::Pad { low, value } => movement::pad(low, *value, operands, results),
        Op::Encode => movement::encode(operands, results),
        _ => Ok(()),
    }
}

/// Whether results are declared as they are.
pub(crate) fn same_results(expected: &[TensorType], found: &[&TensorType]) -> Result<(), TypeError> {
    if expected.len() != found.len() {
        return Err(TypeError::ResultCount { expected: expected.len(), found: found.len() });
    }
    for (result, (expected, found)) in expected.iter().zip(found).enumerate() {
        if expected != *found {
            let (expected, found) = (Box::new(expected.clone()), Box::new((*found).clone()));
            return Err(TypeError::Result { result, expected, found });
        }
    }
    Ok(())
}

fn exactly(operands: &[&TensorType], expected: usize) -> Result<(), TypeError> {
    if operands.len() == expected {
        return Ok(());
    }
    Err(TypeError::OperandCount { expected, found: operands.len() })
}

/// The only declared result.
fn one_result<'a>(results: &[&'a TensorType]) -> Result<&'a TensorType, TypeError> {
    match results {
        [result] => Ok(result),
        _ => Err(TypeError::ResultCount { expected: 1, found: results.len() }),
    }
}

fn rank(operands: &[&TensorType], operand: usize, expected: usize) -> Result<(), TypeError> {
    let found = operands[operand].rank();
    if found == expected { Ok(()) } else { Err(TypeError::Rank { operand, expected, found }) }
}

fn misfit(operands: &[&TensorType], operand: usize) -> TypeError {
    TypeError::Operand { operand, found: Box::new(operands[operand].clone()) }
}

fn axis_of(axis: u32, ty: &TensorType) -> Result<usize, TypeError> {
    let at = axis as usize;
    if at < ty.rank() { Ok(at) } else { Err(TypeError::Axis { axis, rank: ty.rank() }) }
}

/// Only contractions and convolutions (second operand), encodes, calls and routes take packed tensors.
fn plain_operands(op: &Op, operands: &[&TensorType]) -> Result<(), TypeError> {
    for (operand, ty) in operands.iter().enumerate() {
        let packed_allowed = match op {
            Op::Contract { .. } | Op::Conv2d(_) => operand == 1,
            Op::Encode | Op::Call { .. } => true,
            Op::Route { .. } => operand > 1,
            _ => false,
        };
        if ty.encoding != Encoding::Plain && !packed_allowed {
            return Err(TypeError::Encoded { operand, found: ty.encoding });
        }
    }
    Ok(())
}

/// Product of sizes, refused where it would have more than [`MAX_TERMS`] terms.
pub(crate) fn product(dims: &[Dim]) -> Result<Dim, TypeError> {
    let terms = dims.iter().fold(1usize, |terms, dim| terms.saturating_mul(dim.terms().len().max(1)));
    if terms > MAX_TERMS {
        return Err(TypeError::TooComplex);
    }
    Ok(Dim::product(dims)?)
}

/// Windows along an axis: `floor((size + 2 padding - extent) / stride) + 1`.
fn windows(size: &Dim, padding: u32, extent: &Dim, stride: u32) -> Result<Dim, TypeError> {
    let room = size.add(&Dim::constant(2 * i64::from(padding)))?.sub(extent)?;
    let windows = room.floor_div(&Dim::constant(stride.into()))?.add(&Dim::constant(1))?;
    match windows.as_constant() {
        Some(n) if n < 0 => Err(TypeError::Attribute("the window is larger than the padded operand")),
        _ => Ok(windows),
    }
}
