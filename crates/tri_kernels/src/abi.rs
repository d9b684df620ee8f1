//! The C ABI between generated machine code and the process that runs it.
//!
//! Every struct here is `repr(C)` with 8-byte fields only, so a code generator stores fields at the `*_OFFSET` constants and
//! passes one pointer. Pointers may have any alignment. Sizes that are not positive mean "none".

use core::ffi::c_void;
use core::mem::offset_of;

macro_rules! offsets {
    ($owner:ident { $($name:ident: $field:ident),+ $(,)? }) => {
        impl $owner {
            $(
                #[doc = concat!("Byte offset of `", stringify!($field), "`.")]
                pub const $name: i32 = offset_of!($owner, $field) as i32;
            )+
            /// Size in bytes.
            pub const BYTES: u32 = size_of::<$owner>() as u32;
        }
    };
}

/// A contraction: reads [`GemmArgs`].
pub type GemmKernel = unsafe extern "C" fn(*const GemmArgs);
/// A contraction with scales: reads [`ScaledGemmArgs`].
pub type ScaledGemmKernel = unsafe extern "C" fn(*const ScaledGemmArgs);
/// Rows to bytes: reads [`QuantizeArgs`].
pub type QuantizeKernel = unsafe extern "C" fn(*const QuantizeArgs);
/// What replaces a row of f32: reads [`RowArgs`].
pub type RowKernel = unsafe extern "C" fn(*const RowArgs);
/// A convolution: reads [`ConvArgs`].
pub type ConvKernel = unsafe extern "C" fn(*const ConvArgs);
/// A pooling: reads [`PoolArgs`].
pub type PoolKernel = unsafe extern "C" fn(*const PoolArgs);
/// The tile of each row through its cluster: reads [`ClusterArgs`].
pub type ClusterKernel = unsafe extern "C" fn(*const ClusterArgs);
/// A part of a route: reads [`RouteArgs`].
pub type RouteKernel = unsafe extern "C" fn(*mut RouteArgs);
/// One f32 to one f32.
pub type ScalarF32 = extern "C" fn(f32) -> f32;
/// One f64 to one f64.
pub type ScalarF64 = extern "C" fn(f64) -> f64;
/// `(a, b, c)` to `a * b + c` in f32, rounded once.
pub type TernaryF32 = extern "C" fn(f32, f32, f32) -> f32;
/// `(a, b, c)` to `a * b + c` in f64, rounded once.
pub type TernaryF64 = extern "C" fn(f64, f64, f64) -> f64;

/// `c[i, j] = sum over k of a[i, k] * b[k, j]` for i < m, j < n. With `k` = 0 the result is +0.
///
/// `a[i, k]` is element `i * a_row + k * a_k` of `a`, and `b[k, j]` is element `k * b_k + j * b_n` of `b`. Where `b` is in
/// `t2`, column j of it is the `ceil(k / 4)` bytes from byte `j * b_n`, and `b_k` is not read.
/// `c[i, j]` is element `i * c_row + j` of `c`. `c` overlaps neither operand. Rows or columns may be split among threads.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct GemmArgs {
    /// Left operand.
    pub a: *const u8,
    /// Elements from row to row of `a`.
    pub a_row: i64,
    /// Elements from k to k + 1 of `a`.
    pub a_k: i64,
    /// Right operand.
    pub b: *const u8,
    /// Elements from k to k + 1 of `b`.
    pub b_k: i64,
    /// Elements (in `t2`: bytes) from column to column of `b`.
    pub b_n: i64,
    /// Result: f32 or i32.
    pub c: *mut u8,
    /// Elements from row to row of `c`.
    pub c_row: i64,
    /// Rows.
    pub m: i64,
    /// Columns.
    pub n: i64,
    /// Length of the sum.
    pub k: i64,
}

offsets!(GemmArgs {
    A_OFFSET: a,
    A_ROW_OFFSET: a_row,
    A_K_OFFSET: a_k,
    B_OFFSET: b,
    B_K_OFFSET: b_k,
    B_N_OFFSET: b_n,
    C_OFFSET: c,
    C_ROW_OFFSET: c_row,
    M_OFFSET: m,
    N_OFFSET: n,
    K_OFFSET: k,
});

