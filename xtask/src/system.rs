//! Programs that gates need and a bare machine may lack: which Debian package has each. As root they are installed; anybody
//! else is told what to install.

use std::process::Command;

use anyhow::{Context, Result, bail};

/// A program and the Debian package that has it.
const PACKAGES: [(&str, &str); 9] = [
    ("emacs", "emacs-nox"),
    ("llvm-config-22", "llvm-22-dev"),
    ("node", "nodejs"),
    ("npm", "npm"),
    ("nvim", "neovim"),
    ("pip3", "python3-pip"),
    ("rclone", "rclone"),
    ("redis-cli", "redis-tools"),
    ("redis-server", "redis-server"),
];

/// Makes sure that `programs` can be run.
pub(crate) fn require(programs: &[&str]) -> Result<()> {
    let missing: Vec<&str> = programs.iter().copied().filter(|program| !is_there(program)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> = missing.iter().map(|program| package_of(program)).collect::<Result<_>>()?;
    let told = format!("missing: {}. On Debian: apt-get install {}", missing.join(", "), packages.join(" "));
    if !is_root() || !is_there("apt-get") {
        bail!("{told}");
    }
    eprintln!("xtask: {told}");
    apt(&["update"])?;
    apt(&[["install", "--yes", "--no-install-recommends"].as_slice(), &packages].concat())?;
    match missing.iter().find(|program| !is_there(program)) {
        Some(program) => {
            bail!("`{program}` is missing, also after the installation of `{}`", package_of(program)?)
        }
        None => Ok(()),
    }
}

fn package_of(program: &str) -> Result<&'static str> {
    let known = PACKAGES.iter().find(|(name, _)| *name == program);
    known.map(|(_, package)| *package).with_context(|| format!("no package is known for `{program}`"))
}

fn is_there(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

fn is_root() -> bool {
    let output = Command::new("id").arg("--user").output();
    output.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

fn apt(args: &[&str]) -> Result<()> {
    let status = Command::new("apt-get").args(args).env("DEBIAN_FRONTEND", "noninteractive").status()?;
    if !status.success() {
        bail!("`apt-get {}` ended with {status}", args.join(" "));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_is_there_is_not_installed() {
        assert!(super::require(&["cargo"]).is_ok());
    }

    #[test]
    fn an_unknown_program_is_named() {
        let error = super::require(&["no-such-program"]).map_err(|error| error.to_string());
        assert_eq!(error, Err("no package is known for `no-such-program`".to_owned()));
    }
}
