//! Kernel IR to native code, through Cranelift.
//!
//! [`compile`] turns every schedule of a module into machine code: one position-independent blob ([`Code`]) that an
//! artifact can hold and a process can map ([`Executable`]). The blob refers to nothing outside itself. What it
//! needs of a process (micro-kernels, the thread pool, the place where failures are reported) it reaches through the
//! [`Context`](tri_kernels::Context) that every function gets as its first argument.
//!
//! A schedule becomes one function that lays out its workspace and executes its steps. A step that computes becomes a
//! *body*, a function of a range of independent work units, and a *launch*, which calls the body directly or through the pool;
//! steps of one form share them. In a tile of a route, a step that is one call of a kernel is made in the schedule itself. All
//! functions have one signature, [`EntryPoint`], and read sizes and pointers from a frame, an array of words that their caller
//! fills. That of a schedule is described by [`FrameLayout`].
//!
//! Every CPU level computes the same bits: `docs/numerics.md` fixes the order of each sum, and elementary functions are
//! expanded from their one definition in [`tri_ir::math`].

mod ahead;
mod attention;
mod bytes;
mod cast;
mod clusters;
mod code;
mod compile;
mod contraction;
mod digest;
mod elementwise;
mod emitter;
mod epilogue;
mod executable;
mod expression;
mod failure;
mod fold;
mod form;
mod frame;
mod functions;
mod key;
mod lanes;
mod launch;
mod link;
mod memory;
mod nest;
mod pool;
mod quantize;
mod reuse;
mod route;
mod schedule;
mod siblings;
mod sizes;
mod softmax;
mod strips;
mod tile;

pub use code::{Code, Effort, Options};
pub use compile::{CodegenError, Listing, compile, compile_reusing, emit_asm, emit_clif, list_asm};
pub use executable::{EntryPoint, Executable};
pub use failure::{Failure, FailureKind, Site};
pub use frame::FrameLayout;
pub use reuse::{FunctionPool, FunctionRun};
