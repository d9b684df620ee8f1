//! The data of kernel IR.

use std::hash::{Hash, Hasher};
use std::ops::Range;

use serde::{Deserialize, Serialize};
use tri_ir::{
    BinaryOp, Conv2d, DType, Dim, Encoding, Origin, Pool2d, ReduceOp, Scalar, Shape, Symbol, SymbolInfo,
    UnaryOp,
};

use crate::{Attention, Epilogue, Siblings};

macro_rules! index {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub u32);

        impl $name {
            /// Position in its list.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}

index!(
    /// A schedule of the module; equals the id of the tensor IR function it computes.
    ScheduleId
);
index!(
    /// A buffer of a schedule.
    BufferId
);
index!(
    /// An expression of a nest.
    ExprId
);
index!(
    /// A scalar of a nest, written by one stage and read by later ones.
    Reg
);
index!(
    /// A loop variable: first the nest's outer axes, then the inner axes of the stage.
    Index
);

/// Everything that a tensor IR module needs at run time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Module {
    /// One schedule a function, in the same order; callees come before callers.
    pub schedules: Vec<Schedule>,
}

/// The host program of one function.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Schedule {
    /// The function's name.
    pub name: String,
    /// Sizes: given by the caller, then those bound inside.
    pub symbols: Vec<SymbolInfo>,
    /// All buffers.
    pub buffers: Vec<Buffer>,
    /// Buffers of the parameters, in order.
    pub params: Vec<BufferId>,
    /// Buffers of the results, in order; memory given by the caller, never overlapping a parameter.
    pub results: Vec<BufferId>,
    /// Buffers of the states, in order.
    pub states: Vec<BufferId>,
    /// The memory plan: the workspace is the slots one after another, each aligned to 64 bytes.
    pub slots: Vec<Slot>,
    /// In execution order.
    pub steps: Vec<Step>,
    /// Which of them are executed several times; in order, apart from each other.
    pub repeats: Vec<Repeat>,
    /// Which of them may run as one parallel region; in order, apart from each other.
    pub siblings: Vec<Siblings>,
}

/// Steps that are executed several times in a row, each time over other buffers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Repeat {
    /// Positions of the steps.
    pub steps: Range<u32>,
    /// How many times.
    pub times: u32,
    /// Buffers among the parameters, results or states, with how many of these each moves on from one time to the next. Other
    /// buffers stay.
    pub moving: Vec<(BufferId, i32)>,
}

impl Schedule {
    /// Where a buffer lies, behind its aliases.
    pub fn memory(&self, buffer: BufferId) -> Place {
        let mut place = self.buffers[buffer.index()].place;
        while let Place::Alias(of) = place {
            place = self.buffers[of.index()].place;
        }
        place
    }
}

/// A region of the workspace, as large as the largest of its uses.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Slot {
    /// What lies in it, at different times.
    pub sizes: Vec<SlotSize>,
}

/// The size of one use of a slot.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SlotSize {
    /// A buffer of that many bytes.
    Bytes(Dim),
    /// The workspace of a callee.
    Workspace {
        /// The callee.
        schedule: ScheduleId,
        /// Size of each of its symbols.
        symbols: Vec<Dim>,
    },
}

/// Contiguous memory, row major.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Buffer {
    /// Element type.
    pub dtype: DType,
    /// Sizes of the tensor in it.
    pub shape: Shape,
    /// Layout; only trits have another than plain.
    pub encoding: Encoding,
    /// Where it lies.
    pub place: Place,
}

/// Where a buffer lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// The caller's, read only.
    Param(u32),
    /// The caller's, written.
    Result(u32),
    /// The session's, read and written.
    State(u32),
    /// At the beginning of a slot of the workspace.
    Slot(u32),
    /// The memory of another buffer with as many elements of the same type (a reshape) or of one as large (sums in the place of what becomes
    /// of them).
    Alias(BufferId),
}

/// A step and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What it does.
    pub kind: StepKind,
    /// The source expression it computes (the last, if several are fused).
    pub origin: Option<Origin>,
}

