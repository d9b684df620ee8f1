//! `textDocument/references`.

use gen_lsp_types::{Location, ReferenceParams};

use crate::snapshot::{Answer, Snapshot};

/// Every place that names what is named at a place.
pub(crate) fn answer(snapshot: &Snapshot, params: ReferenceParams) -> Answer<Option<Vec<Location>>> {
    let (file, at) = snapshot.position(&params.text_document_position_params)?;
    let Some(references) = file.analysis.references(at)? else { return Ok(None) };
    let declared = file.analysis.definition(at)?.map(|(_, target)| target.focus);
    let wanted = |span| params.context.include_declaration || declared != Some(span);
    let spans = references.iter().map(|reference| reference.span).filter(|span| wanted(*span));
    spans.map(|span| snapshot.location(file.analysis, span)).collect::<Answer<_>>().map(Some)
}
