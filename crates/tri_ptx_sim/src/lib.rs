//! Runs PTX without a GPU: blocks, warps, barriers, shuffles and atomic exchanges, as the PTX ISA describes them.
//!
//! It knows the instructions that our backend emits and refuses all others, local memory among them, so a spill is an error. Lanes of a
//! warp that are at the same instruction execute it together, and the warps of a block take turns; what threads may not rely on is an error
//! rather than an accident: an access outside every allocation, memory that nobody wrote, two threads at one byte of which one writes
//! without a barrier between them, lanes that wait for lanes that never come. It is obvious before it is fast, depends on no other crate of the project, and measures no time.
//!
//! [`Module::parse`] reads PTX, [`Gpu`] holds memory and launches kernels.

mod alu;
mod block;
mod convert;
mod copies;
mod error;
mod execute;
mod gpu;
mod instruction;
mod matrix;
mod memory;
mod opcode;
mod parse;
mod visits;
mod warp;

pub use error::{Fault, ParseError, SimError};
pub use gpu::Gpu;
pub use parse::{Kernel, Module};
