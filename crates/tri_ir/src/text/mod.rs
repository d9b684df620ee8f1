//! The text form of a module: `Module`'s `Display` prints it, [`parse`] reads it back, and the two are inverse for every
//! module whose sizes are in normal form, verified or not.
//!
//! ```text
//! module "digits"
//!
//! fn @scores<B: 0 to 64>(%0: f32[B, 64], %1: trit[10, 64] in t2) -> (%4) {
//!   %2, %3 = quantize_rows %0 : i8[B, 64], f32[B]
//!   %4 = contract %2, %1 {batch [], contract [1:1]} : i32[B, 10] !7
//! }
//! ```
//!
//! `!7` is the instruction's origin. A symbol or function is written by its name where that is plain and unique, else by
//! its position (`$0`, `#0`). Floats print so that they read back to the same bits.

mod lexer;
mod parse;
mod parse_op;
mod print;
mod print_op;

pub use parse::{ParseError, parse};
pub use print::print_function;

/// Whether a name can stand without quotes.
fn is_plain(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.')
}

/// Names that mean something else among sizes.
fn is_size_word(name: &str) -> bool {
    matches!(name, "floor" | "ceil")
}
