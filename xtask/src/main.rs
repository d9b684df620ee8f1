//! `cargo xtask ci`: every gate of CI, in the order in which they fail fastest. `cargo xtask GATE` runs one of them,
//! `cargo xtask gpu-test` and `gpu-bench` what needs an NVIDIA GPU.

#![expect(clippy::print_stderr, clippy::print_stdout, reason = "progress of a repository chore")]

mod direction;
mod editors;
mod examples;
mod gpu;
mod gpu_bench;
mod gpu_test;
mod links;
mod ptxas;
mod runner;
mod system;

use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::{Context, Result, bail};

/// A gate: its name on the command line, what it holds, how it is checked.
type Gate = (&'static str, &'static str, fn() -> Result<()>);

const GATES: [Gate; 10] = [
    ("format", "every file is formatted", || cargo(&["fmt", "--all", "--check"])),
    ("direction", "crates depend on crates above them only", direction::check),
    ("links", "links of README and docs lead somewhere, and the README to every page", links::check),
    ("packages", "programs that tests start and libraries that features need are installed", || {
        system::require(&["redis-server", "redis-cli", "rclone", "llvm-config-22"])
    }),
    ("ptxas", "the assembler that tests hold GPU kernels to is there", ptxas::check),
    ("clippy", "no lint warns", || {
        cargo(&["clippy", "--workspace", "--all-targets", FEATURES, "--locked", "--", "--deny", "warnings"])
    }),
    ("test", "unit, integration and file tests", || {
        runner::run(&["--workspace", "--all-targets", FEATURES, "--locked"])
    }),
    ("doctest", "examples in documentation comments", || {
        runner::run(&["--workspace", "--doc", FEATURES, "--locked"])
    }),
    (
        "editors",
        "editors colour and package what they should, and Neovim works with the server",
        editors::check,
    ),
    ("examples", "every example compiles, runs and gives its reference", examples::check),
];

/// All that is behind a feature.
const FEATURES: &str = "--features=tri_cli/remote,tri_cli/ptx,tri_llvm/llvm,tri_runtime/llvm,benches/gpu";

fn main() -> ExitCode {
    let names: Vec<String> = std::env::args().skip(1).collect();
    match run(&names) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(names: &[String]) -> Result<()> {
    match names {
        [name] if name == "gpu-test" => return gpu_test::run(),
        [name] if name == "gpu-bench" => return gpu_bench::run(),
        _ => {}
    }
    let chosen: Vec<&Gate> = match names {
        [name] if name == "ci" => GATES.iter().collect(),
        [name] => GATES.iter().filter(|gate| gate.0 == name).collect(),
        _ => Vec::new(),
    };
    if chosen.is_empty() {
        let all: Vec<String> = GATES.iter().map(|(name, holds, _)| format!("  {name:<10} {holds}")).collect();
        bail!(
            "usage: cargo xtask ci, or one gate:\n{}\nor, on a machine with an NVIDIA GPU, cargo xtask gpu-test and gpu-bench",
            all.join("\n")
        );
    }
    for (name, _, check) in chosen {
        let start = Instant::now();
        eprintln!("xtask: {name}");
        check().with_context(|| format!("gate `{name}` failed"))?;
        eprintln!("xtask: {name} passed in {:.1} s", start.elapsed().as_secs_f64());
    }
    runner::summary();
    Ok(())
}

/// Runs cargo in the root of the repository.
fn cargo(args: &[&str]) -> Result<()> {
    let status = Command::new(env!("CARGO")).args(args).current_dir(root()).status()?;
    if !status.success() {
        bail!("`cargo {}` ended with {status}", args.join(" "));
    }
    Ok(())
}

/// The root of the repository.
fn root() -> &'static str {
    concat!(env!("CARGO_MANIFEST_DIR"), "/..")
}
