//! What the `triton` command costs: whole processes, measured from outside, on the examples.
//!
//!     cargo bench --package benches --bench compile
//!
//! Each case runs many times, interleaved with the others so that a busy moment of the machine hits all of them alike. The
//! last column is the ratio of the median to that of `triton --version`, a process that does nothing, in the same run. Without
//! `--bench` (as `cargo test` calls it) each case runs once, to show that it works.

#![expect(clippy::print_stdout, reason = "the results")]

use std::path::Path;

use anyhow::{Context, Result};

mod command;

/// Runs of each case.
const RUNS: usize = 41;

/// Name and arguments, as [`command::run`] reads them.
const CASES: [(&str, &[&str]); 18] = [
    ("nothing", &["--version"]),
    ("check digits", &["check", "examples/digits.tri"]),
    ("check resnet18", &["check", "examples/resnet18.tri"]),
    ("compile digits", &["compile", "--no-cache", "examples/digits.tri", "-o", "OUT"]),
    ("compile mnist_cnn", &["compile", "--no-cache", "examples/mnist_cnn.tri", "-o", "OUT"]),
    ("compile tiny_llama", &["compile", "--no-cache", "examples/tiny_llama.tri", "-o", "OUT"]),
    ("compile resnet18", &["compile", "--no-cache", "examples/resnet18.tri", "-o", "OUT"]),
    ("compile resnet18 -O0", &["compile", "--no-cache", "-O0", "examples/resnet18.tri", "-o", "OUT"]),
    ("compile resnet50", &["compile", "--no-cache", "examples/zoo/resnet50.tri", "-o", "OUT"]),
    ("compile resnet50 -O0", &["compile", "--no-cache", "-O0", "examples/zoo/resnet50.tri", "-o", "OUT"]),
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
    ("resnet50 from the cache", &["compile", "examples/zoo/resnet50.tri", "-o", "OUT"]),
    ("resnet50, one layer edited", &["compile", "FOLDER/edited.tri", "-o", "OUT"]),
    ("format check of stdlib", &["fmt", "--check", "stdlib"]),
    ("test digits", &["test", "examples/digits.tri"]),
    ("test resnet18", &["test", "examples/resnet18.tri"]),
];

fn main() -> Result<()> {
    let runs = if std::env::args().any(|arg| arg == "--bench") { RUNS } else { 1 };
    let triton = command::build(runs > 1)?;
    let folder = tempfile::tempdir()?;
    let mut times = vec![Vec::new(); CASES.len()];
    // The first round fills the cache and is not counted.
    for round in 0..=runs {
        edit(folder.path(), round)?;
        for ((name, args), times) in CASES.iter().zip(&mut times) {
            let time = command::run(&triton, args, folder.path()).with_context(|| (*name).to_owned())?;
            if round > 0 {
                times.push(time);
            }
        }
    }
    for times in &mut times {
        times.sort_unstable();
    }
    let nothing = command::median(&times[0]);
    println!("{:<30} {:>9} {:>9} {:>9}", "case", "least ms", "median ms", "ratio");
    for ((name, _), times) in CASES.iter().zip(&times) {
        let (least, median) = (1e3 * times[0].as_secs_f64(), command::median(times));
        println!("{name:<30} {least:>9.1} {median:>9.1} {:>9.1}", median / nothing);
    }
    Ok(())
}

/// Writes ResNet-50 with its layers beside it, one of them as no round had it before.
fn edit(folder: &Path, round: usize) -> Result<()> {
    let repository = Path::new(command::root());
    let model = std::fs::read_to_string(repository.join("examples/zoo/resnet50.tri"))?;
    let layers = std::fs::read_to_string(repository.join("stdlib/vision.tri"))?;
    std::fs::write(folder.join("edited.tri"), model.replace("use std.vision.", "use vision."))?;
    std::fs::write(folder.join("vision.tri"), layers.replace("1e-5", &format!("{}e-5", round + 2)))?;
    Ok(())
}
