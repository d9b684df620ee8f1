//! Reading the attributes of an op.

use std::sync::Arc;

use super::parse::{Parsed, Parser, Unexpected};
use crate::{
    BinaryOp, Conv2d, DType, Dim, Op, Pool2d, PoolKind, Quantizer, ReduceOp, Scalar, StateId, TensorData,
    Tile, UnaryOp,
};

impl Parser {
    /// The op called `name`, with what stands in braces.
    pub(super) fn op(&mut self, name: &str) -> Parsed<Op> {
        if let Some(op) = simple(name) {
            return Ok(op);
        }
        self.sign('{')?;
        let op = match name {
            "constant" => Op::Constant(self.typed()?),
            "literal" => Op::Literal(Arc::new(self.literal()?)),
            "dim" => Op::DimValue(self.dim()?),
            "iota" => Op::Iota { axis: self.named("axis", Self::number)? },
            "concat" => Op::Concat { axis: self.named("axis", Self::number)? },
            "argmax" => Op::ArgMax { axis: self.named("axis", Self::number)? },
            "softmax" => Op::Softmax { axis: self.named("axis", Self::number)? },
            "permute" => Op::Permute { perm: self.numbers()? },
            "slice" => Op::Slice {
                starts: self.first("starts", Self::dims)?,
                steps: self.named("steps", Self::numbers)?,
            },
            "pad" => {
                Op::Pad { low: self.first("low", Self::dims)?, value: self.named("value", Self::typed)? }
            }
            "contract" => Op::Contract {
                batch: self.first("batch", Self::pairs)?,
                contract: self.named("contract", Self::pairs)?,
            },
            "conv2d" => Op::Conv2d(Conv2d {
                stride: self.first("stride", Self::two)?,
                padding: self.first("padding", Self::two)?,
                dilation: self.first("dilation", Self::two)?,
                groups: self.named("groups", Self::number)?,
                kernel: if self.eat(',') { Some(self.named("kernel", Self::two)?) } else { None },
            }),
            "pool2d" => Op::Pool2d(self.pool2d()?),
            "reduce" => {
                let name = self.any_word("a reduction")?;
                let Some(op) = ReduceOp::from_name(&name) else {
                    return self.expected("a reduction before this");
                };
                self.sign(',')?;
                Op::Reduce { op, axes: self.named("axes", Self::numbers)? }
            }
            "ternarize_groups" => {
                Op::Quantize(Quantizer::TernarizeGroups { group: self.named("group", Self::number)? })
            }
            "ternarize_at" => {
                Op::Quantize(Quantizer::TernarizeAt { threshold: self.named("threshold", Self::typed)? })
            }
            "call" => {
                let function = self.function_id()?;
                self.sign(',')?;
                let symbols = self.first("symbols", Self::dims)?;
                let states: Vec<u32> = self.named("states", Self::numbers)?;
                Op::Call { function, symbols, states: states.into_iter().map(StateId).collect() }
            }
            "route" => self.route()?,
            "state_read" => Op::StateRead { state: StateId(self.named("state", Self::number)?) },
            "state_write" => Op::StateWrite {
                state: StateId(self.first("state", Self::number)?),
                starts: self.named("starts", Self::dims)?,
            },
            "bind_dim" => Op::BindDim {
                symbol: self.first("symbol", Self::symbol)?,
                at_most: self.named("at_most", |parser| parser.list('[', ']', Self::bound))?,
            },
            _ => return Err(Unexpected(format!("there is no operation `{name}`"))),
        };
        self.sign('}')?;
        Ok(op)
    }

    /// `name value`.
    fn named<T>(&mut self, name: &str, value: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        self.word(name)?;
        value(self)
    }

    /// `name value,`.
    fn first<T>(&mut self, name: &str, value: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        let value = self.named(name, value)?;
        self.sign(',')?;
        Ok(value)
    }

    pub(super) fn numbers<T: std::str::FromStr>(&mut self) -> Parsed<Vec<T>> {
        self.list('[', ']', Self::number)
    }

    fn two(&mut self) -> Parsed<[u32; 2]> {
        let numbers = self.numbers()?;
        numbers.try_into().map_err(|_| Unexpected("two numbers belong here".to_owned()))
    }

    fn pairs(&mut self) -> Parsed<Vec<(u32, u32)>> {
        self.list('[', ']', |parser| {
            let left = parser.number()?;
            parser.sign(':')?;
            Ok((left, parser.number()?))
        })
    }

