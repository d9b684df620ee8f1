//! `workspace/symbol`.

use gen_lsp_types::{BaseSymbolInformation, WorkspaceSymbol, WorkspaceSymbolParams, WorkspaceSymbolResponse};

use crate::convert;
use crate::snapshot::{Answer, Snapshot};

/// Declarations of all packages whose names have the letters of the query.
pub(crate) fn answer(
    snapshot: &Snapshot,
    params: WorkspaceSymbolParams,
) -> Answer<Option<WorkspaceSymbolResponse>> {
    let mut found = Vec::new();
    for analysis in snapshot.analyses.values() {
        for target in analysis.search(&params.query)? {
            found.push(WorkspaceSymbol {
                location: snapshot.location(analysis, target.focus)?.into(),
                data: None,
                base_symbol_information: BaseSymbolInformation {
                    name: target.name.to_string(),
                    kind: convert::symbol_kind(target.kind),
                    tags: None,
                    container_name: target.container.map(|container| container.to_string()),
                },
            });
        }
    }
    Ok(Some(found.into()))
}
