//! Models on an NVIDIA GPU: how long a call takes the device.
//!
//!     cargo xtask gpu-bench
//!
//! Times are between CUDA events around 20 calls, the median of 5; inputs and results stay on the device, and the calls are one graph where the
//! host decides nothing within a call, as in `benches/compare/gpu.py` for torch. Layers that stand for one product come in copies, which together are
//! larger than the cache of any GPU, and the time is that of one; it has the quantiser of the rows in it. Without `--bench` (as `cargo test` calls it)
//! each case runs once, small and on a simulated GPU, to show that it works.

#![expect(clippy::print_stdout, reason = "the results")]

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use tri_driver::{Program, SourceOptions, Timing, level_of};
use tri_kernel_ir::Fusion;
use tri_llvm::{Effort, Target};
use tri_runtime::{Code, DType, Device, Model, Options, Session, TensorView};

/// Bytes that no cache of a GPU holds.
const COLD: usize = 256 << 20;

/// Calls of a round.
const CALLS: u32 = 20;

/// Times of a case, of which the median counts.
const ROUNDS: usize = 5;

const PRODUCT: &str = "
use std.nn.TernaryLinear

dim In = 64
dim Out = 64
dim Copies = 1

model Product() {
    layers = [TernaryLinear[In, Out](); Copies]

    fn forward[B](x: f32[B, In]) -> f32[B, Out] {
        var y = zeros[B, Out]()
        for each in layers {
            y = y + each(x)
        }
        y
    }
}
";

const ROUTED: &str = "
use std.trix.{HierarchicalTrixFfn, TernaryFfn}

dim Width = 512
dim Hidden = 2048
dim Tiles = 64

model Layers() {
    dense = TernaryFfn[Width, Hidden]()
    routed = HierarchicalTrixFfn[Width, Hidden, Tiles, Tiles / 8]()

    fn in_dense[B](x: f32[B, Width]) -> f32[B, Width] { dense(x) }
    fn in_routed[B](x: f32[B, Width]) -> f32[B, Width] { routed(x) }
}
";

const COPY: &str = "
model Copy() {
    fn forward[N](x: f32[N]) -> f32[N] { -x }
}
";

/// What the command line asks for.
struct Arguments {
    /// Whether this is a measurement.
    measure: bool,
    target: Target,
    json: Option<PathBuf>,
}

fn arguments() -> Result<Arguments> {
    let mut found = Arguments { measure: false, target: Target::ALL[3], json: None };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--bench" => found.measure = true,
            "--target" => found.target = args.next().context("`--target` needs a family")?.parse()?,
            "--json" => found.json = Some(args.next().context("`--json` needs a file")?.into()),
            // `cargo test` passes options of its own.
            _ => {}
        }
    }
    Ok(found)
}

/// Where models run.
struct Machine {
    device: Device,
    target: Target,
    /// Whether times mean something.
    measure: bool,
}

impl Machine {
    /// A session of a program with weights in their initial values.
    fn session(&self, source: &Source<'_>) -> Result<Session> {
        let program = source.program()?;
        let (level, timing) = (level_of(2), &mut Timing::default());
        let module = program.optimized(level, timing).map_err(|error| anyhow::anyhow!("{error:?}"))?.clone();
        let kernels = tri_kernel_ir::verify(tri_kernel_ir::schedule(&module, Fusion::Full)?)?;
        let model = Model::from_module(module, &Options::default())?.bind_initial()?;
        let lowered = tri_llvm::lower(&kernels)?;
        let text = self.target.compile(&lowered, Effort::High)?;
        let code = lowered.into_code(text, Code::fingerprint(&kernels));
        Ok(model.with_gpu_code(&self.target.cpu(), code).session(self.device)?)
    }

    /// Microseconds of a call, the median of some rounds.
    fn time(&self, session: &mut Session, entry: &str, inputs: &[TensorView<'_>]) -> Result<f64> {
        let (rounds, calls) = if self.measure { (ROUNDS, CALLS) } else { (1, 1) };
        let times = (0..rounds).map(|_| session.time_on_device(entry, inputs, calls));
        let mut times = times.collect::<Result<Vec<f64>, _>>()?;
        times.sort_by(f64::total_cmp);
        times.get(rounds / 2).copied().context("there is a round")
    }
}

/// A program: a text, or a file of the repository.
struct Source<'s> {
    text: Option<&'s str>,
    file: &'s str,
    dims: Vec<(&'s str, i64)>,
}

impl Source<'_> {
    fn program(&self) -> Result<Program> {
        let dims = self.dims.iter().map(|(name, size)| ((*name).to_owned(), *size)).collect();
        let options = SourceOptions { dims, ..SourceOptions::default() };
        let folder = tempfile::tempdir()?;
        let path = match self.text {
            Some(text) => {
                let path = folder.path().join(self.file);
                std::fs::write(&path, text)?;
                path
            }
            None => PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../examples")).join(self.file),
        };
        Ok(Program::open(&path, &options)?)
    }
}

