//! Puts the instructions of small functions in the place of their calls, so that fusion sees over the borders of layers: a batch norm, an
//! activation and a shortcut become part of what follows the convolution.
//!
//! Only bodies are looked at (what runs once, in the prologue, gains nothing), and only functions that call nothing, touch no state and
//! cannot stop. One that is called in a single place of the module always moves there unless it is large; others move where they are small
//! and called in few places, so that a module grows with its distinct layers and a stack of equal blocks stays a run of equal calls.

use rustc_hash::{FxHashMap, FxHashSet};
use tri_dims::DimError;
use tri_ir::{Dim, Function, FunctionId, Inst, Module, Op, Symbol, TensorType, Value};

use crate::rewrite::Rewrite;

/// Most instructions of a function called in one place of the module.
const MAX_ALONE: usize = 128;
/// Most instructions of a function called in several.
const MAX_SHARED: usize = 16;
/// Most instructions that calls of one function become in another.
const MAX_COPIES: usize = 64;
/// Most instructions of a function that calls were replaced in.
const MAX_GROWN: usize = 1024;
/// Most terms of a size that a call gives: sizes of sizes must not grow out of hand.
const MAX_TERMS: usize = 4;

pub(crate) fn run(mut module: Module) -> Module {
    let calls = calls_of_each(&module);
    // Callees come before callers, so a callee is seen as it has become.
    for id in bodies(&module) {
        let function = &module.functions[id.index()];
        let chosen = choose(&module, &calls, function);
        if let Some(inlined) = inlined(&module, function, &chosen) {
            module.functions[id.index()] = inlined;
        }
    }
    module
}

/// How many calls of each function there are.
fn calls_of_each(module: &Module) -> Vec<usize> {
    let mut calls = vec![0; module.functions.len()];
    let all = module.functions.iter().flat_map(|function| &function.insts);
    all.flat_map(|inst| inst.op.callees()).for_each(|callee| calls[callee.index()] += 1);
    calls
}

/// Functions that entries reach, callees first.
fn bodies(module: &Module) -> Vec<FunctionId> {
    let mut reached = vec![false; module.functions.len()];
    module.entries.iter().for_each(|entry| reached[entry.function.index()] = true);
    for at in (0..reached.len()).rev() {
        if reached[at] {
            let callees = module.functions[at].insts.iter().flat_map(|inst| inst.op.callees());
            callees.for_each(|callee| reached[callee.index()] = true);
        }
    }
    let ids = (0..reached.len() as u32).map(FunctionId);
    ids.filter(|id| reached[id.index()]).collect()
}

/// The functions whose calls in `caller` are replaced.
fn choose(module: &Module, calls: &[usize], caller: &Function) -> FxHashSet<FunctionId> {
    let mut here: FxHashMap<FunctionId, usize> = FxHashMap::default();
    let mut order = Vec::new();
    for inst in &caller.insts {
        if let Op::Call { function, .. } = &inst.op {
            order.push(*function);
            *here.entry(*function).or_default() += 1;
        }
    }
    let (mut chosen, mut size) = (FxHashSet::default(), caller.insts.len());
    for callee in order {
        let function = module.function(callee);
        let (length, times) = (function.insts.len(), here[&callee]);
        let alone = calls[callee.index()] == 1 && length <= MAX_ALONE;
        let shared = length <= MAX_SHARED && length * times <= MAX_COPIES;
        let fits = size + length * times <= MAX_GROWN;
        if fits && (alone || shared) && is_plain(function) && chosen.insert(callee) {
            size += length * times;
        }
    }
    chosen
}

/// Whether a function calls nothing, touches no state and cannot stop.
fn is_plain(function: &Function) -> bool {
    function.states.is_empty()
        && function.insts.iter().all(|inst| match &inst.op {
            Op::Call { .. } | Op::Route { .. } | Op::Gather | Op::BindDim { .. } => false,
            Op::Slice { starts, .. } => starts.iter().all(|start| start.as_constant().is_some()),
            _ => true,
        })
}

/// The caller with calls of the functions chosen replaced; none if there are no such, or if a size would not fit.
fn inlined(module: &Module, caller: &Function, chosen: &FxHashSet<FunctionId>) -> Option<Function> {
    if chosen.is_empty() {
        return None;
    }
    let mut rewrite = Rewrite::new(caller);
    for inst in &caller.insts {
        match &inst.op {
            Op::Call { function, symbols, .. } if chosen.contains(function) => {
                copy_body(&mut rewrite, inst, module.function(*function), symbols)?;
            }
            _ => rewrite.copy(inst),
        }
    }
    Some(rewrite.finish())
}

/// Copies what `callee` computes to the place of its call; none if a size does not fit.
fn copy_body(rewrite: &mut Rewrite<'_>, call: &Inst, callee: &Function, symbols: &[Dim]) -> Option<()> {
    if symbols.iter().any(|size| size.terms().len() > MAX_TERMS) {
        return None;
    }
    let mut values: FxHashMap<Value, Value> = FxHashMap::default();
    values.extend(callee.params.iter().copied().zip(rewrite.map_all(&call.args)));
    for inst in &callee.insts {
        let op = in_caller(&inst.op, symbols)?;
        let args = inst.args.iter().map(|arg| values[arg]).collect();
        let types = inst.results.iter().map(|result| {
            let ty = callee.ty(*result);
            Some(TensorType { shape: sizes(&ty.shape, symbols)?.into(), ..ty.clone() })
        });
        let types = types.collect::<Option<_>>()?;
        rewrite.builder.set_origin(inst.origin);
        values.extend(inst.results.iter().copied().zip(rewrite.builder.push(op, args, types)));
    }
    for (old, result) in call.results.iter().zip(&callee.results) {
        rewrite.replace(*old, values[result]);
    }
    Some(())
}

/// An op of the callee in the caller's sizes.
fn in_caller(op: &Op, symbols: &[Dim]) -> Option<Op> {
    Some(match op {
        Op::DimValue(size) => Op::DimValue(substituted(size, symbols)?),
        Op::Pad { low, value } => Op::Pad { low: sizes(low, symbols)?, value: *value },
        op => op.clone(),
    })
}

fn sizes(dims: &[Dim], symbols: &[Dim]) -> Option<Vec<Dim>> {
    dims.iter().map(|dim| substituted(dim, symbols)).collect()
}

fn substituted(dim: &Dim, symbols: &[Dim]) -> Option<Dim> {
    dim.substitute(&mut |symbol: &Symbol| symbols.get(symbol.index()).cloned().ok_or(DimError::Unbound)).ok()
}
