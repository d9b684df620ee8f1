//! Golden calls: each entry point called once, at small sizes, with inputs that are a pure function of entry and position. The
//! reference interpreter computes the answers; `triton verify` asks the machine at hand for them again.
//!
//! Integer inputs are often indices of tables whose length the type does not say, so they are 0 or 1, and 0 alone where 1 is refused.
//! An entry whose call would take the interpreter too long has none, and the compiler says so.

use std::collections::HashMap;

use tri_artifact::{Callee, GoldenCall};
use tri_interp::{InterpError, Interpreter, Weights};
use tri_ir::math::{Native, random};
use tri_ir::{DType, Dim, Entry, Function, FunctionId, Inst, Module, Op, Symbol, TensorData, Verified};

/// Operations on elements that a golden call may cost: about a second of the interpreter.
const MAX_COST: i64 = 100_000_000;

/// Size of a run-time dim in a golden call, unless its bounds exclude it.
const SIZE: i64 = 2;

/// Why an entry has no golden call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The entry.
    pub entry: String,
    /// In words.
    pub reason: String,
}

/// One call for each entry of the module, and the entries that have none.
pub(crate) fn golden_calls(module: &Verified, weights: &Weights) -> (Vec<GoldenCall>, Vec<Skipped>) {
    let interpreter = Interpreter::new(module);
    let (mut calls, mut skipped) = (Vec::new(), Vec::new());
    for entry in &module.entries {
        match golden_call(module, &interpreter, weights, entry) {
            Ok(call) => calls.push(call),
            Err(reason) => skipped.push(Skipped { entry: entry.name.clone(), reason }),
        }
    }
    (calls, skipped)
}

/// The test blocks, on weights in their initial values; those that the interpreter cannot be asked for are left out.
pub(crate) fn golden_tests(module: &Verified) -> Result<Vec<GoldenCall>, InterpError> {
    let initial = module.parameters.iter().map(|parameter| parameter.init.function);
    if module.tests.is_empty() || !is_affordable(module, initial.chain(module.prologue)) {
        return Ok(Vec::new());
    }
    let interpreter = Interpreter::new(module);
    let weights = interpreter.bind_initial()?;
    let mut calls = Vec::new();
    for test in &module.tests {
        // A test that stops or fails is for `triton test` to tell.
        if is_affordable(module, [test.function])
            && let Ok(holds) = interpreter.run_test(test, &weights)
        {
            let bytes: Vec<u8> = holds.into_iter().map(u8::from).collect();
            let outputs = vec![TensorData { dtype: DType::Bool, shape: vec![bytes.len()], bytes }];
            calls.push(GoldenCall {
                callee: Callee::Test(test.name.clone()),
                inputs: Vec::new(),
                outputs,
                symbols: Vec::new(),
            });
        }
    }
    Ok(calls)
}

/// Whether the interpreter may run these functions, each once.
pub(crate) fn is_affordable(module: &Module, functions: impl IntoIterator<Item = FunctionId>) -> bool {
    let mut costs = Costs { module, known: HashMap::new() };
    let sum = functions.into_iter().try_fold(0i64, |sum, id| sum.checked_add(costs.of(id, &[])?));
    sum.is_some_and(|sum| sum <= MAX_COST)
}

fn golden_call(
    module: &Verified,
    interpreter: &Interpreter<'_>,
    weights: &Weights,
    entry: &Entry,
) -> Result<GoldenCall, String> {
    let function = module.function(entry.function);
    let sizes: Vec<i64> =
        function.symbols.iter().map(|info| SIZE.max(info.min).min(info.max.unwrap_or(SIZE))).collect();
    let cost = Costs { module, known: HashMap::new() }.of(entry.function, &sizes).unwrap_or(i64::MAX);
    let largest_input =
        entry.inputs.iter().map(|input| product(&input.ty.shape, &sizes).unwrap_or(i64::MAX)).max();
    if cost.max(largest_input.unwrap_or(0)) > MAX_COST {
        return Err("a call costs more than the interpreter is asked for".to_owned());
    }
    let mut refused = String::new();
    for largest in [1, 0] {
        let inputs = inputs(entry, &sizes, largest)?;
        let mut states = interpreter.initial_states().map_err(|error| error.to_string())?;
        match interpreter.call(&entry.name, &inputs, weights, &mut states) {
            Ok(outputs) => {
                let names =
                    function.symbols.iter().filter(|info| !info.bound_inside).map(|info| info.name.clone());
                let symbols = names.zip(sizes).collect();
                return Ok(GoldenCall {
                    callee: Callee::Entry(entry.name.clone()),
                    inputs,
                    outputs,
                    symbols,
                });
            }
            Err(error) => refused = error.to_string(),
        }
    }
    Err(format!("the sampled inputs are refused: {refused}"))
}