/// Where it comes from makes no difference to what it does, and is not hashed.
impl Hash for Step {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.kind.hash(state);
    }
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum StepKind {
    /// A fused loop nest.
    Nest(Nest),
    /// Sums of products through a micro-kernel.
    Contraction(Box<Contraction>),
    /// Two contractions around a nest, a block of rows at a time.
    Attention(Box<Attention>),
    /// A contraction or convolution and a nest behind it, a block at a time.
    Epilogue(Box<Epilogue>),
    /// Rows to digits with a scale each, through a micro-kernel.
    QuantizeRows(QuantizeStep),
    /// A convolution through a micro-kernel.
    Convolution(Convolution),
    /// A pooling through a micro-kernel.
    MaxPool(MaxPool),
    /// Another schedule.
    Call(CallStep),
    /// The tile of each row, through its cluster.
    Clusters(ClusterStep),
    /// Rows to tiles.
    Route(RouteStep),
    /// Gives a symbol the value of an `i32` buffer of one element, or stops the call.
    BindDim {
        /// The scalar.
        from: BufferId,
        /// The symbol.
        symbol: Symbol,
        /// `left <= right` must hold for each pair.
        at_most: Vec<(Dim, Dim)>,
    },
}

/// Loops over `axes`, outermost first, with `stages` run for each point, in order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Nest {
    /// What it computes, for people: the names of the fused ops.
    pub name: String,
    /// Outer axes, which may run in parallel.
    pub axes: Vec<Dim>,
    /// Expressions; operands come before users.
    pub exprs: Vec<Expr>,
    /// Executed for each point of the outer axes.
    pub stages: Vec<Stage>,
}

/// A part of a nest's body.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Folds `value` over the inner axes into a register, in the canonical order of numerics.md for `fold`.
    Fold {
        /// Inner axes, outermost first; empty folds a single element.
        axes: Vec<Dim>,
        /// How.
        fold: Fold,
        /// The element.
        value: ExprId,
        /// Inner points where this `bool` is false do not take part (padding); order counts only those that do.
        only_if: Option<ExprId>,
        /// Receives the result.
        into: Reg,
    },
    /// Puts the value of an expression into a register.
    Let {
        /// Without inner indices.
        value: ExprId,
        /// Receives it.
        into: Reg,
    },
    /// Stores for each point of the inner axes.
    Map {
        /// Inner axes, outermost first; empty stores once.
        axes: Vec<Dim>,
        /// What to store where.
        stores: Vec<Store>,
    },
    /// Replaces a row of f32 by its softmax (rule 8), through a micro-kernel.
    Softmax {
        /// The axis that goes along the row; none for a row of one element.
        axes: Vec<Dim>,
        /// An element of it; those of the axis are neighbours.
        row: Access,
    },
}

/// How a fold combines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fold {
    /// A reduction of tensor IR; float sums in sixteen strided partial sums (rule 5).
    Reduce(ReduceOp),
    /// Index of the first largest element, `i32` (rule 6).
    ArgMax,
    /// Number of elements that take part, `i32`; the value is ignored.
    Count,
}

/// One store of a map stage.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Store {
    /// Where.
    pub to: Access,
    /// What; of the buffer's element type.
    pub value: ExprId,
}

/// An element of a buffer, at `offset + sum of index * stride`, in elements.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Access {
    /// Which buffer; plain encoding.
    pub buffer: BufferId,
    /// Constant part.
    pub offset: Dim,
    /// Factor of each index that occurs, ascending by index.
    pub strides: Vec<(Index, Dim)>,
}

/// When a load happens: `0 <= offset + sum of index * stride < size` for an affine expression.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Guard {
    /// Constant part.
    pub offset: Dim,
    /// Factor of each index that occurs.
    pub strides: Vec<(Index, Dim)>,
    /// Exclusive upper end.
    pub size: Dim,
}

