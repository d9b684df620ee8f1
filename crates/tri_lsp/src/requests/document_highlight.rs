//! `textDocument/documentHighlight`.

use gen_lsp_types::{DocumentHighlight, DocumentHighlightKind, DocumentHighlightParams};

use crate::snapshot::{Answer, Snapshot};

/// The places of the document that name what is named at a place.
pub(crate) fn answer(
    snapshot: &Snapshot,
    params: DocumentHighlightParams,
) -> Answer<Option<Vec<DocumentHighlight>>> {
    let (file, at) = snapshot.position(&params.text_document_position_params)?;
    let found = file.analysis.highlights(at)?;
    let highlights = found.unwrap_or_default().into_iter().filter(|reference| reference.span.file == file.id);
    let highlight = |reference: tri_ide::Reference| DocumentHighlight {
        range: file.lines.range(reference.span.range),
        kind: Some(match reference.is_write {
            true => DocumentHighlightKind::Write,
            false => DocumentHighlightKind::Read,
        }),
    };
    Ok(Some(highlights.map(highlight).collect()))
}
