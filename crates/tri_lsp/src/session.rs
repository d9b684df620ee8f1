//! A session with one client, from `initialize` to `exit`.

use std::path::PathBuf;
use std::sync::Arc;

use gen_lsp_types::{InitializeParams, WorkspaceFolders};
use lsp_server::{Connection, ProtocolError};
use serde_json::json;
use tri_db::{DiskSystem, EditorSystem, System};

use crate::position::Encoding;
use crate::server::Server;
use crate::workspace::Workspace;
use crate::{capabilities, uri};

/// The page of a diagnostic code, if it has one.
pub type Pages = fn(&str) -> Option<&'static str>;

/// Why a session ended otherwise than by `shutdown` and `exit`.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The client spoke otherwise than the protocol says.
    #[error(transparent)]
    Protocol(#[from] ProtocolError),
    /// Threads cannot be started, or a pipe broke.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The client went away without `shutdown`.
    #[error("the client left without `shutdown`")]
    Abandoned,
}

/// Serves the client at stdin and stdout until it leaves.
///
/// # Errors
/// The client breaks the protocol or goes away, or the system refuses threads.
pub fn run(pages: Pages) -> Result<(), SessionError> {
    let (connection, threads) = Connection::stdio();
    let end = serve(&connection, Arc::new(DiskSystem), pages);
    // The writer ends when nobody can send any more.
    drop(connection);
    if end.is_ok() {
        threads.join()?;
    }
    end
}

/// Serves the client at the other end of `connection`, with files of `system`. On Linux the process does without huge pages from then
/// on.
///
/// # Errors
/// The client breaks the protocol or goes away, or the system refuses threads.
pub fn serve(connection: &Connection, system: Arc<dyn System>, pages: Pages) -> Result<(), SessionError> {
    // Of a huge page that holds many small things, all is kept for one of them. Where this is refused, memory is only larger.
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
    let (id, params) = connection.initialize_start()?;
    // What cannot be understood is as if the client had said nothing.
    let params: InitializeParams = serde_json::from_value(params).unwrap_or_default();
    let offered =
        params.capabilities.general.as_ref().and_then(|general| general.position_encodings.as_ref());
    let encoding = Encoding::negotiate(offered.map_or(&[], Vec::as_slice));
    let result = json!({
        "capabilities": capabilities::server(encoding),
        "serverInfo": { "name": "triton lsp", "version": env!("CARGO_PKG_VERSION") },
    });
    // A client that is gone is noticed by the main loop.
    let _ = connection.sender.send(lsp_server::Response::new_ok(id, result).into());
    let workspace = Workspace::new(EditorSystem::new(system), folders(&params));
    Server::new(connection, workspace, &params.capabilities, encoding, pages)?.run()
}

/// The folders that the client has open.
#[expect(deprecated, reason = "clients that know no workspace folders send one root")]
fn folders(params: &InitializeParams) -> Vec<PathBuf> {
    match &params.workspace_folders_initialize_params.workspace_folders {
        Some(WorkspaceFolders::WorkspaceFolderList(folders)) => {
            folders.iter().map(|folder| uri::path(&folder.uri)).collect()
        }
        _ => params.root_uri.iter().map(uri::path).collect(),
    }
}
