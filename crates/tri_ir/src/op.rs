//! The operations. Each variant states operands, results and shapes; `docs/numerics.md` states the arithmetic.

#![allow(rustdoc::broken_intra_doc_links, reason = "`E[S]` is a tensor of shape S here, no link")]

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{DType, Dim, FunctionId, Scalar, StateId, Symbol, TensorData};

/// Elementwise function of one operand; result of the operand's type unless it says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum UnaryOp {
    /// `-x`: floats (sign bit), signed integers (wrapping), trits.
    Neg,
    /// Logical not of bool.
    Not,
    /// Absolute value: floats, signed integers (wrapping).
    Abs,
    /// -1, 0, +1 in the operand's type; of a float: NaN gives NaN, zeros give zero of their sign.
    Sign,
    /// IEEE square root, f32.
    Sqrt,
    /// `1 / sqrt(x)` to 2 ulp, f32.
    Rsqrt,
    /// Largest integer not above, f32.
    Floor,
    /// Smallest integer not below, f32.
    Ceil,
    /// Nearest integer, half to even, f32.
    Round,
    /// e^x, f32.
    Exp,
    /// Natural logarithm, f32.
    Log,
    /// Hyperbolic tangent, f32.
    Tanh,
    /// `1 / (1 + e^-x)`, f32.
    Sigmoid,
    /// Error function, f32.
    Erf,
    /// Sine of radians, f32, whole range.
    Sin,
    /// Cosine of radians, f32, whole range.
    Cos,
    /// Float to bool: neither NaN nor infinite.
    IsFinite,
    /// Float to bool.
    IsNan,
}

/// Elementwise function of two operands of one type; comparisons give bool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum BinaryOp {
    /// Sum; integers wrap.
    Add,
    /// Difference; integers wrap.
    Sub,
    /// Product; integers wrap.
    Mul,
    /// IEEE quotient; of integers: rounded toward negative infinity, 0 for a zero divisor, wrapping.
    Div,
    /// Remainder `a - b * floor(a / b)`; of integers: 0 for a zero divisor. Of floats: not defined.
    Rem,
    /// Smaller operand; NaN if any is NaN; -0 below +0.
    Min,
    /// Larger operand; NaN if any is NaN; -0 below +0.
    Max,
    /// `a` to the power `b`, f32, special values as IEEE 754 `pow`.
    Pow,
    /// Logical and, bool.
    And,
    /// Logical or, bool.
    Or,
    /// Equal (-0 equals +0, NaN equals nothing).
    Eq,
    /// Not equal.
    Ne,
    /// Less.
    Lt,
    /// Less or equal.
    Le,
    /// Greater.
    Gt,
    /// Greater or equal.
    Ge,
}

impl BinaryOp {
    /// Whether the result is bool whatever the operands are.
    pub fn is_comparison(self) -> bool {
        use BinaryOp::{Eq, Ge, Gt, Le, Lt, Ne};
        matches!(self, Eq | Ne | Lt | Le | Gt | Ge)
    }
}

/// What a reduction folds with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ReduceOp {
    /// Sum: rule 5 of numerics.md for floats; wrapping for integers; +0 of nothing.
    Sum,
    /// Largest: rule 6; of nothing: -inf, or the smallest integer.
    Max,
    /// Smallest: rule 6; of nothing: +inf, or the largest integer.
    Min,
    /// Whether all are true (bool).
    All,
    /// Whether any is true (bool).
    Any,
}

impl ReduceOp {
    /// The result of folding nothing.
    pub fn of_nothing(self, dtype: DType) -> Scalar {
        let int = |value| Scalar::int(dtype, value);
        match (self, dtype) {
            (ReduceOp::Sum, _) => Scalar::from_bits(dtype, 0),
            (ReduceOp::All, _) => Scalar::bool(true),
            (ReduceOp::Any, _) => Scalar::bool(false),
            (ReduceOp::Max, DType::F32) => Scalar::f32(f32::NEG_INFINITY),
            (ReduceOp::Min, DType::F32) => Scalar::f32(f32::INFINITY),
            (ReduceOp::Max, DType::F16) => Scalar::from_bits(dtype, 0xfc00),
            (ReduceOp::Min, DType::F16) => Scalar::from_bits(dtype, 0x7c00),
            (ReduceOp::Max, DType::Bf16) => Scalar::from_bits(dtype, 0xff80),
            (ReduceOp::Min, DType::Bf16) => Scalar::from_bits(dtype, 0x7f80),
            (ReduceOp::Max, DType::Bool | DType::U8) => int(0),
            (ReduceOp::Min, DType::Bool) => int(1),
            (ReduceOp::Min, DType::U8) => int(u8::MAX.into()),
            (ReduceOp::Max, DType::Trit | DType::I8) => int(i8::MIN.into()),
            (ReduceOp::Min, DType::Trit | DType::I8) => int(i8::MAX.into()),
            (ReduceOp::Max, DType::I32) => int(i32::MIN.into()),
            (ReduceOp::Min, DType::I32) => int(i32::MAX.into()),
            (ReduceOp::Max, DType::I64) => int(i64::MIN),
            (ReduceOp::Min, DType::I64) => int(i64::MAX),
        }
    }

