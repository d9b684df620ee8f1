//! What the tests of this crate share: programs lowered and verified, packs read, entries run by the interpreter.
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use safetensors::{Dtype, SafeTensors};
use tri_db::{MemorySystem, RootDatabase};
use tri_diagnostics::Diagnostic;
use tri_interp::Interpreter;
use tri_ir::{DType, TensorData, Verified};
use tri_lower::{Lowered, Options};

/// A file of the repository, by its path from the top.
pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// A program of `tests/programs`, or an example.
pub(crate) fn source(path: &str) -> String {
    std::fs::read_to_string(repository(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A pack: tensors by name. Elements in f64 are left out; see [`f64s`].
pub(crate) fn pack(path: &str) -> BTreeMap<String, TensorData> {
    let bytes = std::fs::read(repository(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let mut tensors = BTreeMap::new();
    for (name, view) in file.tensors() {
        let dtype = match view.dtype() {
            Dtype::F32 => DType::F32,
            Dtype::I32 => DType::I32,
            Dtype::F64 | Dtype::I8 => continue,
            other => panic!("{path} has {other:?}"),
        };
        tensors.insert(name, TensorData::new(dtype, view.shape().to_vec(), view.data().to_vec()).unwrap());
    }
    tensors
}

/// The elements of an f64 tensor of a pack.
pub(crate) fn f64s(path: &str, name: &str) -> Vec<f64> {
    let bytes = std::fs::read(repository(path)).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let view = file.tensor(name).unwrap();
    assert_eq!(view.dtype(), Dtype::F64);
    view.data().chunks_exact(8).map(|b| f64::from_le_bytes(b.try_into().unwrap())).collect()
}

/// A model ready to run.
pub(crate) struct Model {
    pub(crate) module: Verified,
}

impl Model {
    pub(crate) fn new(text: &str) -> Model {
        let lowered = lower(text, &Options::default());
        Model { module: tri_ir::verify(lowered.module).unwrap() }
    }

    /// The same as training sees it.
    pub(crate) fn training(text: &str) -> Model {
        let mut db = database(text);
        db.set_training(true);
        let lowered = lower_root(&db, &Options::default()).unwrap();
        Model { module: tri_ir::verify(lowered.module).unwrap() }
    }

    /// Elements of its trained parameters, buffers left out.
    pub(crate) fn trained_elements(&self) -> i64 {
        let trained = self.module.parameters.iter().filter(|p| p.kind == tri_ir::ParameterKind::Trained);
        trained.map(|p| p.ty.shape.iter().map(|dim| dim.as_constant().unwrap()).product::<i64>()).sum()
    }

    /// Calls an entry with weights by checkpoint name.
    pub(crate) fn call(
        &self,
        entry: &str,
        inputs: &[TensorData],
        weights: &BTreeMap<String, TensorData>,
    ) -> Vec<TensorData> {
        let interpreter = Interpreter::new(&self.module);
        let parameters: Vec<TensorData> = self
            .module
            .parameters
            .iter()
            .map(|parameter| {
                weights.get(&parameter.name).unwrap_or_else(|| panic!("no {}", parameter.name)).clone()
            })
            .collect();
        let bound = interpreter.bind(&parameters).unwrap();
        let mut states = interpreter.initial_states().unwrap();
        interpreter.call(entry, inputs, &bound, &mut states).unwrap()
    }

    /// Calls an entry with initial weights, or those given by name.
    pub(crate) fn call_with(&self, entry: &str, inputs: &[TensorData], given: &[(&str, &[f32])]) -> Vec<f32> {
        let interpreter = Interpreter::new(&self.module);
        let mut parameters = interpreter.initial_parameters().unwrap();
        for (name, elements) in given {
            let at = self.module.parameters.iter().position(|parameter| parameter.name == *name);
            let parameter = &mut parameters[at.unwrap_or_else(|| panic!("no parameter {name}"))];
            *parameter = TensorData::from_f32(parameter.shape.clone(), elements).unwrap();
        }
        let bound = interpreter.bind(&parameters).unwrap();
        let mut states = interpreter.initial_states().unwrap();
        interpreter.call(entry, inputs, &bound, &mut states).unwrap()[0].to_f32().unwrap()
    }

    /// Results of all tests of the program.
    pub(crate) fn run_tests(&self) -> Vec<(String, Vec<bool>)> {
        let interpreter = Interpreter::new(&self.module);
        let weights = interpreter.bind_initial().unwrap();
        let run = |test: &tri_ir::Test| (test.name.clone(), interpreter.run_test(test, &weights).unwrap());
        self.module.tests.iter().map(run).collect()
    }

    /// Functions whose name begins so.
    pub(crate) fn functions(&self, prefix: &str) -> Vec<String> {
        let names = self.module.functions.iter().map(|function| function.name.clone());
        names.filter(|name| name.starts_with(prefix)).collect()
    }
}

/// The first `rows` of a tensor.
pub(crate) fn first_rows(tensor: &TensorData, rows: usize) -> TensorData {
    let mut shape = tensor.shape.clone();
    let row = tensor.bytes.len() / shape[0];
    shape[0] = rows;
    TensorData::new(tensor.dtype, shape, tensor.bytes[..rows * row].to_vec()).unwrap()
}

/// The tensor with an axis of length 1 in front.
pub(crate) fn as_batch(tensor: &TensorData) -> TensorData {
    let shape = std::iter::once(1).chain(tensor.shape.iter().copied()).collect();
    TensorData::new(tensor.dtype, shape, tensor.bytes.clone()).unwrap()
}

/// Whether every element is within `tolerance`.
#[track_caller]
pub(crate) fn assert_close(found: &[f32], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
        let difference = (f64::from(*found) - expected).abs();
        assert!(difference <= tolerance, "element {at} is {found}, not {expected}");
    }
}

/// Numbers between -1 and 1 that look random and are the same everywhere.
pub(crate) fn numbers(seed: u64, count: usize) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        ((state >> 40) as f32 / (1u64 << 23) as f32) - 1.0
    };
    (0..count).map(|_| next()).collect()
}

fn database(text: &str) -> RootDatabase {
    RootDatabase::new(Arc::new(MemorySystem::new([("main.tri", text)])), Path::new("main.tri"))
}

fn lower_root(db: &RootDatabase, options: &Options) -> Result<Lowered, Vec<Diagnostic>> {
    let mut diagnostics = tri_hir::check(db, db.root());
    diagnostics.retain(Diagnostic::is_error);
    if diagnostics.is_empty() { tri_lower::lower(db, db.root(), options) } else { Err(diagnostics) }
}

/// The program checked and lowered.
pub(crate) fn lower_result(text: &str, options: &Options) -> Result<Lowered, Vec<Diagnostic>> {
    lower_root(&database(text), options)
}

/// The program lowered; it must have no error.
#[track_caller]
pub(crate) fn lower(text: &str, options: &Options) -> Lowered {
    match lower_result(text, options) {
        Ok(lowered) => lowered,
        Err(diagnostics) => panic!("{}", described(text, &diagnostics)),
    }
}

/// Diagnostics with their lines.
fn described(text: &str, diagnostics: &[Diagnostic]) -> String {
    let line = |diagnostic: &Diagnostic| {
        let span = diagnostic.primary.span;
        let before = text.get(..span.range.start as usize).unwrap_or("");
        let line = before.matches('\n').count() + 1;
        format!(
            "file {} line {line}: {} {} {:?}",
            span.file.0, diagnostic.code, diagnostic.message, diagnostic.helps
        )
    };
    diagnostics.iter().map(line).collect::<Vec<_>>().join("\n")
}
