//! The command line: what clap parses.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use tri_kernels::{CpuLevel, Product};

/// The Tri toolchain: checks, compiles and runs ternary neural networks.
#[derive(Debug, Parser)]
#[command(name = "triton", version, about, max_term_width = 110)]
#[command(
    after_help = "Exit codes: 0 success, 1 the program or file has errors, 2 wrong usage, 3 internal error."
)]
pub(crate) struct Cli {
    /// How results and diagnostics are written.
    #[arg(long, global = true, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    /// Whether diagnostics are coloured.
    #[arg(long = "color", global = true, value_enum, value_name = "WHEN", default_value_t = Colour::Auto)]
    pub(crate) colour: Colour,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// How results and diagnostics are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// One line a diagnostic.
    Concise,
    /// For programs.
    Json,
    /// Diagnostics as a SARIF 2.1.0 log, for code hosts; other results as text.
    Sarif,
}

/// Whether diagnostics for people are coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Colour {
    /// On terminals, unless the environment says otherwise (NO_COLOR, CLICOLOR_FORCE).
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Makes a small project that compiles, runs and passes its tests.
    New(NewArgs),
    /// Reports the errors and warnings of a program.
    Check(CheckArgs),
    /// Lays out programs in the canonical way.
    Fmt(FmtArgs),
    /// Compiles a program into an artifact.
    Compile(CompileArgs),
    /// Calls an entry point of a program or artifact.
    Run(RunArgs),
    /// Measures how long each step of an entry point takes, beside what the machine could do.
    Profile(ProfileArgs),
    /// Tells where the tensors of two files differ.
    Diff(DiffArgs),
    /// Renders saved routing statistics as a web page.
    Report(ReportArgs),
    /// Runs the `test` blocks of a program.
    Test(TestArgs),
    /// Prints what an artifact holds.
    Inspect(InspectArgs),
    /// Says which kernel each operation of an artifact runs as on this machine, and why.
    ExplainKernels(ExplainKernelsArgs),
    /// Checks an artifact's hashes, signature, IR and code, and repeats its golden calls.
    Verify(VerifyArgs),
    /// Renders the documentation of a program as web pages.
    Doc(DocArgs),
    /// Draws an entry point of a program: layers, tensors, operations, bytes.
    Graph(GraphArgs),
    /// Serves an editor: the Language Server Protocol over stdin and stdout.
    Lsp,
    /// Looks after the cache of compilations.
    Cache(CacheArgs),
    /// Measures the micro-kernels against the limits of this machine.
    BenchKernels(BenchKernelsArgs),
    /// Prints the page of a diagnostic code.
    Explain(ExplainArgs),
}

#[derive(Args, Debug)]
pub(crate) struct NewArgs {
    /// The project, and the folder that is made for it.
    pub(crate) name: String,
    /// The folder to make it in; the current one unless given.
    #[arg(long, value_name = "DIR")]
    pub(crate) path: Option<PathBuf>,
}

