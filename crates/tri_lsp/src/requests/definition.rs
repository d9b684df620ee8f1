//! `textDocument/definition`.

use gen_lsp_types::{Definition, DefinitionParams, DefinitionResponse};

use crate::snapshot::{Answer, Snapshot};

/// Where the name at a place is declared.
pub(crate) fn answer(snapshot: &Snapshot, params: DefinitionParams) -> Answer<Option<DefinitionResponse>> {
    let (file, at) = snapshot.position(&params.text_document_position_params)?;
    let Some((_, target)) = file.analysis.definition(at)? else { return Ok(None) };
    let location = snapshot.location(file.analysis, target.focus)?;
    Ok(Some(DefinitionResponse::Definition(Definition::Location(location))))
}
