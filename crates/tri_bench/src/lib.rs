//! Measures kernels, and the steps of whole models, against the limits of the machine: what its memory delivers and what its vector units
//! do, in the same run.
//!
//! The machine may be busy with others. So a measurement is many short repetitions in which the kernel and its limit take turns,
//! and a share of the limit compares their medians.

#![forbid(unsafe_code)]

mod case;
mod limit;
mod packing;
mod profile;
mod sample;
mod suite;

pub use case::{BenchError, Bound, Case, Memory, Row, measure};
pub use limit::{Machine, machine};
pub use packing::{Packing, measure_packing};
pub use profile::{Profile, StepProfile, profile};
pub use suite::{SHAPES, Suite};