    /// How two partial results combine.
    pub fn combining(self) -> BinaryOp {
        match self {
            ReduceOp::Sum => BinaryOp::Add,
            ReduceOp::Max => BinaryOp::Max,
            ReduceOp::Min => BinaryOp::Min,
            ReduceOp::All => BinaryOp::And,
            ReduceOp::Any => BinaryOp::Or,
        }
    }
}

/// A quantiser of numerics.md. Rows are the last axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Quantizer {
    /// `quantize_rows`: f32[.., K] to (i8[.., K], f32[..]).
    QuantizeRows,
    /// `ternarize_rows`: f32[.., K] to (trit[.., K], f32[..]).
    TernarizeRows,
    /// `ternarize_tensor`: f32[..] to (trit[..], f32).
    TernarizeTensor,
    /// `ternarize_groups[G]`: f32[.., K] to (trit[.., K], f32[.., K / G]).
    TernarizeGroups {
        /// Elements a group; divides K.
        group: u32,
    },
    /// `ternarize_twn`: f32[.., K] to (trit[.., K], f32[..]).
    TernarizeTwn,
    /// `ternarize_at`: f32[..] to trit[..]; the threshold is an f32.
    TernarizeAt {
        /// Strict threshold on |w|.
        threshold: Scalar,
    },
}

/// Attributes of a two-dimensional convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Conv2d {
    /// Step between windows: rows, columns.
    pub stride: [u32; 2],
    /// Rows added above and below, columns left and right; skipped in sums.
    pub padding: [u32; 2],
    /// Step between the elements of a window.
    pub dilation: [u32; 2],
    /// Channel groups.
    pub groups: u32,
    /// Rows and columns of the kernel, where the weight is packed: its rows do not say.
    pub kernel: Option<[u32; 2]>,
}

/// What a pooling window gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PoolKind {
    /// Largest element (rule 6); padding is never chosen.
    Max,
    /// Sum by rule 5 over the window's elements (row, column; padding skipped), divided by the number of elements that are not padding.
    Avg,
}

/// Attributes of a two-dimensional pooling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Pool2d {
    /// What a window gives.
    pub kind: PoolKind,
    /// Window: rows, columns.
    pub size: [u32; 2],
    /// Step between windows.
    pub stride: [u32; 2],
    /// Padding on each side; smaller than the window.
    pub padding: [u32; 2],
}

/// One target of a [`Op::Route`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Tile {
    /// Called with `E[n, D]` rows and the tile's captures; gives `E2[n, D2]`. Its symbol 0 is `n`.
    pub function: FunctionId,
    /// Sizes of the function's symbols after the first.
    pub symbols: Vec<Dim>,
    /// Number of captured values, taken from the route's operands in order.
    pub captures: u32,
}

