//! `triton compile F.tri`: an artifact, or stages of the program as text.

use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use tri_cache::{Cache, Remote};
use tri_driver::{
    Compiled, LARGE_WEIGHTS, OptLevel, Program, Report, Request, Skipped, Source, Stage, Timing, level_of,
};

use crate::args::{CompileArgs, Emit, Format, TimingShape};
use crate::commands::{cache, watch};
use crate::diagnostics;
use crate::failure::Failure;
use crate::output;
use crate::program;
use crate::progress::Progress;
use crate::remote;
use crate::report;
use crate::table::bytes_text;
use crate::timing;

/// What was compiled.
enum Outcome {
    /// Stages with their texts.
    Text(Vec<(Emit, String)>),
    /// An artifact, its size, its entries without golden call, and where it comes from.
    Artifact { path: PathBuf, bytes: u64, skipped: Vec<Skipped>, source: Source, report: Option<Report> },
}

/// Compiles.
pub(crate) fn run(args: &CompileArgs, format: Format) -> Result<(), Failure> {
    join_pool();
    if args.watch {
        return watch::run(args, format);
    }
    let (progress, mut timing) = Progress::start();
    let outcome = compile(args, format, &mut timing);
    progress.finish();
    let outcome = outcome?;
    match format {
        Format::Json => output::json(&outcome_json(&outcome, &timing)),
        Format::Text | Format::Concise | Format::Sarif => print(&outcome, args.verbose),
    }
    let (artifact, source) = match &outcome {
        Outcome::Text(_) => (None, None),
        Outcome::Artifact { path, source, .. } => (Some(path.clone()), Some(source)),
    };
    tell_time(args, artifact, source, &timing)
}

/// Makes this thread one of those that compile. It would only wait for them, and a thread more has memory of its own to be cleared.
fn join_pool() {
    // Where threads cannot be had, or there is a pool, it is as it is.
    let _ = rayon::ThreadPoolBuilder::new().use_current_thread().build_global();
}

/// Tells what took how long, if that was asked for.
pub(crate) fn tell_time(
    args: &CompileArgs,
    artifact: Option<PathBuf>,
    source: Option<&Source>,
    timing: &Timing,
) -> Result<(), Failure> {
    let Some(shape) = args.timing else { return Ok(()) };
    match shape {
        TimingShape::Table => output::note(timing::table(timing, source).trim_end()),
        TimingShape::Json => output::note(format_args!("{:#}", timing::json(timing, source))),
        TimingShape::Trace => {
            let path =
                artifact.unwrap_or_else(|| beside_us(&args.source.file)).with_added_extension("trace.json");
            let written = std::fs::write(&path, timing::trace(timing).to_string());
            written.map_err(|error| Failure::error(format!("cannot write {}: {error}", path.display())))?;
            output::note(format_args!("{} opens in Perfetto", path.display()));
        }
    }
    Ok(())
}

fn compile(args: &CompileArgs, format: Format, timing: &mut Timing) -> Result<Outcome, Failure> {
    // The process ends soon, and the system takes back all at once what would be taken apart piece by piece.
    let program = ManuallyDrop::new(program::open(&args.source)?);
    if !args.emit.is_empty() {
        return Ok(Outcome::Text(emit(args, &program, format, timing)?));
    }
    let caches = Caches::of(args)?;
    let compiled = tri_driver::compile(&program, &caches.request(args), timing);
    let compiled = compiled.map_err(|error| program::told(&program, error, format))?;
    let mut compiled = ManuallyDrop::new(compiled);
    let (path, bytes) = write(args, &mut compiled, &program, format, timing)?;
    let report = if args.report {
        let report = timing.stage("report", || program.report(level_of(args.optimize.level)));
        Some(report.map_err(|error| program::told(&program, error, format))?)
    } else {
        None
    };
    let (skipped, source) = (std::mem::take(&mut compiled.skipped), compiled.source.clone());
    Ok(Outcome::Artifact { path, bytes, skipped, source, report })
}

/// The caches to use.
pub(crate) struct Caches {
    disk: Option<Cache>,
    remote: Option<Remote>,
}

impl Caches {
    /// Those that the command line, the package and the platform name.
    pub(crate) fn of(args: &CompileArgs) -> Result<Caches, Failure> {
        let disk = if args.no_cache { None } else { cache::of(&args.cache) };
        let remote = if disk.is_some() { remote::of_program(&args.source.file)? } else { None };
        Ok(Caches { disk, remote })
    }

