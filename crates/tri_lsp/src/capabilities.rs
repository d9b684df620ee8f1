//! What the server can do.

use serde_json::{Value, json};

use crate::position::Encoding;
use crate::uri;

/// The capabilities, as the protocol writes them.
pub(crate) fn server(encoding: Encoding) -> Value {
    json!({
        "positionEncoding": encoding.kind(),
        "textDocumentSync": { "openClose": true, "change": 2, "save": {} },
        "hoverProvider": true,
        "inlayHintProvider": true,
        "signatureHelpProvider": { "triggerCharacters": ["(", ","] },
        "definitionProvider": true,
        "typeDefinitionProvider": true,
        "referencesProvider": true,
        "documentHighlightProvider": true,
        "renameProvider": { "prepareProvider": true },
        "documentSymbolProvider": true,
        "workspaceSymbolProvider": true,
        "documentLinkProvider": {},
        "documentFormattingProvider": true,
        "codeActionProvider": { "codeActionKinds": ["quickfix", "refactor"] },
        "workspace": {
            "workspaceFolders": { "supported": true, "changeNotifications": true },
            "textDocumentContent": { "schemes": [uri::SCHEME] },
        },
    })
}
