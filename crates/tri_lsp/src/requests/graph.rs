//! `tri/graph`, an extension of the protocol: the model at a place as a picture, with where its boxes come from.

use gen_lsp_types::{
    Location, LspRequestMethod, MessageDirection, Position, Request, TextDocumentIdentifier,
    TextDocumentPositionParams,
};
use serde::{Deserialize, Serialize};
use tri_ide::GraphShape;

use crate::snapshot::{Answer, RequestError, Snapshot};

/// The request.
pub(crate) enum GraphRequest {}

impl Request for GraphRequest {
    const METHOD: LspRequestMethod<'static> = LspRequestMethod::Custom("tri/graph");
    const MESSAGE_DIRECTION: MessageDirection = MessageDirection::ClientToServer;
    type Params = GraphParams;
    type Result = Graph;
}

/// Which model, and how it is written.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GraphParams {
    text_document: TextDocumentIdentifier,
    position: Position,
    #[serde(default)]
    format: Format,
}

/// How a picture is written.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    #[default]
    Html,
    Svg,
}

/// A picture.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Graph {
    /// Model and entry point.
    title: String,
    /// The page or the SVG.
    text: String,
    /// Where boxes come from.
    nodes: Vec<Node>,
}

/// A box, which is the element `n7` of the picture, and its place in the source.
#[derive(Debug, Serialize, Deserialize)]
struct Node {
    node: usize,
    source: Location,
}

/// The picture; refused, with the reason, where there is none.
pub(crate) fn answer(snapshot: &Snapshot, params: GraphParams) -> Answer<Graph> {
    let GraphParams { text_document, position, format } = params;
    let (file, at) = snapshot.position(&TextDocumentPositionParams { text_document, position })?;
    let shape = match format {
        Format::Html => GraphShape::Html,
        Format::Svg => GraphShape::Svg,
    };
    let view = file.analysis.graph(at, shape)?.map_err(RequestError::Refused)?;
    let node = |(node, span): &(usize, tri_ide::Span)| {
        Ok(Node { node: *node, source: snapshot.location(file.analysis, *span)? })
    };
    Ok(Graph {
        nodes: view.places.iter().map(node).collect::<Answer<_>>()?,
        title: view.title,
        text: view.text,
    })
}
