//! Kernels, run without a GPU: tensor IR scheduled, lowered, compiled by LLVM to PTX, and interpreted as PTX, against the interpreter of
//! tensor IR, bit for bit.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod attention;
mod cases;
mod contractions;
mod elementwise;
mod epilogues;
mod examples;
mod groups;
mod instructions;
mod machine;
mod routes;
mod rows;