/// A program and what is chosen for it.
#[derive(Args, Clone, Debug)]
pub(crate) struct SourceArgs {
    /// The program.
    pub(crate) file: PathBuf,
    /// Gives a `dim` another size.
    #[arg(long = "dim", value_name = "NAME=SIZE", value_parser = parse_dim)]
    pub(crate) dims: Vec<(String, i64)>,
    /// Gives a configuration of the model another default.
    #[arg(long = "config", value_name = "NAME=VALUE", value_parser = parse_configuration)]
    pub(crate) configuration: Vec<(String, String)>,
    /// Which model, where the file has several.
    #[arg(long)]
    pub(crate) model: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct CheckArgs {
    /// Programs, modules, and folders of them.
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Gives a `dim` another size.
    #[arg(long = "dim", value_name = "NAME=SIZE", value_parser = parse_dim)]
    pub(crate) dims: Vec<(String, i64)>,
    /// Gives a configuration of the model another default.
    #[arg(long = "config", value_name = "NAME=VALUE", value_parser = parse_configuration)]
    pub(crate) configuration: Vec<(String, String)>,
    /// Which model, where the file has several.
    #[arg(long)]
    pub(crate) model: Option<String>,
    /// Ends with exit code 1 where there are warnings.
    #[arg(long)]
    pub(crate) deny_warnings: bool,
    /// Applies the fixes that need no second look, and writes the files.
    #[arg(long)]
    pub(crate) fix: bool,
    /// Prints what `--fix` would change, and writes nothing.
    #[arg(long, requires = "fix")]
    pub(crate) diff: bool,
}

#[derive(Args, Debug)]
pub(crate) struct FmtArgs {
    /// Programs, folders with programs, or `-` for stdin to stdout; the current folder unless given.
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Writes nothing; ends with exit code 1 and names the files that are not formatted.
    #[arg(long)]
    pub(crate) check: bool,
    /// Writes nothing; prints what would change.
    #[arg(long)]
    pub(crate) diff: bool,
}

/// How to compile.
#[derive(Args, Clone, Debug)]
pub(crate) struct OptimizeArgs {
    /// Optimisation level.
    #[arg(short = 'O', value_name = "LEVEL", default_value_t = 2, value_parser = clap::value_parser!(u8).range(0..=3))]
    pub(crate) level: u8,
}

/// Where compilations are kept.
#[derive(Args, Clone, Debug)]
pub(crate) struct CacheFolderArgs {
    /// The folder of the cache; by the platform's convention unless given.
    #[arg(long, global = true, env = "TRI_CACHE_DIR", value_name = "DIR")]
    pub(crate) cache_dir: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct BenchKernelsArgs {
    /// A kernel by its operands: i8_t2, i8, f32, f32_t2 or bf16; i8_t2 unless given.
    #[arg(long = "kernel", value_name = "KERNEL", value_parser = parse_kernel)]
    pub(crate) kernels: Vec<Product>,
    /// Rows and columns of the weights; layers of language models unless given.
    #[arg(long = "shape", value_name = "ROWSxCOLUMNS", value_parser = parse_shape)]
    pub(crate) shapes: Vec<[usize; 2]>,
    /// Vectors in a call.
    #[arg(long = "n", value_name = "N", value_delimiter = ',', default_value = "1,8,64,512")]
    pub(crate) batches: Vec<usize>,
    /// Threads; one, and one a core, unless given.
    #[arg(long, value_name = "N", value_delimiter = ',')]
    pub(crate) threads: Vec<usize>,
    /// Instructions: portable, avx2 or avx512vnni; the best of this machine unless given.
    #[arg(long, value_parser = parse_level)]
    pub(crate) level: Option<CpuLevel>,
    /// How long to repeat each measurement.
    #[arg(long, value_name = "MS", default_value_t = 150)]
    pub(crate) milliseconds: u64,
}

#[derive(Args, Debug)]
pub(crate) struct CacheArgs {
    #[command(flatten)]
    pub(crate) folder: CacheFolderArgs,
    #[command(subcommand)]
    pub(crate) command: CacheCommand,
}

/// What to do with the cache.
#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum CacheCommand {
    /// Counts entries and bytes.
    Stat,
    /// Removes every entry.
    Clear,
    /// Removes the entries that were not used for longest, and what killed processes left behind.
    Gc {
        /// MiB to keep at most.
        #[arg(long, value_name = "MIB", default_value_t = tri_cache::DEFAULT_LIMIT >> 20)]
        limit: u64,
    },
    /// Compiles every artifact of the cache again from its tensor IR and compares, byte for byte.
    Verify,
}

#[derive(Args, Debug)]
pub(crate) struct CompileArgs {
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    #[command(flatten)]
    pub(crate) optimize: OptimizeArgs,
    /// Weights to bind; without them the artifact holds code only.
    #[arg(long, value_name = "FILE.safetensors")]
    pub(crate) weights: Option<PathBuf>,
    /// Where to write; the program's name with `.tria` unless given.
    #[arg(short, long, value_name = "FILE.tria")]
    pub(crate) output: Option<PathBuf>,
    /// A family of GPUs to compile for besides this machine: ptx:sm_80, ptx:sm_86, ptx:sm_89, ptx:sm_90, ptx:sm_100, ptx:sm_120.
    #[arg(long, value_name = "TARGET")]
    pub(crate) target: Option<tri_driver::GpuTarget>,
    /// Prints stages of the program instead of writing an artifact: ast, hir, ir, ir-after=PASS, kir, clif, asm, llvm, ptx.
    #[arg(long, value_parser = parse_emit, value_delimiter = ',', value_name = "STAGE")]
    pub(crate) emit: Vec<Emit>,
    /// Says what each pass changed, where in the source, and what that saves.
    #[arg(long, conflicts_with_all = ["emit", "watch"])]
    pub(crate) report: bool,
    /// Says what took how long: a table or JSON on stderr, or a trace for Perfetto in a file beside the artifact.
    #[arg(long, value_enum, value_name = "SHAPE", num_args = 0..=1, require_equals = true, default_missing_value = "table")]
    pub(crate) timing: Option<TimingShape>,
    /// Says what is done.
    #[arg(long)]
    pub(crate) verbose: bool,
    #[command(flatten)]
    pub(crate) cache: CacheFolderArgs,
    /// Neither looks into the cache nor keeps anything there.
    #[arg(long)]
    pub(crate) no_cache: bool,
    /// Compiles again whenever a file of the program or the weights is saved, and says what was redone; Ctrl-C ends it.
    #[arg(long, conflicts_with = "emit")]
    pub(crate) watch: bool,
}

/// How `--timing` tells what took how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TimingShape {
    /// For people.
    Table,
    /// For programs.
    Json,
    /// In the Trace Event Format.
    Trace,
}