    /// What the driver is asked for.
    pub(crate) fn request<'a>(&'a self, args: &'a CompileArgs) -> Request<'a> {
        let folder = args.output.as_deref().and_then(Path::parent);
        Request {
            level: level_of(args.optimize.level),
            gpu: args.target,
            weights: args.weights.as_deref(),
            large_weights: LARGE_WEIGHTS,
            folder: folder.filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")),
            cache: self.disk.as_ref(),
            remote: self.remote.as_ref(),
        }
    }
}

/// Writes the artifact, prints what there is to say of the program, and gives where it lies, and how many bytes it has.
pub(crate) fn write(
    args: &CompileArgs,
    compiled: &mut Compiled<'_>,
    program: &Program,
    format: Format,
    timing: &mut Timing,
) -> Result<(PathBuf, u64), Failure> {
    diagnostics::print(&compiled.warnings, program, format);
    let path = args.output.clone().unwrap_or_else(|| beside_us(&args.source.file));
    let written = compiled.write(&path, timing);
    for note in &compiled.notes {
        output::note(format_args!("note: {note}"));
    }
    written?;
    let bytes = path.metadata().map_or(0, |file| file.len());
    Ok((path, bytes))
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
    hold_runs(args, level)?;
    let (mut texts, mut is_accepted) = (Vec::new(), false);
    for emit in &args.emit {
        let stage = match emit {
            Emit::Ast => {
                texts.push((emit.clone(), program.ast_text()));
                continue;
            }
            Emit::Hir => {
                texts.push((emit.clone(), program.hir_text()));
                continue;
            }
            Emit::Ir | Emit::IrAfter(_) => Stage::Ir,
            Emit::Kir => Stage::Kir,
            Emit::Clif => Stage::Clif,
            Emit::Asm => Stage::Asm,
            Emit::Llvm => Stage::Llvm(args.target.unwrap_or_default()),
            Emit::Ptx => Stage::Ptx(args.target.unwrap_or_default()),
        };
        if !is_accepted {
            program::callable(&args.source, program, level, format, timing)?;
            is_accepted = true;
        }
        let text = match emit {
            Emit::IrAfter(run) => {
                tri_driver::emit_after(program, level, run).map(|text| text.unwrap_or_default())
            }
            _ => tri_driver::emit(program, level, stage, timing),
        };
        texts.push((emit.clone(), text.map_err(|error| program::told(program, error, format))?));
    }
    Ok(texts)
}

/// The passes asked for run at the level.
fn hold_runs(args: &CompileArgs, level: OptLevel) -> Result<(), Failure> {
    let known = tri_driver::pass_runs(level);
    for emit in &args.emit {
        if let Emit::IrAfter(run) = emit
            && !known.contains(run)
        {
            let near = tri_driver::nearest(run, known.iter().map(String::as_str));
            let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            let known = known.join(", ");
            return Err(Failure::Usage(format!(
                "no pass `{run}` runs at -{level:?}: there are {known}{near}"
            )));
        }
    }
    Ok(())
}

fn print(outcome: &Outcome, verbose: bool) {
    match outcome {
        Outcome::Text(texts) => {
            for (_, text) in texts {
                output::result(format_args!("{}\n", text.trim_end()));
            }
        }
        Outcome::Artifact { path, bytes, skipped, report, .. } => {
            output::result(format_args!("{} ({})\n", path.display(), bytes_text(*bytes)));
            if let Some(report) = report {
                output::result(report::text(report));
            }
            for skip in skipped.iter().filter(|_| verbose) {
                output::note(format_args!("no golden call of `{}`: {}", skip.entry, skip.reason));
            }
        }
    }
}

fn outcome_json(outcome: &Outcome, timing: &Timing) -> Value {
    let stages = timing::stages(timing);
    match outcome {
        Outcome::Text(texts) => {
            let texts: Map<String, Value> =
                texts.iter().map(|(emit, text)| (emit.name(), json!(text))).collect();
            json!({ "emitted": texts, "timing": stages })
        }
        Outcome::Artifact { path, bytes, skipped, source, report } => {
            let skipped: Vec<Value> =
                skipped.iter().map(|skip| json!({ "entry": skip.entry, "reason": skip.reason })).collect();
            json!({
                "artifact": path.display().to_string(),
                "bytes": bytes,
                "without_golden_call": skipped,
                "cache": timing::cache(timing, source),
                "report": report.as_ref().map(report::json),
                "timing": stages,
            })
        }
    }
}
