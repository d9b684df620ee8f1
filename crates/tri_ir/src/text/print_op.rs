//! The attributes of an op, in braces.

use std::fmt::{self, Display, Formatter, Write};

use super::print::{SymbolNames, list};
use crate::{Conv2d, DType, FunctionId, Op, Quantizer, Scalar, TensorData};

/// Elements above which a literal prints as bytes.
const MAX_LISTED: usize = 32;

pub(super) fn attributes(
    f: &mut Formatter<'_>,
    op: &Op,
    symbols: &SymbolNames<'_>,
    function: impl Fn(FunctionId) -> String,
) -> fmt::Result {
    match op {
        Op::Constant(scalar) => write!(f, " {{{}}}", scalar),
        Op::Literal(data) => literal(f, data),
        Op::DimValue(dim) => write!(f, " {{{}}}", symbols.dim(dim)),
        Op::Iota { axis } | Op::Concat { axis } | Op::ArgMax { axis } | Op::Softmax { axis } => {
            write!(f, " {{axis {axis}}}")
        }
        Op::Permute { perm } => write!(f, " {{{perm:?}}}"),
        Op::Slice { starts, steps } => write!(f, " {{starts {}, steps {steps:?}}}", symbols.dims(starts)),
        Op::Pad { low, value } => write!(f, " {{low {}, value {}}}", symbols.dims(low), value),
        Op::Contract { batch, contract } => {
            f.write_str(" {batch [")?;
            list(f, batch, |f, (a, b)| write!(f, "{a}:{b}"))?;
            f.write_str("], contract [")?;
            list(f, contract, |f, (a, b)| write!(f, "{a}:{b}"))?;
            f.write_str("]}")
        }
        Op::Conv2d(conv) => {
            let Conv2d { stride, padding, dilation, groups, kernel } = conv;
            write!(f, " {{stride {stride:?}, padding {padding:?}, dilation {dilation:?}, groups {groups}")?;
            if let Some(kernel) = kernel {
                write!(f, ", kernel {kernel:?}")?;
            }
            f.write_char('}')
        }
        Op::Pool2d(pool) => write!(
            f,
            " {{{}, size {:?}, stride {:?}, padding {:?}}}",
            pool.kind.name(),
            pool.size,
            pool.stride,
            pool.padding
        ),
        Op::Reduce { op, axes } => write!(f, " {{{}, axes {axes:?}}}", op.name()),
        Op::Quantize(Quantizer::TernarizeGroups { group }) => write!(f, " {{group {group}}}"),
        Op::Quantize(Quantizer::TernarizeAt { threshold }) => {
            write!(f, " {{threshold {}}}", threshold)
        }
        Op::Call { function: callee, symbols: sizes, states } => {
            let states: Vec<u32> = states.iter().map(|state| state.0).collect();
            write!(f, " {{{}, symbols {}, states {states:?}}}", function(*callee), symbols.dims(sizes))
        }
        Op::Route { top, weighted, tiles } => {
            write!(f, " {{top {top}, weighted {weighted}, tiles [")?;
            list(f, tiles, |f, tile| {
                let (name, sizes) = (function(tile.function), symbols.dims(&tile.symbols));
                write!(f, "{name} symbols {sizes} captures {}", tile.captures)
            })?;
            f.write_str("]}")
        }
        Op::StateRead { state } => write!(f, " {{state {}}}", state.0),
        Op::StateWrite { state, starts } => {
            write!(f, " {{state {}, starts {}}}", state.0, symbols.dims(starts))
        }
        Op::BindDim { symbol, at_most } => {
            write!(f, " {{symbol {}, at_most [", symbols.symbol(*symbol))?;
            list(f, at_most, |f, (left, right)| {
                write!(f, "{} <= {}", symbols.dim(left), symbols.dim(right))
            })?;
            f.write_str("]}")
        }
        Op::Random
        | Op::Unary(_)
        | Op::Binary(_)
        | Op::Select
        | Op::Cast
        | Op::Broadcast
        | Op::Reshape
        | Op::Gather
        | Op::ArgMaxClusters
        | Op::Quantize(_)
        | Op::Encode => Ok(()),
    }
}

/// Type and value: `f32 0.5`.
impl Display for Scalar {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.dtype().name(), element(*self))
    }
}

/// A number that reads back to the same bits.
fn element(scalar: Scalar) -> String {
    match (scalar.as_f32(), scalar.as_int()) {
        (Some(value), _) if value.to_bits() == f32::NAN.to_bits() => "nan".to_owned(),
        (Some(value), _) if !value.is_nan() => format!("{value:?}"),
        (_, Some(value)) => value.to_string(),
        _ => format!("{:#x}", scalar.bits()),
    }
}

fn literal(f: &mut Formatter<'_>, data: &TensorData) -> fmt::Result {
    write!(f, " {{{} {:?} ", data.dtype.name(), data.shape)?;
    let whole = data.bytes.len().is_multiple_of(data.dtype.bytes());
    if data.len() > MAX_LISTED || !whole {
        f.write_str("bytes \"")?;
        data.bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        return f.write_str("\"}");
    }
    f.write_char('(')?;
    list(f, data.bytes.chunks(data.dtype.bytes()), |f, bytes| {
        f.write_str(&element(scalar(data.dtype, bytes)))
    })?;
    f.write_str(")}")
}

fn scalar(dtype: DType, bytes: &[u8]) -> Scalar {
    Scalar::from_bits(dtype, bytes.iter().rev().fold(0, |bits, byte| bits << 8 | u64::from(*byte)))
}
