//! `triton run`: calls an entry point of a program or artifact.

use std::path::Path;

use serde_json::{Value, json};
use tri_driver::{Engine, OpenOptions, Parameters, Timing, level_of, nearest};
use tri_ir::{Entry, TensorData};

use crate::args::{Format, RunArgs};
use crate::failure::Failure;
use crate::output;
use crate::program;
use crate::progress::Progress;
use crate::values::{Comparison, elements_json, elements_text, type_text};

/// Calls it, writes or prints the results, compares them.
pub(crate) fn run(args: &RunArgs, format: Format) -> Result<(), Failure> {
    let (progress, mut timing) = Progress::start();
    let results = call(args, format, &mut timing);
    progress.finish();
    let results = results?;
    let too_many = |option: &str, found: usize| {
        Failure::error(format!(
            "`--{option}` is given {found} times, but `{}` has {} results",
            args.entry,
            results.len()
        ))
    };
    for (option, places) in [("output", &args.outputs), ("expect", &args.expect)] {
        if places.len() > results.len() {
            return Err(too_many(option, places.len()));
        }
    }
    tri_import::write_tensors(&args.outputs, &results, |at| result_name(args, at, results.len()))?;
    let comparisons = args.expect.iter().zip(&results);
    let comparisons: Vec<Comparison> =
        comparisons.map(|(place, result)| compare(place, result)).collect::<Result<_, _>>()?;
    match format {
        Format::Json => output::json(&results_json(args, &results, &comparisons)),
        Format::Text | Format::Concise | Format::Sarif => print(args, &results, &comparisons),
    }
    Ok(())
}

fn call(args: &RunArgs, format: Format, timing: &mut Timing) -> Result<Vec<TensorData>, Failure> {
    let mut engine = engine(args, format, timing)?;
    let inputs = inputs(args, entry(&engine, &args.entry)?)?;
    Ok(timing.stage("call", || engine.call(&args.entry, &inputs))?)
}

fn engine(args: &RunArgs, format: Format, timing: &mut Timing) -> Result<Engine, Failure> {
    let threads = args.threads.map(usize::from);
    let weights = args.weights.as_deref();
    let file = &args.source.file;
    if is_artifact(file) {
        if args.source.model.is_some() || !args.source.dims.is_empty() {
            return Err(Failure::Usage(
                "`--dim` and `--model` are for programs, not for artifacts".to_owned(),
            ));
        }
        let options = OpenOptions { threads, trust_code: args.trust_code, weights };
        return Ok(Engine::open(file, &options, timing)?);
    }
    if args.trust_code {
        return Err(Failure::Usage("`--trust-code` is for artifacts, not for programs".to_owned()));
    }
    let level = level_of(args.optimize.level);
    let program = program::open(&args.source)?;
    let module = program::optimized(&args.source, level, &program, format, timing)?;
    let Some(weights) = weights else {
        if module.parameters.is_empty() {
            return Ok(Engine::compile(module, level, Parameters::Given(&[]), threads, timing)?);
        }
        return Err(Failure::error("the model has parameters: give them with `--weights FILE.safetensors`"));
    };
    let parameters = timing.stage("read weights", || tri_driver::read_weights(weights, &module))?;
    Ok(Engine::compile(module, level, Parameters::Given(&parameters), threads, timing)?)
}

fn is_artifact(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "tria")
}

fn entry<'e>(engine: &'e Engine, name: &str) -> Result<&'e Entry, Failure> {
    let module = engine.module();
    module.entry(name).ok_or_else(|| {
        let names: Vec<&str> = module.entries.iter().map(|entry| entry.name.as_str()).collect();
        Failure::error(format!("`{}` has no entry `{name}`; it has {}", module.name, list(&names)))
    })
}

/// The inputs of the entry in its order.
fn inputs(args: &RunArgs, entry: &Entry) -> Result<Vec<TensorData>, Failure> {
    let names: Vec<&str> = entry.inputs.iter().map(|input| input.name.as_str()).collect();
    for (at, (name, _)) in args.inputs.iter().enumerate() {
        if !names.contains(&name.as_str()) {
            let near = nearest(name, names.iter().copied());
            let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            let known = list(&names);
            return Err(Failure::error(format!(
                "`{}` has no input `{name}`{near} Its inputs: {known}",
                entry.name
            )));
        }
        if args.inputs[..at].iter().any(|(other, _)| other == name) {
            return Err(Failure::error(format!("input `{name}` is given twice")));
        }
    }
    let missing: Vec<&str> =
        names.iter().copied().filter(|name| args.inputs.iter().all(|(given, _)| given != name)).collect();
    if !missing.is_empty() {
        return Err(Failure::error(format!("`{}` needs the input {}", entry.name, list(&missing))));
    }
    let place = |name: &&str| args.inputs.iter().find(|(given, _)| given == name).map(|(_, place)| place);
    names.iter().filter_map(place).map(|place| Ok(tri_import::read_tensor(place)?)).collect()
}

fn list(names: &[&str]) -> String {
    if names.is_empty() {
        return "none".to_owned();
    }
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn compare(place: &str, result: &TensorData) -> Result<Comparison, Failure> {
    let expected = tri_import::read_tensor(place)?;
    if (expected.dtype, &expected.shape) != (result.dtype, &result.shape) {
        let (found, expected) = (type_text(result), type_text(&expected));
        return Err(Failure::error(format!("the result is {found}, but {place} is {expected}")));
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
                    "max_difference": comparison.max_difference,
                });
            }
            value
        })
        .collect();
    json!({ "entry": args.entry, "results": results })
}
