//! Convolutions of residual networks beside what the vector units do, on one thread.
//!
//!     cargo bench --package tri_kernels --bench convolutions
//!
//! Without `--bench` (as `cargo test` calls it) each runs once, to show that it works.

#![expect(clippy::print_stdout, reason = "the results")]
#![expect(unsafe_code, reason = "kernels are called through the C ABI")]
#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::time::{Duration, Instant};

use tri_kernels::limits::Limits;
use tri_kernels::{ConvArgs, ConvKernel, CpuLevel, KernelTable};

/// Channels, height and width, channels of the result, kernel, stride.
const CASES: [[i64; 5]; 7] = [
    [64, 56, 64, 3, 1],
    [128, 28, 128, 3, 1],
    [256, 14, 256, 3, 1],
    [512, 7, 512, 3, 1],
    [64, 56, 128, 3, 2],
    [64, 56, 256, 1, 1],
    [3, 224, 64, 7, 2],
];
/// How long one is measured.
const BUDGET: Duration = Duration::from_millis(300);
/// Rounds of the limit's loop.
const ROUNDS: usize = 100;

fn args([channels, size, out_channels, kernel, stride]: [i64; 5]) -> ConvArgs {
    let padding = kernel / 2;
    let out = (size + 2 * padding - kernel) / stride + 1;
    ConvArgs {
        input: std::ptr::null(),
        weight: std::ptr::null(),
        out: std::ptr::null_mut(),
        first: 0,
        last: out_channels,
        channels,
        height: size,
        width: size,
        out_channels,
        kernel_height: kernel,
        kernel_width: kernel,
        out_height: out,
        out_width: out,
        stride_height: stride,
        stride_width: stride,
        padding_height: padding,
        padding_width: padding,
        dilation_height: 1,
        dilation_width: 1,
        groups: 1,
        epilogue: None,
        context: std::ptr::null_mut(),
        frame: std::ptr::null_mut(),
    }
}

/// Operations a second of a kernel and of the limit, at best: a busy neighbour only adds time.
fn measure(
    case: [i64; 5],
    kernel: ConvKernel,
    bytes: [usize; 2],
    limit: impl Fn() -> usize,
    whole: bool,
) -> [f64; 2] {
    let mut args = args(case);
    let [channels, size, out_channels, side, _] = case;
    let results = (out_channels * args.out_height * args.out_width) as usize;
    let input = vec![0u8; (channels * size * size) as usize * bytes[0]];
    let weight = vec![0u8; (out_channels * channels * side * side) as usize * bytes[1]];
    let mut out = vec![0u8; 4 * results];
    (args.input, args.weight, args.out) = (input.as_ptr(), weight.as_ptr(), out.as_mut_ptr());
    let mut best = [f64::INFINITY; 2];
    let mut operations = 0;
    let start = Instant::now();
    loop {
        let before = Instant::now();
        operations = limit().max(operations);
        best[0] = best[0].min(before.elapsed().as_secs_f64());
        let before = Instant::now();
        // SAFETY: the operands are made for these sizes, and the table is of this machine.
        unsafe { kernel(&args) };
        best[1] = best[1].min(before.elapsed().as_secs_f64());
        if !whole || start.elapsed() > BUDGET {
            let work = 2 * results * (channels * side * side) as usize;
            return [work as f64 / best[1], operations as f64 / best[0]];
        }
    }
}

fn main() {
    let whole = std::env::args().any(|arg| arg == "--bench");
    let level = CpuLevel::of_machine();
    let (table, limits) = (KernelTable::for_level(level).unwrap(), Limits::for_level(level).unwrap());
    println!("{}, GFLOP/s and percent of the vector units", level.name());
    println!("input        result   kernel  stride          i8        by t2          f32   f32 by trits");
    for case @ [channels, size, out_channels, side, stride] in CASES {
        print!(
            "{:<12} {out_channels:>6}  {:>7}  {stride:>6}",
            format!("{channels}x{size}x{size}"),
            format!("{side}x{side}")
        );
        let dot: &dyn Fn() -> usize = &|| limits.dot_product(ROUNDS);
        let fma: &dyn Fn() -> usize = &|| limits.multiply_add(ROUNDS);
        for (kernel, bytes, limit) in [
            (table.i8_conv2d, [1, 1], dot),
            // A byte a trit is more than enough.
            (table.i8_trit_conv2d, [1, 1], dot),
            (table.f32_conv2d, [4, 4], fma),
            (table.f32_trit_conv2d, [4, 1], fma),
        ] {
            let [rate, limit] = measure(case, kernel, bytes, limit, whole);
            print!("  {:>4.0} {:>4.0} %", rate / 1e9, 100.0 * rate / limit);
        }
        println!();
    }
}