/// Inputs of an entry of a module: floats in [-1, 1), and zeros. Sizes are given by name; others are 1, unless their bounds exclude it.
///
/// # Errors
/// An input with such sizes is too large.
pub fn sample_inputs(
    module: &Module,
    entry: &Entry,
    sizes: &[(String, i64)],
) -> Result<Vec<TensorData>, String> {
    let size = |info: &tri_ir::SymbolInfo| {
        let given = sizes.iter().find(|(name, _)| *name == info.name).map(|(_, size)| *size);
        given.unwrap_or_else(|| 1.max(info.min).min(info.max.unwrap_or(1)))
    };
    let sizes: Vec<i64> = module.function(entry.function).symbols.iter().map(size).collect();
    inputs(entry, &sizes, 0)
}

/// Inputs of the entry where its symbols have these sizes; integers are at most `largest`.
fn inputs(entry: &Entry, sizes: &[i64], largest: u64) -> Result<Vec<TensorData>, String> {
    let input = |(stream, input): (usize, &tri_ir::EntryInput)| {
        let shape: Vec<usize> =
            input.ty.shape.iter().map(|size| value(size, sizes)).collect::<Result<_, _>>()?;
        let count = shape.iter().product();
        let bytes =
            (0..count).flat_map(|at| element(input.ty.dtype, stream as i64, at as i64, largest)).collect();
        TensorData::new(input.ty.dtype, shape, bytes).ok_or_else(|| "an input is too large".to_owned())
    };
    entry.inputs.iter().enumerate().map(input).collect()
}

fn value(size: &Dim, sizes: &[i64]) -> Result<usize, String> {
    let size = size.evaluate(&mut |symbol: &Symbol| sizes.get(symbol.index()).copied());
    usize::try_from(size.map_err(|error| error.to_string())?).map_err(|_| "a size is negative".to_owned())
}

/// Little-endian bytes of an input's element: floats in [-1, 1), integers up to `largest`.
fn element(dtype: DType, stream: i64, at: i64, largest: u64) -> Vec<u8> {
    let uniform = random(&mut Native, stream, at);
    let signed = 2.0 * uniform - 1.0;
    match dtype {
        DType::F32 => signed.to_le_bytes().to_vec(),
        DType::F16 => half::f16::from_f32(signed).to_le_bytes().to_vec(),
        DType::Bf16 => half::bf16::from_f32(signed).to_le_bytes().to_vec(),
        _ => (at as u64 % 2).min(largest).to_le_bytes()[..dtype.bytes()].to_vec(),
    }
}

/// What calls cost: multiplications of contractions and convolutions, and elements of every result. Functions are shared by
/// many calls, so their costs are remembered.
struct Costs<'m> {
    module: &'m Module,
    known: HashMap<(FunctionId, Vec<i64>), Option<i64>>,
}

