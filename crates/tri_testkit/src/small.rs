//! A small call of any entry point, for tests that run whole examples.

use tri_dims::DimError;
use tri_ir::{DType, Dim, Entry, Module, Symbol, TensorData};

use crate::fill::{Fill, Kind};

/// Sizes of a call, not all the same and within the limits of each, and its inputs: ordinary numbers, and integers that index no table
/// of the examples outside its rows.
///
/// # Errors
/// A size of an input cannot be computed.
pub fn small_call(
    module: &Module,
    entry: &Entry,
    seed: u32,
) -> Result<(Vec<i64>, Vec<TensorData>), DimError> {
    let given = module.function(entry.function).symbols.iter().filter(|info| !info.bound_inside);
    let sizes: Vec<i64> = given
        .enumerate()
        .map(|(at, info)| (2 + at as i64).max(info.min).min(info.max.unwrap_or(i64::MAX)))
        .collect();
    let size = |dim: &Dim| dim.evaluate(&mut |symbol: &Symbol| sizes.get(symbol.index()).copied());
    let mut inputs = Vec::new();
    for (input, stream) in entry.inputs.iter().zip(0..) {
        let shape =
            input.ty.shape.iter().map(|dim| Ok(size(dim)? as usize)).collect::<Result<_, DimError>>()?;
        let kind = if input.ty.dtype == DType::I32 { Kind::Small } else { Kind::Ordinary };
        inputs.push(Fill { kind, seed }.tensor(input.ty.dtype, shape, stream));
    }
    Ok((sizes, inputs))
}
