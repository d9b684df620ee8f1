//! `textDocument/documentLink`.

use gen_lsp_types::{DocumentLink, DocumentLinkParams};

use crate::snapshot::{Answer, Snapshot};

/// Links of imports to the files of modules.
pub(crate) fn answer(snapshot: &Snapshot, params: DocumentLinkParams) -> Answer<Option<Vec<DocumentLink>>> {
    let file = snapshot.file(&params.text_document)?;
    let links = file.analysis.links(file.id)?;
    let link = |link: tri_ide::Link| {
        let target = Some(snapshot.uri(file.analysis, link.target)?);
        Ok(DocumentLink { range: file.lines.range(link.range), target, ..DocumentLink::default() })
    };
    links.into_iter().map(link).collect::<Answer<_>>().map(Some)
}
