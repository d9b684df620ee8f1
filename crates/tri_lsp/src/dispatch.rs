//! Which request is answered by which function, and how it is run: from a snapshot, on the pool, with everything that can go wrong
//! turned into an answer.

use std::panic::{AssertUnwindSafe, catch_unwind};

use gen_lsp_types as lsp;
use lsp_server::{ErrorCode, Request, Response};
use serde_json::Value;

use crate::requests;
use crate::server::{Outcome, Server};
use crate::snapshot::{Answer, Snapshot};

/// Starts answering a request.
pub(crate) fn request(server: &mut Server<'_>, request: Request) {
    let mut dispatch = Dispatch { server, request: Some(request) };
    dispatch
        .on::<lsp::CompletionRequest>(requests::completion::answer)
        .on::<lsp::SemanticTokensRequest>(requests::semantic_tokens::full)
        .on::<lsp::SemanticTokensRangeRequest>(requests::semantic_tokens::range)
        .on::<lsp::FoldingRangeRequest>(requests::folding_range::answer)
        .on::<lsp::SelectionRangeRequest>(requests::selection_range::answer)
        .on::<lsp::CallHierarchyPrepareRequest>(requests::call_hierarchy::prepare)
        .on::<lsp::CallHierarchyIncomingCallsRequest>(requests::call_hierarchy::incoming)
        .on::<lsp::CallHierarchyOutgoingCallsRequest>(requests::call_hierarchy::outgoing)
        .on::<lsp::HoverRequest>(requests::hover::answer)
        .on::<lsp::InlayHintRequest>(requests::inlay_hint::answer)
        .on::<lsp::SignatureHelpRequest>(requests::signature_help::answer)
        .on::<lsp::DefinitionRequest>(requests::definition::answer)
        .on::<lsp::TypeDefinitionRequest>(requests::type_definition::answer)
        .on::<lsp::ReferencesRequest>(requests::references::answer)
        .on::<lsp::DocumentHighlightRequest>(requests::document_highlight::answer)
        .on::<lsp::PrepareRenameRequest>(requests::rename::prepare)
        .on::<lsp::RenameRequest>(requests::rename::answer)
        .on::<lsp::DocumentSymbolRequest>(requests::document_symbol::answer)
        .on::<lsp::WorkspaceSymbolRequest>(requests::workspace_symbol::answer)
        .on::<lsp::DocumentLinkRequest>(requests::document_link::answer)
        .on::<lsp::DocumentFormattingRequest>(requests::formatting::answer)
        .on::<lsp::DocumentRangeFormattingRequest>(requests::formatting::range)
        .on::<lsp::DocumentOnTypeFormattingRequest>(requests::formatting::on_type)
        .on::<lsp::CodeLensRequest>(requests::code_lens::answer)
        .on::<requests::ir::IrRequest>(requests::ir::answer)
        .on::<requests::graph::GraphRequest>(requests::graph::answer)
        .on::<lsp::CodeActionRequest>(requests::code_action::answer)
        .on::<lsp::TextDocumentContentRequest>(requests::text_document_content::answer)
        .unknown();
}

struct Dispatch<'a, 's> {
    server: &'a mut Server<'s>,
    request: Option<Request>,
}

impl Dispatch<'_, '_> {
    /// Lets `answer` answer requests of the kind `R`.
    fn on<R: lsp::Request>(&mut self, answer: fn(&Snapshot, R::Params) -> Answer<R::Result>) -> &mut Self {
        let method = R::METHOD;
        if let Some(request) = self.request.take_if(|request| request.method == method.as_str()) {
            self.spawn::<R::Params, R::Result>(request, answer);
        }
        self
    }

    fn spawn<P, T>(&mut self, request: Request, answer: fn(&Snapshot, P) -> Answer<T>)
    where
        P: serde::de::DeserializeOwned + Send + 'static,
        T: serde::Serialize + 'static,
    {
        let snapshot = self.server.snapshot();
        let tokens = snapshot.analyses.values().map(tri_ide::Analysis::cancellation_token).collect();
        self.server.begin(&request, tokens);
        let outcomes = self.server.outcomes.0.clone();
        self.server.pool.run(move || {
            let Request { id, params, method } = request;
            let run = || match serde_json::from_value(params) {
                Ok(params) => response(id.clone(), answer(&snapshot, params)),
                Err(error) => {
                    let text = format!("`{method}`: {error}");
                    Response::new_err(id.clone(), ErrorCode::InvalidParams as i32, text)
                }
            };
            let response = catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| {
                let text = format!("`{method}` met a defect of the server");
                Response::new_err(id.clone(), ErrorCode::InternalError as i32, text)
            });
            drop(snapshot);
            // The main loop may have ended.
            let _ = outcomes.send(Outcome::Answer(response));
        });
    }

    fn unknown(&mut self) {
        if let Some(request) = self.request.take() {
            let text = format!("there is no request `{}`", request.method);
            self.server.send(Response::new_err(request.id, ErrorCode::MethodNotFound as i32, text));
        }
    }
}

fn response<T: serde::Serialize>(id: lsp_server::RequestId, answer: Answer<T>) -> Response {
    match answer.map(|answer| serde_json::to_value(answer).unwrap_or(Value::Null)) {
        Ok(answer) => Response::new_ok(id, answer),
        Err(error) => Response::new_err(id, error.code() as i32, error.to_string()),
    }
}
