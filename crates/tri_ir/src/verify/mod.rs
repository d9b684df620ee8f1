//! The verifier: whether a module obeys the rules that backends rely on.
//!
//! It is total: a module that was deserialised from hostile bytes is refused, never the cause of a panic, of deep recursion or
//! of long work. What it guarantees: ids are in range; values are defined once and before use; every op's types fit; callees
//! come before callers and calls nest at most [`MAX_CALL_DEPTH`] deep; sizes use symbols that have a value by then; entries,
//! tests, initial values and the prologue fit their functions; names are unique; integer contractions of known length cannot
//! leave i32. What only run time can show (a symbolic slice that leaves its operand, a gathered index) is checked there.

mod calls;
mod error;
mod function;
mod interface;
mod sizes;

use std::ops::Deref;

pub use error::{Place, Problem, VerifyError};

use crate::Module;

/// Deepest nesting of calls.
pub const MAX_CALL_DEPTH: usize = 256;

/// Most axes of a tensor.
pub const MAX_RANK: usize = 16;

/// A module that [`verify`] accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified(Module);

impl Verified {
    /// The module, to be changed.
    pub fn into_inner(self) -> Module {
        self.0
    }
}

impl Deref for Verified {
    type Target = Module;

    fn deref(&self) -> &Module {
        &self.0
    }
}

impl AsRef<Module> for Verified {
    fn as_ref(&self) -> &Module {
        &self.0
    }
}

/// Checks every rule; the first that is broken is the error.
pub fn verify(module: Module) -> Result<Verified, VerifyError> {
    interface::names(&module)?;
    let mut depths = Vec::with_capacity(module.functions.len());
    for id in 0..module.functions.len() {
        let depth = function::check(&module, id, &depths)?;
        depths.push(depth);
    }
    interface::check(&module)?;
    Ok(Verified(module))
}
