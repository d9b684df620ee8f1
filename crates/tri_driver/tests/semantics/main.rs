//! What the language promises, run: small programs against numbers worked out by hand, interpreted and native, without passes and with them.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

mod calls;
mod einsum;
mod layers;
mod modules;
mod shapes;

use std::path::Path;

use tri_diagnostics::Diagnostic;
use tri_driver::{ElaborateError, Engine, Parameters, Program, SourceOptions, Timing, level_of};
use tri_interp::Interpreter;
use tri_ir::{TensorData, Verified};

/// Files of a package; the first is its root.
type Files<'a> = &'a [(&'a str, &'a str)];

fn try_compile(files: Files<'_>, options: &SourceOptions, level: u8) -> Result<Verified, ElaborateError> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let timing = &mut Timing::default();
    let program = Program::open(&folder.path().join(files[0].0), options).unwrap();
    program.elaborate(timing)?;
    Ok(program.optimized(level_of(level), timing)?.clone())
}

#[track_caller]
fn compile(files: Files<'_>, options: &SourceOptions, level: u8) -> Verified {
    match try_compile(files, options, level) {
        Ok(module) => module,
        Err(ElaborateError::Diagnostics(found)) => panic!("{:?}", errors(&found)),
        Err(error) => panic!("{error:?}"),
    }
}

fn root(text: &str) -> [(&str, &str); 1] {
    [("main.tri", text)]
}

/// The results of calls in order, states kept between them.
fn interpreted(module: &Verified, calls: &[(&str, Vec<TensorData>)]) -> Vec<Vec<TensorData>> {
    let interpreter = Interpreter::new(module);
    let weights = interpreter.bind_initial().unwrap();
    let mut states = interpreter.initial_states().unwrap();
    let mut call = |(entry, inputs): &(&str, Vec<TensorData>)| {
        interpreter.call(entry, inputs, &weights, &mut states).unwrap()
    };
    calls.iter().map(&mut call).collect()
}

fn native(module: &Verified, level: u8, calls: &[(&str, Vec<TensorData>)]) -> Vec<Vec<TensorData>> {
    let timing = &mut Timing::default();
    let mut engine =
        Engine::compile(module.clone(), level_of(level), Parameters::Initial, Some(2), timing).unwrap();
    calls.iter().map(|(entry, inputs)| engine.call(entry, inputs).unwrap()).collect()
}

/// Runs the calls everywhere and compares every result.
#[track_caller]
fn gives_in(
    files: Files<'_>,
    options: &SourceOptions,
    calls: &[(&str, Vec<TensorData>)],
    expected: &[Vec<TensorData>],
) {
    for level in [0, 2] {
        let module = compile(files, options, level);
        assert!(interpreted(&module, calls) == expected, "-O{level}: {:?}", interpreted(&module, calls));
        assert!(
            native(&module, level, calls) == expected,
            "-O{level} natively: {:?}",
            native(&module, level, calls)
        );
    }
}

/// One call of an entry of one file.
#[track_caller]
fn gives(text: &str, entry: &str, inputs: &[TensorData], expected: &[TensorData]) {
    gives_in(&root(text), &SourceOptions::default(), &[(entry, inputs.to_vec())], &[expected.to_vec()]);
}

/// Codes and messages of the errors.
fn errors(diagnostics: &[Diagnostic]) -> Vec<String> {
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.is_error());
    errors.map(|error| format!("{}: {}", error.code, error.message)).collect()
}

/// The only error.
#[track_caller]
fn refused(text: &str) -> String {
    match try_compile(&root(text), &SourceOptions::default(), 0) {
        Err(ElaborateError::Diagnostics(found)) if errors(&found).len() == 1 => errors(&found).remove(0),
        other => panic!("{other:?}"),
    }
}

fn f32s(shape: &[usize], elements: &[f32]) -> TensorData {
    TensorData::from_f32(shape.to_vec(), elements).unwrap()
}

fn i32s(shape: &[usize], elements: &[i32]) -> TensorData {
    TensorData::from_i32(shape.to_vec(), elements).unwrap()
}

/// 0, 1, 2, ... in a shape.
fn counting(shape: &[usize]) -> TensorData {
    let count: usize = shape.iter().product();
    f32s(shape, &(0..count).map(|n| n as f32).collect::<Vec<_>>())
}

fn parameter_names(files: Files<'_>) -> Vec<String> {
    let module = compile(files, &SourceOptions::default(), 0);
    module.parameters.iter().map(|parameter| parameter.name.clone()).collect()
}

fn example(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)).unwrap()
}
