//! The compiler pipeline: options, stages, timing.

mod backend;
mod error;
mod golden;
mod near;
mod timing;
mod weights;

pub use error::DriverError;
pub use golden::Skipped;
pub use near::nearest;
pub use timing::Timing;
pub use weights::{WeightsError, arrange};