/// A scalar computed at a point of a nest.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Expr {
    /// A number.
    Constant(Scalar),
    /// The value of a size, `i32`.
    Dim(Dim),
    /// The value of an index times a factor plus an offset, `i32`.
    Affine {
        /// Constant part.
        offset: Dim,
        /// Factor of each index that occurs.
        strides: Vec<(Index, Dim)>,
    },
    /// A register.
    Reg(Reg),
    /// An element of a buffer.
    Load(Access),
    /// An element where all guards hold, else the scalar (padding).
    GuardedLoad {
        /// The element.
        access: Access,
        /// Conditions.
        guards: Vec<Guard>,
        /// The value elsewhere.
        otherwise: Scalar,
    },
    /// Whether all guards hold, `bool`.
    Holds(Vec<Guard>),
    /// The element at `access` moved by `row * stride`, where `row` is an `i32` expression that must lie in
    /// `0..rows`, else the call stops with an error (gather).
    GatherLoad {
        /// The element of row 0.
        access: Access,
        /// Which row.
        row: ExprId,
        /// Number of rows.
        rows: Dim,
        /// Elements a row.
        stride: Dim,
    },
    /// Uniform in [0, 1), f32 (numerics.md, random numbers).
    Random {
        /// Which sequence, `i64`.
        stream: ExprId,
        /// Row-major index: an affine expression.
        offset: Dim,
        /// Factor of each index that occurs.
        strides: Vec<(Index, Dim)>,
    },
    /// Elementwise function.
    Unary(UnaryOp, ExprId),
    /// Elementwise function.
    Binary(BinaryOp, ExprId, ExprId),
    /// The second where the first is true, else the third.
    Select(ExprId, ExprId, ExprId),
    /// Another element type, rule 9.
    Cast(DType, ExprId),
}

/// Element types of a contraction, and the encoding of its second operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ContractionKind {
    /// f32 by f32 to f32.
    F32,
    /// bf16 by bf16 to f32.
    Bf16,
    /// f16 by f16 to f32.
    F16,
    /// i8 by i8 or plain trit to i32.
    I8,
    /// i8 by trit in t2, rows along k, to i32.
    I8T2,
    /// f32 by plain trit to f32.
    F32Trit,
    /// f32 by trit in t2, rows along k, to f32.
    F32T2,
}

/// `out[o, i, j] = sum over k of lhs[o, i, k] * rhs[o, k, j]` for every point `o` of the outer axes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Contraction {
    /// Element types.
    pub kind: ContractionKind,
    /// Axes looped over outside the micro-kernel.
    pub outer: Vec<OuterAxis>,
    /// Rows of the left operand and the result.
    pub m: Dim,
    /// Columns of the right operand and the result.
    pub n: Dim,
    /// Length of the sum.
    pub k: Dim,
    /// Left operand.
    pub lhs: BufferId,
    /// First element, in elements.
    pub lhs_offset: Dim,
    /// Elements from row to row, and from k to k + 1.
    pub lhs_strides: [Dim; 2],
    /// Right operand. In `t2`, row `j` holds column `j` in `ceil(k / 4)` bytes, and offset and strides are not used.
    pub rhs: BufferId,
    /// First element, in elements.
    pub rhs_offset: Dim,
    /// Elements from k to k + 1, and from column to column.
    pub rhs_strides: [Dim; 2],
    /// Result.
    pub out: BufferId,
    /// First element, in elements.
    pub out_offset: Dim,
    /// Elements from row to row; columns are adjacent.
    pub out_stride: Dim,
    /// What sums are multiplied with; the result is f32 then.
    pub scales: Option<Scales>,
}

/// `out[i, j] = (sum as f32) * rows[i] * columns[j] * all`, a multiplication after the other, for sums of `i8` by `t2` without outer axes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Scales {
    /// `f32[m]`, adjacent.
    pub rows: BufferId,
    /// `f32[n]`, adjacent.
    pub columns: BufferId,
    /// One `f32`, if there is that factor.
    pub all: Option<BufferId>,
}

impl Scales {
    /// The buffers of the scales, in the order of the multiplications.
    pub fn buffers(&self) -> impl Iterator<Item = BufferId> {
        [self.rows, self.columns].into_iter().chain(self.all)
    }

    /// As [`Scales::buffers`], to change them.
    pub fn buffers_mut(&mut self) -> impl Iterator<Item = &mut BufferId> {
        [&mut self.rows, &mut self.columns].into_iter().chain(&mut self.all)
    }
}

/// What rows are quantized to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Digits {
    /// `i8` by the largest magnitude: `quantize_rows` of numerics.md.
    Bytes,
    /// Trits in `t2` by the mean magnitude: `ternarize_rows`, then `encode`.
    PackedTrits,
    /// The same by one scale for a tensor, which is a single row: `ternarize_tensor`, then `encode`.
    PackedTensor,
}

