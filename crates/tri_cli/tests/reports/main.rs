//! What commands tell and draw of a model and of its compilation.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

mod compilation;
mod graph;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The top of the repository.
fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Runs the binary there.
fn triton(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_triton")).args(args).current_dir(repository()).output().unwrap()
}
