//! Kernel IR to PTX, through LLVM.
//!
//! [`lower`] turns every step of a module that computes into a kernel, as the text of LLVM IR: the steps of one form share it.
//! It needs no LLVM. [`Target::compile`], behind the feature `llvm`, makes PTX of that text for one family of GPUs.
//!
//! A kernel's parameters are the addresses of its form's buffers, the values of the form's symbols (`i64`), and the address of two
//! words where it tells a failure. How many blocks of threads run it follows from the symbols: [`tri_gpu::Kernel::blocks`].
//!
//! A kernel computes the bits that `docs/numerics.md` fixes: elementary functions are expanded from their one definition in
//! [`tri_ir::math`], float sums keep the order of rule 5, and nothing is contracted, approximated or flushed to zero.

mod arithmetic;
mod attention;
mod bytes;
mod cast;
mod contraction;
mod convolution;
mod elementwise;
mod emitter;
mod expression;
mod fold;
mod group;
mod grouped;
mod implicit;
mod kernel;
mod kind;
mod lower;
mod nest;
mod pixels;
mod product;
#[cfg(feature = "llvm")]
mod ptx;
mod quantize;
mod results;
mod route;
mod target;
mod tensor;
mod tile;
mod value;
mod work;

pub use kind::Kind;
pub use lower::{LowerError, Lowered, lower};
#[cfg(feature = "llvm")]
pub use ptx::{Effort, PtxError};
pub use target::{Target, TargetError};
