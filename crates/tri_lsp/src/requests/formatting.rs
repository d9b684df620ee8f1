//! `textDocument/formatting`.

use gen_lsp_types::{DocumentFormattingParams, TextEdit};

use crate::convert;
use crate::snapshot::{Answer, Snapshot};

/// The edits; none for a file with syntax errors.
pub(crate) fn answer(snapshot: &Snapshot, params: DocumentFormattingParams) -> Answer<Option<Vec<TextEdit>>> {
    let file = snapshot.file(&params.text_document)?;
    Ok(file.analysis.format(file.id)?.map(|edits| convert::text_edits(&file, &edits)))
}