/// Numbers between -1 and 1.
fn noise(count: usize) -> Vec<f32> {
    let mut state = 1u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

/// A product of rows of `i` by ternary weights of `o` rows.
fn product(machine: &Machine, [o, i]: [usize; 2], rows: usize, cold: usize) -> Result<Value> {
    let packed = o * i / 4;
    let copies = cold.div_ceil(packed).max(1);
    let dims = vec![("In", i as i64), ("Out", o as i64), ("Copies", copies as i64)];
    let mut session = machine.session(&Source { text: Some(PRODUCT), file: "product.tri", dims })?;
    let x = noise(rows * i);
    let time = machine.time(&mut session, "forward", &[TensorView::from_f32(&[rows, i], &x)?])?;
    let time = time / copies as f64;
    let gigabytes = packed as f64 / time / 1e3;
    Ok(json!({
        "case": "product", "out": o, "in": i, "rows": rows, "copies": copies, "microseconds": time,
        "packed_bytes": packed, "gigabytes_a_second": gigabytes,
    }))
}

fn routed(machine: &Machine, rows: usize) -> Result<Vec<Value>> {
    let mut session =
        machine.session(&Source { text: Some(ROUTED), file: "routed.tri", dims: Vec::new() })?;
    let x = noise(rows * 512);
    let shape = [rows, 512];
    ["in_dense", "in_routed"]
        .into_iter()
        .map(|entry| {
            let time = machine.time(&mut session, entry, &[TensorView::from_f32(&shape, &x)?])?;
            Ok(json!({ "case": "ffn", "entry": entry, "rows": rows, "microseconds": time }))
        })
        .collect()
}

fn copy(machine: &Machine, bytes: usize) -> Result<Value> {
    let mut session = machine.session(&Source { text: Some(COPY), file: "copy.tri", dims: Vec::new() })?;
    let x = noise(bytes / 4);
    let time = machine.time(&mut session, "forward", &[TensorView::from_f32(&[x.len()], &x)?])?;
    let moved = 2.0 * bytes as f64;
    Ok(
        json!({ "case": "copy", "bytes": bytes, "microseconds": time, "gigabytes_a_second": moved / time / 1e3 }),
    )
}

/// A token of BitNet b1.58 2B-4T, or of a small one.
fn decode(machine: &Machine, dims: Vec<(&str, i64)>) -> Result<Value> {
    let mut session = machine.session(&Source { text: None, file: "zoo/bitnet_2b_4t.tri", dims })?;
    let token = 1i32.to_le_bytes();
    let tokens = TensorView::new(DType::I32, &[1], &token)?;
    let time = machine.time(&mut session, "step", &[tokens])?;
    Ok(json!({ "case": "bitnet decode", "microseconds": time, "tokens_a_second": 1e6 / time }))
}

/// Images through a network of convolutions.
fn images(machine: &Machine, file: &str, dims: Vec<(&str, i64)>, shape: &[usize]) -> Result<Value> {
    let mut session = machine.session(&Source { text: None, file, dims })?;
    let x = noise(shape.iter().product());
    let time = machine.time(&mut session, "forward", &[TensorView::from_f32(shape, &x)?])?;
    Ok(json!({ "case": "images", "model": file, "batch": shape[0], "microseconds": time }))
}

/// Says to a process that its driver is a simulated one.
const SIMULATED: &str = "TRI_GPU_BENCH_SIMULATED";

/// Runs this program again with a simulated driver in the place of the machine's.
fn again_simulated() -> Result<()> {
    let folder = tempfile::tempdir()?;
    tri_cuda_sim::install(folder.path())?;
    let mut command = Command::new(std::env::current_exe()?);
    let status = command.env(SIMULATED, "1").env("LD_LIBRARY_PATH", folder.path()).status()?;
    if status.success() { Ok(()) } else { bail!("the cases on a simulated GPU ended with {status}") }
}

fn main() -> Result<()> {
    let arguments = arguments()?;
    let measure = arguments.measure;
    if !measure && std::env::var_os(SIMULATED).is_none() {
        return again_simulated();
    }
    let machine = Machine { device: Device::cuda(0), target: arguments.target, measure };
    let mut cases = Vec::new();
    if measure {
        cases.push(copy(&machine, COLD)?);
        for shape in [[2560, 2560], [6912, 2560], [2560, 6912], [8192, 8192], [28672, 8192]] {
            cases.push(product(&machine, shape, 1, COLD)?);
        }
        cases.push(product(&machine, [8192, 8192], 4096, 0)?);
        for rows in [1, 16, 256, 1024, 4096, 16384] {
            cases.extend(routed(&machine, rows)?);
        }
        cases.push(decode(&machine, Vec::new())?);
        cases.push(images(&machine, "zoo/resnet18.tri", Vec::new(), &[32, 3, 224, 224])?);
    } else {
        cases.push(copy(&machine, 1 << 10)?);
        cases.push(product(&machine, [64, 64], 1, 2048)?);
        cases.extend(routed(&machine, 2)?);
        let small = [("Layers", 2), ("Model", 64), ("Ffn", 96), ("HeadDim", 8), ("Heads", 8)];
        let rest = [("KvHeads", 2), ("Vocab", 100), ("MaxLen", 256)];
        cases.push(decode(&machine, small.into_iter().chain(rest).collect())?);
        let narrow = vec![("Narrow", 4), ("Wide", 6), ("Hidden", 16)];
        cases.push(images(&machine, "mnist_cnn.tri", narrow, &[2, 1, 28, 28])?);
    }
    for case in &cases {
        println!("{case}");
    }
    match arguments.json {
        Some(_) if !measure => bail!("`--json` is for measurements: add `--bench`"),
        Some(file) => Ok(std::fs::write(file, format!("{:#}\n", Value::Array(cases)))?),
        None => Ok(()),
    }
}
