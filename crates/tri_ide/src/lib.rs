//! What an editor asks of a program: each feature is one file, and speaks of files, byte offsets and plain data. No protocol is known
//! here, nothing is read from disk but through the [`System`](tri_db::System) of the host, and nothing is written.
//!
//! [`AnalysisHost`] takes changes; [`Analysis`] is what it knew at one moment and answers questions, on any thread. A question that a
//! change overtakes unwinds and gives [`Cancelled`].

mod analysis;
mod diagnostics;
mod elaboration;
mod formatting;
mod goto_definition;
mod host;
mod hover;
mod inlay_hints;
mod navigation;
mod occurrences;
mod path;
mod references;
mod rename;
mod signature_help;
mod sizes;
mod symbol;
mod symbols;

pub use analysis::{Analysis, Cancellable, FilePosition, FileRange};
pub use host::AnalysisHost;
pub use hover::Hover;
pub use inlay_hints::{InlayHint, InlayKind};
pub use navigation::{NavigationTarget, SymbolKind};
pub use references::Reference;
pub use salsa::{CancellationToken, Cancelled};
pub use signature_help::SignatureHelp;
pub use symbols::{Link, OutlineEntry};
pub use tri_diagnostics::{Diagnostic, Edit, FileId, Fix, LineIndex, Severity, Span, TextRange};