/// A stage of compilation that can be printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Emit {
    /// Syntax tree.
    Ast,
    /// Typed HIR.
    Hir,
    /// Tensor IR after the passes.
    Ir,
    /// Tensor IR after a run of a pass.
    IrAfter(String),
    /// Kernel IR.
    Kir,
    /// Cranelift IR.
    Clif,
    /// Machine code.
    Asm,
    /// LLVM IR of GPU kernels.
    Llvm,
    /// PTX of GPU kernels.
    Ptx,
}

impl Emit {
    /// As `--emit` calls it.
    pub(crate) fn name(&self) -> String {
        let name = match self {
            Emit::Ast => "ast",
            Emit::Hir => "hir",
            Emit::Ir => "ir",
            Emit::IrAfter(run) => return format!("ir-after={run}"),
            Emit::Kir => "kir",
            Emit::Clif => "clif",
            Emit::Asm => "asm",
            Emit::Llvm => "llvm",
            Emit::Ptx => "ptx",
        };
        name.to_owned()
    }
}

fn parse_emit(text: &str) -> Result<Emit, String> {
    Ok(match text {
        "ast" => Emit::Ast,
        "hir" => Emit::Hir,
        "ir" => Emit::Ir,
        "kir" => Emit::Kir,
        "clif" => Emit::Clif,
        "asm" => Emit::Asm,
        "llvm" => Emit::Llvm,
        "ptx" => Emit::Ptx,
        other => match other.strip_prefix("ir-after=") {
            Some(run) => Emit::IrAfter(run.to_owned()),
            None => {
                return Err("stages are ast, hir, ir, ir-after=PASS, kir, clif, asm, llvm, ptx".to_owned());
            }
        },
    })
}

/// A model that is called: a program or an artifact, its entry point, inputs and weights.
#[derive(Args, Debug)]
pub(crate) struct ModelArgs {
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    #[command(flatten)]
    pub(crate) optimize: OptimizeArgs,
    /// Entry point.
    #[arg(long, default_value = "forward")]
    pub(crate) entry: String,
    /// An input: `.npy`, or `.safetensors` with the tensor's name unless it has only one.
    #[arg(long = "input", value_name = "NAME=FILE[:TENSOR]", value_parser = parse_input)]
    pub(crate) inputs: Vec<(String, String)>,
    /// Weights to bind.
    #[arg(long, value_name = "FILE.safetensors")]
    pub(crate) weights: Option<PathBuf>,
    /// Leaves the parameters of a program at their initial values, as tests do.
    #[arg(long, conflicts_with = "weights")]
    pub(crate) initial: bool,
    /// Threads; the machine's cores unless given.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,
}

