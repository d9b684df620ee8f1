//! Files, spans and diagnostics as plain data, and their renderers.
//!
//! A [`Diagnostic`] is a value: phases return it inside their results, compare it, and cache it. It holds byte
//! ranges only; text, file names, lines and columns enter when a renderer in [`render`] is given the sources.
//! No type of a rendering library is part of this crate's interface.

mod code;
mod diagnostic;
pub mod fixes;
mod line_index;
pub mod render;
mod span;

pub use code::Code;
pub use diagnostic::{Applicability, Diagnostic, Diagnostics, Edit, Fix, Label, Reported, Severity};
pub use line_index::{LineColumn, LineIndex};
pub use span::{FileId, Span, TextRange};
pub use tri_names::nearest;
