//! `textDocument/semanticTokens`, of a document and of a range.

use gen_lsp_types::{SemanticToken, SemanticTokens, SemanticTokensParams, SemanticTokensRangeParams};
use tri_ide::{FileRange, SymbolKind, TextRange};

use crate::snapshot::{Answer, File, Snapshot};

/// Names of the kinds, as the protocol calls them; [`kind`] gives places in this list.
pub(crate) const TYPES: [&str; 9] = [
    "namespace",
    "class",
    "function",
    "method",
    "property",
    "typeParameter",
    "parameter",
    "variable",
    "enumMember",
];

/// Names of what is further known; bit by bit.
pub(crate) const MODIFIERS: [&str; 3] = ["declaration", "readonly", "defaultLibrary"];

/// The words of a document.
pub(crate) fn full(snapshot: &Snapshot, params: SemanticTokensParams) -> Answer<Option<SemanticTokens>> {
    let file = snapshot.file(&params.text_document)?;
    let range = TextRange::new(0, file.lines.text.len() as u32);
    tokens(&file, range).map(Some)
}

/// The words of a range.
pub(crate) fn range(
    snapshot: &Snapshot,
    params: SemanticTokensRangeParams,
) -> Answer<Option<SemanticTokens>> {
    let file = snapshot.file(&params.text_document)?;
    let range = file.lines.range_of(params.range);
    tokens(&file, range).map(Some)
}

fn tokens(file: &File<'_>, range: TextRange) -> Answer<SemanticTokens> {
    let mut data = Vec::new();
    let (mut line, mut column) = (0, 0);
    for token in file.analysis.semantic_tokens(FileRange { file: file.id, range })? {
        let at = file.lines.range(token.range);
        // A word is on one line, and words come in order.
        let delta_line = at.start.line - line;
        let delta_start = if delta_line == 0 { at.start.character - column } else { at.start.character };
        (line, column) = (at.start.line, at.start.character);
        let is_readonly = matches!(token.kind, SymbolKind::Dim | SymbolKind::Constant);
        let modifiers = [token.is_declaration, is_readonly, token.is_library];
        let bits = modifiers.iter().enumerate().map(|(bit, set)| u32::from(*set) << bit);
        data.push(SemanticToken {
            delta_line,
            delta_start,
            length: at.end.character - at.start.character,
            token_type: kind(token.kind),
            token_modifiers_bitset: bits.sum(),
        });
    }
    Ok(SemanticTokens { result_id: None, data })
}

fn kind(kind: SymbolKind) -> u32 {
    match kind {
        SymbolKind::Module => 0,
        SymbolKind::Model | SymbolKind::Layer => 1,
        SymbolKind::Function | SymbolKind::Intrinsic | SymbolKind::Test => 2,
        SymbolKind::Method => 3,
        SymbolKind::Parameter | SymbolKind::Buffer | SymbolKind::State | SymbolKind::Instance => 4,
        SymbolKind::GenericDim | SymbolKind::Pack | SymbolKind::Element => 5,
        SymbolKind::Config | SymbolKind::Argument => 6,
        SymbolKind::Local => 7,
        SymbolKind::Dim | SymbolKind::Constant => 8,
    }
}