#[derive(Args, Debug)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    /// Where to write each result, in order: `.npy` or `.safetensors[:TENSOR]`; printed unless given.
    #[arg(long = "output", value_name = "FILE[:TENSOR]")]
    pub(crate) outputs: Vec<String>,
    /// Compares each result, in order, with a tensor, and prints how many elements are equal.
    #[arg(long = "expect", value_name = "FILE[:TENSOR]")]
    pub(crate) expect: Vec<String>,
    /// Writes every value that the entry point computes; at -O0, where each op is a kernel of its own.
    #[arg(long, value_name = "FILE.safetensors")]
    pub(crate) dump_values: Option<PathBuf>,
    /// Executes machine code from the artifact instead of compiling its tensor IR.
    #[arg(long)]
    pub(crate) trust_code: bool,
    /// What the model runs on: `cpu`, or an NVIDIA GPU, `cuda` or `cuda:NUMBER`.
    #[arg(long, value_name = "cpu|cuda[:NUMBER]", default_value = "cpu", value_parser = parse_device)]
    pub(crate) device: Processor,
    /// Says which tiles the rows of each routed layer chose, and saves it in a file for `triton report` and `--routing-earlier`.
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, conflicts_with_all = ["trust_code", "dump_values"])]
    pub(crate) routing_stats: Option<Option<PathBuf>>,
    /// Compares the chosen tiles with those of an earlier run on the same rows.
    #[arg(long, value_name = "FILE", requires = "routing_stats")]
    pub(crate) routing_earlier: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct ProfileArgs {
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    /// A size known only when the model runs, for inputs that are not given; 1 unless given.
    #[arg(long = "size", value_name = "NAME=SIZE", value_parser = parse_dim, conflicts_with = "inputs")]
    pub(crate) sizes: Vec<(String, i64)>,
    /// The program that an artifact was compiled from, to name its lines.
    #[arg(long, value_name = "FILE.tri")]
    pub(crate) lines: Option<PathBuf>,
    /// Steps to print.
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) most: usize,
    /// How long to repeat the call.
    #[arg(long, value_name = "MS", default_value_t = 1000)]
    pub(crate) milliseconds: u64,
    /// Writes the last call as a trace for Perfetto.
    #[arg(long, value_name = "FILE.json")]
    pub(crate) trace: Option<PathBuf>,
    /// Draws the last call as a flame graph.
    #[arg(long, value_name = "FILE.svg")]
    pub(crate) flame: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct ReportArgs {
    /// What `triton run --routing-stats=FILE` saved, earliest first.
    #[arg(required = true, value_name = "RUN")]
    pub(crate) runs: Vec<PathBuf>,
    /// Where to write the page.
    #[arg(short, long, value_name = "FILE.html")]
    pub(crate) output: PathBuf,
}

#[derive(Args, Debug)]
pub(crate) struct DiffArgs {
    /// `.safetensors` or `.npy`.
    #[arg(value_name = "FILE")]
    pub(crate) left: PathBuf,
    /// What it is compared with.
    #[arg(value_name = "OTHER")]
    pub(crate) right: PathBuf,
    /// The absolute difference that two elements may have; else they are the same bits or both NaN.
    #[arg(long, value_name = "DIFFERENCE", value_parser = parse_tolerance)]
    pub(crate) tolerance: Option<f64>,
}

