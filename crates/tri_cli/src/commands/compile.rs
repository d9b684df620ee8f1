//! `triton compile F.tri`: an artifact, or stages of the program as text.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use tri_driver::{DriverError, Program, Request, Skipped, Source, Stage, Timing, level_of};

use crate::args::{CompileArgs, Emit, Format};
use crate::commands::cache;
use crate::diagnostics;
use crate::failure::Failure;
use crate::output;
use crate::program;
use crate::progress::Progress;
use crate::table::{Table, bytes_text};

/// What was compiled.
enum Outcome {
    /// Stages with their texts.
    Text(Vec<(Emit, String)>),
    /// An artifact, its size, its entries without golden call, and where it comes from.
    Artifact { path: PathBuf, bytes: u64, skipped: Vec<Skipped>, source: Source },
}

/// Compiles.
pub(crate) fn run(args: &CompileArgs, format: Format) -> Result<(), Failure> {
    let (progress, mut timing) = Progress::start();
    let outcome = compile(args, format, &mut timing);
    progress.finish();
    let outcome = outcome?;
    match format {
        Format::Json => output::json(&outcome_json(&outcome, &timing)),
        Format::Text | Format::Concise | Format::Sarif => print(&outcome, args.verbose),
    }
    if args.timing && format != Format::Json {
        output::note(timing_table(&timing).to_string().trim_end());
        if let Outcome::Artifact { source, .. } = &outcome {
            output::note(provenance(source));
        }
    }
    Ok(())
}

fn compile(args: &CompileArgs, format: Format, timing: &mut Timing) -> Result<Outcome, Failure> {
    let program = program::open(&args.source)?;
    if !args.emit.is_empty() {
        return Ok(Outcome::Text(emit(args, &program, format, timing)?));
    }
    let cache = if args.no_cache { None } else { cache::of(&args.cache) };
    let request = Request {
        level: level_of(args.optimize.level),
        weights: args.weights.as_deref(),
        cache: cache.as_ref(),
    };
    let compiled = tri_driver::compile(&program, &request, timing);
    let compiled = compiled.map_err(|error| program::told(&program, error, format))?;
    diagnostics::print(&compiled.warnings, &program, format);
    for dropped in &compiled.dropped {
        output::note(format_args!(
            "note: the cache entry {} {}; it is not used",
            dropped.path.display(),
            dropped.reason
        ));
    }
    let path = args.output.clone().unwrap_or_else(|| beside_us(&args.source.file));
    timing.stage("write", || tri_artifact::write_bytes(&path, &compiled.bytes)).map_err(DriverError::from)?;
    let (bytes, skipped, source) = (compiled.bytes.len() as u64, compiled.skipped, compiled.source);
    Ok(Outcome::Artifact { path, bytes, skipped, source })
}

/// The program's name with `.tria`, in the current directory.
fn beside_us(source: &Path) -> PathBuf {
    let stem = source.file_stem().map_or_else(|| "program".into(), |stem| stem.to_os_string());
    PathBuf::from(stem).with_added_extension("tria")
}

/// The stages asked for. The syntax tree is there for programs with errors too.
fn emit(
    args: &CompileArgs,
    program: &Program,
    format: Format,
    timing: &mut Timing,
) -> Result<Vec<(Emit, String)>, Failure> {
    let level = level_of(args.optimize.level);
    let (mut texts, mut module) = (Vec::new(), None);
    for emit in &args.emit {
        let stage = match emit {
            Emit::Ast => {
                texts.push((*emit, program.ast_text()));
                continue;
            }
            Emit::Hir => {
                texts.push((*emit, program.hir_text()));
                continue;
            }
            Emit::Ir => Stage::Ir,
            Emit::Kir => Stage::Kir,
            Emit::Clif => Stage::Clif,
            Emit::Asm => Stage::Asm,
        };
        if module.is_none() {
            module = Some(program::optimized(&args.source, level, program, format, timing)?);
        }
        if let Some(module) = &module {
            texts.push((*emit, tri_driver::emit(module, level, stage, timing)?));
        }
    }
    Ok(texts)
}

fn print(outcome: &Outcome, verbose: bool) {
    match outcome {
        Outcome::Text(texts) => {
            for (_, text) in texts {
                output::result(format_args!("{}\n", text.trim_end()));
            }
        }
        Outcome::Artifact { path, bytes, skipped, .. } => {
            output::result(format_args!("{} ({})\n", path.display(), bytes_text(*bytes)));
            for skip in skipped.iter().filter(|_| verbose) {
                output::note(format_args!("no golden call of `{}`: {}", skip.entry, skip.reason));
            }
        }
    }
}

fn outcome_json(outcome: &Outcome, timing: &Timing) -> Value {
    let stages: Vec<Value> =
        timing.stages().map(|(name, time)| json!({ "stage": name, "seconds": time.as_secs_f64() })).collect();
    match outcome {
        Outcome::Text(texts) => {
            let texts: Map<String, Value> =
                texts.iter().map(|(emit, text)| (emit.name().to_owned(), json!(text))).collect();
            json!({ "emitted": texts, "timing": stages })
        }
        Outcome::Artifact { path, bytes, skipped, source } => {
            let skipped: Vec<Value> =
                skipped.iter().map(|skip| json!({ "entry": skip.entry, "reason": skip.reason })).collect();
            json!({
                "artifact": path.display().to_string(),
                "bytes": bytes,
                "without_golden_call": skipped,
                "cache": source_json(source),
                "timing": stages,
            })
        }
    }
}

/// Where an artifact comes from, in a line.
fn provenance(source: &Source) -> String {
    match source {
        Source::Cache => "taken from the cache".to_owned(),
        Source::Compiler { reason, reuse } => {
            let because = reason.as_ref().map_or_else(|| "no cache".to_owned(), Clone::clone);
            format!("{} functions compiled, {} reused: {because}", reuse.compiled, reuse.reused)
        }
    }
}

fn source_json(source: &Source) -> Value {
    match source {
        Source::Cache => json!({ "hit": true }),
        Source::Compiler { reason, reuse } => json!({
            "hit": false,
            "reason": reason,
            "functions_compiled": reuse.compiled,
            "functions_reused": reuse.reused,
        }),
    }
}

fn timing_table(timing: &Timing) -> Table {
    let mut table = Table::new(&["stage", " ms", " share"]);
    let total = timing.total().as_secs_f64();
    let share =
        |part: f64| if total > 0.0 { format!("{:.1} %", 100.0 * part / total) } else { "-".to_owned() };
    for (name, time) in timing.stages() {
        let seconds = time.as_secs_f64();
        table.row([name.to_owned(), format!("{:.2}", 1e3 * seconds), share(seconds)]);
    }
    table.row(["total".to_owned(), format!("{:.2}", 1e3 * total), share(total)]);
    table
}
