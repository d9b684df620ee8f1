//! What a script gives: of the interpreter, and compared with what others give.

use tri_interp::Interpreter;
use tri_ir::{DType, Entry, TensorData, Verified};

use crate::finding::{Claim, Finding};
use crate::{Call, Case};

/// A case with its program as tensor IR, before the passes, and the tensors that its script speaks of.
pub(crate) struct Subject<'a> {
    pub(crate) case: &'a Case,
    pub(crate) module: Verified,
    /// The parameters, in checkpoint order.
    pub(crate) weights: Vec<TensorData>,
    /// Entry and inputs of each call.
    pub(crate) calls: Vec<(String, Vec<TensorData>)>,
}

/// What each call gives, or why it stops; and what each check of each test block finds.
pub(crate) struct Outcome {
    pub(crate) calls: Vec<Result<Vec<TensorData>, String>>,
    pub(crate) tests: Vec<Result<Vec<bool>, String>>,
}

impl<'a> Subject<'a> {
    pub(crate) fn new(case: &'a Case, module: Verified) -> Result<Subject<'a>, Finding> {
        let mut weights = Vec::new();
        for (at, parameter) in module.parameters.iter().enumerate() {
            let shape: Option<Vec<usize>> = parameter
                .ty
                .shape
                .iter()
                .map(|size| size.as_constant().and_then(|size| usize::try_from(size).ok()))
                .collect();
            let shape = shape.ok_or_else(|| Claim::Reference.broken("a parameter without a size"))?;
            weights.push(case.weights.tensor(parameter.ty.dtype, shape, at as u64));
        }
        let mut calls = Vec::new();
        for call in &case.calls {
            let entry = module.entry(&call.entry);
            let entry = entry.ok_or_else(|| Claim::Reference.broken(format!("no entry `{}`", call.entry)))?;
            calls.push((call.entry.clone(), inputs(&module, entry, call)?));
        }
        Ok(Subject { case, module, weights, calls })
    }

    /// The parameters by their names.
    pub(crate) fn named_weights(&self) -> Vec<(String, TensorData)> {
        let names = self.module.parameters.iter().map(|parameter| parameter.name.clone());
        names.zip(self.weights.iter().cloned()).collect()
    }
}

fn inputs(module: &Verified, entry: &Entry, call: &Call) -> Result<Vec<TensorData>, Finding> {
    let symbols = &module.function(entry.function).symbols;
    let mut size_of = |symbol: &tri_ir::Symbol| {
        let name = &symbols.get(symbol.index())?.name;
        call.sizes.iter().find(|(known, _)| known == name).map(|(_, size)| *size)
    };
    let mut tensors = Vec::new();
    for (at, input) in entry.inputs.iter().enumerate() {
        let sizes = input.ty.shape.iter().map(|size| size.evaluate(&mut size_of).ok());
        let shape: Option<Vec<usize>> = sizes.map(|size| usize::try_from(size?).ok()).collect();
        let shape = shape
            .ok_or_else(|| Claim::Reference.broken(format!("a call of `{}` lacks a size", call.entry)))?;
        tensors.push(call.inputs.tensor(input.ty.dtype, shape, 1000 + at as u64));
    }
    Ok(tensors)
}

/// What the interpreter makes of the program as it was elaborated.
pub(crate) fn reference(subject: &Subject<'_>) -> Result<Outcome, Finding> {
    interpret(subject, &subject.module)
}

/// What the interpreter makes of the program after passes.
pub(crate) fn interpret(subject: &Subject<'_>, module: &Verified) -> Result<Outcome, Finding> {
    let fail = |error| Claim::Reference.broken(error);
    let interpreter = Interpreter::new(module);
    let weights = interpreter.bind(&subject.weights).map_err(fail)?;
    let mut states = interpreter.initial_states().map_err(fail)?;
    let mut calls = Vec::new();
    for (entry, inputs) in &subject.calls {
        let result = interpreter.call(entry, inputs, &weights, &mut states);
        calls.push(result.map_err(|error| error.to_string()));
    }
    let initial = interpreter.bind_initial().map_err(fail)?;
    let run = |test| interpreter.run_test(test, &initial).map_err(|error| error.to_string());
    Ok(Outcome { calls, tests: module.tests.iter().map(run).collect() })
}

/// The first difference, in words.
pub(crate) fn difference(case: &Case, expected: &Outcome, found: &Outcome) -> Option<String> {
    for (at, (expected, found)) in expected.calls.iter().zip(&found.calls).enumerate() {
        if let Some(text) = difference_of_calls(expected, found) {
            return Some(format!("call {at} (`{}`): {text}", case.calls[at].entry));
        }
    }
    for (at, (expected, found)) in expected.tests.iter().zip(&found.tests).enumerate() {
        // Why a test stops is said in other words.
        if expected.as_ref().ok() != found.as_ref().ok() {
            return Some(format!("test {at}: {found:?} instead of {expected:?}"));
        }
    }
    None
}

fn difference_of_calls(
    expected: &Result<Vec<TensorData>, String>,
    found: &Result<Vec<TensorData>, String>,
) -> Option<String> {
    match (expected, found) {
        (Err(_), Err(_)) => None,
        (Err(stop), Ok(_)) => Some(format!("gives a result, where the reference stops: {stop}")),
        (Ok(_), Err(stop)) => Some(format!("stops: {stop}")),
        (Ok(expected), Ok(found)) if expected.len() != found.len() => {
            Some(format!("{} results instead of {}", found.len(), expected.len()))
        }
        (Ok(expected), Ok(found)) => {
            let pairs = expected.iter().zip(found).enumerate();
            pairs
                .filter_map(|(at, (a, b))| Some(format!("result {at}: {}", difference_of_tensors(a, b)?)))
                .next()
        }
    }
}

fn difference_of_tensors(expected: &TensorData, found: &TensorData) -> Option<String> {
    if expected.dtype != found.dtype || expected.shape != found.shape {
        let of = |tensor: &TensorData| format!("{}{:?}", tensor.dtype.name(), tensor.shape);
        return Some(format!("{} instead of {}", of(found), of(expected)));
    }
    let width = expected.dtype.bytes();
    let pairs = expected.bytes.chunks(width).zip(found.bytes.chunks(width));
    let mut different = pairs.enumerate().filter(|(_, (a, b))| !is_same(expected.dtype, a, b));
    let (at, (a, b)) = different.next()?;
    let others = different.count();
    Some(format!(
        "element {at} of {}{:?} is {} instead of {}, and {others} others differ",
        expected.dtype.name(),
        expected.shape,
        element(expected.dtype, b),
        element(expected.dtype, a),
    ))
}

fn bits(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |bits, byte| bits << 8 | u64::from(*byte))
}

/// Equal bits, or both NaN.
fn is_same(dtype: DType, a: &[u8], b: &[u8]) -> bool {
    a == b || is_nan(dtype, bits(a)) && is_nan(dtype, bits(b))
}

fn is_nan(dtype: DType, bits: u64) -> bool {
    match dtype {
        DType::F32 => bits & 0x7fff_ffff > 0x7f80_0000,
        DType::Bf16 => bits & 0x7fff > 0x7f80,
        DType::F16 => bits & 0x7fff > 0x7c00,
        _ => false,
    }
}

fn element(dtype: DType, bytes: &[u8]) -> String {
    let bits = bits(bytes);
    match dtype {
        DType::F32 => format!("{:e} ({bits:#010x})", f32::from_bits(bits as u32)),
        DType::F16 | DType::Bf16 => format!("{bits:#06x}"),
        DType::Trit | DType::I8 => (bits as i8).to_string(),
        DType::I32 => (bits as i32).to_string(),
        DType::I64 => (bits as i64).to_string(),
        DType::Bool | DType::U8 => bits.to_string(),
    }
}