/// As [`GemmArgs`], but `c[i, j] = sum as f32 * rows[i] * columns[j] * all`, a multiplication after the other; `c` is f32.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ScaledGemmArgs {
    /// The contraction.
    pub gemm: GemmArgs,
    /// f32[m].
    pub rows: *const u8,
    /// f32[n].
    pub columns: *const u8,
    /// One f32; null where there is no such factor.
    pub all: *const u8,
    /// i32[m]: the row of `c` that each row goes to, no two to the same; null where row i is row i.
    pub order: *const u8,
}

offsets!(ScaledGemmArgs {
    GEMM_OFFSET: gemm,
    ROWS_OFFSET: rows,
    COLUMNS_OFFSET: columns,
    ALL_OFFSET: all,
    ORDER_OFFSET: order,
});

/// Rows of f32 to digits and a scale each: bytes as `quantize_rows` of numerics.md says, or trits as `ternarize_rows` and
/// `ternarize_tensor` do.
///
/// The call fills rows `first..last`, so that threads may share the rows.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct QuantizeArgs {
    /// f32[rows, width].
    pub x: *const u8,
    /// i32[last]: the row of `x` that each row is made from; null where row i is row i.
    pub order: *const u8,
    /// i8[rows, width], or trit[rows, width] in `t2`: `ceil(width / 4)` bytes a row.
    pub digits: *mut u8,
    /// f32[rows].
    pub scales: *mut u8,
    /// First row.
    pub first: i64,
    /// Row after the last.
    pub last: i64,
    /// Elements of a row.
    pub width: i64,
}

offsets!(QuantizeArgs {
    X_OFFSET: x,
    ORDER_OFFSET: order,
    DIGITS_OFFSET: digits,
    SCALES_OFFSET: scales,
    FIRST_OFFSET: first,
    LAST_OFFSET: last,
    WIDTH_OFFSET: width,
});

/// A row of f32 that becomes its softmax, by rule 8 of numerics.md, or an elementary function of each element.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct RowArgs {
    /// f32[width].
    pub x: *mut u8,
    /// Elements of the row.
    pub width: i64,
}

offsets!(RowArgs { X_OFFSET: x, WIDTH_OFFSET: width });

/// A convolution of contiguous operands: `input [N, C, H, W]`, `weight [O, C / groups, KH, KW]`, `out [N, O, H2, W2]`.
///
/// A sum runs over (input channel, kernel row, kernel column), last fastest, and skips padding. A weight in `t2` is `O` rows of
/// `ceil(C / groups * KH * KW / 4)` bytes.
/// The call computes planes `first..last` of the `N * O` planes of `out`, so that threads may share a convolution.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ConvArgs {
    /// Input.
    pub input: *const u8,
    /// Weight.
    pub weight: *const u8,
    /// Result: f32 or i32.
    pub out: *mut u8,
    /// First plane to compute.
    pub first: i64,
    /// One past the last plane to compute; at most `N * O`.
    pub last: i64,
    /// C.
    pub channels: i64,
    /// H.
    pub height: i64,
    /// W.
    pub width: i64,
    /// O.
    pub out_channels: i64,
    /// KH.
    pub kernel_height: i64,
    /// KW.
    pub kernel_width: i64,
    /// H2.
    pub out_height: i64,
    /// W2.
    pub out_width: i64,
    /// Rows from window to window.
    pub stride_height: i64,
    /// Columns from window to window.
    pub stride_width: i64,
    /// Rows of padding above.
    pub padding_height: i64,
    /// Columns of padding on the left.
    pub padding_width: i64,
    /// Rows from element to element of a window.
    pub dilation_height: i64,
    /// Columns from element to element of a window.
    pub dilation_width: i64,
    /// Channel groups; divides C and O.
    pub groups: i64,
    /// Called for each part of `out` once its sums are final, if there is one.
    pub epilogue: Option<EpilogueFunction>,
    /// What the epilogue is called with.
    pub context: *mut Context,
    /// The same.
    pub frame: *mut i64,
}

/// Puts what becomes of sums in their place: `(context, frame, part, 0)`.
pub type EpilogueFunction = unsafe extern "C" fn(*mut Context, *mut i64, *const EpilogueArgs, i64);

/// Rows of results of neighbouring planes.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct EpilogueArgs {
    /// First plane of the `N * O`.
    pub first: i64,
    /// One past the last plane.
    pub last: i64,
    /// First row of a plane.
    pub top: i64,
    /// One past the last row.
    pub bottom: i64,
}

offsets!(EpilogueArgs { FIRST_OFFSET: first, LAST_OFFSET: last, TOP_OFFSET: top, BOTTOM_OFFSET: bottom });

