//! What the `triton` command costs: whole processes, measured from outside, on the examples.
//!
//!     cargo bench --package benches --bench compile
//!
//! Each case runs many times, interleaved with the others so that a busy moment of the machine hits all of them alike. The
//! last column is the ratio of the median to that of `triton --version`, a process that does nothing, in the same run. Without
//! `--bench` (as `cargo test` calls it) each case runs once, to show that it works.

#![expect(clippy::print_stdout, reason = "the results")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// Runs of each case.
const RUNS: usize = 41;

/// Name and arguments; `OUT` is a file in a folder of its own.
const CASES: [(&str, &[&str]); 14] = [
    ("nothing", &["--version"]),
    ("check digits", &["check", "examples/digits.tri"]),
    ("check resnet18", &["check", "examples/resnet18.tri"]),
    ("compile digits", &["compile", "--no-cache", "examples/digits.tri", "-o", "OUT"]),
    ("compile mnist_cnn", &["compile", "--no-cache", "examples/mnist_cnn.tri", "-o", "OUT"]),
    ("compile tiny_llama", &["compile", "--no-cache", "examples/tiny_llama.tri", "-o", "OUT"]),
    ("compile resnet18", &["compile", "--no-cache", "examples/resnet18.tri", "-o", "OUT"]),
    ("compile resnet18 -O0", &["compile", "--no-cache", "-O0", "examples/resnet18.tri", "-o", "OUT"]),
    (
        "compile digits with weights",
        &[
            "compile",
            "--no-cache",
            "examples/digits.tri",
            "--weights=examples/data/digits/weights.safetensors",
            "-o",
            "OUT",
        ],
    ),
    ("digits from the cache", &["compile", "examples/digits.tri", "-o", "OUT"]),
    ("resnet18 from the cache", &["compile", "examples/resnet18.tri", "-o", "OUT"]),
    ("format check of stdlib", &["fmt", "--check", "stdlib"]),
    ("test digits", &["test", "examples/digits.tri"]),
    ("test resnet18", &["test", "examples/resnet18.tri"]),
];

fn main() -> Result<()> {
    let runs = if std::env::args().any(|arg| arg == "--bench") { RUNS } else { 1 };
    let triton = build(runs > 1)?;
    let folder = tempfile::tempdir()?;
    let out = folder.path().join("out.tria");
    let mut times = vec![Vec::new(); CASES.len()];
    // The first round fills the cache and is not counted.
    for round in 0..=runs {
        for ((name, args), times) in CASES.iter().zip(&mut times) {
            let time = run(&triton, args, &out).with_context(|| (*name).to_owned())?;
            if round > 0 {
                times.push(time);
            }
        }
    }
    for times in &mut times {
        times.sort_unstable();
    }
    let median = |times: &[Duration]| 1e3 * times[times.len() / 2].as_secs_f64();
    let nothing = median(&times[0]);
    println!("{:<30} {:>9} {:>9} {:>9}", "case", "least ms", "median ms", "ratio");
    for ((name, _), times) in CASES.iter().zip(&times) {
        let (least, median) = (1e3 * times[0].as_secs_f64(), median(times));
        println!("{name:<30} {least:>9.1} {median:>9.1} {:>9.1}", median / nothing);
    }
    Ok(())
}

/// Builds the command and gives its path: beside the folder that this program lies in.
fn build(release: bool) -> Result<PathBuf> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--locked", "--package", "tri_cli"]).current_dir(root());
    if release {
        cargo.arg("--release");
    }
    if !cargo.status()?.success() {
        bail!("the command does not build");
    }
    let this = std::env::current_exe()?;
    let profile = this.ancestors().nth(2).context("this program lies in target/PROFILE/deps")?;
    Ok(profile.join("triton").with_extension(std::env::consts::EXE_EXTENSION))
}

fn run(triton: &Path, args: &[&str], out: &Path) -> Result<Duration> {
    let mut command = Command::new(triton);
    let cache = out.with_file_name("cache");
    command.current_dir(root()).stdout(Stdio::null()).stderr(Stdio::null()).env("TRI_CACHE_DIR", cache);
    for arg in args {
        if *arg == "OUT" {
            command.arg(out)
        } else {
            command.arg(arg)
        };
    }
    let start = Instant::now();
    let status = command.status()?;
    let time = start.elapsed();
    if !status.success() {
        bail!("`triton {}` ended with {status}", args.join(" "));
    }
    Ok(time)
}

fn root() -> &'static str {
    concat!(env!("CARGO_MANIFEST_DIR"), "/..")
}
