//! The `triton` command as a process: built, run, and timed from outside.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// Builds the command and gives its path: beside the folder that this program lies in. Where nothing is measured, a command that is
/// there will do: `cargo test` builds it, and building it anew in the midst would replace what other tests run.
pub(crate) fn build(release: bool) -> Result<PathBuf> {
    let this = std::env::current_exe()?;
    let profile = this.ancestors().nth(2).context("this program lies in target/PROFILE/deps")?;
    let triton = profile.join("triton").with_extension(std::env::consts::EXE_EXTENSION);
    if !release && triton.exists() {
        return Ok(triton);
    }
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--locked", "--package", "tri_cli"]).current_dir(root());
    if release {
        cargo.arg("--release");
    }
    if !cargo.status()?.success() {
        bail!("the command does not build");
    }
    Ok(triton)
}

/// Runs the command in the repository with a cache of its own in `folder`, where the argument `OUT` is a file and
/// `FOLDER/` begins others.
pub(crate) fn run(triton: &Path, args: &[&str], folder: &Path) -> Result<Duration> {
    let mut command = Command::new(triton);
    command.current_dir(root()).stdout(Stdio::null()).stderr(Stdio::null());
    command.env("TRI_CACHE_DIR", folder.join("cache"));
    for arg in args {
        match arg.strip_prefix("FOLDER/") {
            Some(file) => command.arg(folder.join(file)),
            None if *arg == "OUT" => command.arg(folder.join("out.tria")),
            None => command.arg(arg),
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

/// The middle of sorted times, in milliseconds.
pub(crate) fn median(times: &[Duration]) -> f64 {
    1e3 * times[times.len() / 2].as_secs_f64()
}

/// The repository.
pub(crate) fn root() -> &'static str {
    concat!(env!("CARGO_MANIFEST_DIR"), "/..")
}
