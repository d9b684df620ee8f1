//! Every feature, on programs with a cursor.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod assists;
mod completion;
mod extract_layer;
mod fixture;
mod graph;
mod hover;
mod inlay_hints;
mod ir;
mod memory;
mod names;
mod outline;
mod rename;
mod signature_help;
mod structure;
