//! What can go wrong with a model, its weights, or a call.

use std::path::PathBuf;

use tri_artifact::ArtifactError;
use tri_ir::DType;

/// Why a model cannot be loaded or a call cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// The file cannot be believed.
    #[error("{}: {error}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        error: ArtifactError,
    },
    /// A part of the artifact cannot be believed.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// The tensor IR of the artifact is not valid.
    #[error("the tensor IR is not valid: {0}")]
    Ir(Box<tri_ir::VerifyError>),
    /// The program cannot be compiled for this machine.
    #[error("the program cannot be compiled for this machine: {0}")]
    Compile(String),
    /// The machine lacks the instructions of a CPU level.
    #[error("this machine does not have the CPU level `{0}`")]
    Level(&'static str),
    /// Machine code in the file is for something else.
    #[error("the machine code in the artifact cannot be used: {0}")]
    Code(String),
    /// The operating system refused memory or threads.
    #[error("the system refused: {0}")]
    System(#[from] std::io::Error),
    /// The model has no weights yet.
    #[error("the model has no weights: bind them first")]
    NoWeights,
    /// A weight that the model needs was not given.
    #[error("there is no tensor `{name}` for the parameter of that name{}", near(nearest))]
    MissingWeight {
        /// The parameter.
        name: String,
        /// A tensor whose name is close.
        nearest: Option<String>,
    },
    /// A tensor that no parameter asks for.
    #[error("no parameter is called `{name}`{}", near(nearest))]
    UnexpectedWeight {
        /// The tensor.
        name: String,
        /// A parameter whose name is close.
        nearest: Option<String>,
    },
    /// A weight of another type.
    #[error("parameter `{name}` is {expected}, but the tensor given is {found}")]
    WeightType {
        /// The parameter.
        name: String,
        /// Its type.
        expected: String,
        /// The tensor's type.
        found: String,
    },
    /// There is no such entry point.
    #[error("the model has no entry point `{name}`; it has {}", known.join(", "))]
    NoEntry {
        /// As asked for.
        name: String,
        /// Those that exist.
        known: Vec<String>,
    },
    /// Too few or too many arguments.
    #[error("`{entry}` takes {expected} inputs, not {found}")]
    InputCount {
        /// The entry point.
        entry: String,
        /// As declared.
        expected: usize,
        /// As given.
        found: usize,
    },
    /// No argument for an input.
    #[error("`{entry}` needs the input `{input}`")]
    MissingInput {
        /// The entry point.
        entry: String,
        /// The input.
        input: String,
    },
    /// An argument for no input.
    #[error("`{entry}` has no input `{input}`; it has {}", known.join(", "))]
    UnknownInput {
        /// The entry point.
        entry: String,
        /// As given.
        input: String,
        /// Those that exist.
        known: Vec<String>,
    },
    /// An argument of another dtype.
    #[error("input `{input}` of `{entry}` is {expected}, but the tensor given is {found}")]
    InputType {
        /// The entry point.
        entry: String,
        /// The input.
        input: String,
        /// As declared.
        expected: String,
        /// As given.
        found: String,
    },
    /// An axis of another size.
    #[error("axis {axis} (`{dim}`) of input `{input}` of `{entry}` must be {expected}, but is {found}")]
    InputSize {
        /// The entry point.
        entry: String,
        /// The input.
        input: String,
        /// Which axis, from 0.
        axis: usize,
        /// What the source calls its size.
        dim: String,
        /// The size it must have.
        expected: i64,
        /// The size it has.
        found: usize,
    },
    /// A size outside its bounds.
    #[error("`{dim}` of `{entry}` is {found}, but must be {}", bounds(*min, *max))]
    Bounds {
        /// The entry point.
        entry: String,
        /// The size.
        dim: String,
        /// As given.
        found: i64,
        /// Smallest.
        min: i64,
        /// Largest.
        max: Option<i64>,
    },
    /// A size cannot be worked out.
    #[error("a size in `{entry}` cannot be worked out: {reason}")]
    Size {
        /// The entry point.
        entry: String,
        /// Why.
        reason: String,
    },
    /// The call needs more memory than can be addressed.
    #[error("a call of `{entry}` with these sizes needs more memory than can be addressed")]
    TooLarge {
        /// The entry point.
        entry: String,
    },
    /// The machine has too little memory.
    #[error("{bytes} bytes of memory cannot be had")]
    OutOfMemory {
        /// How many were asked for.
        bytes: usize,
    },
    /// A call stopped midway, and may have left states half written.
    #[error(
        "an earlier call stopped midway, so the states that `{entry}` uses are unknown until the session is reset"
    )]
    TornStates {
        /// The entry point.
        entry: String,
    },
    /// A gather met an index that its table does not have.
    #[error("`{entry}` stopped: row {row} was asked of a table that has no such row (in `{function}`)")]
    RowOutOfRange {
        /// The entry point.
        entry: String,
        /// The function of the program.
        function: String,
        /// The index.
        row: i64,
    },
    /// A size computed at run time broke its condition.
    #[error("`{entry}` stopped: a size computed in `{function}` is {value}, which its conditions exclude")]
    RunTimeSize {
        /// The entry point.
        entry: String,
        /// The function of the program.
        function: String,
        /// The size.
        value: i64,
    },
    /// Bytes that do not fit a shape.
    #[error("{found} bytes do not make a tensor {}{shape:?}", dtype.name())]
    Bytes {
        /// Element type.
        dtype: DType,
        /// Shape.
        shape: Vec<usize>,
        /// Number of bytes.
        found: usize,
    },
    /// A byte that is no element.
    #[error("a `{}` tensor holds the byte {found:#04x}, which is none of its elements", dtype.name())]
    NotElement {
        /// Element type: `bool` or `trit`.
        dtype: DType,
        /// The byte.
        found: u8,
    },
    /// A golden call gave something else.
    #[error(
        "the golden call of `{callee}` gives another result {output} on this machine, first at element {element}"
    )]
    Golden {
        /// Entry or test.
        callee: String,
        /// Which result.
        output: usize,
        /// Which element.
        element: usize,
    },
    /// A golden call of something that the model does not have, or of another shape.
    #[error("the golden call of `{callee}` does not fit the model")]
    GoldenShape {
        /// Entry or test.
        callee: String,
    },
    /// Generated code left a failure that it cannot have met: a defect of the compiler.
    #[error("generated code stopped with an unknown failure {0:#x}")]
    UnknownFailure(i64),
}

impl RuntimeError {
    /// The stable code of the error.
    pub fn code(&self) -> &'static str {
        match self {
            RuntimeError::Open { error, .. } | RuntimeError::Artifact(error) => error.code(),
            RuntimeError::Ir(_)
            | RuntimeError::Code(_)
            | RuntimeError::Golden { .. }
            | RuntimeError::GoldenShape { .. } => "E4020",
            RuntimeError::NoWeights
            | RuntimeError::MissingWeight { .. }
            | RuntimeError::UnexpectedWeight { .. }
            | RuntimeError::WeightType { .. } => "E4021",
            RuntimeError::Compile(_)
            | RuntimeError::Level(_)
            | RuntimeError::System(_)
            | RuntimeError::OutOfMemory { .. }
            | RuntimeError::UnknownFailure(_) => "E5001",
            RuntimeError::RowOutOfRange { .. } | RuntimeError::RunTimeSize { .. } => "E4023",
            _ => "E4022",
        }
    }
}

fn near(nearest: &Option<String>) -> String {
    nearest.as_ref().map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

fn bounds(min: i64, max: Option<i64>) -> String {
    match max {
        Some(max) => format!("from {min} to {max}"),
        None => format!("at least {min}"),
    }
}
