//! What commands tell and draw of a model and of its compilation.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

mod compilation;
mod graph;
mod profile;

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

/// What it prints.
#[track_caller]
fn succeed(args: &[&str]) -> String {
    let output = triton(args);
    assert_eq!(output.status.code(), Some(0), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// What it says as it ends with this code.
#[track_caller]
fn refuse(args: &[&str], code: i32) -> String {
    let output = triton(args);
    assert_eq!(output.status.code(), Some(code), "{args:?}");
    String::from_utf8(output.stderr).unwrap()
}
