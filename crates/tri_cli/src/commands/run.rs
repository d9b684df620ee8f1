//! `triton run`: calls an entry point of a program or artifact.

use serde_json::{Value, json};
use tri_driver::Timing;
use tri_ir::TensorData;
use tri_routing::Run;
use tri_runtime::Instrument;

use crate::args::{Format, Processor, RunArgs};
use crate::failure::Failure;
use crate::model::{self, Opened, Opening};
use crate::output;
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
            format!(
                "`--{option}` is given {found} times, but `{}` gives only {}",
                args.model.entry,
                results.len()
            ),
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
    let instrument = if args.routing_stats.is_some() { Instrument::Routes } else { Instrument::Nothing };
    let how = Opening {
        trust_code: args.trust_code,
        gpu: match args.device {
            Processor::Cpu => None,
            Processor::Gpu(number) => Some(number),
        },
        dump_values: args.dump_values.is_some(),
        instrument,
    };
    let Opened { mut engine, values: names, .. } = model::open(&args.model, how, format, timing)?;
    let inputs = model::inputs(&args.model, engine.entry(&args.model.entry)?)?;
    if args.routing_stats.is_some() {
        let (results, layers) = timing.stage("call", || engine.call_recorded(&args.model.entry, &inputs))?;
        let run = Run { model: engine.module().name.clone(), entry: args.model.entry.clone(), layers };
        return Ok(Called { results, values: Vec::new(), routing: Some(Routing::new(run, earlier)?) });
    }
    let mut results = timing.stage("call", || engine.call(&args.model.entry, &inputs))?;
    let values = results.split_off(results.len().saturating_sub(names.len()));
    Ok(Called { results, values: names.into_iter().zip(values).collect(), routing: None })
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
    if count == 1 { args.model.entry.clone() } else { format!("{}.{at}", args.model.entry) }
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
    json!({ "entry": args.model.entry, "results": results })
}
