//! `--timing`: what a compilation spent its time on, as a table, as JSON, or as a trace.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tri_driver::{FunctionRun, Source, Tier, Timing};

use crate::table::{Table, bytes_text};

/// Functions that the table names.
const SLOWEST: usize = 5;

/// A table of stages, the functions that took longest, and where the artifact comes from.
pub(crate) fn table(timing: &Timing, source: Option<&Source>) -> String {
    let mut table = Table::new(&["stage", " ms", " share"]);
    let total = timing.total();
    for (name, time) in timing.stages() {
        table.row([name.to_owned(), milliseconds(time), share(time, total)]);
    }
    table.row(["total".to_owned(), milliseconds(total), share(total, total)]);
    let mut text = table.to_string();
    let mut compiled: Vec<&FunctionRun> =
        timing.function_runs().iter().filter(|run| !run.is_reused).collect();
    compiled.sort_by(|a, b| (b.time, &a.name).cmp(&(a.time, &b.name)));
    if !compiled.is_empty() {
        let mut table = Table::new(&["slowest functions", " ms"]);
        for run in compiled.iter().take(SLOWEST) {
            table.row([run.name.clone(), milliseconds(run.time)]);
        }
        text.push_str(&format!("\n{table}"));
    }
    if let Some(bytes) = peak_memory() {
        text.push_str(&format!("\npeak memory {}", bytes_text(bytes)));
    }
    if let Some(source) = source {
        text.push_str(&format!("\n{}", provenance(timing, source)));
    }
    text
}

/// Where an artifact comes from, in a line.
fn provenance(timing: &Timing, source: &Source) -> String {
    match source {
        Source::Cache(tier) => format!("taken from the cache: hit ({})", tier_name(*tier)),
        Source::Compiler { reason } => {
            let (compiled, reused) = counts(timing);
            let reason = reason.as_deref().unwrap_or("no cache");
            format!("{compiled} functions compiled, {reused} reused: {reason}")
        }
    }
}

pub(crate) fn tier_name(tier: Tier) -> &'static str {
    match tier {
        Tier::Disk => "disk",
        Tier::Remote => "remote",
    }
}

/// Functions compiled, and functions reused.
pub(crate) fn counts(timing: &Timing) -> (usize, usize) {
    let reused = timing.function_runs().iter().filter(|run| run.is_reused).count();
    (timing.function_runs().len() - reused, reused)
}

/// The same for programs.
pub(crate) fn json(timing: &Timing, source: Option<&Source>) -> Value {
    let functions: Vec<Value> = timing
        .function_runs()
        .iter()
        .map(
            |run| json!({ "function": run.name, "seconds": run.time.as_secs_f64(), "reused": run.is_reused }),
        )
        .collect();
    json!({
        "stages": stages(timing),
        "total": timing.total().as_secs_f64(),
        "functions": functions,
        "peak_memory_bytes": peak_memory(),
        "cache": source.map(|source| cache(timing, source)),
    })
}

/// The time of each stage.
pub(crate) fn stages(timing: &Timing) -> Vec<Value> {
    let stage = |(name, time): (&str, Duration)| json!({ "stage": name, "seconds": time.as_secs_f64() });
    timing.stages().into_iter().map(stage).collect()
}

/// What came from the cache, and why not all.
pub(crate) fn cache(timing: &Timing, source: &Source) -> Value {
    match source {
        Source::Cache(tier) => json!({ "hit": true, "tier": tier_name(*tier) }),
        Source::Compiler { reason } => {
            let (compiled, reused) = counts(timing);
            json!({
                "hit": false,
                "reason": reason,
                "functions_compiled": compiled,
                "functions_reused": reused,
            })
        }
    }
}

/// A trace in the Trace Event Format, which Perfetto and `chrome://tracing` show: stages on one track, functions on one for each thread.
pub(crate) fn trace(timing: &Timing) -> Value {
    let microseconds = |time: Duration| 1e6 * time.as_secs_f64();
    let event = |name: &str, kind: &str, track: usize, start: Instant, time: Duration| {
        let since = microseconds(start.saturating_duration_since(timing.start()));
        json!({ "name": name, "cat": kind, "ph": "X", "pid": 1, "tid": track, "ts": since, "dur": microseconds(time) })
    };
    let name = |track: usize, name: String| json!({ "name": "thread_name", "ph": "M", "pid": 1, "tid": track, "args": { "name": name } });
    let threads = timing.function_runs().iter().map(|run| run.thread + 1).max().unwrap_or(0);
    let mut events = vec![name(0, "stages".to_owned())];
    events.extend((1..=threads).map(|thread| name(thread, format!("code generator {thread}"))));
    events.extend(timing.runs().iter().map(|run| event(&run.name, "stage", 0, run.start, run.time)));
    let functions = timing.function_runs().iter();
    events.extend(functions.map(|run| {
        let kind = if run.is_reused { "reused" } else { "compiled" };
        event(&run.name, kind, run.thread + 1, run.start, run.time)
    }));
    json!({ "displayTimeUnit": "ms", "traceEvents": events })
}

fn milliseconds(time: Duration) -> String {
    format!("{:.2}", 1e3 * time.as_secs_f64())
}

fn share(part: Duration, total: Duration) -> String {
    if total.is_zero() {
        return "-".to_owned();
    }
    format!("{:.1} %", 100.0 * part.as_secs_f64() / total.as_secs_f64())
}

/// Bytes of memory that this process held at most, where the system tells.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}
