//! A client of the language server: speaks to the `triton` binary over its stdin and stdout, as an editor does.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

/// How long an answer may take before the test fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running server.
pub(crate) struct Client {
    process: Child,
    input: Option<ChildStdin>,
    messages: Receiver<Value>,
    next_id: i64,
    /// The last diagnostics of each document.
    pub(crate) diagnostics: BTreeMap<String, Value>,
    /// Requests of the server.
    pub(crate) asked: Vec<Value>,
}

/// The URI of a file.
pub(crate) fn uri(path: &Path) -> String {
    format!("file://{}", path.display())
}

impl Client {
    /// Starts the server and initialises it with `folders`.
    pub(crate) fn start(folders: &[&Path]) -> Client {
        Client::start_with(folders, json!({ "general": { "positionEncodings": ["utf-8", "utf-16"] } }))
    }

    /// The same with other capabilities of the client.
    pub(crate) fn start_with(folders: &[&Path], capabilities: Value) -> Client {
        let mut client = Client::spawn();
        let folders: Vec<Value> =
            folders.iter().map(|folder| json!({ "uri": uri(folder), "name": "folder" })).collect();
        let params = json!({ "processId": null, "rootUri": null, "capabilities": capabilities, "workspaceFolders": folders });
        let result = client.ask("initialize", params);
        assert!(result["capabilities"].is_object(), "{result}");
        client.tell("initialized", json!({}));
        client
    }

    /// Starts the server, which waits for `initialize`.
    pub(crate) fn spawn() -> Client {
        let mut process = Command::new(env!("CARGO_BIN_EXE_triton"))
            .arg("lsp")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = process.stdin.take();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            while let Some(message) = read(&mut output) {
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        Client { process, input, messages, next_id: 0, diagnostics: BTreeMap::new(), asked: Vec::new() }
    }

    /// The number of the process.
    pub(crate) fn process(&self) -> u32 {
        self.process.id()
    }

    /// Sends a message as it is.
    pub(crate) fn send(&mut self, message: &Value) {
        let text = message.to_string();
        let input = self.input.as_mut().unwrap();
        write!(input, "Content-Length: {}\r\n\r\n{text}", text.len()).unwrap();
        input.flush().unwrap();
    }

    /// Sends a notification.
    pub(crate) fn tell(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// Sends a request, whose number it gives.
    pub(crate) fn request(&mut self, method: &str, params: Value) -> i64 {
        self.next_id += 1;
        let id = self.next_id;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        id
    }

    /// The answer to a request, result or error.
    pub(crate) fn answer(&mut self, id: i64) -> Value {
        self.answers(&[id]).remove(0)
    }

    /// The answers to requests, in the order of `ids`, whatever the order in which they come.
    pub(crate) fn answers(&mut self, ids: &[i64]) -> Vec<Value> {
        let mut found = BTreeMap::new();
        while found.len() < ids.len() {
            let message = self.receive();
            if let Some(id) =
                message["id"].as_i64().filter(|id| message["method"].is_null() && ids.contains(id))
            {
                assert!(found.insert(id, message).is_none(), "two answers to {id}");
            }
        }
        ids.iter().map(|id| found.remove(id).unwrap()).collect()
    }

    /// The result of a request.
    pub(crate) fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.request(method, params);
        let answer = self.answer(id);
        assert!(answer["error"].is_null(), "{method}: {answer}");
        answer["result"].clone()
    }

    /// The diagnostics of a document, when they come for this version.
    pub(crate) fn diagnostics_of(&mut self, uri: &str, version: i64) -> Value {
        loop {
            if let Some(found) = self.diagnostics.get(uri).filter(|found| found["version"] == version) {
                return found["diagnostics"].clone();
            }
            self.receive();
        }
    }

    /// Waits until the last diagnostics of a document are as they should be.
    pub(crate) fn wait_for_diagnostics(&mut self, uri: &str, are_right: impl Fn(&Value) -> bool) {
        while !self.diagnostics.get(uri).is_some_and(&are_right) {
            self.receive();
        }
    }

    fn receive(&mut self) -> Value {
        let message = self.messages.recv_timeout(PATIENCE).expect("the server is silent");
        if message["method"] == "textDocument/publishDiagnostics" {
            let uri = message["params"]["uri"].as_str().unwrap().to_owned();
            self.diagnostics.insert(uri, message["params"].clone());
        } else if !message["method"].is_null() {
            self.asked.push(message.clone());
        }
        message
    }

    /// Opens a document.
    pub(crate) fn open(&mut self, uri: &str, text: &str) {
        let document = json!({ "uri": uri, "languageId": "tri", "version": 1, "text": text });
        self.tell("textDocument/didOpen", json!({ "textDocument": document }));
    }

    /// Replaces what is between two positions, each a line and a column.
    pub(crate) fn change(&mut self, uri: &str, version: i64, from: (u32, u32), to: (u32, u32), text: &str) {
        let position = |(line, character): (u32, u32)| json!({ "line": line, "character": character });
        let change = json!({ "range": { "start": position(from), "end": position(to) }, "text": text });
        let document = json!({ "uri": uri, "version": version });
        self.tell("textDocument/didChange", json!({ "textDocument": document, "contentChanges": [change] }));
    }

    /// Replaces the whole text.
    pub(crate) fn replace(&mut self, uri: &str, version: i64, text: &str) {
        let document = json!({ "uri": uri, "version": version });
        let params = json!({ "textDocument": document, "contentChanges": [{ "text": text }] });
        self.tell("textDocument/didChange", params);
    }

    /// Takes leave; the server must end well.
    pub(crate) fn finish(mut self) {
        assert_eq!(self.ask("shutdown", Value::Null), Value::Null);
        self.tell("exit", Value::Null);
        assert!(self.process.wait().unwrap().success());
    }

    /// How the server ends after `exit`.
    pub(crate) fn end(mut self) -> Option<i32> {
        self.process.wait().unwrap().code()
    }

    /// Goes away without a word; how the server ends.
    pub(crate) fn vanish(mut self) -> Option<i32> {
        self.input = None;
        self.process.wait().unwrap().code()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn read(output: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end().strip_prefix("Content-Length: ") {
            Some(text) => length = text.parse().ok()?,
            None if line.trim_end().is_empty() => break,
            None => {}
        }
    }
    let mut bytes = vec![0; length];
    output.read_exact(&mut bytes).ok()?;
    serde_json::from_slice(&bytes).ok()
}
