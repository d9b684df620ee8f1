//! `textDocument/rename` and the question before it.

use gen_lsp_types::{
    PrepareRenameParams, PrepareRenamePlaceholder, PrepareRenameResult, RenameParams, WorkspaceEdit,
};

use crate::convert;
use crate::snapshot::{Answer, RequestError, Snapshot};

/// Where the name is that would change.
pub(crate) fn prepare(
    snapshot: &Snapshot,
    params: PrepareRenameParams,
) -> Answer<Option<PrepareRenameResult>> {
    let (file, at) = snapshot.position(&params.text_document_position_params)?;
    let range = file.analysis.prepare_rename(at)?.map_err(RequestError::Refused)?;
    let placeholder = range.of(&file.lines.text).to_owned();
    Ok(Some(PrepareRenamePlaceholder { range: file.lines.range(range), placeholder }.into()))
}

/// The edits, or why there can be none.
pub(crate) fn answer(snapshot: &Snapshot, params: RenameParams) -> Answer<Option<WorkspaceEdit>> {
    let (file, at) = snapshot.position(&params.text_document_position_params)?;
    let edits = file.analysis.rename(at, &params.new_name)?.map_err(RequestError::Refused)?;
    convert::workspace_edit(&file, &edits).map(Some)
}
