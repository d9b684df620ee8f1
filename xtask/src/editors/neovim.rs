//! A session of a user in Neovim: the shell commands and the Lua of `docs/editors.md` as they stand there set it up, in a
//! home of its own, and `grammar/neovim/test.lua` works in it with `triton lsp`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::{root, system};

pub(super) fn check() -> Result<()> {
    system::require(&["nvim"])?;
    let home = Path::new(root()).join("target/neovim");
    if home.exists() {
        std::fs::remove_dir_all(&home)?;
    }
    let project = home.join("project");
    std::fs::create_dir_all(&project)?;
    let page = std::fs::read_to_string(Path::new(root()).join("docs/editors.md"))?;
    let init = home.join("init.lua");
    std::fs::write(&init, fence(&page, "lua neovim")?)?;
    run(in_home("sh", &home)?.current_dir(root()).args(["-eu", "-c", fence(&page, "sh neovim")?]))?;
    let script = Path::new(root()).join("grammar/neovim/test.lua").canonicalize()?;
    run(in_home("nvim", &home)?
        .current_dir(&project)
        .args(["--headless", "-u"])
        .arg(&init)
        // The script ends Neovim; what follows it is for a script that cannot be read.
        .args(["-c", &format!("luafile {}", script.display()), "-c", "cquit 1"]))
}

/// The text of the fenced block of a page whose fence says `words`.
fn fence<'p>(page: &'p str, words: &str) -> Result<&'p str> {
    let begin = format!("\n```{words}\n");
    let rest = page.split_once(&begin).with_context(|| format!("docs/editors.md has no ```{words}"))?.1;
    Ok(rest.split_once("```").context("an open fence")?.0)
}

/// A program whose files of the user are below `home`, and which finds the `triton` of this repository.
fn in_home(program: &str, home: &Path) -> Result<Command> {
    let home = home.canonicalize()?;
    let built = Path::new(root()).join("target/debug").canonicalize()?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path: OsString = std::env::join_paths([built].into_iter().chain(std::env::split_paths(&path)))?;
    let folder = |name: &str| -> PathBuf { home.join(name) };
    let mut command = Command::new(program);
    command
        .env("PATH", path)
        .env("HOME", &home)
        .env("XDG_CONFIG_HOME", folder("config"))
        .env("XDG_DATA_HOME", folder("data"))
        .env("XDG_STATE_HOME", folder("state"))
        .env("XDG_CACHE_HOME", folder("cache"))
        .stdin(Stdio::null());
    Ok(command)
}

fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("{:?}", command.get_program()))?;
    if !status.success() {
        bail!("`{}` ended with {status}", command.get_program().display());
    }
    Ok(())
}
