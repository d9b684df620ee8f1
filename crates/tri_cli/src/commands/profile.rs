//! `triton profile`: where a call spends its time, step by step, beside what this machine could do.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tri_bench::{Machine, Profile, machine, profile};
use tri_driver::{Engine, Output, Program, Timing};
use tri_ir::TensorData;
use tri_kernels::CpuLevel;
use tri_runtime::{Instrument, Pool, TensorView};

use crate::args::{Format, ProfileArgs, SourceArgs};
use crate::failure::Failure;
use crate::flame;
use crate::model::{self, Opened, Opening};
use crate::output;
use crate::program;
use crate::progress::Progress;
use crate::steps::{Place, Places};
use crate::table::Table;

/// How long the limits of the machine are measured.
const LIMITS: Duration = Duration::from_millis(150);

/// Measures and prints.
pub(crate) fn run(args: &ProfileArgs, format: Format) -> Result<(), Failure> {
    let (progress, mut timing) = Progress::start();
    let measured = measure(args, format, &mut timing);
    progress.finish();
    let Measured { profile, machine, places } = measured?;
    if let Some(file) = &args.trace {
        Output::Bytes(trace(&profile, &places).to_string().into_bytes()).write(file)?;
    }
    if let Some(file) = &args.flame {
        Output::Bytes(flame::svg(&args.model.entry, &profile.last, &places).into_bytes()).write(file)?;
    }
    match format {
        Format::Json => output::json(&json(args, &profile, &machine, &places)),
        Format::Text | Format::Concise | Format::Sarif => {
            output::result(text(args, &profile, &machine, &places));
        }
    }
    Ok(())
}

/// A profile with what is needed to read it.
struct Measured {
    profile: Profile,
    machine: Machine,
    places: Places,
}

fn measure(args: &ProfileArgs, format: Format, timing: &mut Timing) -> Result<Measured, Failure> {
    let how = Opening { trust_code: false, gpu: None, dump_values: false, instrument: Instrument::Steps };
    let Opened { mut engine, program, .. } = model::open(&args.model, how, format, timing)?;
    let program = match (&args.lines, program) {
        (None, program) => program,
        (Some(file), None) => Some(lines(args, file, &engine, format, timing)?),
        (Some(_), Some(_)) => {
            let message = "`--lines` is for artifacts: a program has lines of its own";
            return Err(Failure::Usage(message.to_owned()));
        }
    };
    let inputs = inputs(args, &engine)?;
    let views: Vec<TensorView<'_>> =
        inputs.iter().map(TensorView::of).collect::<Result<_, _>>().map_err(tri_driver::DriverError::from)?;
    let level =
        CpuLevel::detect().map_err(|value| Failure::from(tri_driver::DriverError::CpuLevel { value }))?;
    let threads = args.model.threads.map_or_else(cores, usize::from);
    let pool = Pool::new(threads)
        .map_err(|error| Failure::coded("E5003", format!("a thread cannot be started: {error}")))?;
    let limits = timing.stage("measure the machine", || machine(level, &[pool], LIMITS)).unwrap_or_default();
    let Some(machine) = limits.into_iter().next() else {
        return Err(Failure::coded("E5002", format!("this machine has no {}", level.name())));
    };
    let model = engine.model().clone();
    let (entry, budget) = (args.model.entry.as_str(), Duration::from_millis(args.milliseconds));
    let measured = timing
        .stage("profile", || profile(engine.session(), model.schedules(), &machine, entry, &views, budget));
    let profile = measured.map_err(tri_driver::DriverError::from)?;
    let places = Places::new(model.schedules(), program.as_ref());
    Ok(Measured { profile, machine, places })
}

/// The program in `file`, if the artifact was compiled from it.
fn lines(
    args: &ProfileArgs,
    file: &Path,
    engine: &Engine,
    format: Format,
    timing: &mut Timing,
) -> Result<Program, Failure> {
    let source = SourceArgs { file: file.to_owned(), ..args.model.source.clone() };
    let program = program::open(&source)?;
    let module = program::callable(&source, &program, engine.level(), format, timing)?;
    if **module != *engine.module() {
        let (lines, artifact) = (source.file.display(), args.model.source.file.display());
        return Err(Failure::Usage(format!("{artifact} was not compiled from {lines} as it is")));
    }
    Ok(program)
}