offsets!(ConvArgs {
    INPUT_OFFSET: input,
    WEIGHT_OFFSET: weight,
    OUT_OFFSET: out,
    FIRST_OFFSET: first,
    LAST_OFFSET: last,
    CHANNELS_OFFSET: channels,
    HEIGHT_OFFSET: height,
    WIDTH_OFFSET: width,
    OUT_CHANNELS_OFFSET: out_channels,
    KERNEL_HEIGHT_OFFSET: kernel_height,
    KERNEL_WIDTH_OFFSET: kernel_width,
    OUT_HEIGHT_OFFSET: out_height,
    OUT_WIDTH_OFFSET: out_width,
    STRIDE_HEIGHT_OFFSET: stride_height,
    STRIDE_WIDTH_OFFSET: stride_width,
    PADDING_HEIGHT_OFFSET: padding_height,
    PADDING_WIDTH_OFFSET: padding_width,
    DILATION_HEIGHT_OFFSET: dilation_height,
    DILATION_WIDTH_OFFSET: dilation_width,
    GROUPS_OFFSET: groups,
    EPILOGUE_OFFSET: epilogue,
    CONTEXT_OFFSET: context,
    FRAME_OFFSET: frame,
});

/// A pooling of contiguous operands: `input [planes, H, W]`, `out [planes, H2, W2]`, both f32. Padding is not looked at.
///
/// The call computes planes `first..last` of `out`, so that threads may share a pooling.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct PoolArgs {
    /// Input.
    pub input: *const u8,
    /// Result.
    pub out: *mut u8,
    /// First plane to compute.
    pub first: i64,
    /// One past the last plane to compute.
    pub last: i64,
    /// H.
    pub height: i64,
    /// W.
    pub width: i64,
    /// H2.
    pub out_height: i64,
    /// W2.
    pub out_width: i64,
    /// Rows of a window.
    pub kernel_height: i64,
    /// Columns of a window.
    pub kernel_width: i64,
    /// Rows from window to window.
    pub stride_height: i64,
    /// Columns from window to window.
    pub stride_width: i64,
    /// Rows of padding above.
    pub padding_height: i64,
    /// Columns of padding on the left.
    pub padding_width: i64,
}

offsets!(PoolArgs {
    INPUT_OFFSET: input,
    OUT_OFFSET: out,
    FIRST_OFFSET: first,
    LAST_OFFSET: last,
    HEIGHT_OFFSET: height,
    WIDTH_OFFSET: width,
    OUT_HEIGHT_OFFSET: out_height,
    OUT_WIDTH_OFFSET: out_width,
    KERNEL_HEIGHT_OFFSET: kernel_height,
    KERNEL_WIDTH_OFFSET: kernel_width,
    STRIDE_HEIGHT_OFFSET: stride_height,
    STRIDE_WIDTH_OFFSET: stride_width,
    PADDING_HEIGHT_OFFSET: padding_height,
    PADDING_WIDTH_OFFSET: padding_width,
});

/// For each row the nearest of `count` clusters, then the nearest of the `each` tiles in it.
///
/// The call fills rows `first..last` of `out`, so that threads may share the rows.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ClusterArgs {
    /// f32[rows, width].
    pub on: *const u8,
    /// Plain trits [count, width].
    pub clusters: *const u8,
    /// Plain trits [count, each, width].
    pub tiles: *const u8,
    /// i32[rows]: `cluster * each + tile`.
    pub out: *mut u8,
    /// First row.
    pub first: i64,
    /// Row after the last.
    pub last: i64,
    /// Elements of a row.
    pub width: i64,
    /// Number of clusters, at least 1.
    pub count: i64,
    /// Tiles of a cluster, at least 1.
    pub each: i64,
}

offsets!(ClusterArgs {
    ON_OFFSET: on,
    CLUSTERS_OFFSET: clusters,
    TILES_OFFSET: tiles,
    OUT_OFFSET: out,
    FIRST_OFFSET: first,
    LAST_OFFSET: last,
    WIDTH_OFFSET: width,
    COUNT_OFFSET: count,
    EACH_OFFSET: each,
});

