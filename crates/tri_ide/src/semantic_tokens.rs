//! What each word is, for colours that go by meaning.

use tri_db::{Db, SourceFile, parse};
use tri_diagnostics::TextRange;
use tri_hir::hir::Def;

use crate::navigation::{SymbolKind, kind};
use crate::occurrences::occurrences;

/// A word with what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SemanticToken {
    /// The word.
    pub range: TextRange,
    /// What it stands for.
    pub kind: SymbolKind,
    /// Whether it is declared there.
    pub is_declaration: bool,
    /// Whether it is of the standard library.
    pub is_library: bool,
}

/// The words of a range of a file, in order.
pub(crate) fn tokens(db: &dyn Db, file: SourceFile, within: TextRange) -> Vec<SemanticToken> {
    let ast = &parse(db, file).ast;
    let mut tokens = Vec::new();
    for (id, item) in ast.items() {
        let range = ast.range(id, item.id);
        if range.end < within.start || within.end < range.start {
            continue;
        }
        for occurrence in occurrences(db, file, Def { file: file.id(db), item: id }).iter() {
            let range = ast.range(id, occurrence.node);
            if let Some(kind) = kind(db, occurrence.symbol).filter(|_| !range.is_empty()) {
                let declared = occurrence.symbol.declaration(db);
                let is_declaration =
                    declared.is_some_and(|span| span.file == file.id(db) && span.range == range);
                let is_library = occurrence.symbol.is_library(db);
                tokens.push(SemanticToken { range, kind, is_declaration, is_library });
            }
        }
    }
    tokens.retain(|token| token.range.start < within.end && within.start < token.range.end);
    tokens.sort_by_key(|token| token.range);
    tokens.dedup_by_key(|token| token.range);
    tokens
}
