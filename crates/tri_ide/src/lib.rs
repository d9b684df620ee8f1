//! What an editor asks of a program: each feature is one file, and speaks of files, byte offsets and plain data. No protocol is known
//! here, nothing is read from disk but through the [`System`](tri_db::System) of the host, and nothing is written.
//!
//! [`AnalysisHost`] takes changes; [`Analysis`] is what it knew at one moment and answers questions, on any thread. A question that a
//! change overtakes unwinds and gives [`Cancelled`].

mod analysis;
mod assists;
mod call_hierarchy;
mod code_lens;
mod completion;
mod conditions;
mod costs;
mod diagnostics;
mod elaboration;
mod folding;
mod formatting;
mod goto_definition;
mod host;
mod hover;
mod imports;
mod inlay_hints;
mod inlined;
mod kernels;
mod navigation;
mod occurrences;
mod path;
mod references;
mod rename;
mod selection_range;
mod semantic_tokens;
mod signature_help;
mod sizes;
mod symbol;
mod symbols;
mod view_graph;
mod view_ir;

pub use analysis::{Analysis, Cancellable, FilePosition, FileRange};
pub use assists::{Assist, AssistKind};
pub use call_hierarchy::Call;
pub use code_lens::{CodeLens, LensAction};
pub use completion::{Completion, CompletionKind, Completions};
pub use folding::{Fold, FoldKind};
pub use host::AnalysisHost;
pub use hover::Hover;
pub use inlay_hints::{InlayHint, InlayKind};
pub use navigation::{NavigationTarget, SymbolKind};
pub use references::Reference;
pub use salsa::{CancellationToken, Cancelled};
pub use semantic_tokens::SemanticToken;
pub use signature_help::SignatureHelp;
pub use symbols::{Link, OutlineEntry};
pub use tri_diagnostics::{Diagnostic, Edit, FileId, Fix, LineIndex, Severity, Span, TextRange};
pub use view_graph::{GraphShape, GraphView};
pub use view_ir::{IrStage, IrView};
