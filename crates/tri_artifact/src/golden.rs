//! Golden calls: what the model must answer, as the reference interpreter computed it.

use serde::{Deserialize, Serialize};
use tri_ir::TensorData;

/// All golden calls of an artifact.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Golden {
    /// In no particular order; each begins with states in their initial values.
    pub calls: Vec<GoldenCall>,
}

/// One call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoldenCall {
    /// What is called.
    pub callee: Callee,
    /// Arguments, in order; none for a test.
    pub inputs: Vec<TensorData>,
    /// What it gives; for a test one `bool` a check.
    pub outputs: Vec<TensorData>,
    /// Sizes of the call, for people.
    pub symbols: Vec<(String, i64)>,
}

/// What a golden call calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Callee {
    /// An entry of the model, with the weights of the artifact.
    Entry(String),
    /// A test block, with weights in their initial values.
    Test(String),
}
