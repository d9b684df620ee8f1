//! Texts in, diagnostics, fixes and layouts out.

use std::fs;

use serde_json::{Value, json};

use crate::client::{Client, uri};

const WRONG: &str = "dim Model = 64\n\nfn f(x: f32[Model]) -> f32[Model] {\n    let y = rleu(x)\n    y\n}\n";

#[test]
fn diagnostics_follow_the_text_with_code_page_and_fix() {
    let folder = tempfile::tempdir().unwrap();
    let mut client = Client::start(&[folder.path()]);
    let main = uri(&folder.path().join("main.tri"));
    client.open(&main, WRONG);
    let found = client.diagnostics_of(&main, 1);
    assert_eq!(found[0]["code"], "E1001", "{found}");
    assert_eq!(found[0]["severity"], 1);
    assert_eq!(found[0]["source"], "tri");
    assert_eq!(found[0]["range"]["start"], json!({ "line": 3, "character": 12 }));
    let href = found[0]["codeDescription"]["href"].as_str().unwrap();
    let page = client.ask("workspace/textDocumentContent", json!({ "uri": href }));
    assert!(page["text"].as_str().unwrap().contains("E1001"));

    let actions = client.ask(
        "textDocument/codeAction",
        json!({ "textDocument": { "uri": main }, "range": found[0]["range"], "context": { "diagnostics": found } }),
    );
    let edit = &actions[0]["edit"]["changes"][&main][0];
    assert_eq!((&actions[0]["kind"], &edit["newText"]), (&json!("quickfix"), &json!("relu")), "{actions}");
    client.change(&main, 2, (3, 12), (3, 16), "relu");
    assert_eq!(client.diagnostics_of(&main, 2), json!([]));
    client.finish();
}

#[test]
fn other_places_of_a_diagnostic_are_related_information() {
    let folder = tempfile::tempdir().unwrap();
    let mut client = Client::start(&[folder.path()]);
    let main = uri(&folder.path().join("main.tri"));
    client.open(&main, "fn f(x: f32) -> f32 {\n    relu(x]\n}\n");
    let found = client.diagnostics_of(&main, 1);
    assert_eq!(found[0]["code"], "E0007", "{found}");
    let related = &found[0]["relatedInformation"][0]["location"];
    assert_eq!(related["uri"], main.as_str(), "{found}");
    assert_eq!(related["range"]["start"], json!({ "line": 1, "character": 8 }), "{found}");
    client.finish();
}

#[test]
fn a_keyword_as_a_name_has_a_fix_for_all_its_places() {
    let folder = tempfile::tempdir().unwrap();
    let mut client = Client::start(&[folder.path()]);
    let main = uri(&folder.path().join("main.tri"));
    client.open(&main, "fn f(layer: f32) -> f32 {\n    relu(layer)\n}\n");
    let found = client.diagnostics_of(&main, 1);
    assert_eq!(found.as_array().map(Vec::len), Some(1), "{found}");
    let actions = client.ask(
        "textDocument/codeAction",
        json!({ "textDocument": { "uri": main }, "range": found[0]["range"], "context": { "diagnostics": found } }),
    );
    let edits = actions[0]["edit"]["changes"][&main].as_array().cloned().unwrap_or_default();
    assert_eq!(edits.len(), 2, "{actions}");
    assert!(edits.iter().all(|edit| edit["newText"] == "layer_"), "{actions}");
    client.finish();
}

#[test]
fn a_module_that_is_not_saved_is_seen_by_those_that_import_it() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("main.tri"), "use blocks.half\n\nfn f(x: f32) -> f32 { half(x) }\n")
        .unwrap();
    let mut client = Client::start(&[folder.path()]);
    let main = uri(&folder.path().join("main.tri"));
    let blocks = uri(&folder.path().join("blocks.tri"));
    client.open(&main, "use blocks.half\n\nfn f(x: f32) -> f32 { half(x) }\n");
    assert_eq!(client.diagnostics_of(&main, 1)[0]["code"], "E1002");
    client.open(&blocks, "fn half(x: f32) -> f32 { x / 2 }\n");
    assert_eq!(client.diagnostics_of(&blocks, 1), json!([]));
    client.change(&main, 2, (2, 0), (2, 0), "// again\n");
    assert_eq!(client.diagnostics_of(&main, 2), json!([]));
    client.tell("textDocument/didClose", json!({ "textDocument": { "uri": blocks } }));
    client.change(&main, 3, (2, 0), (2, 0), "// again\n");
    assert_eq!(client.diagnostics_of(&main, 3)[0]["code"], "E1002");
    assert!(!folder.path().join("blocks.tri").exists());
    client.finish();
}

#[test]
fn what_only_elaboration_finds_is_found() {
    let mut client = Client::start(&[]);
    let text = fs::read_to_string("../../tests/mistakes/73_image_smaller_than_the_network.tri").unwrap();
    client.open("untitled:Untitled-1", &text);
    let found = loop {
        let found = client.diagnostics_of("untitled:Untitled-1", 1);
        if found != json!([]) {
            break found;
        }
        client.diagnostics.clear();
    };
    assert!(found[0]["code"].as_str().unwrap().starts_with('E'), "{found}");
    client.finish();
}