/// An operation; operands are [`crate::Inst::args`], results have the types of [`crate::Inst::results`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Op {
    /// () to `E[S]`: every element is the scalar.
    Constant(Scalar),
    /// () to a tensor of these elements.
    Literal(Arc<TensorData>),
    /// () to `i32`: the value of a size.
    DimValue(Dim),
    /// () to `i32[S]`: each element is its index on `axis`.
    Iota {
        /// The axis counted.
        axis: u32,
    },
    /// `i64[]` to `f32[S]`: uniform in [0, 1), a pure function of the stream (the bits of the operand) and the row-major
    /// index (numerics.md, random numbers).
    Random,
    /// One operand.
    Unary(UnaryOp),
    /// Two operands of one type.
    Binary(BinaryOp),
    /// (bool[S], E[S], E[S]) to E[S]: the second where the first is true, else the third.
    Select,
    /// E[S] to F[S], rule 9; a float to bool is `x != 0`; to trit: round and clamp to -1..1.
    Cast,
    /// E[S] to E[S2]: missing leading axes are added, axes of length 1 stretched.
    Broadcast,
    /// E[S] to E[S2] with as many elements, row major.
    Reshape,
    /// E[S] to E[S2], where result axis `i` is operand axis `perm[i]`.
    Permute {
        /// Operand axis of each result axis.
        perm: Vec<u32>,
    },
    /// E[S] to E[S2]: element `i` on an axis is operand element `start + i * step`; sizes are the result type's.
    Slice {
        /// First element on each axis.
        starts: Vec<Dim>,
        /// Distance on each axis, at least 1.
        steps: Vec<u32>,
    },
    /// (E[.., A, ..], E[.., B, ..], ...) to E[.., A + B + .., ..].
    Concat {
        /// The axis joined.
        axis: u32,
    },
    /// E[S] to E[S2]: `low` elements before, as many after as the result type has room for.
    Pad {
        /// Elements before, on each axis.
        low: Vec<Dim>,
        /// What the added elements are.
        value: Scalar,
    },
    /// (E[N, S], i32[T]) to E[T, S]: rows of a table. An index outside 0..N stops the call with an error.
    Gather,
    /// (E[..], F[..]) to G[batch, free of the first, free of the second]: sum over the contracted axes, flattened in the listed
    /// order. (i8, trit), (i8, i8) to i32; (f32, trit), (f32, f32), (bf16, bf16), (f16, f16) to f32. A second operand
    /// in a packed ternary encoding has rank 2 and is contracted over its last axis.
    Contract {
        /// Pairs of axes that stay, first in the result, in this order.
        batch: Vec<(u32, u32)>,
        /// Pairs of axes that are summed over, outermost first.
        contract: Vec<(u32, u32)>,
    },
    /// (E[N, C, H, W], F[O, C / groups, KH, KW]) to G[N, O, H2, W2]; dtypes as for contractions (f32, i8, trit).
    /// H2 = floor((H + 2 padding - dilation (KH - 1) - 1) / stride) + 1. A weight in a packed ternary encoding is
    /// trit[O, C / groups * KH * KW], an output channel a row.
    Conv2d(Conv2d),
    /// E[N, C, H, W] to E[N, C, H2, W2]; H2 = floor((H + 2 padding - size) / stride) + 1. Max: f32, i8, i32; Avg: f32.
    Pool2d(Pool2d),
    /// E[S] to E[S without axes], over the axes as if flattened, last fastest. Axes ascending.
    Reduce {
        /// What to fold with.
        op: ReduceOp,
        /// The axes that vanish.
        axes: Vec<u32>,
    },
    /// E[S] to i32[S without axis]: first index of the largest, rule 6; 0 if the axis is empty.
    ArgMax {
        /// The axis that vanishes.
        axis: u32,
    },
    /// (f32[N, D], trit[C, D], trit[C, M, D]) to i32[N]: `c * M + m`, where `c` is the row of the second operand, and `m` the
    /// row of part `c` of the third, with which a row has the largest sum of +-x; each sum by rule 3, each choice by rule 6.
    ArgMaxClusters,
    /// f32[S] to f32[S], rule 8.
    Softmax {
        /// The axis normalised over.
        axis: u32,
    },
    /// One operand; results as the quantiser says.
    Quantize(Quantizer),
    /// trit[S] in one encoding to trit[S] in the result type's.
    Encode,
    /// Operands are the callee's parameters; results its results.
    Call {
        /// The callee.
        function: FunctionId,
        /// Size of each symbol of the callee.
        symbols: Vec<Dim>,
        /// This function's state for each state of the callee.
        states: Vec<StateId>,
    },
    /// (E[N, D], f32[N, T], gates f32[N, T] if weighted, captures of tile 0, of tile 1, ...) to E2[N, D2].
    /// Each row goes to the `top` tiles of largest score (ties: lower index; NaN below every number). The result is
    /// the first choice's output times its gate, plus the second's, and so on in descending order of score.
    /// In place of scores, i32[N] names the only tile of each row; a number below 0 stands for tile 0, one above the last for the last.
    /// A tile must treat each row alone ([`crate::meeting_rows`]).
    /// Gradients go to the chosen tiles, their rows and the gates; never to scores.
    Route {
        /// Tiles a row.
        top: u32,
        /// Whether gates are given.
        weighted: bool,
        /// The targets.
        tiles: Vec<Tile>,
    },
    /// () to the state's value, after all earlier writes.
    StateRead {
        /// State of this function.
        state: StateId,
    },
    /// (E[S]) to (): overwrites the part of the state that begins at `starts` and has the operand's shape.
    StateWrite {
        /// State of this function.
        state: StateId,
        /// First element on each axis.
        starts: Vec<Dim>,
    },
    /// (i32) to (): gives a symbol its value, or stops the call if that is negative or a bound does not hold. The
    /// symbol may be used by later instructions only.
    BindDim {
        /// The symbol.
        symbol: Symbol,
        /// `left <= right` for each pair.
        at_most: Vec<(Dim, Dim)>,
    },
}

impl Op {
    /// The functions that the op calls, a route's in the order of its tiles.
    pub fn callees(&self) -> Vec<FunctionId> {
        match self {
            Op::Call { function, .. } => vec![*function],
            Op::Route { tiles, .. } => tiles.iter().map(|tile| tile.function).collect(),
            _ => Vec::new(),
        }
    }
}
