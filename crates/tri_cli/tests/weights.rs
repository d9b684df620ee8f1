//! Large weights: compiled into an artifact without a copy of them in memory.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Rows and columns of a matrix: 16 MiB of f32.
const WIDE: usize = 2048;
/// Matrices of each kind.
const BLOCKS: usize = 9;

const MODEL: &str = "\
use std.nn.TernaryLinear

dim Wide = 2048

layer Block() {
    ternary = TernaryLinear[Wide, Wide]()
    param weight: f32[Wide, Wide] = init.zeros

    fn forward[B](x: f32[B, Wide]) -> f32[B, Wide] {
        relu(ternary(x) @ weight.T)
    }
}

model Big() {
    blocks = [Block(); 9]

    fn forward[B](x: f32[B, Wide]) -> f32[B, Wide] {
        var h = x
        for block in blocks {
            h = block(h)
        }
        h
    }
}
";

/// A checkpoint of 288 MiB.
fn write_checkpoint(path: &Path) -> u64 {
    let bytes = 4 * WIDE * WIDE;
    let names =
        (0..BLOCKS).flat_map(|at| [format!("blocks.{at}.ternary.weight"), format!("blocks.{at}.weight")]);
    let entry = |(at, name): (usize, String)| {
        let (begin, end) = (at * bytes, (at + 1) * bytes);
        format!("\"{name}\":{{\"dtype\":\"F32\",\"shape\":[{WIDE},{WIDE}],\"data_offsets\":[{begin},{end}]}}")
    };
    let entries: Vec<String> = names.enumerate().map(entry).collect();
    let mut header = format!("{{{}}}", entries.join(","));
    header.push_str(&" ".repeat(header.len().next_multiple_of(8) - header.len()));
    let mut file = BufWriter::new(File::create(path).unwrap());
    file.write_all(&(header.len() as u64).to_le_bytes()).unwrap();
    file.write_all(header.as_bytes()).unwrap();
    let row: Vec<u8> =
        (0..WIDE).flat_map(|at| (((at * 37 % 101) as f32 - 50.0) / 512.0).to_le_bytes()).collect();
    for _ in 0..2 * BLOCKS * WIDE {
        file.write_all(&row).unwrap();
    }
    file.into_inner().unwrap().metadata().unwrap().len()
}

/// The most anonymous memory that a process is seen to have, in bytes, until it ends.
fn anonymous_memory(process: &mut Child) -> u64 {
    let status = format!("/proc/{}/status", process.id());
    let mut most = 0;
    while process.try_wait().unwrap().is_none() {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let number = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name))?;
            line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()
        };
        let pages = ["RssAnon:", "RssShmem:", "VmSwap:"].map(|name| number(name).unwrap_or(0));
        most = most.max(1024 * pages.iter().sum::<u64>());
        std::thread::sleep(Duration::from_millis(1));
    }
    most
}

#[test]
fn large_weights_are_bound_without_a_copy_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("big.tri"), MODEL).unwrap();
    let checkpoint = write_checkpoint(&folder.path().join("big.safetensors"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_triton"));
    command.args(["compile", "big.tri", "--weights=big.safetensors"]).current_dir(folder.path());
    command.env("TRI_CACHE_DIR", folder.path().join("cache")).stdout(Stdio::null());
    let mut process = command.spawn().unwrap();
    let most = anonymous_memory(&mut process);
    assert!(process.wait().unwrap().success());
    // Nine ternary matrices in two bits, nine as they are.
    let artifact = fs::metadata(folder.path().join("big.tria")).unwrap().len();
    let expected = (BLOCKS * WIDE * WIDE) as u64 * 17 / 4;
    assert!(artifact > expected && artifact < expected + (1 << 20), "{artifact} bytes, expected {expected}");
    assert!(most > 1 << 20 && most < checkpoint / 4, "{most} bytes of {checkpoint}");
    let names: Vec<String> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(names.iter().all(|name| !name.starts_with('.')), "nothing is left behind: {names:?}");
}
