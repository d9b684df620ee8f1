//! `tri/ir`, an extension of the protocol: the tensor IR of the function at a place, with where its lines come from.

use gen_lsp_types::{Location, LspRequestMethod, MessageDirection, Request, TextDocumentPositionParams};
use serde::{Deserialize, Serialize};

use crate::snapshot::{Answer, RequestError, Snapshot};

/// The request.
pub(crate) enum IrRequest {}

impl Request for IrRequest {
    const METHOD: LspRequestMethod<'static> = LspRequestMethod::Custom("tri/ir");
    const MESSAGE_DIRECTION: MessageDirection = MessageDirection::ClientToServer;
    type Params = TextDocumentPositionParams;
    type Result = Ir;
}

/// IR as text.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Ir {
    /// The functions.
    text: String,
    /// Where lines come from.
    lines: Vec<Line>,
}

/// A line of the text and its place in the source.
#[derive(Debug, Serialize, Deserialize)]
struct Line {
    /// From 0.
    line: u32,
    /// What it is made of.
    source: Location,
}

/// The IR; refused, with the reason, where there is none.
pub(crate) fn answer(snapshot: &Snapshot, params: TextDocumentPositionParams) -> Answer<Ir> {
    let (file, at) = snapshot.position(&params)?;
    let view = file.analysis.ir(at)?.map_err(RequestError::Refused)?;
    let line = |(line, span): &(u32, tri_ide::Span)| {
        Ok(Line { line: *line, source: snapshot.location(file.analysis, *span)? })
    };
    Ok(Ir { lines: view.lines.iter().map(line).collect::<Answer<_>>()?, text: view.text })
}