/// A route of `rows` rows to `tiles` tiles, `top` of them a row: [`KernelTable::route_select`] once, then for each rank
/// `route_group`, and for each of the `chunks` that it makes `route_gather`, the tile, and `route_scatter`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct RouteArgs {
    /// f32[rows, tiles], or null where `given` names the tiles.
    pub scores: *const u8,
    /// i32[rows]: the only tile of each row where there are no scores; numbers out of range stand for the first and the last.
    pub given: *const u8,
    /// f32[rows, tiles], or null where outputs are not weighted.
    pub gates: *const u8,
    /// i32[rows, top]: tiles of each row, in descending order of score.
    pub chosen: *mut u8,
    /// i32[rows]: rows by tile of the current rank, ascending within a tile.
    pub order: *mut u8,
    /// i32[rows + 1]: where each chunk begins in `order`, and where the last one ends.
    pub starts: *mut u8,
    /// i32[tiles + 1]: room to count in.
    pub first: *mut u8,
    /// Inputs, `row_bytes` a row.
    pub x: *const u8,
    /// Room for the inputs of a chunk.
    pub grouped: *mut u8,
    /// Room for the outputs of a chunk.
    pub results: *mut u8,
    /// Result, `result_bytes` a row.
    pub out: *mut u8,
    /// Number of rows.
    pub rows: i64,
    /// Number of tiles.
    pub tiles: i64,
    /// Tiles a row; at most `tiles`.
    pub top: i64,
    /// Most rows of a chunk.
    pub together: i64,
    /// Bytes of a row of `x`.
    pub row_bytes: i64,
    /// Bytes of a row of `out`; f32 where `top` is above 1 or there are gates.
    pub result_bytes: i64,
    /// Which choice: 0 is the best.
    pub rank: i64,
    /// 1 where tiles are told which rows of `x` are theirs, 0 where these are brought together first.
    pub reads_by_order: i64,
    /// 1 where tiles are told which rows of `out` are theirs.
    pub writes_by_order: i64,
    /// Written by `route_group`: the number of chunks.
    pub chunks: i64,
    /// Which chunk.
    pub chunk: i64,
    /// Written by `route_gather`: the tile of the chunk, its number of rows, where these lie, and where their results go.
    pub tile: i64,
    /// Rows of the chunk.
    pub count: i64,
    /// Its inputs.
    pub from: *const u8,
    /// i32[count]: which rows from there on; null where they are neighbours.
    pub from_order: *const u8,
    /// Its outputs.
    pub to: *mut u8,
    /// i32[count]: which rows from there on; null where they are neighbours.
    pub to_order: *const u8,
}

offsets!(RouteArgs {
    SCORES_OFFSET: scores,
    GIVEN_OFFSET: given,
    GATES_OFFSET: gates,
    CHOSEN_OFFSET: chosen,
    ORDER_OFFSET: order,
    STARTS_OFFSET: starts,
    FIRST_OFFSET: first,
    X_OFFSET: x,
    GROUPED_OFFSET: grouped,
    RESULTS_OFFSET: results,
    OUT_OFFSET: out,
    ROWS_OFFSET: rows,
    TILES_OFFSET: tiles,
    TOP_OFFSET: top,
    TOGETHER_OFFSET: together,
    ROW_BYTES_OFFSET: row_bytes,
    RESULT_BYTES_OFFSET: result_bytes,
    RANK_OFFSET: rank,
    READS_BY_ORDER_OFFSET: reads_by_order,
    WRITES_BY_ORDER_OFFSET: writes_by_order,
    CHUNKS_OFFSET: chunks,
    CHUNK_OFFSET: chunk,
    TILE_OFFSET: tile,
    COUNT_OFFSET: count,
    FROM_OFFSET: from,
    FROM_ORDER_OFFSET: from_order,
    TO_OFFSET: to,
    TO_ORDER_OFFSET: to_order,
});

/// Steps that share one parallel region, as [`KernelTable::siblings`] reads its frame: then come [`SiblingPart`]s.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct SiblingArgs {
    /// How many there are.
    pub parts: i64,
    /// Where each reads what the one before made: how many units of all of them are done in turn. Else 0, and the units of one follow
    /// those of the other.
    pub block: i64,
}

/// One of them.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct SiblingPart {
    /// Computes units.
    pub body: ParallelBody,
    /// For the body.
    pub frame: *mut i64,
    /// How many units it has.
    pub units: i64,
}

offsets!(SiblingArgs { PARTS_OFFSET: parts, BLOCK_OFFSET: block });
offsets!(SiblingPart { BODY_OFFSET: body, FRAME_OFFSET: frame, UNITS_OFFSET: units });

