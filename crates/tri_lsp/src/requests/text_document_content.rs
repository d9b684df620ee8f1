//! `workspace/textDocumentContent`: documents that are in the server, which are modules of the standard library and pages of codes.

use gen_lsp_types::{TextDocumentContentParams, TextDocumentContentResult};
use tri_db::LIBRARY;

use crate::snapshot::{Answer, RequestError, Snapshot};
use crate::uri;

/// The text of a document.
pub(crate) fn answer(
    snapshot: &Snapshot,
    params: TextDocumentContentParams,
) -> Answer<TextDocumentContentResult> {
    let rest = params.uri.0.strip_prefix(uri::SCHEME).unwrap_or_default();
    let path = rest.trim_start_matches(':').trim_start_matches('/');
    let module = path.strip_prefix("std/").and_then(|name| name.strip_suffix(".tri"));
    let page = path.strip_prefix("explain/").and_then(|code| code.strip_suffix(".md"));
    let library = module.and_then(|name| LIBRARY.iter().find(|(known, _)| *known == name));
    let text = library.map(|(_, text)| *text).or_else(|| page.and_then(snapshot.pages));
    match text {
        Some(text) => Ok(TextDocumentContentResult { text: text.to_owned() }),
        None => Err(RequestError::Invalid(format!("the server has no document `{}`", params.uri))),
    }
}
