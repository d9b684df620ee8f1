//! What the server can do.

use serde_json::{Value, json};

use crate::position::Encoding;
use crate::requests::semantic_tokens;
use crate::uri;

/// The capabilities, as the protocol writes them.
pub(crate) fn server(encoding: Encoding) -> Value {
    json!({
        "positionEncoding": encoding.kind(),
        "textDocumentSync": { "openClose": true, "change": 2, "save": {} },
        "completionProvider": { "triggerCharacters": ["."] },
        "semanticTokensProvider": {
            "legend": { "tokenTypes": semantic_tokens::TYPES, "tokenModifiers": semantic_tokens::MODIFIERS },
            "full": true,
            "range": true,
        },
        "foldingRangeProvider": true,
        "selectionRangeProvider": true,
        "callHierarchyProvider": true,
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
        "documentRangeFormattingProvider": true,
        "documentOnTypeFormattingProvider": { "firstTriggerCharacter": "\n" },
        "codeLensProvider": {},
        "experimental": { "ir": true, "graph": true },
        "codeActionProvider": { "codeActionKinds": ["quickfix", "refactor"] },
        "workspace": {
            "workspaceFolders": { "supported": true, "changeNotifications": true },
            "textDocumentContent": { "schemes": [uri::SCHEME] },
        },
    })
}
