//! What can go wrong with a model, its weights, or a call.

use std::path::PathBuf;

use tri_artifact::ArtifactError;
use tri_ir::DType;

use crate::{CudaError, Instrument};

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
    /// A GPU that cannot be used, or that stopped.
    #[error(transparent)]
    Cuda(#[from] CudaError),
    /// The operating system refused memory or threads.
    #[error("the system refused: {0}")]
    System(#[from] std::io::Error),
    /// The model has no weights yet.
    #[error("the model has no weights: bind them first")]
    NoWeights,
    /// The model was not loaded to tell what is asked for.
    #[error("the model does not tell that: it must be loaded with `Instrument::{wanted:?}`")]
    NoRecord {
        /// What is asked for.
        wanted: Instrument,
    },
    /// The time of a device is asked of a session without one.
    #[error("`{entry}` does not run on a GPU, whose time is asked for")]
    NoDeviceTime {
        /// The entry point.
        entry: String,
    },
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
    /// A weight of another dtype.
    #[error("parameter `{name}` is {expected}, but the tensor given is {found}: another dtype")]
    WeightDtype {
        /// The parameter.
        name: String,
        /// Its type.
        expected: String,
        /// The tensor's type.
        found: String,
    },
    /// A weight of another shape.
    #[error("parameter `{name}` is {expected}, but the tensor given is {found}: another shape")]
    WeightShape {
        /// The parameter.
        name: String,
        /// Its type.
        expected: String,
        /// The tensor's type.
        found: String,
    },
    /// There is no such entry point.
    #[error("the model has no entry point `{name}`{}", known_names(name, known))]
    NoEntry {
        /// As asked for.
        name: String,
        /// Those that exist.
        known: Vec<String>,
    },
    /// There is no such test.
    #[error("the model has no test number {position}")]
    NoTest {
        /// Counted from 0.
        position: usize,
    },
    /// Too few or too many arguments.
    #[error("`{entry}` takes {expected} inputs, but {found} are given")]
    InputCount {
        /// The entry point.
        entry: String,
        /// As declared.
        expected: usize,
        /// As given.
        found: usize,
    },
    /// No argument for some inputs.
    #[error("`{entry}` needs the input {}", quoted(inputs))]
    MissingInputs {
        /// The entry point.
        entry: String,
        /// The inputs; at least one.
        inputs: Vec<String>,
    },
    /// Two arguments for an input.
    #[error("input `{input}` of `{entry}` is given twice")]
    InputTwice {
        /// The entry point.
        entry: String,
        /// The input.
        input: String,
    },
    /// An argument for no input.
    #[error("`{entry}` has no input `{input}`{}", known_names(input, known))]
    UnknownInput {
        /// The entry point.
        entry: String,
        /// As given.
        input: String,
        /// Those that exist.
        known: Vec<String>,
    },
    /// An argument of another dtype.
    #[error("input `{input}` of `{entry}` is {expected}, but the tensor given is {found}: another dtype")]
    InputDtype {
        /// The entry point.
        entry: String,
        /// The input.
        input: String,
        /// As declared.
        expected: String,
        /// As given.
        found: String,
    },
    /// An argument with more or fewer axes.
    #[error("input `{input}` of `{entry}` is {expected}, but the tensor given is {found}: other axes")]
    InputRank {
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
    #[error(
        "axis {axis} (`{dim}`) of input `{input}` of `{entry}` must be {expected}{}, but is {found}",
        as_in(bound_by)
    )]
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
        /// An earlier input whose shape says so.
        bound_by: Option<String>,
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
    #[error("`{entry}` stopped: `{dim}` is {value} in `{function}`, but {condition}")]
    RunTimeSize {
        /// The entry point.
        entry: String,
        /// The function of the program.
        function: String,
        /// The name of the size.
        dim: String,
        /// The size.
        value: i64,
        /// What must hold, in words.
        condition: String,
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
    /// The stable code, a page of `docs/diagnostics`.
    pub fn code(&self) -> &'static str {
        match self {
            RuntimeError::Open { error, .. } | RuntimeError::Artifact(error) => error.code(),
            RuntimeError::Ir(_) | RuntimeError::GoldenShape { .. } => "E4015",
            RuntimeError::Code(_) => "E4019",
            RuntimeError::NoWeights => "E4020",
            RuntimeError::MissingWeight { .. } => "E4021",
            RuntimeError::WeightDtype { .. } => "E4022",
            RuntimeError::WeightShape { .. } => "E4023",
            RuntimeError::UnexpectedWeight { .. } => "E4024",
            RuntimeError::NotElement { .. } => "E4025",
            RuntimeError::NoEntry { .. } | RuntimeError::NoTest { .. } => "E4030",
            RuntimeError::InputCount { .. } | RuntimeError::MissingInputs { .. } => "E4031",
            RuntimeError::UnknownInput { .. } | RuntimeError::InputTwice { .. } => "E4032",
            RuntimeError::InputDtype { .. } => "E4033",
            RuntimeError::InputRank { .. } => "E4034",
            RuntimeError::InputSize { .. } => "E4035",
            RuntimeError::Bounds { .. } => "E4036",
            RuntimeError::Bytes { .. } => "E4037",
            RuntimeError::Size { .. } | RuntimeError::TooLarge { .. } => "E4038",
            RuntimeError::RowOutOfRange { .. } => "E4040",
            RuntimeError::RunTimeSize { .. } => "E4041",
            RuntimeError::NoRecord { .. } | RuntimeError::NoDeviceTime { .. } => "E4042",
            RuntimeError::Golden { .. } => "E4050",
            RuntimeError::Compile(_) | RuntimeError::UnknownFailure(_) => "E5001",
            RuntimeError::Level(_) => "E5002",
            RuntimeError::Cuda(error) => error.code(),
            RuntimeError::System(_) | RuntimeError::OutOfMemory { .. } => "E5003",
        }
    }
}

fn near(nearest: &Option<String>) -> String {
    nearest.as_ref().map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

/// What exists instead of `name`: one that is close, else all.
fn known_names(name: &str, known: &[String]) -> String {
    match tri_names::nearest(name, known.iter().map(String::as_str)) {
        Some(near) => format!("; did you mean `{near}`?"),
        None if known.is_empty() => String::new(),
        None => format!("; it has {}", quoted(known)),
    }
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn as_in(input: &Option<String>) -> String {
    input.as_ref().map_or_else(String::new, |input| format!(", as in `{input}`"))
}

fn bounds(min: i64, max: Option<i64>) -> String {
    match max {
        Some(max) => format!("from {min} to {max}"),
        None => format!("at least {min}"),
    }
}
