//! What `docs/editors.md` tells users to run and to write into their configuration.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

pub(super) fn page() -> Result<String> {
    Ok(std::fs::read_to_string(Path::new(crate::root()).join("docs/editors.md"))?)
}

/// The text of the fenced block of a page whose fence says `words`.
pub(super) fn fence<'p>(page: &'p str, words: &str) -> Result<&'p str> {
    let begin = format!("\n```{words}\n");
    let rest = page.split_once(&begin).with_context(|| format!("docs/editors.md has no ```{words}"))?.1;
    Ok(rest.split_once("```").context("an open fence")?.0)
}

/// Runs a program to its end, which must be a success.
pub(super) fn run(command: &mut Command) -> Result<()> {
    let program = command.get_program().display().to_string();
    let status = command.status().with_context(|| program.clone())?;
    if !status.success() {
        bail!("`{program}` ended with {status}");
    }
    Ok(())
}
