//! Runs `cargo test` and counts what its runners say, so that the last line of a whole run says how many tests there were.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result, bail};

/// Tests that passed in the gates run so far. A gate with one that failed ends the run.
static PASSED: AtomicUsize = AtomicUsize::new(0);

/// Runs `cargo test ARGS`, passes on its output and counts.
pub(crate) fn run(args: &[&str]) -> Result<()> {
    let mut cargo = Command::new(env!("CARGO"))
        .arg("test")
        .args(args)
        .current_dir(crate::root())
        .stdout(Stdio::piped())
        .spawn()?;
    let output = cargo.stdout.take().context("cargo has no output")?;
    for line in BufReader::new(output).lines() {
        let line = line?;
        PASSED.fetch_add(passed(&line).unwrap_or(0), Ordering::Relaxed);
        println!("{line}");
    }
    let status = cargo.wait()?;
    if !status.success() {
        bail!("`cargo test {}` ended with {status}", args.join(" "));
    }
    Ok(())
}

/// The closing line of a run with tests: how many passed in all.
pub(crate) fn summary() {
    let passed = PASSED.load(Ordering::Relaxed);
    if passed > 0 {
        println!("{passed} passed, 0 failed");
    }
}

/// The number in `test result: ok. 12 passed; 0 failed; …`.
fn passed(line: &str) -> Option<usize> {
    let (_, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
    counts.split_once(" passed")?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::passed;

    #[test]
    fn counts_are_read_from_closing_lines_only() {
        assert_eq!(passed("test result: ok. 12 passed; 0 failed; 0 ignored"), Some(12));
        assert_eq!(passed("test result: FAILED. 3 passed; 1 failed; 0 ignored"), Some(3));
        assert_eq!(passed("test result_is_kept ... ok"), None);
    }
}
