//! `cargo xtask gpu-bench`: measures models on the GPU of this machine, beside torch where that is installed, and keeps the figures under
//! `benches/results/`.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::gpu::Gpu;

pub(crate) fn run() -> Result<()> {
    let gpu = Gpu::find()?;
    let folder = Path::new(crate::root()).join("target/gpu");
    std::fs::create_dir_all(&folder)?;
    let (own, peer) = (folder.join("bench.json"), folder.join("torch.json"));
    let file = own.display().to_string();
    let target = gpu.target();
    crate::cargo(&[
        "bench",
        "--locked",
        "--package=benches",
        "--features=gpu",
        "--bench=gpu",
        "--",
        "--target",
        &target,
        "--json",
        &file,
    ])?;
    let torch = torch(&peer)?;
    let name = gpu.name.to_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    let results = Path::new(crate::root()).join("benches/results");
    std::fs::create_dir_all(&results)?;
    let results = results.join(format!("{name}.json"));
    let all = json!({
        "date": date()?, "gpu": gpu.name, "driver": gpu.driver, "compute_capability": gpu.capability, "tri": read(&own)?, "torch": torch,
    });
    std::fs::write(&results, format!("{all:#}\n"))?;
    eprintln!("xtask: the figures are in {}", results.display());
    Ok(())
}

/// What torch takes, if it is installed.
fn torch(file: &Path) -> Result<Value> {
    let has = Command::new("python3").args(["-c", "import torch; assert torch.cuda.is_available()"]).output();
    if !has.is_ok_and(|output| output.status.success()) {
        eprintln!("xtask: python3 has no torch that finds the GPU, so there is no peer");
        return Ok(Value::Null);
    }
    let status = Command::new("python3")
        .arg("benches/compare/gpu.py")
        .arg(file)
        .current_dir(crate::root())
        .status()?;
    if !status.success() {
        bail!("benches/compare/gpu.py ended with {status}");
    }
    read(file)
}

/// The day, by the machine's clock.
fn date() -> Result<String> {
    let output = Command::new("date").args(["-u", "+%Y-%m-%d"]).output().context("`date` cannot be run")?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn read(file: &Path) -> Result<Value> {
    let text = std::fs::read_to_string(file).with_context(|| format!("{} is missing", file.display()))?;
    Ok(serde_json::from_str(&text)?)
}