impl Costs<'_> {
    /// The cost of calling a function at these sizes; none if it does not fit.
    fn of(&mut self, id: FunctionId, sizes: &[i64]) -> Option<i64> {
        let key = (id, sizes.to_vec());
        if let Some(cost) = self.known.get(&key) {
            return *cost;
        }
        let function = self.module.function(id);
        let mut all = sizes.to_vec();
        // Those that the function binds itself; at their largest.
        all.extend(function.symbols.iter().skip(sizes.len()).map(|info| info.max.unwrap_or(SIZE)));
        let cost = function
            .insts
            .iter()
            .try_fold(0i64, |sum, inst| sum.checked_add(self.of_inst(function, inst, &all)?));
        self.known.insert(key, cost);
        cost
    }

    fn of_inst(&mut self, function: &Function, inst: &Inst, sizes: &[i64]) -> Option<i64> {
        let elements = |value: &tri_ir::Value| product(&function.ty(*value).shape, sizes);
        let results = inst.results.iter().try_fold(0i64, |sum, value| sum.checked_add(elements(value)?))?;
        let inner = match &inst.op {
            Op::Contract { contract, .. } => {
                let summed: Vec<Dim> =
                    contract.iter().map(|(axis, _)| axis_size(function, inst.args[0], *axis)).collect();
                results.checked_mul(product(&summed, sizes)?)?
            }
            Op::Conv2d(_) => {
                results.checked_mul(product(function.ty(inst.args[1]).shape.get(1..)?, sizes)?)?
            }
            Op::Call { function, symbols, .. } => self.of(*function, &values(symbols, sizes)?)?,
            Op::Route { tiles, .. } => {
                let rows = value(&axis_size(function, inst.args[0], 0), sizes).ok()?;
                let mut most = 0;
                for tile in tiles {
                    let mut inner = vec![i64::try_from(rows).ok()?];
                    inner.extend(values(&tile.symbols, sizes)?);
                    most = most.max(self.of(tile.function, &inner)?);
                }
                most
            }
            _ => 0,
        };
        results.checked_add(inner)
    }
}

fn axis_size(function: &Function, value: tri_ir::Value, axis: u32) -> Dim {
    function.ty(value).shape[axis as usize].clone()
}

fn values(dims: &[Dim], sizes: &[i64]) -> Option<Vec<i64>> {
    dims.iter().map(|dim| dim.evaluate(&mut |symbol| sizes.get(symbol.index()).copied()).ok()).collect()
}

fn product(dims: &[Dim], sizes: &[i64]) -> Option<i64> {
    values(dims, sizes)?.into_iter().try_fold(1i64, i64::checked_mul)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOKUP: &str = r#"module "lookup"

fn @init(%0: i64) -> (%1) {
  %1 = random %0 : f32[1, 3]
}

fn @forward<B: 0 up>(%0: i32[B], %1: f32[1, 3]) -> (%2) {
  %2 = gather %1, %0 : f32[B, 3]
}

param "table" : f32[1, 3] init @init streams [7]

entry "forward" = @forward {
  input "rows" : i32[B] axes ["B"]
  capture param 0
  output f32[B, 3] axes ["B", "3"]
}
"#;

    #[test]
    fn integer_inputs_index_a_table_of_one_row() {
        let module = tri_ir::verify(tri_ir::parse(LOOKUP).unwrap()).unwrap();
        let weights = Interpreter::new(&module).bind_initial().unwrap();
        let (calls, skipped) = golden_calls(&module, &weights);
        assert_eq!(skipped, []);
        assert_eq!(calls[0].symbols, [("B".to_owned(), 2)]);
        assert_eq!(calls[0].inputs[0].to_i32().unwrap(), [0, 0]);
        assert_eq!(calls[0].outputs[0].shape, [2, 3]);
        assert_eq!(calls, golden_calls(&module, &weights).0);
    }

    #[test]
    fn an_entry_that_would_take_too_long_is_named() {
        let text = LOOKUP.replace("f32[1, 3]", "f32[1, 30000000]").replace("f32[B, 3]", "f32[B, 30000000]");
        let module = tri_ir::verify(tri_ir::parse(&text).unwrap()).unwrap();
        let weights = Interpreter::new(&module).bind_initial().unwrap();
        let sizes: &[i64] = &[4];
        assert_eq!(
            Costs { module: &module, known: HashMap::new() }.of(FunctionId(1), sizes),
            Some(120_000_000)
        );
        let module = tri_ir::verify(tri_ir::parse(&text.replace("0 up", "4 up")).unwrap()).unwrap();
        let (calls, skipped) = golden_calls(&module, &weights);
        assert_eq!((calls, skipped[0].entry.as_str()), (vec![], "forward"));
    }
}
