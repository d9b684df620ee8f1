//! Running a model on an NVIDIA GPU, through the driver that is installed.
//!
//! The driver's library is opened when the first session asks for a GPU ([`driver`]). A model's PTX is loaded once a device
//! ([`loaded`]) and its weights are copied there once ([`weights`]); a session has a stream, its states, memory for what goes in and out, and
//! a workspace ([`gpu`]). A call walks the schedule as generated code does on a CPU, and launches a kernel for each step ([`host`]). When a
//! call repeats with equal sizes, and the host has nothing to decide in it, its launches become a graph ([`call`]).
//!
//! Compiling PTX is not done here: see `tri_llvm`.

mod call;
mod driver;
mod error;
mod event;
mod gpu;
mod group;
mod host;
mod largest;
mod loaded;
mod memory;
mod stream;
mod weights;

pub use driver::cuda_capability;
pub use error::CudaError;
pub(crate) use gpu::Gpu;
pub(crate) use loaded::{Loads, capability_of};
pub(crate) use weights::Uploads;
