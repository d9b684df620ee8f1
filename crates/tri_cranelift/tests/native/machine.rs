//! A process for generated code: a context, obvious kernels, and a pool that runs ranges out of order.

use core::ffi::c_void;

use tri_cranelift::{Code, Effort, Executable, Failure, FrameLayout, Options, compile};
use tri_ir::{DType, math};
use tri_kernel_ir::{Module, Schedule, ScheduleId, plan, verify, workspace_bytes};
use tri_kernels::{
    ClusterArgs, Context, ConvArgs, CpuLevel, EpilogueArgs, GemmArgs, KernelTable, ParallelBody, PoolArgs,
    QuantizeArgs, RowArgs, ScaledGemmArgs, route, unread_mark,
};

/// Levels that this machine can run.
pub(crate) fn levels() -> impl Iterator<Item = CpuLevel> {
    CpuLevel::ALL.into_iter().filter(|level| level.is_supported())
}

unsafe fn at<T: Copy>(base: *const u8, index: i64) -> T {
    // SAFETY: the caller's promise.
    unsafe { base.cast::<T>().offset(index as isize).read_unaligned() }
}

macro_rules! gemm {
    ($name:ident, |$acc:ident, $args:ident, $i:ident, $k:ident, $j:ident| $step:expr, $acc_ty:ty) => {
        unsafe extern "C" fn $name(args: *const GemmArgs) {
            // SAFETY: generated code passes pointers to the operands.
            unsafe {
                let $args = &*args;
                for $i in 0..$args.m {
                    for $j in 0..$args.n {
                        let mut $acc: $acc_ty = 0 as $acc_ty;
                        for $k in 0..$args.k {
                            $acc = $step;
                        }
                        let c = $args.c.cast::<$acc_ty>();
                        c.offset(($i * $args.c_row + $j) as isize).write_unaligned($acc);
                    }
                }
            }
        }
    };
}

unsafe fn a<T: Copy>(args: &GemmArgs, i: i64, k: i64) -> T {
    // SAFETY: the caller's promise.
    unsafe { at(args.a, i * args.a_row + k * args.a_k) }
}

unsafe fn b<T: Copy>(args: &GemmArgs, k: i64, j: i64) -> T {
    // SAFETY: the caller's promise.
    unsafe { at(args.b, k * args.b_k + j * args.b_n) }
}

unsafe fn packed(args: &GemmArgs, k: i64, j: i64) -> i32 {
    // SAFETY: the caller's promise.
    let byte: u8 = unsafe { at(args.b, j * args.b_n + k / 4) };
    i32::from(byte >> (2 * (k % 4)) & 3) - 1
}

fn add_trit(acc: f32, a: f32, trit: i32) -> f32 {
    match trit {
        0 => acc,
        1 => acc + a,
        _ => acc - a,
    }
}

gemm!(f32_gemm, |acc, x, i, k, j| math::fma(a(x, i, k), b(x, k, j), acc), f32);
gemm!(
    bf16_gemm,
    |acc, x, i, k, j| {
        let wide = |bits: u16| f32::from_bits(u32::from(bits) << 16);
        math::fma(wide(a(x, i, k)), wide(b(x, k, j)), acc)
    },
    f32
);
gemm!(i8_gemm, |acc, x, i, k, j| acc + i32::from(a::<i8>(x, i, k)) * i32::from(b::<i8>(x, k, j)), i32);
gemm!(i8_trit_gemm, |acc, x, i, k, j| acc + i32::from(a::<i8>(x, i, k)) * packed(x, k, j), i32);
gemm!(f32_trit_gemm, |acc, x, i, k, j| add_trit(acc, a(x, i, k), b::<i8>(x, k, j).into()), f32);
gemm!(f32_t2_gemm, |acc, x, i, k, j| add_trit(acc, a(x, i, k), packed(x, k, j)), f32);

/// Sums of `input * weight` over a window, skipping padding.
unsafe extern "C" fn f32_conv2d(args: *const ConvArgs) {
    // SAFETY: generated code passes pointers to the operands.
    unsafe {
        let x = &*args;
        let (per_group, group_outputs) = (x.channels / x.groups, x.out_channels / x.groups);
        for plane in x.first..x.last {
            let (image, out_channel) = (plane / x.out_channels, plane % x.out_channels);
            for (h, w) in (0..x.out_height).flat_map(|h| (0..x.out_width).map(move |w| (h, w))) {
                let mut sum = 0f32;
                for c in 0..per_group {
                    for (kh, kw) in
                        (0..x.kernel_height).flat_map(|h| (0..x.kernel_width).map(move |w| (h, w)))
                    {
                        let row = h * x.stride_height + kh * x.dilation_height - x.padding_height;
                        let column = w * x.stride_width + kw * x.dilation_width - x.padding_width;
                        if !(0..x.height).contains(&row) || !(0..x.width).contains(&column) {
                            continue;
                        }
                        let channel = out_channel / group_outputs * per_group + c;
                        let i = ((image * x.channels + channel) * x.height + row) * x.width + column;
                        let k = ((out_channel * per_group + c) * x.kernel_height + kh) * x.kernel_width + kw;
                        sum = math::fma(at(x.input, i), at(x.weight, k), sum);
                    }
                }
                let to = (plane * x.out_height + h) * x.out_width + w;
                x.out.cast::<f32>().offset(to as isize).write_unaligned(sum);
            }
        }
        // In parts of several rows of several planes.
        for top in (0..x.out_height).step_by(4) {
            let bottom = x.out_height.min(top + 4);
            let part = EpilogueArgs { first: x.first, last: x.last, top, bottom };
            if let Some(epilogue) = x.epilogue {
                epilogue(x.context, x.frame, &raw const part, 0);
            }
        }
    }
}

