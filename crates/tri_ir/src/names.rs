//! The names of operations in printed IR and in messages.

use std::fmt;

use crate::{BinaryOp, Encoding, Op, PoolKind, Quantizer, ReduceOp, Symbol, TensorType, UnaryOp};

macro_rules! names {
    ($ty:ident { $($variant:ident $name:literal),* $(,)? }) => {
        impl $ty {
            /// All of them, in declaration order.
            pub const ALL: &[$ty] = &[$($ty::$variant),*];

            /// The name in printed IR.
            pub fn name(self) -> &'static str {
                match self {
                    $($ty::$variant => $name),*
                }
            }

            /// The one called `name`.
            pub fn from_name(name: &str) -> Option<$ty> {
                $ty::ALL.iter().copied().find(|op| op.name() == name)
            }
        }
    };
}

names!(UnaryOp {
    Neg "neg", Not "not", Abs "abs", Sign "sign", Sqrt "sqrt", Rsqrt "rsqrt", Floor "floor", Ceil "ceil", Round "round",
    Exp "exp", Log "log", Tanh "tanh", Sigmoid "sigmoid", Erf "erf", Sin "sin", Cos "cos", IsFinite "is_finite",
    IsNan "is_nan",
});

names!(BinaryOp {
    Add "add", Sub "sub", Mul "mul", Div "div", Rem "rem", Min "min", Max "max", Pow "pow", And "and", Or "or", Eq "eq",
    Ne "ne", Lt "lt", Le "le", Gt "gt", Ge "ge",
});

names!(ReduceOp { Sum "sum", Max "max", Min "min", All "all", Any "any" });

names!(PoolKind { Max "max", Avg "avg" });

impl Encoding {
    /// All of them, in declaration order.
    pub const ALL: [Encoding; 4] = [Encoding::Plain, Encoding::T2, Encoding::T160, Encoding::Planes];

    /// The encoding called `name`.
    pub fn from_name(name: &str) -> Option<Encoding> {
        Encoding::ALL.into_iter().find(|encoding| encoding.name() == name)
    }
}

impl Quantizer {
    /// The name in `std.quant`, without attributes.
    pub fn name(self) -> &'static str {
        match self {
            Quantizer::QuantizeRows => "quantize_rows",
            Quantizer::TernarizeRows => "ternarize_rows",
            Quantizer::TernarizeTensor => "ternarize_tensor",
            Quantizer::TernarizeGroups { .. } => "ternarize_groups",
            Quantizer::TernarizeTwn => "ternarize_twn",
            Quantizer::TernarizeAt { .. } => "ternarize_at",
        }
    }
}

impl Op {
    /// The name in printed IR, without attributes.
    pub fn name(&self) -> &'static str {
        match self {
            Op::Constant(_) => "constant",
            Op::Literal(_) => "literal",
            Op::DimValue(_) => "dim",
            Op::Iota { .. } => "iota",
            Op::Random => "random",
            Op::Unary(op) => op.name(),
            Op::Binary(op) => op.name(),
            Op::Select => "select",
            Op::Cast => "cast",
            Op::Broadcast => "broadcast",
            Op::Reshape => "reshape",
            Op::Permute { .. } => "permute",
            Op::Slice { .. } => "slice",
            Op::Concat { .. } => "concat",
            Op::Pad { .. } => "pad",
            Op::Gather => "gather",
            Op::Contract { .. } => "contract",
            Op::Conv2d(_) => "conv2d",
            Op::Pool2d(_) => "pool2d",
            Op::Reduce { .. } => "reduce",
            Op::ArgMax { .. } => "argmax",
            Op::ArgMaxClusters => "argmax_clusters",
            Op::Softmax { .. } => "softmax",
            Op::Quantize(quantizer) => quantizer.name(),
            Op::Encode => "encode",
            Op::Call { .. } => "call",
            Op::Route { .. } => "route",
            Op::StateRead { .. } => "state_read",
            Op::StateWrite { .. } => "state_write",
            Op::BindDim { .. } => "bind_dim",
        }
    }
}

/// With symbols as `$0`, `$1`: for messages, where no function is at hand to name them.
impl fmt::Display for TensorType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.dtype.name())?;
        let symbol = |symbol: &Symbol, f: &mut fmt::Formatter<'_>| write!(f, "${}", symbol.0);
        for (i, dim) in self.shape.iter().enumerate() {
            write!(f, "{}{}", if i == 0 { "[" } else { ", " }, dim.display(&symbol))?;
        }
        if !self.shape.is_empty() {
            f.write_str("]")?;
        }
        if self.encoding != Encoding::Plain {
            write!(f, " in {}", self.encoding.name())?;
        }
        Ok(())
    }
}
