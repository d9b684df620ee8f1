//! A defect of the compiler, met while files are checked that nobody asked about: it is told, and ends nothing.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lsp_server::{Connection, Message, Notification, Request};
use serde_json::{Value, json};
use tri_db::{DiskSystem, System};

/// The disk, with a compiler that panics where it looks for the module `broken` to check who imports it.
struct Defective(Arc<AtomicBool>);

impl System for Defective {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        DiskSystem.read(path)
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        let is_check = std::thread::current().name() == Some("diagnostics");
        if is_check && path.ends_with("broken.tri") && self.0.load(Ordering::SeqCst) {
            panic!("the defect of the test");
        }
        DiskSystem.canonicalize(path)
    }
}

/// The other end, with the last diagnostics of each text.
struct Client(Connection, BTreeMap<String, Value>);

impl Client {
    fn tell(&self, method: &str, params: Value) {
        self.0.sender.send(Notification { method: method.to_owned(), params }.into()).unwrap();
    }

    fn ask(&mut self, id: i32, method: &str, params: Value) {
        self.0.sender.send(Request { id: id.into(), method: method.to_owned(), params }.into()).unwrap();
        while !matches!(self.receive(), Message::Response(response) if response.id == id.into()) {}
    }

    fn receive(&mut self) -> Message {
        let message = self.0.receiver.recv_timeout(Duration::from_secs(60)).expect("the server is silent");
        if let Message::Notification(Notification { method, params }) = &message
            && method == "textDocument/publishDiagnostics"
        {
            self.1.insert(params["uri"].as_str().unwrap().to_owned(), params.clone());
        }
        message
    }

    /// The messages of the diagnostics of a version of a text.
    fn diagnostics(&mut self, uri: &str, version: i32) -> Vec<String> {
        loop {
            if let Some(found) = self.1.get(uri).filter(|found| found["version"] == version) {
                let messages = found["diagnostics"].as_array().unwrap().iter();
                return messages.map(|found| found["message"].as_str().unwrap().to_owned()).collect();
            }
            self.receive();
        }
    }

    fn change(&self, uri: &str, version: i32, text: &str) {
        let changes = json!([{ "text": text }]);
        let document = json!({ "uri": uri, "version": version });
        self.tell("textDocument/didChange", json!({ "textDocument": document, "contentChanges": changes }));
    }
}

#[test]
fn a_defect_in_one_file_is_told_and_hides_nothing_of_others() {
    let folder = tempfile::tempdir().unwrap();
    // The file with the defect is the first that is looked at.
    let texts = [("a.tri", "use broken.X\n"), ("b.tri", "dim B = -\n"), ("broken.tri", "dim X = 1\n")];
    for (name, text) in texts {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let uri = |name: &str| format!("file://{}", folder.path().join(name).display());
    let is_defective = Arc::new(AtomicBool::new(true));
    let (server, client) = Connection::memory();
    let system = Arc::new(Defective(is_defective.clone()));
    let thread = std::thread::spawn(move || tri_lsp::serve(&server, system, |_| None));
    let mut client = Client(client, BTreeMap::new());
    let folders = json!([{ "uri": format!("file://{}", folder.path().display()), "name": "folder" }]);
    client.ask(1, "initialize", json!({ "capabilities": {}, "workspaceFolders": folders }));
    client.tell("initialized", json!({}));
    for (name, text) in &texts[..2] {
        let item = json!({ "uri": uri(name), "languageId": "tri", "version": 1, "text": text });
        client.tell("textDocument/didOpen", json!({ "textDocument": item }));
    }

    let told = client.diagnostics(&uri("a.tri"), 1);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("could not be checked: the defect of the test"), "{told:?}");
    assert_eq!(client.diagnostics(&uri("b.tri"), 1).len(), 1);
    // More of them than there are threads.
    for version in 2..20 {
        client.change(&uri("a.tri"), version, &format!("use broken.X\ndim A = {version} +\n"));
        assert_eq!(client.diagnostics(&uri("a.tri"), version).len(), 1);
    }
    client.change(&uri("b.tri"), 2, "dim B = 1\ndim C = missing\n");
    let found = client.diagnostics(&uri("b.tri"), 2);
    assert!(found.len() == 1 && found[0].contains("missing"), "{found:?}");
    is_defective.store(false, Ordering::SeqCst);
    client.change(&uri("a.tri"), 20, "use broken.X\ndim A = X + other\n");
    let found = client.diagnostics(&uri("a.tri"), 20);
    assert!(found.len() == 1 && found[0].contains("other"), "{found:?}");

    client.ask(2, "shutdown", Value::Null);
    client.tell("exit", Value::Null);
    thread.join().unwrap().unwrap();
}
