//! Requests about names, over the protocol.

use serde_json::{Value, json};

use crate::client::{Client, uri};

const BLOCKS: &str = "// é🦀\nfn half(x: f32) -> f32 { x / 2 }\n";
const MAIN: &str =
    "use blocks.half\n\nfn f(x: f32) -> f32 {\n    let y = half(x)\n    /* é🦀 */ half(y)\n}\n";

fn at(uri: &str, line: u32, character: u32) -> Value {
    json!({ "textDocument": { "uri": uri }, "position": { "line": line, "character": character } })
}

#[test]
fn names_are_found_and_renamed_across_files_in_every_encoding() {
    let folder = tempfile::tempdir().unwrap();
    let (main, blocks) = (uri(&folder.path().join("main.tri")), uri(&folder.path().join("blocks.tri")));
    for (encoding, column) in [("utf-8", 17), ("utf-32", 13), ("utf-16", 14)] {
        let capabilities = json!({ "general": { "positionEncodings": [encoding] } });
        let mut client = Client::start_with(&[folder.path()], capabilities);
        client.open(&blocks, BLOCKS);
        client.open(&main, MAIN);
        let hover = client.ask("textDocument/hover", at(&main, 4, column));
        assert!(hover["contents"]["value"].as_str().unwrap().contains("fn half"), "{encoding}: {hover}");
        assert_eq!(hover["range"]["start"], json!({ "line": 4, "character": column }));
        let definition = client.ask("textDocument/definition", at(&main, 4, column));
        assert_eq!((&definition["uri"], &definition["range"]["start"]["line"]), (&json!(blocks), &json!(1)));
        let mut params = at(&main, 4, column);
        params["newName"] = json!("halved");
        let edit = client.ask("textDocument/rename", params.clone());
        assert_eq!(edit["changes"][&main].as_array().unwrap().len(), 3, "{edit}");
        assert_eq!(edit["changes"][&blocks].as_array().unwrap().len(), 1, "{edit}");
        params["newName"] = json!("y");
        let id = client.request("textDocument/rename", params);
        let refused = client.answer(id);
        assert_eq!(refused["error"]["code"], -32803, "{refused}");
        client.finish();
    }
}

#[test]
fn the_other_requests_answer() {
    let mut client = Client::start(&[]);
    client.open("untitled:a", "use std.nn.Linear\n\nmodel M() {\n    up = Linear[4, 4]()\n\n    fn f(x: f32[4]) -> f32[4] {\n        let y = up(x)\n        y\n    }\n}\n");
    let document = json!({ "textDocument": { "uri": "untitled:a" } });
    let definition = client.ask("textDocument/definition", at("untitled:a", 3, 10));
    assert_eq!(definition["uri"], "tri:///std/nn.tri");
    let library = client.ask("workspace/textDocumentContent", json!({ "uri": "tri:///std/nn.tri" }));
    assert!(library["text"].as_str().unwrap().contains("layer Linear"));
    let ty = client.ask("textDocument/typeDefinition", at("untitled:a", 6, 16));
    assert_eq!(ty[0]["uri"], "tri:///std/nn.tri", "{ty}");
    let mut references = at("untitled:a", 3, 5);
    references["context"] = json!({ "includeDeclaration": false });
    assert_eq!(client.ask("textDocument/references", references).as_array().unwrap().len(), 1);
    assert_eq!(
        client.ask("textDocument/documentHighlight", at("untitled:a", 3, 5)).as_array().unwrap().len(),
        2
    );
    let outline = client.ask("textDocument/documentSymbol", document.clone());
    assert_eq!((&outline[0]["name"], &outline[0]["children"][1]["name"]), (&json!("M"), &json!("f")));
    assert_eq!(client.ask("workspace/symbol", json!({ "query": "up" }))[0]["name"], "up");
    assert_eq!(client.ask("textDocument/documentLink", document)[0]["target"], "tri:///std/nn.tri");
    let help = client.ask("textDocument/signatureHelp", at("untitled:a", 3, 22));
    assert_eq!(help["signatures"][0]["label"], "Linear(bias: bool = true)");
    let range = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 99, "character": 0 } });
    let hints = client
        .ask("textDocument/inlayHint", json!({ "textDocument": { "uri": "untitled:a" }, "range": range }));
    assert_eq!(hints[0]["label"], ": f32[4]", "{hints}");
    client.finish();
}