macro_rules! scalar_functions {
    ($($name:ident($($arg:ident),*: $ty:ty) = $value:expr;)*) => {
        $(extern "C" fn $name($($arg: $ty),*) -> $ty { $value })*
    };
}

scalar_functions! {
    fma_f32(a, b, c: f32) = math::fma(a, b, c);
    fma_f64(a, b, c: f64) = a.mul_add(b, c);
    floor_f32(a: f32) = a.floor();
    floor_f64(a: f64) = a.floor();
    ceil_f32(a: f32) = a.ceil();
    ceil_f64(a: f64) = a.ceil();
    trunc_f32(a: f32) = a.trunc();
    trunc_f64(a: f64) = a.trunc();
    nearest_f32(a: f32) = a.round_ties_even();
    nearest_f64(a: f64) = a.round_ties_even();
}

/// Portable kernels, which tests of the kernels hold to their definition.
macro_rules! portable {
    ($($name:ident: $args:ty),* $(,)?) => {
        $(unsafe extern "C" fn $name(args: *const $args) {
            let table = KernelTable::for_level(CpuLevel::Portable).expect("every machine has this level");
            // SAFETY: the caller's arguments are passed on.
            unsafe { (table.$name)(args) }
        })*
    };
}

portable!(argmax_clusters: ClusterArgs, f32_max_pool2d: PoolArgs, quantize_rows: QuantizeArgs, i8_trit_scaled_gemm: ScaledGemmArgs, softmax_row: RowArgs, exp_row: RowArgs, sigmoid_row: RowArgs, tanh_row: RowArgs, erf_row: RowArgs, ternarize_rows: QuantizeArgs, ternarize_tensor: QuantizeArgs);

static KERNELS: KernelTable = KernelTable {
    f32_gemm,
    bf16_gemm,
    // No test multiplies f16.
    f16_gemm: bf16_gemm,
    i8_gemm,
    i8_trit_gemm,
    i8_trit_scaled_gemm,
    quantize_rows,
    softmax_row,
    exp_row,
    sigmoid_row,
    tanh_row,
    erf_row,
    ternarize_rows,
    ternarize_tensor,
    f32_trit_gemm,
    f32_t2_gemm,
    f32_conv2d,
    // Convolutions differ in the kernel alone; the tests run that of f32.
    f32_depthwise_conv2d: f32_conv2d,
    i8_conv2d: f32_conv2d,
    i8_trit_conv2d: f32_conv2d,
    f32_trit_conv2d: f32_conv2d,
    f32_max_pool2d,
    fma_f32,
    fma_f64,
    floor_f32,
    floor_f64,
    ceil_f32,
    ceil_f64,
    trunc_f32,
    trunc_f64,
    nearest_f32,
    nearest_f64,
    argmax_clusters,
    route_select: route::select,
    route_group: route::group,
    route_gather: route::gather,
    route_scatter: route::scatter,
    siblings,
};

/// That of any level.
unsafe extern "C" fn siblings(ctx: *mut Context, frame: *mut i64, start: i64, end: i64) {
    let table = KernelTable::for_level(CpuLevel::Portable).expect("every machine has this level");
    // SAFETY: the caller's arguments are passed on.
    unsafe { (table.siblings)(ctx, frame, start, end) }
}

/// Runs ranges of `grain` points, the last first.
unsafe extern "C" fn backwards(
    ctx: *mut Context,
    body: ParallelBody,
    frame: *mut i64,
    count: i64,
    grain: i64,
) {
    let ranges = (0..count).step_by(grain as usize).map(|start| (start, (start + grain).min(count)));
    for (start, end) in ranges.collect::<Vec<_>>().into_iter().rev() {
        // SAFETY: the caller's body, frame and context.
        unsafe {
            *(*ctx).pool.cast::<usize>() += 1;
            // As in the pool, a part has a context of its own, in which it is alone.
            let threads = std::mem::replace(&mut (*ctx).threads, 1);
            body(ctx, frame, start, end);
            (*ctx).threads = threads;
        }
    }
}

/// What a call gave.
pub(crate) struct Outcome {
    pub(crate) results: Vec<Vec<u8>>,
    pub(crate) states: Vec<Vec<u8>>,
    pub(crate) failure: Option<Failure>,
    /// Ranges that the pool ran.
    pub(crate) ranges: usize,
}