/// The inputs that are given, or else some of the sizes that are.
fn inputs(args: &ProfileArgs, engine: &Engine) -> Result<Vec<TensorData>, Failure> {
    let entry = engine.entry(&args.model.entry)?;
    if !args.model.inputs.is_empty() {
        return model::inputs(&args.model, entry);
    }
    let symbols = &engine.module().function(entry.function).symbols;
    let known: Vec<&str> =
        symbols.iter().filter(|info| !info.bound_inside).map(|info| info.name.as_str()).collect();
    if let Some((name, _)) = args.sizes.iter().find(|(name, _)| !known.contains(&name.as_str())) {
        let entry = &args.model.entry;
        let message = match known.as_slice() {
            [] => format!("`--size {name}`: all sizes of `{entry}` are known"),
            known => format!("`{entry}` has no size `{name}`; its sizes are {}", known.join(", ")),
        };
        return Err(Failure::Usage(message));
    }
    tri_driver::sample_inputs(engine.module(), entry, &args.sizes).map_err(Failure::Usage)
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn text(args: &ProfileArgs, profile: &Profile, machine: &Machine, places: &Places) -> String {
    let mut table =
        Table::new(&[" µs", " share", " runs", " GFLOP/s", " GB/s", " of limit", "kernel", "in", "line"]);
    let total: f64 = profile.steps.iter().map(|step| step.seconds).sum();
    let rate = |amount: f64, seconds: f64| match amount / seconds {
        rate if amount > 0.0 && rate.is_finite() => format!("{:.1}", rate / 1e9),
        _ => "-".to_owned(),
    };
    for step in profile.steps.iter().take(args.most) {
        let place = places.of(step.schedule, step.step);
        let share = if step.limit > 0.0 { percent(step.limit / step.seconds) } else { "-".to_owned() };
        table.row([
            format!("{:.1}", 1e6 * step.seconds),
            percent(step.seconds / total),
            step.runs.to_string(),
            rate(step.operations, step.seconds),
            rate(step.bytes, step.seconds),
            share,
            place.kernel.clone(),
            place.function.clone(),
            place.line.clone().unwrap_or_default(),
        ]);
    }
    let rest = profile.steps.len().saturating_sub(args.most);
    let rest = if rest > 0 { format!("and {rest} steps more\n") } else { String::new() };
    format!(
        "{}: {:.1} µs a call, the median of {}; {} thread{}\nthis machine: {:.1} GB/s read, {:.0} GFLOP/s f32, {:.0} GFLOP/s i8\n\n{table}{rest}",
        args.model.entry,
        1e6 * profile.seconds,
        profile.calls,
        machine.threads,
        if machine.threads == 1 { "" } else { "s" },
        machine.read / 1e9,
        machine.multiply_add / 1e9,
        machine.dot_product / 1e9,
    )
}

fn percent(share: f64) -> String {
    if share.is_finite() { format!("{:.1} %", 100.0 * share) } else { "-".to_owned() }
}

fn json(args: &ProfileArgs, profile: &Profile, machine: &Machine, places: &Places) -> Value {
    let steps = profile.steps.iter().map(|step| {
        let Place { kernel, function, line } = places.of(step.schedule, step.step);
        json!({
            "function": function,
            "step": step.step,
            "kernel": kernel,
            "line": line,
            "runs": step.runs,
            "seconds": step.seconds,
            "operations": step.operations,
            "bytes": step.bytes,
            "limit_seconds": step.limit,
        })
    });
    json!({
        "entry": args.model.entry,
        "calls": profile.calls,
        "seconds": profile.seconds,
        "machine": {
            "threads": machine.threads,
            "read_bytes_per_second": machine.read,
            "f32_operations_per_second": machine.multiply_add,
            "i8_operations_per_second": machine.dot_product,
        },
        "steps": steps.collect::<Vec<_>>(),
    })
}

/// The last call in the Trace Event Format, which Perfetto and `chrome://tracing` show.
fn trace(profile: &Profile, places: &Places) -> Value {
    let microseconds = |time: Duration| 1e6 * time.as_secs_f64();
    let events = profile.last.iter().map(|run| {
        let place = places.of(run.schedule, run.step);
        json!({
            "name": place.kernel,
            "cat": "step",
            "ph": "X",
            "pid": 1,
            "tid": run.thread,
            "ts": microseconds(run.start),
            "dur": microseconds(run.time),
            "args": { "function": place.function, "step": run.step, "line": place.line },
        })
    });
    json!({ "displayTimeUnit": "ns", "traceEvents": events.collect::<Vec<_>>() })
}
