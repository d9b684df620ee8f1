//! What surrounds the functions: names, weights, states, entries, tests, the prologue.

use std::collections::HashSet;

use super::{Place, Problem, VerifyError, sizes};
use crate::{
    Capture, DType, Entry, Function, FunctionId, Initial, Module, StateId, Symbol, TensorType, Test,
};

/// Names are unique, each kind apart.
pub(super) fn names(module: &Module) -> Result<(), VerifyError> {
    let unique = |names: &mut dyn Iterator<Item = &String>| {
        let mut seen = HashSet::new();
        for name in names {
            if !seen.insert(name.as_str()) {
                return Err(VerifyError { place: Place::Module, problem: Problem::Name(name.clone()) });
            }
        }
        Ok(())
    };
    unique(&mut module.functions.iter().map(|function| &function.name))?;
    unique(&mut module.parameters.iter().map(|parameter| &parameter.name))?;
    unique(&mut module.states.iter().map(|state| &state.name))?;
    unique(&mut module.bound.iter().map(|bound| &bound.name))?;
    unique(&mut module.entries.iter().map(|entry| &entry.name))
}

/// Everything around the functions, which are in order.
pub(super) fn check(module: &Module) -> Result<(), VerifyError> {
    let error = |place: Place| |problem| VerifyError { place, problem };
    for parameter in &module.parameters {
        initial(module, &parameter.init, &parameter.ty)
            .map_err(error(Place::Parameter(parameter.name.clone())))?;
    }
    for state in &module.states {
        initial(module, &state.init, &state.ty).map_err(error(Place::State(state.name.clone())))?;
        if state.ty != state.ty.with_dtype(state.ty.dtype) {
            return Err(error(Place::State(state.name.clone()))(Problem::Encoding));
        }
    }
    for bound in &module.bound {
        sizes::constant_type(&bound.ty).map_err(error(Place::Bound(bound.name.clone())))?;
    }
    prologue(module).map_err(error(Place::Prologue))?;
    for entry in &module.entries {
        check_entry(module, entry).map_err(error(Place::Entry(entry.name.clone())))?;
    }
    for test in &module.tests {
        check_test(module, test).map_err(error(Place::Test(test.name.clone())))?;
    }
    Ok(())
}

fn function(module: &Module, id: FunctionId) -> Result<&Function, Problem> {
    module.functions.get(id.index()).ok_or(Problem::UnknownFunction(id))
}

/// A function without sizes of callers.
fn closed(module: &Module, id: FunctionId) -> Result<&Function, Problem> {
    let function = function(module, id)?;
    match function.symbols.iter().position(|info| !info.bound_inside) {
        Some(symbol) => Err(Problem::Unsolvable(Symbol(symbol as u32))),
        None => Ok(function),
    }
}

fn count(what: &'static str, expected: usize, found: usize) -> Result<(), Problem> {
    if expected == found { Ok(()) } else { Err(Problem::Count { what, expected, found }) }
}

/// Whether values have these types, in order.
fn types<'a>(
    what: &'static str,
    function: &Function,
    values: &[crate::Value],
    expected: impl ExactSizeIterator<Item = &'a TensorType>,
) -> Result<(), Problem> {
    count(what, expected.len(), values.len())?;
    for (index, (value, expected)) in values.iter().zip(expected).enumerate() {
        if function.ty(*value) != expected {
            return Err(Problem::Mismatch { what, index });
        }
    }
    Ok(())
}

/// An initial value: a function of streams that gives the type.
fn initial(module: &Module, init: &Initial, ty: &TensorType) -> Result<(), Problem> {
    sizes::constant_type(ty)?;
    let function = closed(module, init.function)?;
    count("states", 0, function.states.len())?;
    let stream = TensorType::scalar(DType::I64);
    types("operands", function, &function.params, init.streams.iter().map(|_| &stream))?;
    types("results", function, &function.results, std::iter::once(ty))
}

fn prologue(module: &Module) -> Result<(), Problem> {
    let Some(prologue) = module.prologue else {
        return if module.bound.is_empty() { Ok(()) } else { Err(Problem::NoPrologue) };
    };
    let function = closed(module, prologue)?;
    count("states", 0, function.states.len())?;
    types("operands", function, &function.params, module.parameters.iter().map(|parameter| &parameter.ty))?;
    types("results", function, &function.results, module.bound.iter().map(|bound| &bound.ty))
}

fn captures<'m>(module: &'m Module, captures: &[Capture]) -> Result<Vec<&'m TensorType>, Problem> {
    let ty = |(index, capture): (usize, &Capture)| {
        let found = match capture {
            Capture::Parameter(id) => module.parameters.get(id.index()).map(|parameter| &parameter.ty),
            Capture::Bound(id) => module.bound.get(id.index()).map(|bound| &bound.ty),
        };
        found.ok_or(Problem::UnknownCapture(index))
    };
    captures.iter().enumerate().map(ty).collect()
}

fn states(module: &Module, function: &Function, states: &[StateId]) -> Result<(), Problem> {
    count("states", function.states.len(), states.len())?;
    for (index, (id, expected)) in states.iter().zip(&function.states).enumerate() {
        let state = module.states.get(id.index()).ok_or(Problem::UnknownState(*id))?;
        if state.ty != *expected {
            return Err(Problem::Mismatch { what: "state", index });
        }
    }
    Ok(())
}

fn check_entry(module: &Module, entry: &Entry) -> Result<(), Problem> {
    let function = function(module, entry.function)?;
    let captured = captures(module, &entry.captures)?;
    let inputs: Vec<&TensorType> = entry.inputs.iter().map(|input| &input.ty).collect();
    let operands: Vec<&TensorType> = inputs.iter().chain(&captured).copied().collect();
    types("operands", function, &function.params, operands.into_iter())?;
    types("results", function, &function.results, entry.outputs.iter().map(|output| &output.ty))?;
    states(module, function, &entry.states)?;
    let axes = entry.inputs.iter().map(|input| (&input.ty, &input.axes));
    for (ty, axes) in axes.chain(entry.outputs.iter().map(|output| (&output.ty, &output.axes))) {
        count("axis names", ty.rank(), axes.len())?;
    }
    let mut seen = HashSet::new();
    for input in &entry.inputs {
        if !seen.insert(input.name.as_str()) {
            return Err(Problem::Name(input.name.clone()));
        }
    }
    let sizes: HashSet<Symbol> =
        inputs.iter().flat_map(|ty| &ty.shape).filter_map(|dim| dim.as_var().copied()).collect();
    for (index, info) in function.symbols.iter().enumerate() {
        let symbol = Symbol(index as u32);
        if !info.bound_inside && !sizes.contains(&symbol) {
            return Err(Problem::Unsolvable(symbol));
        }
    }
    Ok(())
}

fn check_test(module: &Module, test: &Test) -> Result<(), Problem> {
    let function = closed(module, test.function)?;
    types("operands", function, &function.params, captures(module, &test.captures)?.into_iter())?;
    let truth = TensorType::scalar(DType::Bool);
    let checks: Vec<&TensorType> = test.checks.iter().map(|_| &truth).collect();
    types("results", function, &function.results, checks.into_iter())?;
    states(module, function, &test.states)
}
