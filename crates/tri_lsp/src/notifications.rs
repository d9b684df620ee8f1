//! What the client tells: texts opened, changed and closed, files changed on disk.

use std::path::Path;
use std::sync::Arc;

use gen_lsp_types as lsp;
use lsp_server::Notification;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::documents::Document;
use crate::server::Server;
use crate::uri;

/// Takes a notification; one that is not known, or cannot be understood, changes nothing.
pub(crate) fn receive(server: &mut Server<'_>, notification: Notification) {
    let Notification { method, params } = notification;
    match method.as_str() {
        "initialized" => watch_files(server),
        "$/cancelRequest" => with(params, |params: lsp::CancelParams| match params.id {
            lsp::Id::Int(id) => server.cancel(id.into()),
            lsp::Id::String(id) => server.cancel(id.into()),
        }),
        "textDocument/didOpen" => with(params, |params: lsp::DidOpenTextDocumentParams| {
            open(server, params.text_document);
        }),
        "textDocument/didChange" => with(params, |params| change(server, params)),
        "textDocument/didClose" => with(params, |params: lsp::DidCloseTextDocumentParams| {
            close(server, &uri::path(&params.text_document.uri));
        }),
        "textDocument/didSave" => with(params, |params: lsp::DidSaveTextDocumentParams| {
            let path = uri::path(&params.text_document.uri);
            if server.documents.get(&path).is_some() {
                server.workspace.place(&path);
                server.touch(&path);
            }
        }),
        "workspace/didChangeWatchedFiles" => with(params, |params: lsp::DidChangeWatchedFilesParams| {
            for change in &params.changes {
                changed_on_disk(server, &uri::path(&change.uri));
            }
        }),
        "workspace/didChangeWorkspaceFolders" => with(params, |params| change_folders(server, params)),
        _ => {}
    }
}

fn with<P: DeserializeOwned>(params: serde_json::Value, take: impl FnOnce(P)) {
    if let Ok(params) = serde_json::from_value(params) {
        take(params);
    }
}

fn watch_files(server: &mut Server<'_>) {
    if server.watches {
        let watchers = json!([{ "globPattern": "**/*.tri" }]);
        let registration = json!({
            "id": "files",
            "method": "workspace/didChangeWatchedFiles",
            "registerOptions": { "watchers": watchers },
        });
        server.request("client/registerCapability", json!({ "registrations": [registration] }));
    }
}

fn open(server: &mut Server<'_>, item: lsp::TextDocumentItem) {
    // What is in the server cannot be changed.
    if item.uri.0.starts_with(uri::SCHEME) && uri::path(&item.uri).is_relative() {
        return;
    }
    let path = uri::path(&item.uri);
    server.workspace.system.open(&path, &item.text);
    let document = Document { uri: item.uri, version: item.version, text: item.text.into() };
    Arc::make_mut(&mut server.documents).open(path.clone(), document);
    server.workspace.file_changed(&path);
    server.workspace.place(&path);
    server.touch(&path);
}

fn change(server: &mut Server<'_>, params: lsp::DidChangeTextDocumentParams) {
    let id = params.text_document;
    let path = uri::path(&id.text_document_identifier.uri);
    let documents = Arc::make_mut(&mut server.documents);
    let changed = documents.change(&path, id.version, params.content_changes, server.encoding);
    if let Some(document) = changed {
        server.workspace.system.open(&path, &document.text);
        server.workspace.file_changed(&path);
        server.touch(&path);
    }
}

fn close(server: &mut Server<'_>, path: &Path) {
    if Arc::make_mut(&mut server.documents).close(path).is_some() {
        server.workspace.system.close(path);
        changed_on_disk(server, path);
    }
}

fn changed_on_disk(server: &mut Server<'_>, path: &Path) {
    // What the editor has open is the truth.
    if server.documents.get(path).is_some() {
        return;
    }
    if server.workspace.file_changed(path) && server.workspace.is_wanted(path) {
        server.workspace.place(path);
    }
    server.touch(path);
}

fn change_folders(server: &mut Server<'_>, params: lsp::DidChangeWorkspaceFoldersParams) {
    for folder in &params.event.removed {
        for file in server.workspace.remove_folder(&uri::path(&folder.uri)) {
            server.touch(&file);
        }
    }
    for folder in &params.event.added {
        server.workspace.add_folder(uri::path(&folder.uri));
    }
    let open: Vec<_> = server.documents.paths().cloned().collect();
    for path in open {
        server.workspace.place(&path);
        server.touch(&path);
    }
}
