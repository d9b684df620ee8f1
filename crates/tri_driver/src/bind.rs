//! Bound weights: parameters through the prologue, as the weights section stores them.

use tri_interp::Interpreter;
use tri_ir::{TensorData, Verified};

use crate::DriverError;

/// The contents of the weights section, in the order of the manifest: bound values, then parameters that entries take as
/// they are.
pub(crate) fn stored(module: &Verified, parameters: &[TensorData]) -> Result<Vec<Vec<u8>>, DriverError> {
    let bound = Interpreter::new(module).bind(parameters)?.bound();
    Ok(bound.into_iter().map(|tensor| tensor.bytes).collect())
}
