//! `triton run`: calls an entry point of a program or artifact.

use std::path::Path;

use serde_json::{Value, json};
use tri_driver::{Checkpoint, Engine, OpenOptions, OptLevel, Parameters, SourceOptions, Timing, level_of};
use tri_ir::{Entry, TensorData, Verified};
use tri_routing::Run;

use crate::args::{Format, RunArgs};
use crate::failure::Failure;
use crate::output;
use crate::program;
use crate::progress::Progress;
use crate::routing::{self, Routing};
use crate::values::{Comparison, elements_json, elements_text, type_text};

/// Calls it, writes or prints the results, compares them.
pub(crate) fn run(args: &RunArgs, format: Format) -> Result<(), Failure> {
    let (progress, mut timing) = Progress::start();
    let called = call(args, format, &mut timing);
    progress.finish();
    let Called { results, values, routing } = called?;
    let too_many = |option: &str, found: usize| {
        Failure::coded(
            "E4039",
            format!("`--{option}` is given {found} times, but `{}` gives only {}", args.entry, results.len()),
        )
    };
    for (option, places) in [("output", &args.outputs), ("expect", &args.expect)] {
        if places.len() > results.len() {
            return Err(too_many(option, places.len()));
        }
    }
    if let Some(file) = &args.dump_values {
        tri_import::write_safetensors(file, &values)?;
    }
    tri_import::write_tensors(&args.outputs, &results, |at| result_name(args, at, results.len()))?;
    let comparisons = args.expect.iter().zip(&results);
    let comparisons: Vec<Comparison> =
        comparisons.map(|(place, result)| compare(place, result)).collect::<Result<_, _>>()?;
    if let (Some(routing), Some(Some(file))) = (&routing, &args.routing_stats) {
        routing.save(file)?;
    }
    match format {
        Format::Json => {
            let mut value = results_json(args, &results, &comparisons);
            if let Some(routing) = &routing {
                value["routing"] = routing.json();
            }
            output::json(&value);
        }
        Format::Text | Format::Concise | Format::Sarif => {
            print(args, &results, &comparisons);
            if let Some(routing) = &routing {
                output::result(routing);
            }
        }
    }
    Ok(())
}

/// What a call gave.
struct Called {
    results: Vec<TensorData>,
    /// What it computed on the way, if that is dumped.
    values: Vec<(String, TensorData)>,
    /// What routed layers chose, if that is asked for.
    routing: Option<Routing>,
}

fn call(args: &RunArgs, format: Format, timing: &mut Timing) -> Result<Called, Failure> {
    let earlier = args.routing_earlier.as_deref().map(|file| Ok::<_, Failure>((file, routing::read(file)?)));
    let earlier = earlier.transpose()?;
    let (mut engine, names) = engine(args, format, timing)?;
    let inputs = inputs(args, engine.entry(&args.entry)?)?;
    if args.routing_stats.is_some() {
        let (results, layers) = timing.stage("call", || engine.call_recorded(&args.entry, &inputs))?;
        let run = Run { model: engine.module().name.clone(), entry: args.entry.clone(), layers };
        return Ok(Called { results, values: Vec::new(), routing: Some(Routing::new(run, earlier)?) });
    }
    let mut results = timing.stage("call", || engine.call(&args.entry, &inputs))?;
    let values = results.split_off(results.len().saturating_sub(names.len()));
    Ok(Called { results, values: names.into_iter().zip(values).collect(), routing: None })
}