/// The kernels of one CPU level. All may run on several threads at once; none unwinds.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct KernelTable {
    /// f32 by f32 to f32: one chain of `fma` a result, k ascending, from +0.
    pub f32_gemm: GemmKernel,
    /// bf16 by bf16, widened to f32, then as `f32_gemm`.
    pub bf16_gemm: GemmKernel,
    /// f16 by f16, widened to f32, then as `f32_gemm`.
    pub f16_gemm: GemmKernel,
    /// i8 by i8 (or plain trit) to i32, exact modulo 2^32.
    pub i8_gemm: GemmKernel,
    /// i8 by trit in `t2` to i32, exact.
    pub i8_trit_gemm: GemmKernel,
    /// i8 by trit in `t2` to f32: the exact sum, rounded once, times the scale of the row, times that of the column.
    pub i8_trit_scaled_gemm: ScaledGemmKernel,
    /// f32 to i8 with a scale a row.
    pub quantize_rows: QuantizeKernel,
    /// f32 to trits in `t2` with a scale a row.
    pub ternarize_rows: QuantizeKernel,
    /// Rows to packed trits by a scale of at least 1e-5, as a tensor that is one row.
    pub ternarize_tensor: QuantizeKernel,
    /// A row of f32 to its softmax, in its place.
    pub softmax_row: RowKernel,
    /// `exp` of each element.
    pub exp_row: RowKernel,
    /// `sigmoid` of each element.
    pub sigmoid_row: RowKernel,
    /// `tanh` of each element.
    pub tanh_row: RowKernel,
    /// `erf` of each element.
    pub erf_row: RowKernel,
    /// f32 by plain trit (one i8 each): `acc + a`, `acc - a` or `acc`, k ascending, from +0.
    pub f32_trit_gemm: GemmKernel,
    /// f32 by trit in `t2`, as `f32_trit_gemm`.
    pub f32_t2_gemm: GemmKernel,
    /// f32 by f32 convolution, as `f32_gemm`.
    pub f32_conv2d: ConvKernel,
    /// As `f32_conv2d`, for as many groups as channels.
    pub f32_depthwise_conv2d: ConvKernel,
    /// i8 by i8 (or plain trit) convolution to i32, exact modulo 2^32.
    pub i8_conv2d: ConvKernel,
    /// i8 by trit in `t2` convolution to i32, exact.
    pub i8_trit_conv2d: ConvKernel,
    /// f32 by plain trit convolution, as `f32_trit_gemm`.
    pub f32_trit_conv2d: ConvKernel,
    /// The largest element of each window, by rule 6.
    pub f32_max_pool2d: PoolKernel,
    /// Fused multiply and add.
    pub fma_f32: TernaryF32,
    /// Fused multiply and add.
    pub fma_f64: TernaryF64,
    /// Towards negative infinity.
    pub floor_f32: ScalarF32,
    /// Towards negative infinity.
    pub floor_f64: ScalarF64,
    /// Towards positive infinity.
    pub ceil_f32: ScalarF32,
    /// Towards positive infinity.
    pub ceil_f64: ScalarF64,
    /// Towards zero.
    pub trunc_f32: ScalarF32,
    /// Towards zero.
    pub trunc_f64: ScalarF64,
    /// To the nearest integer, half to even.
    pub nearest_f32: ScalarF32,
    /// To the nearest integer, half to even.
    pub nearest_f64: ScalarF64,
    /// The tile of each row through its cluster.
    pub argmax_clusters: ClusterKernel,
    /// Fills `chosen` (`route::select`).
    pub route_select: RouteKernel,
    /// Fills `order` and `starts` for a rank (`route::group`).
    pub route_group: RouteKernel,
    /// Brings the rows of a chunk together (`route::gather`).
    pub route_gather: RouteKernel,
    /// Brings the results of a chunk to `out` (`route::scatter`).
    pub route_scatter: RouteKernel,
    /// Units of several bodies; its frame is [`SiblingArgs`].
    pub siblings: ParallelBody,
}

