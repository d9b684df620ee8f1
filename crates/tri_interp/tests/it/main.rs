//! The interpreter against reference values and independent formulations.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod contractions;
mod evaluate;
mod functions;
mod movement;
mod numerics;
mod routes;
mod surrogates;
