//! NVIDIA's assembler, which tests hold every GPU kernel to. It is downloaded into `target/`, by name and version, and never committed.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::system;

/// The package of the Python Package Index that has it.
const PACKAGE: &str = "nvidia-cuda-nvcc==13.5.37";

/// Where the package has it, and where tests look for it.
const PTXAS: &str = "nvidia/cu13/bin/ptxas";

/// Takes one file out of a wheel, which is a zip archive.
const EXTRACT: &str = "import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extract(sys.argv[2])";

pub(crate) fn check() -> Result<()> {
    let folder = Path::new(crate::root()).join("target/ptxas");
    let ptxas = folder.join(PTXAS);
    if !ptxas.is_file() {
        system::require(&["pip3"])?;
        fs::create_dir_all(&folder)?;
        let download = ["download", "--quiet", "--no-deps", "--only-binary=:all:", "--dest=.", PACKAGE];
        run(Command::new("pip3").args(download).current_dir(&folder))?;
        let wheels = fs::read_dir(&folder)?.filter_map(Result::ok).map(|entry| entry.path());
        let wheel = wheels.filter(|path| path.extension().is_some_and(|end| end == "whl")).max();
        let wheel = wheel.with_context(|| format!("{PACKAGE} came without a wheel"))?;
        run(Command::new("python3").args(["-c", EXTRACT]).arg(&wheel).arg(PTXAS).current_dir(&folder))?;
        run(Command::new("chmod").arg("+x").arg(&ptxas))?;
        fs::remove_file(wheel)?;
    }
    run(Command::new(&ptxas).arg("--version"))
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.output().with_context(|| format!("cannot run {command:?}"))?;
    if !output.status.success() {
        bail!("{command:?} ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}
