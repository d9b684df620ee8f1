//! `textDocument/completion`.

use gen_lsp_types::{
    CompletionItem, CompletionItemKind, CompletionList, CompletionParams, CompletionResponse, MarkupContent,
    MarkupKind, TextEdit,
};
use tri_ide::{Completion, CompletionKind, SymbolKind};

use crate::convert;
use crate::snapshot::{Answer, Snapshot};

/// What could be written at a place.
pub(crate) fn answer(snapshot: &Snapshot, params: CompletionParams) -> Answer<Option<CompletionResponse>> {
    let (file, at) = snapshot.position(&params.text_document_position_params)?;
    let found = file.analysis.completions(at)?;
    let range = file.lines.range(found.range);
    let item = |(order, from): (usize, Completion)| CompletionItem {
        kind: Some(kind(from.kind)),
        detail: (!from.detail.is_empty()).then_some(from.detail),
        documentation: (!from.docs.is_empty())
            .then(|| MarkupContent { kind: MarkupKind::Markdown, value: from.docs.to_string() }.into()),
        sort_text: Some(format!("{order:05}")),
        text_edit: Some(TextEdit { range, new_text: from.insert }.into()),
        additional_text_edits: (!from.more.is_empty()).then(|| convert::text_edits(&file, &from.more)),
        label: from.label,
        ..CompletionItem::default()
    };
    let is_incomplete = found.is_incomplete;
    let items = found.items.into_iter().enumerate().map(item).collect();
    Ok(Some(CompletionList { is_incomplete, items, ..CompletionList::default() }.into()))
}

fn kind(kind: CompletionKind) -> CompletionItemKind {
    match kind {
        CompletionKind::Keyword => CompletionItemKind::Keyword,
        CompletionKind::Type => CompletionItemKind::Struct,
        CompletionKind::Symbol(kind) => match kind {
            SymbolKind::Module => CompletionItemKind::Module,
            SymbolKind::Model | SymbolKind::Layer => CompletionItemKind::Class,
            SymbolKind::Function | SymbolKind::Intrinsic | SymbolKind::Test => CompletionItemKind::Function,
            SymbolKind::Dim | SymbolKind::Constant => CompletionItemKind::Constant,
            SymbolKind::Parameter | SymbolKind::Buffer | SymbolKind::State => CompletionItemKind::Field,
            SymbolKind::Instance => CompletionItemKind::Property,
            SymbolKind::Method => CompletionItemKind::Method,
            SymbolKind::GenericDim | SymbolKind::Pack | SymbolKind::Element => {
                CompletionItemKind::TypeParameter
            }
            SymbolKind::Config | SymbolKind::Argument | SymbolKind::Local => CompletionItemKind::Variable,
        },
    }
}