offsets!(KernelTable {
    F32_GEMM_OFFSET: f32_gemm,
    BF16_GEMM_OFFSET: bf16_gemm,
    F16_GEMM_OFFSET: f16_gemm,
    I8_GEMM_OFFSET: i8_gemm,
    I8_TRIT_GEMM_OFFSET: i8_trit_gemm,
    I8_TRIT_SCALED_GEMM_OFFSET: i8_trit_scaled_gemm,
    QUANTIZE_ROWS_OFFSET: quantize_rows,
    TERNARIZE_ROWS_OFFSET: ternarize_rows,
    TERNARIZE_TENSOR_OFFSET: ternarize_tensor,
    SOFTMAX_ROW_OFFSET: softmax_row,
    EXP_ROW_OFFSET: exp_row,
    SIGMOID_ROW_OFFSET: sigmoid_row,
    TANH_ROW_OFFSET: tanh_row,
    ERF_ROW_OFFSET: erf_row,
    F32_TRIT_GEMM_OFFSET: f32_trit_gemm,
    F32_T2_GEMM_OFFSET: f32_t2_gemm,
    F32_CONV2D_OFFSET: f32_conv2d,
    F32_DEPTHWISE_CONV2D_OFFSET: f32_depthwise_conv2d,
    I8_CONV2D_OFFSET: i8_conv2d,
    I8_TRIT_CONV2D_OFFSET: i8_trit_conv2d,
    F32_TRIT_CONV2D_OFFSET: f32_trit_conv2d,
    F32_MAX_POOL2D_OFFSET: f32_max_pool2d,
    FMA_F32_OFFSET: fma_f32,
    FMA_F64_OFFSET: fma_f64,
    FLOOR_F32_OFFSET: floor_f32,
    FLOOR_F64_OFFSET: floor_f64,
    CEIL_F32_OFFSET: ceil_f32,
    CEIL_F64_OFFSET: ceil_f64,
    TRUNC_F32_OFFSET: trunc_f32,
    TRUNC_F64_OFFSET: trunc_f64,
    NEAREST_F32_OFFSET: nearest_f32,
    NEAREST_F64_OFFSET: nearest_f64,
    ARGMAX_CLUSTERS_OFFSET: argmax_clusters,
    ROUTE_SELECT_OFFSET: route_select,
    ROUTE_GROUP_OFFSET: route_group,
    ROUTE_GATHER_OFFSET: route_gather,
    ROUTE_SCATTER_OFFSET: route_scatter,
    SIBLINGS_OFFSET: siblings,
});

/// The one signature of generated functions. An entry point reads `frame` and ignores the range; the body of a parallel
/// loop computes points `start..end`.
pub type ParallelBody = unsafe extern "C" fn(ctx: *mut Context, frame: *mut i64, start: i64, end: i64);

/// Runs `body(ctx, frame, s, e)` over disjoint ranges that cover `0..count`, each of at least `grain` points but the last,
/// and returns when all are done.
pub type ParallelFor =
    unsafe extern "C" fn(ctx: *mut Context, body: ParallelBody, frame: *mut i64, count: i64, grain: i64);

/// Called before (`is_end` is 0) and after (1) a step of code that marks its steps: step `place & 0xffff_ffff` of schedule `place >> 32`,
/// whose sizes are the first words of `frame`.
pub type Mark = unsafe extern "C" fn(ctx: *mut Context, frame: *const i64, place: i64, is_end: i64);

/// A [`Mark`] that nobody reads.
///
/// # Safety
/// There is nothing to keep.
pub unsafe extern "C" fn unread_mark(_: *mut Context, _: *const i64, _: i64, _: i64) {}

/// What generated code knows of the process it runs in. Its maker keeps everything it points to alive during a call.
#[repr(C)]
#[derive(Debug)]
pub struct Context {
    /// Kernels of the CPU level that the code was made for.
    pub kernels: *const KernelTable,
    /// Runs a range on the pool's threads.
    pub parallel: ParallelFor,
    /// The maker's own data, for `parallel`.
    pub pool: *mut c_void,
    /// 0, or the first failure that generated code met: a code and the op that met it, as the code generator defines them.
    pub error: i64,
    /// The value that caused `error`, such as an index out of range.
    pub error_value: i64,
    /// Threads that `parallel` uses.
    pub threads: i64,
    /// Memory for the maker of the generated code.
    pub scratch: *mut u8,
    /// Called around each step, by code that marks its steps.
    pub mark: Mark,
    /// The maker's own data, for `mark`.
    pub marks: *mut c_void,
}

offsets!(Context {
    KERNELS_OFFSET: kernels,
    PARALLEL_OFFSET: parallel,
    POOL_OFFSET: pool,
    ERROR_OFFSET: error,
    ERROR_VALUE_OFFSET: error_value,
    THREADS_OFFSET: threads,
    SCRATCH_OFFSET: scratch,
    MARK_OFFSET: mark,
    MARKS_OFFSET: marks,
});
