//! `textDocument/typeDefinition`.

use gen_lsp_types::{Definition, TypeDefinitionParams, TypeDefinitionResponse};

use crate::snapshot::{Answer, Snapshot};

/// The layer and the dims that the type of the value at a place names.
pub(crate) fn answer(
    snapshot: &Snapshot,
    params: TypeDefinitionParams,
) -> Answer<Option<TypeDefinitionResponse>> {
    let (file, at) = snapshot.position(&params.text_document_position_params)?;
    let Some(targets) = file.analysis.type_definition(at)? else { return Ok(None) };
    let locations = targets.iter().map(|target| snapshot.location(file.analysis, target.focus));
    let locations = locations.collect::<Answer<Vec<_>>>()?;
    Ok(Some(TypeDefinitionResponse::Definition(Definition::LocationList(locations))))
}
