//! Calls and routes: the callee's types in the caller's sizes.

use super::Problem;
use super::function::Walk;
use super::sizes::substitute;
use crate::typing::TypeError;
use crate::{DType, Dim, Function, FunctionId, StateId, Symbol, TensorType, Tile};

/// Sizes of a callee's symbols: those given, then `None` for those it binds itself.
fn sizes_of<'a>(
    callee: &Function,
    given: impl Iterator<Item = Option<&'a Dim>>,
) -> Result<Vec<Option<&'a Dim>>, Problem> {
    let outer = callee.symbols.iter().filter(|info| !info.bound_inside).count();
    let mut sizes: Vec<Option<&Dim>> = given.collect();
    if sizes.len() != outer {
        return Err(Problem::Count {
            what: "sizes for the callee's symbols",
            expected: outer,
            found: sizes.len(),
        });
    }
    for (index, (size, info)) in sizes.iter().zip(&callee.symbols).enumerate() {
        let number = size.and_then(|size| size.as_constant());
        if number.is_some_and(|n| n < info.min || info.max.is_some_and(|max| n > max)) {
            return Err(Problem::OutsideLimits(Symbol(index as u32)));
        }
    }
    sizes.resize(callee.symbols.len(), None);
    Ok(sizes)
}

fn in_caller(ty: &TensorType, sizes: &[Option<&Dim>]) -> Result<TensorType, Problem> {
    if ty.shape.iter().all(|dim| dim.as_constant().is_some()) {
        return Ok(ty.clone());
    }
    let shape = ty.shape.iter().map(|dim| substitute(dim, sizes)).collect::<Result<_, _>>()?;
    Ok(TensorType { dtype: ty.dtype, shape, encoding: ty.encoding })
}

fn count(what: &'static str, expected: usize, found: usize) -> Result<(), Problem> {
    if expected == found { Ok(()) } else { Err(Problem::Count { what, expected, found }) }
}

pub(super) fn call(
    walk: &Walk<'_>,
    callee: FunctionId,
    symbols: &[Dim],
    states: &[StateId],
    operands: &[&TensorType],
    results: &[&TensorType],
) -> Result<(), Problem> {
    let callee = &walk.module.functions[callee.index()];
    let sizes = sizes_of(callee, symbols.iter().map(Some))?;
    for (what, values, found) in [("operand", &callee.params, operands), ("result", &callee.results, results)]
    {
        count(if what == "operand" { "operands" } else { "results" }, values.len(), found.len())?;
        for (index, (value, found)) in values.iter().zip(found).enumerate() {
            if in_caller(callee.ty(*value), &sizes)? != **found {
                return Err(Problem::Mismatch { what, index });
            }
        }
    }
    count("states", callee.states.len(), states.len())?;
    for (index, (state, expected)) in states.iter().zip(&callee.states).enumerate() {
        if walk.state(*state)? != expected {
            return Err(Problem::Mismatch { what: "state", index });
        }
    }
    Ok(())
}

pub(super) fn route(
    walk: &Walk<'_>,
    top: u32,
    weighted: bool,
    tiles: &[Tile],
    operands: &[&TensorType],
    results: &[&TensorType],
) -> Result<(), Problem> {
    let heads = 2 + usize::from(weighted);
    if operands.len() < heads {
        return Err(TypeError::OperandCount { expected: heads, found: operands.len() }.into());
    }
    let (heads, mut captures) = operands.split_at(heads);
    let [rows, _] = heads[0].shape.as_slice() else {
        return Err(Problem::Route("routed rows have two axes"));
    };
    count("results", 1, results.len())?;
    let tile_count = Dim::constant(tiles.len() as i64);
    let scores = TensorType::new(DType::F32, vec![rows.clone(), tile_count]);
    let chosen = TensorType::new(DType::I32, vec![rows.clone()]);
    let by_score = *heads[1] == scores;
    if !by_score && *heads[1] != chosen || heads[2..].iter().any(|ty| **ty != scores) {
        return Err(Problem::Route("scores and gates are f32[rows, tiles], chosen tiles i32[rows]"));
    }
    if !by_score && top != 1 {
        return Err(Problem::Route("a row whose tile is given goes to that one alone"));
    }
    if top == 0 || top as usize > tiles.len() {
        return Err(Problem::Route("a row goes to at least one tile and at most to all"));
    }
    if (weighted || top > 1) && results[0].dtype != DType::F32 {
        return Err(Problem::Route("outputs that are weighted or added are f32"));
    }
    for tile in tiles {
        let taken = (tile.captures as usize).min(captures.len());
        let (own, rest) = captures.split_at(taken);
        captures = rest;
        let function = &walk.module.functions[tile.function.index()];
        check_tile(function, tile, heads[0], own, results[0])?;
    }
    count("captures", operands.len() - heads.len() - captures.len(), operands.len() - heads.len())
}

/// A tile takes `E[n, D]` and its captures, gives `E2[n, D2]`, where `n` is its symbol 0, and has no state.
fn check_tile(
    function: &Function,
    tile: &Tile,
    rows: &TensorType,
    captures: &[&TensorType],
    output: &TensorType,
) -> Result<(), Problem> {
    let sizes = sizes_of(function, std::iter::once(None).chain(tile.symbols.iter().map(Some)))?;
    count("states of a tile", 0, function.states.len())?;
    count("operands of a tile", 1 + captures.len(), function.params.len())?;
    count("captures", tile.captures as usize, captures.len())?;
    count("results of a tile", 1, function.results.len())?;
    let n = Dim::var(Symbol(0));
    for (value, outer) in [(function.params[0], rows), (function.results[0], output)] {
        let ty = function.ty(value);
        let [own_rows, width] = ty.shape.as_slice() else {
            return Err(Problem::Route("a tile takes and gives tensors of two axes"));
        };
        let fits = *own_rows == n && outer.rank() == 2 && outer.shape[0] == rows.shape[0];
        let kept = ty.dtype == outer.dtype && ty.encoding == outer.encoding;
        if !fits || !kept || substitute(width, &sizes)? != outer.shape[1] {
            return Err(Problem::Route("a tile's rows or output do not fit the route"));
        }
    }
    for (index, (value, found)) in function.params[1..].iter().zip(captures).enumerate() {
        if in_caller(function.ty(*value), &sizes)? != **found {
            return Err(Problem::Mismatch { what: "capture", index });
        }
    }
    Ok(())
}
