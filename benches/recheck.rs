//! What checking costs in a process that stays: after an edit of one character, and a source line of a program that was never seen.
//!
//!     cargo bench --package benches --bench recheck
//!
//! The programs are made here: layers that differ, each with two members and a function, and a model of all of them. Without
//! `--bench` (as `cargo test` calls it) each case runs once, to show that it works.

#![expect(clippy::print_stdout, reason = "the results")]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use tri_db::{MemorySystem, RootDatabase};

/// That of the command.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Runs of each case.
const RUNS: usize = 201;

/// Cold runs.
const COLD_RUNS: usize = 11;

fn main() -> Result<()> {
    let is_bench = std::env::args().any(|arg| arg == "--bench");
    let text = program(1_600);
    println!("{:<44} {:>9} {:>9}", "edit in a file of 1,600 lines", "least ms", "median ms");
    let edits: [(&str, &str, &str); 4] = [
        ("white space in a body", "x * scale", "x *  scale"),
        ("a comment", "layer Block", "// A\nlayer Block"),
        ("a digit in a body", "hidden) * 5.5", "hidden) * 5.6"),
        ("an error in a body", "x + mixed", "x + mixes"),
    ];
    for (name, from, to) in edits {
        let mut times = edit(&text, from, to, if is_bench { RUNS } else { 1 })?;
        times.sort_unstable();
        println!("{name:<44} {:>9.3} {:>9.3}", milliseconds(times[0]), milliseconds(times[times.len() / 2]));
    }
    let text = program(16_000);
    let lines = text.lines().count();
    let runs = if is_bench { COLD_RUNS } else { 1 };
    let mut times = (0..runs).map(|_| cold(&text)).collect::<Result<Vec<_>>>()?;
    times.sort_unstable();
    let a_line = |time: Duration| milliseconds(time) / lines as f64;
    println!("\n{lines} lines, checked cold: {:.1} ms median", milliseconds(times[times.len() / 2]));
    println!("a line: {:.4} ms least, {:.4} ms median", a_line(times[0]), a_line(times[times.len() / 2]));
    Ok(())
}

fn open(text: &str) -> RootDatabase {
    RootDatabase::new(Arc::new(MemorySystem::new([("main.tri", text)])), Path::new("main.tri"))
}

fn check(db: &RootDatabase) -> usize {
    tri_hir::check(db, db.root()).len()
}

/// Times of checking again after the edit in the middle of the file, and after its undoing.
fn edit(text: &str, from: &str, to: &str, runs: usize) -> Result<Vec<Duration>> {
    let middle = text.len() / 2;
    let at = text[middle..].find(from).map(|at| at + middle);
    ensure!(at.is_some(), "there is no `{from}`");
    let at = at.unwrap_or(middle);
    let edited = format!("{}{to}{}", &text[..at], &text[at + from.len()..]);
    let mut db = open(text);
    ensure!(check(&db) == 0, "the program has errors");
    let root = db.root();
    let mut times = Vec::with_capacity(runs);
    for run in 0..runs {
        let text = if run % 2 == 0 { &edited } else { text };
        let start = Instant::now();
        db.set_text(root, text);
        std::hint::black_box(check(&db));
        times.push(start.elapsed());
    }
    Ok(times)
}

fn cold(text: &str) -> Result<Duration> {
    let start = Instant::now();
    let db = open(text);
    let found = check(&db);
    let time = start.elapsed();
    ensure!(found == 0, "the program has errors");
    Ok(time)
}

/// A program of about that many lines.
fn program(lines: usize) -> String {
    let layers = lines / 15;
    let mut text = String::from("//! Layers that differ.\n\nuse std.nn.Linear\n\n");
    for i in 0..layers {
        let factor = i % 7;
        text.push_str(&format!(
            "/// Layer {i}.\nlayer Block{i}[D]() {{\n    param scale: f32[D] = init.ones\n    first = Linear[D, 4 * D]()\n    \
             second = Linear[4 * D, D]()\n\n    fn forward[B](x: f32[B, D]) -> f32[B, D] {{\n        \
             let hidden = relu(first(x * scale))\n        let mixed = second(hidden) * {factor}.5\n        \
             x + mixed\n    }}\n}}\n\n"
        ));
    }
    text.push_str("model Net() {\n");
    (0..layers).for_each(|i| text.push_str(&format!("    block{i} = Block{i}[16]()\n")));
    text.push_str("\n    fn forward[B](x: f32[B, 16]) -> f32[B, 16] {\n        var y = x\n");
    (0..layers).for_each(|i| text.push_str(&format!("        y = block{i}(y)\n")));
    text.push_str("        y\n    }\n}\n");
    text
}

fn milliseconds(time: Duration) -> f64 {
    1e3 * time.as_secs_f64()
}
