//! What can be wrong with a module, and where.

use std::fmt;

use crate::{FunctionId, StateId, Symbol, TypeError, Value};

/// The first rule that a module breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct VerifyError {
    /// Where.
    pub place: Place,
    /// What.
    pub problem: Problem,
}

/// Part of a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The module itself.
    Module,
    /// A function's declaration: symbols, states, values, parameters, results.
    Function(String),
    /// An instruction.
    Inst {
        /// Name of the function.
        function: String,
        /// Position in [`crate::Function::insts`].
        index: usize,
        /// Name of the op.
        op: &'static str,
    },
    /// A parameter.
    Parameter(String),
    /// A state of the module.
    State(String),
    /// A bound value.
    Bound(String),
    /// The prologue.
    Prologue,
    /// An entry.
    Entry(String),
    /// A test.
    Test(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Module => f.write_str("module"),
            Place::Function(name) => write!(f, "function `{name}`"),
            Place::Inst { function, index, op } => {
                write!(f, "function `{function}`, instruction {index} ({op})")
            }
            Place::Parameter(name) => write!(f, "parameter `{name}`"),
            Place::State(name) => write!(f, "state `{name}`"),
            Place::Bound(name) => write!(f, "bound value `{name}`"),
            Place::Prologue => f.write_str("prologue"),
            Place::Entry(name) => write!(f, "entry `{name}`"),
            Place::Test(name) => write!(f, "test `{name}`"),
        }
    }
}

/// A broken rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// An op whose types do not fit.
    #[error("{0}")]
    Type(#[from] TypeError),
    /// A name used twice.
    #[error("the name `{0}` is taken")]
    Name(String),
    /// No such value.
    #[error("there is no value %{}", .0.0)]
    UnknownValue(Value),
    /// A value used before it has one.
    #[error("%{} is used before it is defined", .0.0)]
    Undefined(Value),
    /// A value defined twice.
    #[error("%{} is defined twice", .0.0)]
    Redefined(Value),
    /// No such function, or one that comes later.
    #[error("function {} does not come before its use", .0.0)]
    UnknownFunction(FunctionId),
    /// Calls that nest too deep.
    #[error("calls nest more than {} deep", super::MAX_CALL_DEPTH)]
    CallDepth,
    /// No such state.
    #[error("there is no state {}", .0.0)]
    UnknownState(StateId),
    /// No such parameter or bound value.
    #[error("capture {0} is not in the module")]
    UnknownCapture(usize),
    /// No such symbol, or one without value at this point.
    #[error("symbol ${} has no value here", .0.0)]
    Symbol(Symbol),
    /// A symbol that is bound twice, never, or though the caller gives it.
    #[error("symbol ${} is not bound exactly once, by whom it says", .0.0)]
    Binding(Symbol),
    /// Limits that no value meets, or symbols in the wrong order.
    #[error("the limits of symbol ${} are empty", .0.0)]
    Limits(Symbol),
    /// A symbol given by callers after one bound inside.
    #[error("symbol ${} stands after one that is bound inside", .0.0)]
    SymbolOrder(Symbol),
    /// A size with too many parts, or in no normal form.
    #[error("a size is too complex or not in normal form")]
    Size,
    /// A negative size.
    #[error("a size is negative")]
    Negative,
    /// A size that must be a number.
    #[error("a size is not a number")]
    Symbolic,
    /// Too many axes.
    #[error("a tensor has more than {} axes", super::MAX_RANK)]
    Rank,
    /// An encoding of other elements than trits, or of a scalar.
    #[error("only rows of trits have a packed encoding")]
    Encoding,
    /// Lists that should be equally long.
    #[error("{what}: {found} where {expected} belong")]
    Count {
        /// Things counted.
        what: &'static str,
        /// As many as there should be.
        expected: usize,
        /// As many as there are.
        found: usize,
    },
    /// A type that differs from what its place demands.
    #[error("{what} {index} does not have the type that belongs there")]
    Mismatch {
        /// What has the type.
        what: &'static str,
        /// Which one.
        index: usize,
    },
    /// A size of a call that is outside the callee's limits.
    #[error("symbol ${} of the callee does not admit this size", .0.0)]
    OutsideLimits(Symbol),
    /// A route that does not fit its tiles.
    #[error("{0}")]
    Route(&'static str),
    /// A bound value without a prologue.
    #[error("there are bound values but no prologue")]
    NoPrologue,
    /// A symbol of an entry that no input determines.
    #[error("symbol ${} is not the size of any axis of an input", .0.0)]
    Unsolvable(Symbol),
}
