//! Code for a GPU as data: the text of its kernels, and which step of kernel IR launches which of them on what.
//!
//! A backend makes [`GpuCode`], an artifact keeps it, and a runtime launches what it says. The host's part of a schedule (calls, repeats,
//! sizes that are bound inside) is not in it: that is kernel IR, which whoever loads an artifact makes again from tensor IR. This crate
//! compiles nothing, launches nothing and knows no driver.
//!
//! What was read from a file is nothing to rely on before [`GpuCode::verify`] has held it to the kernel IR.

pub mod group;
mod kernel;
mod verify;

pub use kernel::{GpuCode, Kernel, Many, Run, Site};
pub use verify::GpuCodeError;
