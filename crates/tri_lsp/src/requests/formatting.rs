//! `textDocument/formatting`, of a document, of a range, and of the line that was just ended.

use gen_lsp_types::{
    DocumentFormattingParams, DocumentOnTypeFormattingParams, DocumentRangeFormattingParams, TextEdit,
};
use tri_ide::TextRange;

use crate::convert;
use crate::snapshot::{Answer, File, Snapshot};

/// The edits; none for a file with syntax errors.
pub(crate) fn answer(snapshot: &Snapshot, params: DocumentFormattingParams) -> Answer<Option<Vec<TextEdit>>> {
    let file = snapshot.file(&params.text_document)?;
    edits(&file, TextRange::new(0, u32::MAX))
}

/// The edits that touch a range.
pub(crate) fn range(
    snapshot: &Snapshot,
    params: DocumentRangeFormattingParams,
) -> Answer<Option<Vec<TextEdit>>> {
    let file = snapshot.file(&params.text_document)?;
    let range = file.lines.range_of(params.range);
    edits(&file, range)
}

/// The edits of what stands before the cursor on its line and the one before.
pub(crate) fn on_type(
    snapshot: &Snapshot,
    params: DocumentOnTypeFormattingParams,
) -> Answer<Option<Vec<TextEdit>>> {
    let file = snapshot.file(&params.text_document)?;
    let end = file.lines.offset(params.position);
    let mut start = params.position;
    (start.line, start.character) = (start.line.saturating_sub(1), 0);
    let edits = edits(&file, TextRange::new(file.lines.offset(start), end))?;
    // The line of the cursor belongs to the author.
    let is_before =
        |edit: &TextEdit| edit.range.end <= params.position && edit.range.start.line < params.position.line;
    Ok(edits.map(|edits| edits.into_iter().filter(is_before).collect()))
}

fn edits(file: &File<'_>, within: TextRange) -> Answer<Option<Vec<TextEdit>>> {
    let Some(mut edits) = file.analysis.format(file.id)? else { return Ok(None) };
    edits.retain(|edit| edit.span.range.start <= within.end && within.start <= edit.span.range.end);
    Ok(Some(convert::text_edits(file, &edits)))
}
