//! Loads compiled models and runs them.
//!
//! ```no_run
//! use tri_runtime::{Device, Model, TensorView};
//!
//! # fn main() -> Result<(), tri_runtime::RuntimeError> {
//! let model = Model::open("digits.tria")?;
//! let mut session = model.session(Device::cpu().threads(2))?;
//! let pixels = vec![0.0f32; 64];
//! let scores = session.call("forward", &[TensorView::from_f32(&[1, 64], &pixels)?])?;
//! # Ok(())
//! # }
//! ```
//!
//! A [`Model`] holds a program compiled for this machine and its weights; it is shared by any number of [`Session`]s, each of which
//! has its own states and its own memory. Machine code is made here from the artifact's verified tensor IR; code in a file
//! runs only if the caller trusts it ([`Options`]). This crate does not know the front end.
//!
//! Generated code checks little while it runs. It stays within the memory it is given because tensor IR and kernel IR are verified, and
//! because a call whose sizes differ from the last one's begins by showing that every access is in range for them.

mod buffer;
mod call;
mod clock;
mod cpu;
mod cuda;
mod error;
mod golden;
mod model;
mod pool;
mod program;
mod rollback;
mod routes;
mod session;
mod signature;
mod sizes;
mod tensor;
mod weights;

pub use clock::StepRun;
pub use cuda::{CudaError, cuda_capability};
pub use error::RuntimeError;
pub use model::{Instrument, Model, Options, Trust, code_target};
pub use pool::Pool;
pub use session::{Device, Session};
pub use signature::order_inputs;
pub use tensor::{Tensor, TensorView};
pub use tri_cranelift::Code;
pub use tri_gpu::GpuCode;
pub use tri_ir::DType;
pub use tri_kernels::CpuLevel;
pub use tri_routing::Layer as RoutedLayer;
