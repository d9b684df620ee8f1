//! What the server shows beyond the protocol.

use serde_json::{Value, json};

use crate::client::Client;

const MODEL: &str = "// é🦀\nmodel M() {\n    fn forward[B](x: f32[B, 4]) -> f32[B, 4] {\n        /* 🦀 */ relu(x)\n    }\n}\n";

fn at(line: u32, character: u32) -> Value {
    json!({ "textDocument": { "uri": "untitled:m" }, "position": { "line": line, "character": character } })
}

#[test]
fn a_model_is_drawn_with_the_places_of_its_boxes() {
    let capabilities = json!({ "general": { "positionEncodings": ["utf-16"] } });
    let mut client = Client::start_with(&[], capabilities);
    client.open("untitled:m", MODEL);
    let page = client.ask("tri/graph", at(3, 20));
    assert_eq!(page["title"], "M.forward");
    assert!(page["text"].as_str().unwrap().starts_with("<!doctype html>"));
    let nodes = page["nodes"].as_array().unwrap();
    let start = json!({ "line": 3, "character": 17 });
    let relu = nodes.iter().find(|node| node["source"]["range"]["start"] == start);
    assert!(relu.is_some_and(|node| node["source"]["uri"] == "untitled:m"), "{nodes:?}");
    let mut params = at(0, 0);
    params["format"] = json!("svg");
    let svg = client.ask("tri/graph", params.clone());
    assert!(svg["text"].as_str().unwrap().starts_with("<svg "));
    params["format"] = json!("png");
    let id = client.request("tri/graph", params);
    assert_eq!(client.answer(id)["error"]["code"], -32602);
    client.finish();
}

#[test]
fn what_cannot_be_drawn_is_refused_with_the_reason() {
    let mut client = Client::start(&[]);
    client.open("untitled:m", "fn f(x: f32) -> f32 { x }\n");
    let id = client.request("tri/graph", at(0, 0));
    let answer = client.answer(id);
    assert_eq!(answer["error"]["code"], -32803, "{answer}");
    assert!(answer["error"]["message"].as_str().unwrap().contains("no model"));
    client.finish();
}

#[test]
fn every_stage_of_a_function_has_lines_with_their_places() {
    let mut client = Client::start(&[]);
    client.open("untitled:m", MODEL);
    for (stage, expected) in
        [("tensor", "M.forward"), ("kernel", "schedule M.forward"), ("assembly", "; M.forward")]
    {
        let mut params = at(3, 18);
        params["stage"] = json!(stage);
        let ir = client.ask("tri/ir", params);
        let text = ir["text"].as_str().unwrap();
        assert!(text.contains(expected), "{stage}: {text}");
        let lines = ir["lines"].as_array().unwrap();
        assert!(!lines.is_empty(), "{stage}: {text}");
        let count = text.lines().count() as u64;
        assert!(lines.iter().all(|line| line["line"].as_u64().unwrap() < count), "{stage}");
        assert!(lines.iter().any(|line| line["source"]["range"]["start"]["line"] == 3), "{stage}: {lines:?}");
    }
    let mut params = at(3, 18);
    params["stage"] = json!("quantum");
    let id = client.request("tri/ir", params);
    assert_eq!(client.answer(id)["error"]["code"], -32602);
    client.finish();
}
