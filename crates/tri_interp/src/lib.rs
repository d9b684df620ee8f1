//! The reference interpreter of tensor IR: what every backend must compute, to the bit.
//!
//! It is written to be obviously `docs/numerics.md`, one file an op family, and it is not fast: every op makes its
//! whole result, in the plain encoding (trits are bytes here, whatever encoding a type names), and an instruction that
//! fails leaves the caller's states as they were. Entry points: [`Interpreter::call`] for an entry of the model,
//! [`Interpreter::run_function`] for any function, [`Interpreter::run_test`] for a test block.

mod argument;
mod error;
mod frame;
mod interpreter;
mod ops;
mod surrogate;
mod tensor;

pub use error::{Fault, InterpError};
pub use interpreter::{Interpreter, Weights};
