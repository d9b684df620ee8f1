//! `tri/ir`, an extension of the protocol: what the function at a place becomes, with where its lines come from.

use gen_lsp_types::{
    Location, LspRequestMethod, MessageDirection, Position, Request, TextDocumentIdentifier,
    TextDocumentPositionParams,
};
use serde::{Deserialize, Serialize};
use tri_ide::IrStage;

use crate::snapshot::{Answer, RequestError, Snapshot};

/// The request.
pub(crate) enum IrRequest {}

impl Request for IrRequest {
    const METHOD: LspRequestMethod<'static> = LspRequestMethod::Custom("tri/ir");
    const MESSAGE_DIRECTION: MessageDirection = MessageDirection::ClientToServer;
    type Params = IrParams;
    type Result = Ir;
}

/// Which function, and how far the compiler has come.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IrParams {
    text_document: TextDocumentIdentifier,
    position: Position,
    #[serde(default)]
    stage: Stage,
}

/// How far the compiler has come.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Stage {
    #[default]
    Tensor,
    Kernel,
    Assembly,
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
pub(crate) fn answer(snapshot: &Snapshot, params: IrParams) -> Answer<Ir> {
    let IrParams { text_document, position, stage } = params;
    let (file, at) = snapshot.position(&TextDocumentPositionParams { text_document, position })?;
    let stage = match stage {
        Stage::Tensor => IrStage::Tensor,
        Stage::Kernel => IrStage::Kernel,
        Stage::Assembly => IrStage::Assembly,
    };
    let view = file.analysis.ir(at, stage)?.map_err(RequestError::Refused)?;
    let line = |(line, span): &(u32, tri_ide::Span)| {
        Ok(Line { line: *line, source: snapshot.location(file.analysis, *span)? })
    };
    Ok(Ir { lines: view.lines.iter().map(line).collect::<Answer<_>>()?, text: view.text })
}
