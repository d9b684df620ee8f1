//! A CUDA driver without a GPU: the functions of `libcuda` that `tri_runtime` calls, over the PTX simulator.
//!
//! Tests put the shared library of this crate where a program looks for its driver ([`install`]), and what runs then is the code that
//! runs on a GPU. The driver is honest where that finds mistakes. Work of a stream waits until somebody waits for it, so that
//! whoever reads a result too early reads what was there before. Copies that do not wait want pinned memory. Calls need a current context, and
//! what may not be called while a stream is captured fails. A kernel that leaves its memory, races or reads what nobody wrote
//! stops the context for good. It measures no time, and knows no more of the driver than its interface.
//!
//! [`Settings`] say what machine it is.

mod code;
mod driver;
mod exports;
mod handles;
mod install;
mod memory;
mod module;
mod settings;
mod work;

pub use install::{install, library};
pub use settings::Settings;
