//! What no well-behaved editor sends: never an exit, never a request without an answer.

use serde_json::{Value, json};

use crate::client::Client;

const TEXT: &str = "use std.nn.Linear\n\nlayer L[N](wide: bool = false) {\n    up = Linear[N, N]()\n\n    fn forward(x: f32[N]) -> f32[N] {\n        let y = up(x)\n        relu(y)\n    }\n}\n";

/// Requests about a place, and about a whole document.
const AT_PLACE: [&str; 10] = [
    "textDocument/hover",
    "textDocument/definition",
    "textDocument/typeDefinition",
    "textDocument/references",
    "textDocument/documentHighlight",
    "textDocument/completion",
    "textDocument/signatureHelp",
    "textDocument/prepareRename",
    "textDocument/rename",
    "textDocument/prepareCallHierarchy",
];
const OF_DOCUMENT: [&str; 8] = [
    "textDocument/documentSymbol",
    "textDocument/semanticTokens/full",
    "textDocument/foldingRange",
    "textDocument/documentLink",
    "textDocument/formatting",
    "textDocument/inlayHint",
    "textDocument/codeAction",
    "textDocument/selectionRange",
];

fn params(uri: &str, line: u32, character: u32) -> Value {
    let position = json!({ "line": line, "character": character });
    json!({
        "textDocument": { "uri": uri },
        "position": position,
        "positions": [position, position],
        "range": { "start": position, "end": { "line": 0, "character": 1 } },
        "context": { "includeDeclaration": true, "diagnostics": [], "triggerKind": 1, "isRetrigger": false },
        "newName": "other",
        "options": { "tabSize": 4, "insertSpaces": true },
    })
}

fn ask_all(client: &mut Client, uri: &str, line: u32, character: u32) -> Vec<Value> {
    let methods = AT_PLACE.iter().chain(&OF_DOCUMENT);
    let ids: Vec<i64> = methods.map(|method| client.request(method, params(uri, line, character))).collect();
    client.answers(&ids)
}

#[test]
fn positions_outside_the_text_are_answered() {
    let mut client = Client::start(&[]);
    client.open("untitled:a", TEXT);
    for (line, character) in [(0, 9999), (9999, 0), (u32::MAX, u32::MAX), (3, u32::MAX)] {
        for answer in ask_all(&mut client, "untitled:a", line, character) {
            let code = &answer["error"]["code"];
            assert!(code.is_null() || *code == -32803, "only a rename may refuse: {answer}");
        }
    }
    client.change("untitled:a", 2, (9999, 9), (0, 0), "dim A = = 1\n");
    assert_eq!(client.diagnostics_of("untitled:a", 2)[0]["code"], "E0006");
    client.finish();
}

#[test]
fn documents_that_are_not_open_are_answered() {
    let mut client = Client::start(&[]);
    for answer in ask_all(&mut client, "file:///nowhere/at/all.tri", 1, 1) {
        assert_eq!(answer["error"]["code"], -32602, "{answer}");
    }
    client.tell("textDocument/didClose", json!({ "textDocument": { "uri": "untitled:never" } }));
    client.change("untitled:never", 5, (0, 0), (0, 0), "dim A = 1\n");
    client.open("untitled:a", TEXT);
    client.tell("textDocument/didClose", json!({ "textDocument": { "uri": "untitled:a" } }));
    client.change("untitled:a", 3, (0, 0), (0, 0), "after it was closed");
    ask_all(&mut client, "untitled:a", 1, 1);
    client.finish();
}

#[test]
fn nonsense_is_answered_or_passed_over() {
    let mut client = Client::start(&[]);
    client.tell("no/suchNotification", json!({ "a": 1 }));
    client.tell("textDocument/didChange", json!([1, 2]));
    client.tell("textDocument/didOpen", Value::Null);
    client.send(&json!({ "jsonrpc": "2.0", "id": 77, "result": "to no question" }));
    let id = client.request("no/suchRequest", json!({}));
    assert_eq!(client.answer(id)["error"]["code"], -32601);
    for method in AT_PLACE.iter().chain(&OF_DOCUMENT) {
        for params in
            [Value::Null, json!(5), json!({ "textDocument": {} }), json!({ "position": { "line": -1 } })]
        {
            let id = client.request(method, params);
            assert_eq!(client.answer(id)["error"]["code"], -32602, "{method}");
        }
    }
    client.finish();
}

#[test]
fn requests_before_initialize_and_after_shutdown_are_refused() {
    let mut client = Client::spawn();
    let id = client.request("textDocument/hover", params("untitled:a", 0, 0));
    assert_eq!(client.answer(id)["error"]["code"], -32002);
    client.ask("initialize", json!({ "capabilities": {} }));
    client.ask("shutdown", Value::Null);
    let id = client.request("textDocument/hover", params("untitled:a", 0, 0));
    assert_eq!(client.answer(id)["error"]["code"], -32600);
    client.tell("exit", Value::Null);
}

#[test]
fn a_storm_of_changes_and_cancels_leaves_nothing_unanswered() {
    let mut client = Client::start(&[]);
    client.open("untitled:a", TEXT);
    let mut ids = Vec::new();
    for round in 0..200_u32 {
        for method in AT_PLACE {
            ids.push(client.request(method, params("untitled:a", round % 10, round % 30)));
        }
        if round % 2 == 0 {
            client.change("untitled:a", i64::from(round) + 2, (round % 10, 0), (round % 10, 0), "//\n");
        }
        for id in ids.iter().rev().take(7) {
            client.tell("$/cancelRequest", json!({ "id": id }));
        }
        // One that was answered, and one that was never asked.
        client.tell("$/cancelRequest", json!({ "id": 1 }));
        client.tell("$/cancelRequest", json!({ "id": "x" }));
    }
    for answer in client.answers(&ids) {
        let code = answer["error"]["code"].as_i64();
        assert!(matches!(code, None | Some(-32800 | -32801 | -32803)), "{answer}");
    }
    client.replace("untitled:a", 9999, "dim A = = 1\n");
    assert_eq!(client.diagnostics_of("untitled:a", 9999)[0]["code"], "E0006");
    client.finish();
}

#[test]
fn every_beginning_of_a_file_is_answered() {
    let mut client = Client::start(&[]);
    client.open("untitled:a", "");
    let mut version = 1;
    for end in (0..=TEXT.len()).step_by(3) {
        version += 1;
        let part = &TEXT[..end];
        client.replace("untitled:a", version, part);
        let line = part.matches('\n').count() as u32;
        let column = part.rsplit('\n').next().unwrap().len() as u32;
        for answer in ask_all(&mut client, "untitled:a", line, column) {
            let code = answer["error"]["code"].as_i64();
            assert!(matches!(code, None | Some(-32803)), "{part:?}: {answer}");
        }
    }
    client.finish();
}

#[test]
fn what_is_no_program_is_a_diagnostic() {
    let mut client = Client::start(&[]);
    let deep = format!("const A = {}1{}", "(".repeat(100_000), ")".repeat(100_000));
    for (name, text) in [("deep", deep.as_str()), ("nul", "\0\u{feff}\r\r\n"), ("long", &"x".repeat(1 << 20))]
    {
        let uri = format!("untitled:{name}");
        client.open(&uri, text);
        assert!(client.diagnostics_of(&uri, 1)[0]["code"].as_str().unwrap().starts_with('E'), "{name}");
        ask_all(&mut client, &uri, 0, 500);
    }
    client.finish();
}
