//! Lexer, newline layer, parser and syntax tree of Tri.
//!
//! This crate knows one file at a time, as text: no paths, no names resolved, no types. Parsing never fails; it
//! returns a tree and the errors beside it. The grammar is `grammar/tri.lalrpop` at the top of the repository.

pub mod ast;
mod builder;
mod dump;
mod expected;
mod foreign;
mod keyword;
mod layout;
mod lexer;
mod literal;
mod parser;
mod recovery;
mod reuse;
mod token;

pub use lexer::lex;
pub use parser::{Parsed, decode, parse, parse_after};
pub use token::{Token, TokenKind};

/// The deepest nesting of a tree that [`ast`] holds: a pair of brackets counts three, an operator one. Deeper source is a
/// diagnostic, so functions that recurse over a tree are safe on any stack of at least 2 MiB.
pub const MAX_DEPTH: u32 = 256;

/// The longest file that is parsed, in bytes. A longer one is a diagnostic.
pub const MAX_FILE: usize = 4 << 20;
