//! Models that commands call: a program compiled in this process, or an artifact.

use std::path::Path;

use tri_driver::{
    Checkpoint, DriverError, Engine, OpenOptions, OptLevel, Parameters, Program, SourceOptions, Timing,
    level_of,
};
use tri_ir::{Entry, TensorData, Verified};
use tri_runtime::Instrument;

use crate::args::{Format, ModelArgs};
use crate::failure::Failure;
use crate::program;

/// What the command wants beside results.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Opening {
    /// Whether machine code from an artifact is executed.
    pub(crate) trust_code: bool,
    /// The NVIDIA GPU to run on; the CPU if none.
    pub(crate) gpu: Option<u32>,
    /// Whether calls give every value that they compute, after their results.
    pub(crate) dump_values: bool,
    /// What calls tell.
    pub(crate) instrument: Instrument,
}

/// A model that can be called.
pub(crate) struct Opened {
    pub(crate) engine: Engine,
    /// The program, if it is not an artifact.
    pub(crate) program: Option<Program>,
    /// Names of the values that calls give after their results.
    pub(crate) values: Vec<String>,
}

/// Loads or compiles the model, and binds its parameters.
pub(crate) fn open(
    args: &ModelArgs,
    how: Opening,
    format: Format,
    timing: &mut Timing,
) -> Result<Opened, Failure> {
    if is_artifact(&args.source.file) {
        return Ok(Opened { engine: artifact(args, how, timing)?, program: None, values: Vec::new() });
    }
    if how.trust_code {
        return Err(Failure::Usage("`--trust-code` is for artifacts, not for programs".to_owned()));
    }
    if how.gpu.is_some() && (how.dump_values || how.instrument != Instrument::Nothing) {
        let message =
            "calls on a GPU tell their results alone: leave out `--device`, or what else is asked for";
        return Err(Failure::Usage(message.to_owned()));
    }
    let level = level_of(args.optimize.level);
    if how.dump_values && level != OptLevel::O0 {
        let message = "values are dumped at -O0, where each op is a kernel of its own: add `-O0`";
        return Err(Failure::Usage(message.to_owned()));
    }
    let program = program::open(&args.source)?;
    let module = program::callable(&args.source, &program, level, format, timing)?;
    let (module, values) = if how.dump_values {
        let with_values = program.with_values(&args.entry, timing);
        with_values.map_err(|error| program::told(&program, error, format))?
    } else {
        (module.clone(), Vec::new())
    };
    let engine = match how.gpu {
        None => bound(args, module, level, how.instrument, timing)?,
        Some(ordinal) => with_parameters(args, module, timing, |module, parameters, timing| {
            let places = |kernel: &tri_kernel_ir::Module| program.places(kernel);
            Engine::compile_for_gpu(module, level, parameters, ordinal, places, timing)
        })?,
    };
    Ok(Opened { engine, program: Some(program), values })
}

fn artifact(args: &ModelArgs, how: Opening, timing: &mut Timing) -> Result<Engine, Failure> {
    let usage = |message: &str| Err(Failure::Usage(message.to_owned()));
    if how.dump_values {
        return usage("`--dump-values` is for programs: an artifact has the kernels of its -O level");
    }
    if program::options(&args.source) != SourceOptions::default() {
        return usage("`--dim`, `--config` and `--model` are for programs, not for artifacts");
    }
    if args.initial {
        return usage(
            "`--initial` is for programs: an artifact has its weights, or gets them by `--weights`",
        );
    }
    let options = OpenOptions {
        threads: args.threads.map(usize::from),
        gpu: how.gpu,
        trust_code: how.trust_code,
        weights: args.weights.as_deref(),
        instrument: how.instrument,
    };
    Ok(Engine::open(&args.source.file, &options, timing)?)
}

/// A program with its parameters.
fn bound(
    args: &ModelArgs,
    module: Verified,
    level: OptLevel,
    instrument: Instrument,
    timing: &mut Timing,
) -> Result<Engine, Failure> {
    let threads = args.threads.map(usize::from);
    with_parameters(args, module, timing, |module, parameters, timing| match instrument {
        Instrument::Nothing => Engine::compile(module, level, parameters, threads, timing),
        told => Engine::instrumented(module, level, told, parameters, threads, timing),
    })
}

/// Hands a program with the parameters that the arguments name to who compiles it.
fn with_parameters(
    args: &ModelArgs,
    module: Verified,
    timing: &mut Timing,
    compile: impl FnOnce(Verified, Parameters<'_>, &mut Timing) -> Result<Engine, DriverError>,
) -> Result<Engine, Failure> {
    if args.initial {
        return Ok(compile(module, Parameters::Initial, timing)?);
    }
    let Some(weights) = args.weights.as_deref() else {
        if module.parameters.is_empty() {
            return Ok(compile(module, Parameters::Given(&[]), timing)?);
        }
        let file = args.source.file.display();
        let message = format!("the model of {file} has parameters, but no weights are given");
        return Err(Failure::coded("E4020", message));
    };
    let checkpoint = timing.stage("read weights", || Checkpoint::open(weights, &module))?;
    Ok(compile(module, Parameters::Checkpoint(&checkpoint), timing)?)
}

fn is_artifact(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "tria")
}

/// The inputs of the entry in its order.
pub(crate) fn inputs(args: &ModelArgs, entry: &Entry) -> Result<Vec<TensorData>, Failure> {
    let names: Vec<&str> = args.inputs.iter().map(|(name, _)| name.as_str()).collect();
    let order = tri_driver::order_inputs(entry, &names)?;
    order.into_iter().map(|at| Ok(tri_import::read_tensor(&args.inputs[at].1)?)).collect()
}
