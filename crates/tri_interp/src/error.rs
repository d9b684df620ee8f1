//! Why a call stops.

use tri_dims::DimError;
use tri_ir::{DType, Origin};

/// Why a call has no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InterpError {
    /// The model has no entry of this name.
    #[error("the model has no entry `{0}`")]
    NoEntry(String),
    /// Too few or too many tensors.
    #[error("{what}: {found} given where {expected} belong")]
    Count {
        /// What was counted: `inputs`, `parameters`, `states`.
        what: &'static str,
        /// As many as belong.
        expected: usize,
        /// As many as were given.
        found: usize,
    },
    /// Bytes that do not fit the shape, or elements that are none (a trit of 2).
    #[error("{argument} holds bytes that are no {} tensor of its shape", dtype.name())]
    Malformed {
        /// Which tensor.
        argument: String,
        /// Its element type.
        dtype: DType,
    },
    /// A tensor of another element type.
    #[error("{argument} is {}, but {} belongs there", found.name(), expected.name())]
    Dtype {
        /// Which tensor.
        argument: String,
        /// As the model has it.
        expected: DType,
        /// As given.
        found: DType,
    },
    /// A tensor with too few or too many axes.
    #[error("{argument} has {found} axes, but {expected} belong there")]
    Rank {
        /// Which tensor.
        argument: String,
        /// As the model has it.
        expected: usize,
        /// As given.
        found: usize,
    },
    /// An axis of the wrong size.
    #[error("axis {axis} (`{name}`) of {argument} is {found}, but {expected} belongs there")]
    Axis {
        /// Which tensor.
        argument: String,
        /// Which axis.
        axis: usize,
        /// Its name in the source.
        name: String,
        /// As the model has it, or as an earlier axis of the same name bound it.
        expected: i64,
        /// As given.
        found: i64,
    },
    /// A size outside the limits that the source states.
    #[error("`{symbol}` is {value}, outside {min}..={}", max.map_or_else(|| "unbounded".to_owned(), |max| max.to_string()))]
    Limits {
        /// The size's name.
        symbol: String,
        /// Its value.
        value: i64,
        /// Smallest admitted.
        min: i64,
        /// Largest admitted.
        max: Option<i64>,
    },
    /// An instruction that could not go on.
    #[error("{fault} (function `{function}`, instruction {inst})")]
    Stopped {
        /// Name of the function.
        function: String,
        /// Position of the instruction.
        inst: usize,
        /// Where in the source it comes from.
        origin: Option<Origin>,
        /// Why.
        fault: Fault,
    },
}

impl InterpError {
    /// The stable code, a page of `docs/diagnostics`.
    pub fn code(&self) -> &'static str {
        match self {
            InterpError::NoEntry(_) => "E4030",
            InterpError::Count { .. } => "E4031",
            InterpError::Malformed { .. } => "E4025",
            InterpError::Dtype { .. } => "E4033",
            InterpError::Rank { .. } => "E4034",
            InterpError::Axis { .. } => "E4035",
            InterpError::Limits { .. } => "E4036",
            InterpError::Stopped { fault, .. } => match fault {
                Fault::Index { .. } => "E4040",
                Fault::TooLarge => "E4038",
                _ => "E4041",
            },
        }
    }
}

/// Why an instruction could not go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// An index outside its table.
    #[error("index {index} is outside the table, which has {rows} rows")]
    Index {
        /// The index.
        index: i32,
        /// Rows of the table.
        rows: usize,
    },
    /// A size bound inside that is negative or outside its limits.
    #[error("`{symbol}` cannot be {value}")]
    Binding {
        /// The size's name.
        symbol: String,
        /// What it would be.
        value: i64,
    },
    /// A bound (`where N <= MaxLen`) that does not hold.
    #[error("`{symbol}` cannot be {value}: {left} is more than {right}")]
    Bound {
        /// The size's name.
        symbol: String,
        /// What it would be.
        value: i64,
        /// Value of the smaller side.
        left: i64,
        /// Value of the larger side.
        right: i64,
    },
    /// A size without value.
    #[error("a size has no value: {0}")]
    Size(#[from] DimError),
    /// A size or start that is negative, or a value of a size beyond i32.
    #[error("a size is {0}")]
    SizeRange(i64),
    /// A slice or a written part that leaves its tensor.
    #[error("the part begins at {start} and ends before {end}, but axis {axis} is {size} long")]
    Part {
        /// Which axis.
        axis: usize,
        /// First element.
        start: i64,
        /// One after the last element.
        end: i64,
        /// Length of the axis.
        size: usize,
    },
    /// A tensor beyond what this interpreter makes.
    #[error("a tensor would have more than {} elements", crate::tensor::MAX_ELEMENTS)]
    TooLarge,
}