/// What is called, and the names of the values that it gives after its results.
fn engine(args: &RunArgs, format: Format, timing: &mut Timing) -> Result<(Engine, Vec<String>), Failure> {
    let threads = args.threads.map(usize::from);
    let weights = args.weights.as_deref();
    let file = &args.source.file;
    if is_artifact(file) {
        if args.dump_values.is_some() {
            let message = "`--dump-values` is for programs: an artifact has the kernels of its -O level";
            return Err(Failure::Usage(message.to_owned()));
        }
        if program::options(&args.source) != SourceOptions::default() {
            let message = "`--dim`, `--config` and `--model` are for programs, not for artifacts";
            return Err(Failure::Usage(message.to_owned()));
        }
        if args.initial {
            let message =
                "`--initial` is for programs: an artifact has its weights, or gets them by `--weights`";
            return Err(Failure::Usage(message.to_owned()));
        }
        let record_routes = args.routing_stats.is_some();
        let options = OpenOptions { threads, trust_code: args.trust_code, weights, record_routes };
        return Ok((Engine::open(file, &options, timing)?, Vec::new()));
    }
    if args.trust_code {
        return Err(Failure::Usage("`--trust-code` is for artifacts, not for programs".to_owned()));
    }
    let level = level_of(args.optimize.level);
    if args.dump_values.is_some() && level != OptLevel::O0 {
        let message = "values are dumped at -O0, where each op is a kernel of its own: add `-O0`";
        return Err(Failure::Usage(message.to_owned()));
    }
    let program = program::open(&args.source)?;
    let module = program::callable(&args.source, &program, level, format, timing)?;
    if args.dump_values.is_none() {
        return Ok((bound(args, module.clone(), level, timing)?, Vec::new()));
    }
    let with_values = program.with_values(&args.entry, timing);
    let (module, names) = with_values.map_err(|error| program::told(&program, error, format))?;
    Ok((bound(args, module, level, timing)?, names))
}

/// A program with its parameters.
fn bound(args: &RunArgs, module: Verified, level: OptLevel, timing: &mut Timing) -> Result<Engine, Failure> {
    let threads = args.threads.map(usize::from);
    let compile = if args.routing_stats.is_some() { Engine::recording } else { Engine::compile };
    if args.initial {
        return Ok(compile(module, level, Parameters::Initial, threads, timing)?);
    }
    let Some(weights) = args.weights.as_deref() else {
        if module.parameters.is_empty() {
            return Ok(compile(module, level, Parameters::Given(&[]), threads, timing)?);
        }
        let file = args.source.file.display();
        let message = format!("the model of {file} has parameters, but no weights are given");
        return Err(Failure::coded("E4020", message));
    };
    let checkpoint = timing.stage("read weights", || Checkpoint::open(weights, &module))?;
    Ok(compile(module, level, Parameters::Checkpoint(&checkpoint), threads, timing)?)
}

fn is_artifact(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "tria")
}

/// The inputs of the entry in its order.
fn inputs(args: &RunArgs, entry: &Entry) -> Result<Vec<TensorData>, Failure> {
    let names: Vec<&str> = args.inputs.iter().map(|(name, _)| name.as_str()).collect();
    let order = tri_driver::order_inputs(entry, &names)?;
    order.into_iter().map(|at| Ok(tri_import::read_tensor(&args.inputs[at].1)?)).collect()
}

fn compare(place: &str, result: &TensorData) -> Result<Comparison, Failure> {
    let expected = tri_import::read_tensor(place)?;
    if (expected.dtype, &expected.shape) != (result.dtype, &result.shape) {
        let (found, expected) = (type_text(result), type_text(&expected));
        return Err(Failure::coded("E4039", format!("the result is {found}, but {place} is {expected}")));
    }
    Ok(Comparison::of(result, &expected))
}

/// Entries do not name their results; the only one goes by the name of the entry.
fn result_name(args: &RunArgs, at: usize, count: usize) -> String {
    if count == 1 { args.entry.clone() } else { format!("{}.{at}", args.entry) }
}

fn print(args: &RunArgs, results: &[TensorData], comparisons: &[Comparison]) {
    for (at, result) in results.iter().enumerate() {
        output::result(format_args!("{}: {}\n", result_name(args, at, results.len()), type_text(result)));
        if args.outputs.is_empty() {
            output::result(format_args!("{}\n", elements_text(result)));
        }
    }
    for comparison in comparisons {
        output::result(format_args!("{comparison}\n"));
    }
}

fn results_json(args: &RunArgs, results: &[TensorData], comparisons: &[Comparison]) -> Value {
    let results: Vec<Value> = results
        .iter()
        .enumerate()
        .map(|(at, result)| {
            let mut value = json!({
                "name": result_name(args, at, results.len()),
                "dtype": result.dtype.name(),
                "shape": result.shape,
            });
            match args.outputs.get(at) {
                Some(place) => value["written_to"] = json!(place),
                None => value["elements"] = elements_json(result),
            }
            if let Some(comparison) = comparisons.get(at) {
                value["comparison"] = json!({
                    "equal": comparison.equal,
                    "of": comparison.of,
                    "max_difference": comparison.max_difference_json(),
                });
            }
            value
        })
        .collect();
    json!({ "entry": args.entry, "results": results })
}
