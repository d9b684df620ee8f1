//! Statistics of routed layers: which tiles the rows of a call chose, how clearly, and how that changes from run to run.
//!
//! A [`Run`] is what one call recorded, a [`Layer`] each. It is saved as JSON and read back with every count checked; all statistics
//! follow from it, by the formulas of `docs/trix.md`. [`report`] shows several runs as a web page. Recording itself is the runtime's, and
//! printing the command line's.

mod layer;
mod report;
mod run;

pub use layer::{Distances, Layer, Margins};
pub use report::report;
pub use run::{Run, RunError};
