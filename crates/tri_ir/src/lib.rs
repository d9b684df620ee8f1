//! Tensor IR: what a model computes, independent of any target.
//!
//! A [`Module`] holds functions and, around them, what a model has: parameters and buffers (weights that a checkpoint
//! provides), states (values that live as long as a session), bound values (what the prologue makes of the
//! weights), and entry points.
//!
//! A [`Function`] is a list of instructions in single static assignment form. An instruction applies one [`Op`] to
//! values and defines one value or several; every value has a [`TensorType`]: element type, shape, encoding.
//! A shape is a list of [`Dim`]s, polynomials over the function's own symbols, which stand for sizes known only at
//! run time (batch, sequence length). Everything static in the language (layer trees, loops, configuration, named
//! dims) is resolved before this IR; a call gives a size to every symbol of its callee.
//!
//! Meaning. Every op is a pure function of its operands with the one result that `docs/numerics.md` defines, to the
//! bit, except three that act: [`Op::StateRead`] and [`Op::StateWrite`] happen in list order, and [`Op::BindDim`] gives a
//! symbol its value or stops the call with an error. [`Op::Gather`] stops the call on an index outside its table;
//! slices and state writes stop it where sizes known only at run time take them out of their tensor, and so does a size
//! that is negative then. Nothing else can fail once the arguments fit the function's type. Elementwise ops take operands
//! of one shape; stretching is an explicit [`Op::Broadcast`], so a reader and a backend see every repetition.
//!
//! Prologue and body. Before [`Module::prologue`] is set, entry functions take parameters directly
//! ([`Capture::Parameter`]). The split pass moves what depends on parameters alone into the prologue function, whose
//! results are the module's bound values, and entries take those ([`Capture::Bound`]).
//!
//! Backends and the interpreter take [`Verified`] modules only, which [`verify`] alone can make.

mod builder;
mod detach;
pub mod math;
mod module;
mod names;
mod op;
mod operations;
mod rows;
mod scalar;
mod shape;
mod tensor;
mod text;
mod types;
mod typing;
mod verify;

pub use builder::FunctionBuilder;
pub use detach::{Links, detach};
pub use module::{
    Bound, BoundId, Capture, Entry, EntryInput, EntryOutput, Function, FunctionId, Initial, Inst, Module,
    Origin, Parameter, ParameterId, ParameterKind, State, StateId, Symbol, SymbolInfo, Test, TestCheck,
    Value,
};
pub use op::{BinaryOp, Conv2d, Op, Pool2d, PoolKind, Quantizer, ReduceOp, Tile, UnaryOp};
pub use operations::operations;
pub use rows::meeting_rows;
pub use scalar::Scalar;
pub use shape::Shape;
pub use tensor::TensorData;
pub use text::{ParseError, parse, print_function};
pub use types::{DType, Dim, Encoding, TensorType};
pub use typing::{TypeError, check, infer};
pub use verify::{MAX_CALL_DEPTH, MAX_RANK, Place, Problem, Verified, VerifyError, verify};
