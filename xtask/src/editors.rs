//! What editors use of `grammar/`: the tree-sitter parser is what its grammar says, the extension of Visual Studio Code
//! has its colours and can be packaged, Neovim works with the server, and Emacs has its mode. Packages of npm are those
//! of the lock file; their scripts do not run.

mod emacs;
mod neovim;
mod setup;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{cargo, root, system};

pub(crate) fn check() -> Result<()> {
    system::require(&["node", "npm"])?;
    cargo(&[
        "run",
        "--quiet",
        "--locked",
        "--package=tree-sitter-tri",
        "--example=generate",
        "--",
        "--check",
    ])?;
    cargo(&["build", "--quiet", "--locked", "--package=tri_cli"])?;
    npm(&["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"])?;
    for script in ["check", "test", "package"] {
        npm(&["run", "--silent", script])?;
    }
    neovim::check()?;
    emacs::check()
}

/// The folder of the programs that cargo builds, this one among them.
fn built() -> Result<PathBuf> {
    let this = std::env::current_exe()?;
    Ok(this.parent().context("a program lies in a folder")?.to_owned())
}

/// Runs npm in the folder of the extension.
fn npm(args: &[&str]) -> Result<()> {
    let folder = Path::new(root()).join("grammar/vscode");
    let triton = built()?.join("triton");
    let status =
        Command::new("npm").args(args).env("TRITON", triton).current_dir(folder).status().context("npm")?;
    if !status.success() {
        bail!("`npm {}` ended with {status}", args.join(" "));
    }
    Ok(())
}