/// Rows to digits with a scale each; all operands are row major.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct QuantizeStep {
    /// Which digits.
    pub to: Digits,
    /// Number of rows.
    pub rows: Dim,
    /// Elements of a row.
    pub width: Dim,
    /// `f32[rows, width]`.
    pub x: BufferId,
    /// `i8[rows, width]`, or `trit[rows, width]` in `t2`.
    pub digits: BufferId,
    /// `f32[rows]`.
    pub scales: BufferId,
}

/// An axis outside the micro-kernel.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OuterAxis {
    /// Its size.
    pub size: Dim,
    /// Elements from point to point: left operand, right operand, result.
    pub strides: [Dim; 3],
}

/// A two-dimensional convolution over contiguous operands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Convolution {
    /// Element types: F32, I8, I8T2 or F32Trit.
    pub kind: ContractionKind,
    /// Whether it goes to the kernel for as many groups as channels; of F32 only.
    pub depthwise: bool,
    /// Attributes.
    pub attributes: Conv2d,
    /// C / groups, KH, KW: what a result sees.
    pub window: [Dim; 3],
    /// `[N, C, H, W]`.
    pub input: BufferId,
    /// `[O, C / groups, KH, KW]`; packed `[O, C / groups * KH * KW]`.
    pub weight: BufferId,
    /// `[N, O, H2, W2]`.
    pub out: BufferId,
}

/// The largest elements of windows over contiguous operands of f32.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MaxPool {
    /// Attributes; the kind is [`Max`](tri_ir::PoolKind::Max).
    pub attributes: Pool2d,
    /// `[N, C, H, W]`.
    pub input: BufferId,
    /// `[N, C, H2, W2]`.
    pub out: BufferId,
    /// The same as a loop nest, for machines without the kernel.
    pub nest: Nest,
}

/// A call of another schedule.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CallStep {
    /// The callee.
    pub schedule: ScheduleId,
    /// Size of each of its symbols that the caller gives.
    pub symbols: Vec<Dim>,
    /// Its parameters.
    pub params: Vec<BufferId>,
    /// Its results.
    pub results: Vec<BufferId>,
    /// Its states.
    pub states: Vec<BufferId>,
    /// The slot that is its workspace.
    pub workspace: u32,
}

/// The nearest cluster of each row, then the nearest tile in it, through a micro-kernel. All operands are row major.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClusterStep {
    /// `f32[N, D]`.
    pub on: BufferId,
    /// `trit[C, D]`.
    pub clusters: BufferId,
    /// `trit[C, M, D]`.
    pub tiles: BufferId,
    /// `i32[N]`.
    pub out: BufferId,
}

/// Rows to tiles: choose, group by tile, run each tile on its rows a chunk at a time, add in order of rank.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RouteStep {
    /// Number of rows.
    pub rows: Dim,
    /// Tiles a row.
    pub top: u32,
    /// `E[rows, D]`.
    pub x: BufferId,
    /// `f32[rows, T]`, or `i32[rows]` with the only tile of each row.
    pub scores: BufferId,
    /// `f32[rows, T]`.
    pub gates: Option<BufferId>,
    /// `f32[rows, D2]`.
    pub out: BufferId,
    /// The targets.
    pub tiles: Vec<RouteTile>,
    /// Scratch in the workspace: `i32[rows, top]` chosen tiles, `i32[rows]` row order, `i32[rows + 1]` where chunks begin in it, `i32[T + 1]`
    /// to count in, and for each lane `E[TOGETHER, D]` rows of a chunk and `f32[TOGETHER, D2]` their results.
    pub scratch: [BufferId; 6],
    /// For each lane, the slot that is the workspace of each tile in turn.
    pub workspaces: [u32; RouteStep::LANES],
}

impl RouteStep {
    /// Most rows that a tile is called with: enough to reuse what it has loaded of its weights, few enough for rows and results to stay in
    /// the cache, and no more memory however many rows there are.
    pub const TOGETHER: i64 = 32;
    /// Most threads that run chunks at a time: each has memory for a chunk of its own.
    pub const LANES: usize = 4;
}

/// A target of a route.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RouteTile {
    /// Called with the grouped rows, then the captures; its symbol 0 is their number.
    pub schedule: ScheduleId,
    /// Sizes of its further symbols.
    pub symbols: Vec<Dim>,
    /// Its parameters after the rows.
    pub captures: Vec<BufferId>,
}
