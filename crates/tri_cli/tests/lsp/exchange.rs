//! A session of Neovim, as `grammar/neovim/exchange.sh` wrote it down, once more: what the editor sent is sent, in its order, and
//! each answer has the same places, edits and codes. Words may differ.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::Value;

use crate::client::{Client, uri};

/// What is for people to read.
const WORDS: [&str; 6] = ["message", "contents", "documentation", "detail", "title", "sortText"];

/// Where `was` has something that `is` has not. Objects may have more than was written down; where `may_grow`, lists too.
fn difference(was: &Value, is: &Value, may_grow: bool) -> Option<String> {
    match (was, is) {
        // The texts of the library are not written down.
        (Value::Object(was), Value::Object(is)) if was.get("uri").is_some_and(is_library) => {
            (was["uri"] != is["uri"]).then(|| format!("{was:?} is {is:?}"))
        }
        (Value::Object(was), Value::Object(is)) => was.iter().find_map(|(key, was)| {
            let is = is.get(key).unwrap_or(&Value::Null);
            let found = if WORDS.contains(&key.as_str()) { None } else { difference(was, is, may_grow) };
            found.map(|found| format!("{key}: {found}"))
        }),
        (Value::Array(was), Value::Array(is)) if was.len() == is.len() && !may_grow => {
            was.iter().zip(is).find_map(|(was, is)| difference(was, is, may_grow))
        }
        (Value::Array(was), Value::Array(is)) if may_grow => was
            .iter()
            .find(|was| !is.iter().any(|is| difference(was, is, may_grow).is_none()))
            .map(|was| format!("no {was}")),
        _ => (was != is).then(|| format!("{was} is {is}")),
    }
}

fn is_library(uri: &Value) -> bool {
    uri.as_str().is_some_and(|uri| uri.starts_with("tri:///"))
}

#[test]
fn a_session_of_neovim_gets_the_same_answers() {
    let folder = tempfile::tempdir().unwrap();
    let place = uri(&folder.path().canonicalize().unwrap());
    let text = fs::read_to_string("../../tests/data/lsp/neovim.jsonl").unwrap();
    let messages: Vec<Value> = text
        .replace("file:///folder", &place)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    // The disk as it was when the editor began.
    for opened in messages.iter().map(|message| &message["client"]["params"]["textDocument"]) {
        let path = opened["uri"].as_str().and_then(|uri| uri.strip_prefix("file://"));
        if let (Some(path), Some(text)) = (path, opened["text"].as_str()) {
            fs::write(path, text).unwrap();
        }
    }
    let mut client = Client::spawn();
    let mut unanswered = BTreeSet::new();
    let mut methods = BTreeMap::new();
    for message in &messages {
        let sent = &message["client"];
        if sent.is_object() {
            if let Some(id) = sent["id"].as_i64() {
                unanswered.insert(id);
                methods.insert(id, sent["method"].as_str().unwrap());
            }
            client.send(sent);
            continue;
        }
        let was = &message["server"];
        match was["id"].as_i64() {
            Some(id) if was["method"].is_null() => {
                let is = client.answer(id);
                let method = methods[&id];
                let may_grow = ["textDocument/completion", "textDocument/codeAction"].contains(&method);
                assert_eq!(difference(was, &is, may_grow), None, "{method} {id}: {is}");
                unanswered.remove(&id);
            }
            _ if was["method"] == "textDocument/publishDiagnostics" => {
                let params = &was["params"];
                let uri = params["uri"].as_str().unwrap();
                client.wait_for_diagnostics(uri, |found| difference(params, found, false).is_none());
            }
            // What the server asks of the editor follows from what it offered.
            _ => {}
        }
    }
    assert_eq!(unanswered, BTreeSet::new());
    assert!(methods.len() > 12, "the session is long: {methods:?}");
    assert_eq!(client.end(), Some(0));
}