#[derive(Args, Debug)]
pub(crate) struct TestArgs {
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    #[command(flatten)]
    pub(crate) optimize: OptimizeArgs,
    /// Only tests whose name contains this.
    #[arg(long)]
    pub(crate) filter: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct InspectArgs {
    /// The artifact.
    pub(crate) file: PathBuf,
}

#[derive(Args, Debug)]
pub(crate) struct ExplainKernelsArgs {
    /// The artifact.
    pub(crate) file: PathBuf,
    /// Only functions whose name contains this.
    #[arg(long)]
    pub(crate) filter: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct VerifyArgs {
    /// The artifact.
    pub(crate) file: PathBuf,
    /// Demands a signature by this ed25519 key, in hexadecimal.
    #[arg(long, value_name = "HEX")]
    pub(crate) key: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct DocArgs {
    /// The program; `main.tri` unless given.
    #[arg(value_name = "FILE.tri")]
    pub(crate) file: Option<PathBuf>,
    /// Where to write.
    #[arg(short, long, value_name = "DIR", default_value = "doc")]
    pub(crate) output: PathBuf,
    /// Documents the standard library too; without FILE.tri, the library alone.
    #[arg(long)]
    pub(crate) std: bool,
}

#[derive(Args, Debug)]
pub(crate) struct GraphArgs {
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    /// Where to write: `.svg`, or `.html` for a page with buttons.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Entry point; `forward` unless given, or the first if there is no `forward`.
    #[arg(long)]
    pub(crate) entry: Option<String>,
    /// Weights, whose trits are counted: how many are zero.
    #[arg(long, value_name = "FILE.safetensors")]
    pub(crate) weights: Option<PathBuf>,
    /// How many layers inside each other are open at first.
    #[arg(long, default_value_t = 1)]
    pub(crate) depth: usize,
}

#[derive(Args, Debug)]
pub(crate) struct ExplainArgs {
    /// Such as `E2003`; without it all codes are listed.
    pub(crate) code: Option<String>,
}

fn parse_dim(text: &str) -> Result<(String, i64), String> {
    let (name, size) = text.split_once('=').ok_or("write NAME=SIZE")?;
    let size: i64 = size.parse().map_err(|_| format!("`{size}` is not a size"))?;
    if size < 0 {
        return Err(format!("`{size}` is not a size: sizes are not negative"));
    }
    Ok((name.to_owned(), size))
}

fn parse_tolerance(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number: &f64| *number >= 0.0);
    number.ok_or_else(|| format!("`{text}` is no difference: write a number that is not negative"))
}

fn parse_configuration(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn parse_kernel(text: &str) -> Result<Product, String> {
    let known = Product::ALL.into_iter().find(|product| product.name() == text);
    known.ok_or_else(|| format!("kernels are {}", Product::ALL.map(Product::name).join(", ")))
}

fn parse_level(text: &str) -> Result<CpuLevel, String> {
    CpuLevel::from_name(text)
        .ok_or_else(|| format!("levels are {}", CpuLevel::ALL.map(CpuLevel::name).join(", ")))
}

fn parse_shape(text: &str) -> Result<[usize; 2], String> {
    let sizes =
        text.split_once('x').and_then(|(rows, columns)| Some([rows.parse().ok()?, columns.parse().ok()?]));
    sizes.ok_or_else(|| "write ROWSxCOLUMNS, such as 4096x4096".to_owned())
}

/// What a model runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Processor {
    Cpu,
    /// An NVIDIA GPU, by its number.
    Gpu(u32),
}

fn parse_device(text: &str) -> Result<Processor, String> {
    let expected = || "expected `cpu`, `cuda` or `cuda:NUMBER`".to_owned();
    match text.strip_prefix("cuda") {
        None if text == "cpu" => Ok(Processor::Cpu),
        Some("") => Ok(Processor::Gpu(0)),
        Some(number) => {
            let number = number.strip_prefix(':').and_then(|number| number.parse().ok());
            number.map(Processor::Gpu).ok_or_else(expected)
        }
        None => Err(expected()),
    }
}

fn parse_input(text: &str) -> Result<(String, String), String> {
    let (name, file) = text.split_once('=').ok_or("write NAME=FILE")?;
    Ok((name.to_owned(), file.to_owned()))
}
