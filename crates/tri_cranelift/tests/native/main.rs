//! Generated code, run: each piece of kernel IR against plain Rust, on every CPU level of this machine.

#![expect(unsafe_code, reason = "calls generated code and plays the kernels that it calls")]
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod attention;
mod build;
mod code;
mod elementwise;
mod epilogues;
mod folds;
mod machine;
mod programs;
mod siblings;
mod steps;