    fn bound(&mut self) -> Parsed<(Dim, Dim)> {
        let left = self.dim()?;
        self.sign('<')?;
        self.sign('=')?;
        Ok((left, self.dim()?))
    }

    fn pool2d(&mut self) -> Parsed<Pool2d> {
        let name = self.any_word("a kind of pooling")?;
        let Some(kind) = PoolKind::from_name(&name) else {
            return self.expected("a kind of pooling before this");
        };
        self.sign(',')?;
        Ok(Pool2d {
            kind,
            size: self.first("size", Self::two)?,
            stride: self.first("stride", Self::two)?,
            padding: self.named("padding", Self::two)?,
        })
    }

    fn route(&mut self) -> Parsed<Op> {
        let top = self.first("top", Self::number)?;
        self.word("weighted")?;
        let weighted = self.eat_word("true");
        if !weighted {
            self.word("false")?;
        }
        self.sign(',')?;
        let tiles = self.named("tiles", |parser| {
            parser.list('[', ']', |parser| {
                let function = parser.function_id()?;
                let symbols = parser.named("symbols", Self::dims)?;
                Ok(Tile { function, symbols, captures: parser.named("captures", Self::number)? })
            })
        })?;
        Ok(Op::Route { top, weighted, tiles })
    }

    /// `f32 1.5`.
    fn typed(&mut self) -> Parsed<Scalar> {
        let dtype = self.dtype()?;
        self.element(dtype)
    }

    fn element(&mut self, dtype: DType) -> Parsed<Scalar> {
        let text = self.number_text()?;
        let wrong = || Unexpected(format!("`{text}` before this is no {}", dtype.name()));
        if let Some(hex) = text.strip_prefix("0x") {
            let bits = u64::from_str_radix(hex, 16).map_err(|_| wrong())?;
            return Ok(Scalar::from_bits(dtype, bits));
        }
        if dtype == DType::F32 {
            return Ok(Scalar::f32(text.parse().map_err(|_| wrong())?));
        }
        let number: i64 = text.parse().map_err(|_| wrong())?;
        let scalar = Scalar::from_bits(dtype, number as u64);
        if scalar.as_int() == Some(number) { Ok(scalar) } else { Err(wrong()) }
    }

    /// `f32 [2] (1.0, 2.0)` or `f32 [2] bytes "0000803f00000040"`.
    fn literal(&mut self) -> Parsed<TensorData> {
        let dtype = self.dtype()?;
        let shape = self.numbers()?;
        let mut bytes = Vec::new();
        if self.eat_word("bytes") {
            let text = self.text()?;
            let digit = |c: u8| char::from(c).to_digit(16).map(|digit| digit as u8);
            for pair in text.as_bytes().chunks(2) {
                let byte = match pair {
                    [high, low] => digit(*high).zip(digit(*low)).map(|(high, low)| high << 4 | low),
                    _ => None,
                };
                bytes.push(
                    byte.ok_or_else(|| Unexpected("the bytes before this are no hex digits".to_owned()))?,
                );
            }
        } else {
            for scalar in self.list('(', ')', |parser| parser.element(dtype))? {
                bytes.extend(&scalar.bits().to_le_bytes()[..dtype.bytes()]);
            }
        }
        Ok(TensorData { dtype, shape, bytes })
    }
}

/// Ops without attributes.
fn simple(name: &str) -> Option<Op> {
    if let Some(op) = UnaryOp::from_name(name) {
        return Some(Op::Unary(op));
    }
    if let Some(op) = BinaryOp::from_name(name) {
        return Some(Op::Binary(op));
    }
    Some(match name {
        "select" => Op::Select,
        "cast" => Op::Cast,
        "broadcast" => Op::Broadcast,
        "reshape" => Op::Reshape,
        "gather" => Op::Gather,
        "random" => Op::Random,
        "argmax_clusters" => Op::ArgMaxClusters,
        "encode" => Op::Encode,
        "quantize_rows" => Op::Quantize(Quantizer::QuantizeRows),
        "ternarize_rows" => Op::Quantize(Quantizer::TernarizeRows),
        "ternarize_tensor" => Op::Quantize(Quantizer::TernarizeTensor),
        "ternarize_twn" => Op::Quantize(Quantizer::TernarizeTwn),
        _ => return None,
    })
}
