//! A session of a user in Neovim: the shell commands and the Lua of `docs/editors.md` as they stand there set it up, in a
//! home of its own, and `grammar/neovim/test.lua` works in it with `triton lsp`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Result;

use super::setup::{fence, page, run};
use crate::{root, system};

pub(super) fn check() -> Result<()> {
    system::require(&["nvim"])?;
    let home = Path::new(root()).join("target/neovim");
    if home.exists() {
        std::fs::remove_dir_all(&home)?;
    }
    let project = home.join("project");
    // A repository of its own: its root is where the server looks for programs.
    std::fs::create_dir_all(project.join(".git"))?;
    let page = page()?;
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

/// A program whose files of the user are below `home`, and which finds the `triton` of this repository.
fn in_home(program: &str, home: &Path) -> Result<Command> {
    let home = home.canonicalize()?;
    let built = super::built()?;
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