#[test]
fn formatting_edits_only_the_lines_that_differ() {
    let mut client = Client::start(&[]);
    client.open("untitled:a", "dim  A = 1\ndim B = 2\ndim C  =  3\n");
    let options = json!({ "tabSize": 4, "insertSpaces": true });
    let params = json!({ "textDocument": { "uri": "untitled:a" }, "options": options });
    let edits = client.ask("textDocument/formatting", params.clone());
    let lines: Vec<&Value> = edits.as_array().unwrap().iter().map(|edit| &edit["newText"]).collect();
    assert_eq!(lines, ["dim A = 1\n", "dim C = 3\n"]);
    client.replace("untitled:a", 2, "dim A = = 1\n");
    assert_eq!(client.ask("textDocument/formatting", params), Value::Null);
    client.finish();
}

#[test]
fn a_range_is_formatted_alone_and_a_line_when_the_next_begins() {
    let mut client = Client::start(&[]);
    client.open("untitled:a", "dim  A = 1\ndim X = 4\ndim  B = 2\n");
    let options = json!({ "tabSize": 4, "insertSpaces": true });
    let document = json!({ "uri": "untitled:a" });
    let range = json!({ "start": { "line": 2, "character": 0 }, "end": { "line": 2, "character": 5 } });
    let params = json!({ "textDocument": document, "range": range, "options": options });
    let edits = client.ask("textDocument/rangeFormatting", params);
    assert_eq!(edits.as_array().unwrap().len(), 1, "{edits}");
    assert_eq!(
        (&edits[0]["range"]["start"]["line"], &edits[0]["newText"]),
        (&json!(2), &json!("dim B = 2\n"))
    );
    let position = json!({ "line": 1, "character": 0 });
    let params = json!({ "textDocument": document, "position": position, "ch": "\n", "options": options });
    let edits = client.ask("textDocument/onTypeFormatting", params);
    assert_eq!(
        (&edits[0]["range"]["start"]["line"], &edits[0]["newText"]),
        (&json!(0), &json!("dim A = 1\n"))
    );
    client.finish();
}

#[test]
fn a_client_that_leaves_without_a_word_ends_the_server() {
    assert_eq!(Client::start(&[]).vanish(), Some(1));
}

#[test]
fn each_root_is_a_package_of_its_own() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fs::write(one.path().join("blocks.tri"), "fn half(x: f32) -> f32 { x / 2 }\n").unwrap();
    fs::write(other.path().join("blocks.tri"), "fn half(x: f32, by: f32) -> f32 { x / by }\n").unwrap();
    let main = "use blocks.half\n\nfn f(x: f32) -> f32 { half(x) }\n";
    let mut client = Client::start(&[one.path()]);
    let (first, second) = (uri(&one.path().join("main.tri")), uri(&other.path().join("main.tri")));
    client.open(&first, main);
    assert_eq!(client.diagnostics_of(&first, 1), json!([]));
    assert_eq!(client.ask("workspace/symbol", json!({ "query": "half" })).as_array().unwrap().len(), 1);
    let folders = |folder: &std::path::Path| json!([{ "uri": uri(folder), "name": "folder" }]);
    let event = json!({ "event": { "added": folders(other.path()), "removed": [] } });
    client.tell("workspace/didChangeWorkspaceFolders", event);
    client.open(&second, main);
    assert_eq!(client.diagnostics_of(&second, 1)[0]["severity"], 1);
    assert_eq!(client.ask("workspace/symbol", json!({ "query": "half" })).as_array().unwrap().len(), 2);
    assert_eq!(client.diagnostics_of(&first, 1), json!([]));
    client.finish();
}

#[test]
fn refused_actions_are_shown_to_clients_that_ask_for_them() {
    let text = "fn f(x: f32) -> f32 {\n    let y = x\n    y\n}\n";
    let range = json!({ "start": { "line": 1, "character": 4 }, "end": { "line": 1, "character": 13 } });
    for shows in [true, false] {
        let capabilities = json!({ "textDocument": { "codeAction": { "disabledSupport": shows } } });
        let mut client = Client::start_with(&[], capabilities);
        client.open("untitled:a", text);
        let params = json!({ "textDocument": { "uri": "untitled:a" }, "range": range, "context": { "diagnostics": [] } });
        let actions = client.ask("textDocument/codeAction", params);
        let extract = actions.as_array().unwrap().iter().find(|action| action["kind"] == "refactor.extract");
        assert_eq!(extract.is_some(), shows, "{actions}");
        if let Some(extract) = extract {
            assert!(extract["disabled"]["reason"].as_str().unwrap().contains("layer"), "{extract}");
            assert!(extract["edit"].is_null());
        }
        client.finish();
    }
}
