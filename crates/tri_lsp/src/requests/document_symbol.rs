//! `textDocument/documentSymbol`.

use gen_lsp_types::{DocumentSymbol, DocumentSymbolParams, DocumentSymbolResponse};
use tri_ide::OutlineEntry;

use crate::convert;
use crate::snapshot::{Answer, File, Snapshot};

/// The outline of a document.
pub(crate) fn answer(
    snapshot: &Snapshot,
    params: DocumentSymbolParams,
) -> Answer<Option<DocumentSymbolResponse>> {
    let file = snapshot.file(&params.text_document)?;
    let outline = file.analysis.outline(file.id)?;
    let entries: Vec<DocumentSymbol> = outline.into_iter().map(|entry| symbol(&file, entry)).collect();
    Ok(Some(entries.into()))
}

#[expect(deprecated, reason = "the field must be given")]
fn symbol(file: &File<'_>, entry: OutlineEntry) -> DocumentSymbol {
    let children: Vec<DocumentSymbol> = entry.children.into_iter().map(|child| symbol(file, child)).collect();
    DocumentSymbol {
        name: entry.target.name.to_string(),
        detail: Some(entry.detail),
        kind: convert::symbol_kind(entry.target.kind),
        tags: None,
        deprecated: None,
        range: file.lines.range(entry.target.full.range),
        selection_range: file.lines.range(entry.target.focus.range),
        children: Some(children),
    }
}