/// A call of a schedule.
pub(crate) struct Call<'c> {
    pub(crate) symbols: &'c [i64],
    pub(crate) params: &'c [&'c [u8]],
    pub(crate) states: Vec<Vec<u8>>,
    pub(crate) threads: i64,
}

fn value(schedule: &Schedule, dim: &tri_ir::Dim, symbols: &[i64]) -> i64 {
    let symbol = |symbol: &tri_ir::Symbol| {
        let info = &schedule.symbols[symbol.index()];
        Some(if info.bound_inside { info.max.unwrap() } else { symbols[symbol.index()] })
    };
    dim.evaluate(&mut { symbol }).unwrap()
}

/// What stands where code must not write.
const CANARY: u8 = 0xa5;

/// Equal floats, where one NaN is as good as another: no rule gives it a sign or a payload.
fn same_but_nan(a: &[u8], b: &[u8]) -> bool {
    let floats =
        |bytes: &[u8]| bytes.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect::<Vec<_>>();
    let same = |(a, b): (&f32, &f32)| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
    floats(a).iter().zip(&floats(b)).all(same)
}

/// The module's code for every level of this machine.
pub(crate) fn compile_all(module: &Module) -> Vec<Code> {
    let module = verify(module.clone()).unwrap();
    let efforts = [Effort::Thorough, Effort::Quick];
    let options = levels().flat_map(|level| efforts.map(|effort| Options { marks: false, level, effort }));
    options.map(|options| compile(&module, &options).unwrap()).collect()
}

/// Runs schedule `id` on every level and checks that all of them give the same.
pub(crate) fn run(module: &Module, id: u32, call: &Call<'_>) -> Outcome {
    run_all(module, &compile_all(module), id, call)
}

/// The same for code compiled before.
pub(crate) fn run_all(module: &Module, codes: &[Code], id: u32, call: &Call<'_>) -> Outcome {
    let schedule = &module.schedules[id as usize];
    let mut outcomes = codes.iter().map(|code| run_code(module, code, id, call));
    let first = outcomes.next().unwrap();
    for other in outcomes {
        assert_eq!(first.failure, other.failure);
        if first.failure.is_some() {
            continue;
        }
        for ((a, b), buffer) in first.results.iter().zip(&other.results).zip(&schedule.results) {
            let is_f32 = schedule.buffers[buffer.index()].dtype == DType::F32;
            assert!(a == b || (is_f32 && same_but_nan(a, b)), "levels differ");
        }
        assert!(first.states == other.states, "levels differ");
    }
    first
}

fn run_code(module: &Module, code: &Code, id: u32, call: &Call<'_>) -> Outcome {
    let schedule = &module.schedules[id as usize];
    let layout = FrameLayout::of(schedule);
    let executable = Executable::map(code).unwrap();
    let size = |buffer: tri_kernel_ir::BufferId| {
        let bytes = plan::bytes(&schedule.buffers[buffer.index()]).unwrap();
        value(schedule, &bytes, call.symbols) as usize
    };
    let mut results: Vec<Vec<u8>> =
        schedule.results.iter().map(|buffer| vec![CANARY; size(*buffer) + 64]).collect();
    let mut states = call.states.clone();
    let bytes = workspace_bytes(module, ScheduleId(id), call.symbols).unwrap() as usize;
    let mut workspace = vec![CANARY; bytes + 128];
    let aligned = workspace.as_ptr().align_offset(64);

    let mut frame = vec![-1i64; layout.words() + 1];
    frame[layout.symbols()].iter_mut().zip(call.symbols).for_each(|(word, n)| *word = *n);
    frame[layout.params()].iter_mut().zip(call.params).for_each(|(word, p)| *word = p.as_ptr() as i64);
    frame[layout.results()].iter_mut().zip(&mut results).for_each(|(word, r)| *word = r.as_mut_ptr() as i64);
    frame[layout.states()].iter_mut().zip(&mut states).for_each(|(word, s)| *word = s.as_mut_ptr() as i64);
    frame[layout.workspace()] = workspace[aligned..].as_mut_ptr() as i64;

    let mut ranges = 0usize;
    let mut ctx = Context {
        kernels: &raw const KERNELS,
        parallel: backwards,
        pool: (&raw mut ranges).cast::<c_void>(),
        error: 0,
        error_value: 0,
        threads: call.threads,
        scratch: std::ptr::null_mut(),
        mark: unread_mark,
        marks: std::ptr::null_mut(),
    };
    // SAFETY: the frame is filled as its layout says, with memory of the sizes that the schedule states.
    unsafe { executable.schedule(ScheduleId(id))(&raw mut ctx, frame.as_mut_ptr(), 0, 0) };
    let failure = Failure::decode(code, ctx.error, ctx.error_value).unwrap();

    assert_eq!(frame.last(), Some(&-1), "the frame overflowed");
    assert!(workspace[aligned + bytes..].iter().all(|byte| *byte == CANARY), "the workspace overflowed");
    for (result, buffer) in results.iter_mut().zip(&schedule.results) {
        let rest = result.split_off(size(*buffer));
        assert!(rest.iter().all(|byte| *byte == CANARY), "a result overflowed");
    }
    Outcome { results, states, failure, ranges }
}
