//! Lexer, newline layer, parser and syntax tree of Tri.
//!
//! This crate knows one file at a time, as text: no paths, no names resolved, no types. Parsing never fails; it
//! returns a tree and the errors beside it.

pub mod ast;

/// The deepest nesting of a tree that [`ast`] holds, counting every node on the way from an item to a leaf. Deeper
/// source is a diagnostic, so functions that recurse over a tree are safe on any stack of at least 2 MiB.
pub const MAX_DEPTH: u32 = 256;
