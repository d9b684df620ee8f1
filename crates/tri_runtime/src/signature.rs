//! Arguments against an entry point's signature, and the sizes that follow from them.

use tri_dims::DimError;
use tri_ir::{DType, Dim, Entry, EntryInput, Function, TensorType};

use crate::{RuntimeError, TensorView};

/// Checks number, element types and ranks of arguments.
pub(crate) fn check_types(entry: &Entry, inputs: &[TensorView<'_>]) -> Result<(), RuntimeError> {
    if inputs.len() != entry.inputs.len() {
        let (expected, found) = (entry.inputs.len(), inputs.len());
        return Err(RuntimeError::InputCount { entry: entry.name.clone(), expected, found });
    }
    entry.inputs.iter().zip(inputs).try_for_each(|(input, view)| check_type(entry, input, view))
}

/// Positions in `given` of the inputs of an entry, in the entry's order.
///
/// # Errors
/// A name that is no input or stands twice, or inputs that are missing.
pub fn order_inputs(entry: &Entry, given: &[&str]) -> Result<Vec<usize>, RuntimeError> {
    let entry_name = || entry.name.clone();
    for (at, name) in given.iter().enumerate() {
        if !entry.inputs.iter().any(|input| input.name == *name) {
            let known = entry.inputs.iter().map(|input| input.name.clone()).collect();
            return Err(RuntimeError::UnknownInput { entry: entry_name(), input: (*name).to_owned(), known });
        }
        if given[..at].contains(name) {
            return Err(RuntimeError::InputTwice { entry: entry_name(), input: (*name).to_owned() });
        }
    }
    let position = |input: &EntryInput| given.iter().position(|name| *name == input.name);
    let missing = entry.inputs.iter().filter(|input| position(input).is_none());
    let missing: Vec<String> = missing.map(|input| input.name.clone()).collect();
    if !missing.is_empty() {
        return Err(RuntimeError::MissingInputs { entry: entry_name(), inputs: missing });
    }
    Ok(entry.inputs.iter().filter_map(position).collect())
}

/// Finds the size of every symbol of an entry's function from arguments of its types, and checks every axis. Symbols bound
/// inside are negative.
pub(crate) fn bind_inputs(
    entry: &Entry,
    function: &Function,
    inputs: &[TensorView<'_>],
) -> Result<Vec<i64>, RuntimeError> {
    // A size not known yet is negative; sizes are not.
    let mut symbols = vec![-1; function.symbols.len()];
    for (input, view) in entry.inputs.iter().zip(inputs) {
        for (size, found) in input.ty.shape.iter().zip(view.shape) {
            if let Some(symbol) = size.as_var()
                && symbols[symbol.index()] < 0
            {
                symbols[symbol.index()] = i64::try_from(*found).unwrap_or(i64::MAX);
            }
        }
    }
    for (info, value) in function.symbols.iter().zip(symbols.iter()) {
        let known = *value >= 0 && !info.bound_inside;
        if known && (*value < info.min || info.max.is_some_and(|max| *value > max)) {
            let (dim, found) = (info.name.clone(), *value);
            return Err(RuntimeError::Bounds {
                entry: entry.name.clone(),
                dim,
                found,
                min: info.min,
                max: info.max,
            });
        }
    }
    for (input, view) in entry.inputs.iter().zip(inputs) {
        for (axis, (size, found)) in input.ty.shape.iter().zip(view.shape).enumerate() {
            let expected = size_of(&entry.name, size, &symbols)?;
            if usize::try_from(expected) != Ok(*found) {
                return Err(RuntimeError::InputSize {
                    entry: entry.name.clone(),
                    input: input.name.clone(),
                    axis,
                    dim: input.axes.get(axis).cloned().unwrap_or_default(),
                    expected,
                    bound_by: bound_by(entry, size).filter(|other| *other != input.name),
                    found: *found,
                });
            }
        }
    }
    Ok(symbols)
}

/// The input whose shape gives this size its value.
fn bound_by(entry: &Entry, size: &Dim) -> Option<String> {
    let symbol = size.as_var()?;
    let binds = |input: &&EntryInput| input.ty.shape.iter().any(|size| size.as_var() == Some(symbol));
    entry.inputs.iter().find(binds).map(|input| input.name.clone())
}

fn check_type(entry: &Entry, input: &EntryInput, view: &TensorView<'_>) -> Result<(), RuntimeError> {
    if input.ty.dtype == view.dtype && input.ty.rank() == view.shape.len() {
        return Ok(());
    }
    let expected = declared_type(input.ty.dtype, &input.axes);
    let found = found_type(view.dtype, view.shape);
    let (entry, input_name) = (entry.name.clone(), input.name.clone());
    Err(if input.ty.dtype == view.dtype {
        RuntimeError::InputRank { entry, input: input_name, expected, found }
    } else {
        RuntimeError::InputDtype { entry, input: input_name, expected, found }
    })
}

/// `f32[B, Pixel]`.
fn declared_type(dtype: DType, axes: &[String]) -> String {
    if axes.is_empty() { dtype.name().to_owned() } else { format!("{}[{}]", dtype.name(), axes.join(", ")) }
}

/// `f32[360, 64]`.
pub(crate) fn found_type(dtype: DType, shape: &[usize]) -> String {
    if shape.is_empty() {
        return dtype.name().to_owned();
    }
    let sizes: Vec<String> = shape.iter().map(usize::to_string).collect();
    format!("{}[{}]", dtype.name(), sizes.join(", "))
}

/// The value of a size.
pub(crate) fn size_of(entry: &str, size: &Dim, symbols: &[i64]) -> Result<i64, RuntimeError> {
    if let Some(value) = size.as_constant() {
        return Ok(value);
    }
    let value = size.evaluate(&mut |symbol| symbols.get(symbol.index()).copied().filter(|value| *value >= 0));
    value.map_err(|error: DimError| RuntimeError::Size { entry: entry.to_owned(), reason: error.to_string() })
}

/// The sizes of a tensor, into `shape`, and its bytes.
pub(crate) fn shape_of(
    entry: &str,
    ty: &TensorType,
    symbols: &[i64],
    shape: &mut Vec<usize>,
) -> Result<usize, RuntimeError> {
    shape.clear();
    let mut bytes = ty.dtype.bytes();
    for size in &ty.shape {
        let value = size_of(entry, size, symbols)?;
        let too_large = || RuntimeError::TooLarge { entry: entry.to_owned() };
        let value = usize::try_from(value).map_err(|_| RuntimeError::Size {
            entry: entry.to_owned(),
            reason: format!("{value} is negative"),
        })?;
        bytes =
            bytes.checked_mul(value).filter(|bytes| *bytes <= isize::MAX as usize).ok_or_else(too_large)?;
        shape.push(value);
    }
    Ok(bytes)
}
