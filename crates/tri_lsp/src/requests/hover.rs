//! `textDocument/hover`.

use gen_lsp_types::{Hover, HoverParams, MarkupContent, MarkupKind};

use crate::snapshot::{Answer, Snapshot};

/// What is at a place, as Markdown.
pub(crate) fn answer(snapshot: &Snapshot, params: HoverParams) -> Answer<Option<Hover>> {
    let (file, at) = snapshot.position(&params.text_document_position_params)?;
    let hover = file.analysis.hover(at)?;
    Ok(hover.map(|hover| Hover {
        contents: MarkupContent { kind: MarkupKind::Markdown, value: hover.text }.into(),
        range: Some(file.lines.range(hover.range)),
    }))
}
