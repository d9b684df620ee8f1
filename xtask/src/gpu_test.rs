//! `cargo xtask gpu-test`: what CI holds on a simulated GPU, held on the one of this machine. No gate of CI, which has none.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Result, bail};

use crate::gpu::Gpu;

/// An example: the program, and arguments of `triton run` that call it on weights or initial values.
type Example = (&'static str, &'static [&'static str], &'static [&'static str]);

/// Programs with what `compile` and what `run` need.
const EXAMPLES: [Example; 3] = [
    (
        "digits",
        &["--weights=examples/data/digits/weights.safetensors"],
        &["--input=image=examples/data/digits/cases.safetensors:image"],
    ),
    (
        "mnist_cnn",
        &["--weights=examples/data/mnist_cnn/weights.safetensors"],
        &["--input=image=examples/data/mnist_cnn/cases.safetensors:image"],
    ),
    (
        "tiny_llama",
        &["--weights=examples/data/tiny_llama/weights.safetensors"],
        &["--input=tokens=examples/data/tiny_llama/prompt.npy"],
    ),
];

/// Tests that CI runs on a simulated GPU: the runtime's, and every example at small sizes against the interpreter.
const TESTS: [&[&str]; 2] = [
    &["test", "--package=tri_runtime", "--features=llvm", "--test=cuda", "--locked"],
    &["test", "--package=tri_driver", "--features=ptx", "--test=gpu_examples", "--locked"],
];

/// The variable by which cargo learns within what it is to run programs.
fn runner() -> String {
    format!("CARGO_TARGET_{}_UNKNOWN_LINUX_GNU_RUNNER", std::env::consts::ARCH.to_uppercase())
}

/// Finds errors of memory in kernels; part of NVIDIA's toolkit.
const SANITIZER: &str = "compute-sanitizer";

pub(crate) fn run() -> Result<()> {
    let gpu = Gpu::find()?;
    for tests in TESTS {
        eprintln!("xtask: `cargo {}` on the GPU", tests.join(" "));
        let mut command = Command::new(env!("CARGO"));
        command.args(tests).env("TRI_GPU", "real").current_dir(crate::root());
        if is_installed(SANITIZER) {
            command.env(runner(), format!("{SANITIZER} --error-exitcode=99 --leak-check=no"));
        }
        let status = command.status()?;
        if !status.success() {
            bail!("`cargo {}` ended with {status}", tests.join(" "));
        }
    }
    crate::cargo(&["build", "--release", "--quiet", "--locked", "--package=tri_cli", "--features=ptx"])?;
    let folder = Path::new(crate::root()).join("target/gpu");
    std::fs::create_dir_all(&folder)?;
    for example in EXAMPLES {
        check(&example, &gpu.target(), &folder)?;
    }
    if !is_installed(SANITIZER) {
        eprintln!(
            "xtask: `{SANITIZER}` is not installed, so memory errors within kernels were not looked for"
        );
    }
    Ok(())
}

/// An example gives on the GPU what it gives on the CPU, bit for bit.
fn check((name, compile, run): &Example, target: &str, folder: &Path) -> Result<()> {
    eprintln!("xtask: {name}");
    let place = |ending: &str| -> PathBuf { folder.join(format!("{name}.{ending}")) };
    let (artifact, results) = (place("tria"), place("npy"));
    let (artifact, results) = (artifact.display().to_string(), results.display().to_string());
    let source = format!("examples/{name}.tri");
    triton(&[&["compile", &source, "--target", target, "-o", &artifact], *compile].concat(), None)?;
    triton(&[&["run", &artifact, "--output", &results], *run].concat(), None)?;
    let on_gpu = [&["run", &artifact, "--device=cuda", "--trust-code", "--expect", &results], *run].concat();
    let output = triton(&on_gpu, None)?;
    let told = String::from_utf8_lossy(&output.stdout);
    if !told.contains("(100.0 %)") {
        bail!("`{name}` gives other bits on the GPU than on the CPU:\n{told}");
    }
    if is_installed(SANITIZER) {
        triton(&on_gpu, Some(&["--error-exitcode=99", "--leak-check=no"]))?;
    }
    Ok(())
}

/// Runs `triton`, within the sanitizer if it is given options.
fn triton(args: &[&str], sanitizer: Option<&[&str]>) -> Result<Output> {
    let program = Path::new(crate::root()).join("target/release/triton");
    let mut command = match sanitizer {
        Some(options) => {
            let mut command = Command::new(SANITIZER);
            command.args(options).arg(program);
            command
        }
        None => Command::new(program),
    };
    let output = command.args(args).current_dir(crate::root()).output()?;
    if !output.status.success() {
        let told = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
        bail!("`triton {}` ended with {}:\n{}", args.join(" "), output.status, told.concat());
    }
    Ok(output)
}

fn is_installed(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}
