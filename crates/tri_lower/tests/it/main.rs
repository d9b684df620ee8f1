//! Lowering as a whole: real models, the standard library, small programs, what is refused.

#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

mod attention;
mod errors;
mod library;
mod lowering;
mod models;
mod support;
mod zoo;
