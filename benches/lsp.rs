//! What an editor waits for: the language server over the zoo, and over a workspace of 100 files and 50,000 lines.
//!
//!     cargo bench --package benches --bench lsp
//!
//! The server runs in this process, and every figure goes through the protocol's messages. Without `--bench` (as `cargo test` calls it)
//! the workspace is small, to show that it works.

#![expect(clippy::print_stdout, reason = "the results")]

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use lsp_server::{Connection, Message, Notification, Request, RequestId, Response};
use serde_json::{Value, json};

/// That of the command.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Files, and layers in each; a layer takes 24 lines.
struct Size {
    files: usize,
    layers: usize,
    rounds: usize,
}

fn main() -> Result<()> {
    let is_bench = std::env::args().any(|arg| arg == "--bench");
    let size = match is_bench {
        true => Size { files: 100, layers: 21, rounds: 200 },
        false => Size { files: 3, layers: 2, rounds: 3 },
    };
    let zoo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/zoo").canonicalize()?;
    println!("examples/zoo");
    session(&Case {
        folder: &zoo,
        file: "efficientnet_b0.tri",
        value: "small",
        asked: "means",
        operation: "silu",
        operand: Some("means @"),
        rounds: size.rounds,
    })?;

    let folder = tempfile::tempdir()?;
    let mut lines = 0;
    for file in 0..size.files {
        let text = module(file, size.layers);
        lines += text.lines().count();
        std::fs::write(folder.path().join(format!("part{file}.tri")), text)?;
    }
    println!("\n{} files, {lines} lines", size.files);
    let file = format!("part{}.tri", size.files / 2);
    session(&Case {
        folder: folder.path(),
        file: &file,
        value: "again",
        asked: "lowered",
        operation: "+",
        operand: None,
        rounds: size.rounds,
    })
}

/// A session in which one file is edited.
struct Case<'a> {
    folder: &'a Path,
    file: &'a str,
    /// The value whose name is edited where it is declared.
    value: &'a str,
    /// A name behind it, which questions are about.
    asked: &'a str,
    /// An operation behind it, whose kernel is asked for.
    operation: &'a str,
    /// Where a sign changes what the model computes, if there is one.
    operand: Option<&'a str>,
    rounds: usize,
}

fn session(case: &Case<'_>) -> Result<()> {
    let (server, client) = Connection::memory();
    let thread = std::thread::spawn(move || tri_lsp::serve(&server, Arc::new(tri_db::DiskSystem), |_| None));
    Bench { client, next: 0 }.run(case)?;
    thread.join().map_err(|_| anyhow::anyhow!("the server panicked"))??;
    Ok(())
}

/// A module of layers that use each other and those of the module before.
fn module(file: usize, layers: usize) -> String {
    let mut text = format!("//! Part {file}.\nuse std.nn.{{Linear, RmsNorm}}\n");
    if file > 0 {
        let _ = writeln!(text, "use part{}.Block{}x0", file - 1, file - 1);
    }
    for layer in 0..layers {
        let inner = if layer > 0 {
            format!("Block{file}x{}", layer - 1)
        } else if file > 0 {
            format!("Block{}x0", file - 1)
        } else {
            String::new()
        };
        let _ = write!(
            text,
            "
/// Layer {layer} of part {file}.
layer Block{file}x{layer}[D, Hidden](wide: bool = false) where Hidden % 2 == 0 {{
    /// What is learned.
    param gate: f32[D, Hidden] = init.kaiming_uniform(fan_in = D)
    param shift: f32[Hidden] = init.zeros
    norm = RmsNorm[D]()
    up = Linear[D, Hidden](bias = true)
    down = Linear[Hidden, D](bias = false)
{}
    /// The sum of both ways.
    fn forward[..B](x: f32[..B, D]) -> f32[..B, D] {{
        let normed = norm(x)
        let opened = sigmoid(normed @ gate + shift)
        let raised = relu(up(normed)) * opened
        let lowered = down(raised)
        let again = lowered + x
        let centre = mean(again, axis = D)
        let spread = again - centre[.., _]
        let (q, scale) = quantize_rows(spread)
        {}
    }}
}}
",
            if inner.is_empty() { String::new() } else { format!("    inner = {inner}[D, Hidden]()\n") },
            if inner.is_empty() {
                "again + q as f32 * scale[.., _]"
            } else {
                "inner(again + q as f32 * scale[.., _])"
            }
        );
    }
    text
}

/// A text that comes and goes.
struct Edits<'a> {
    document: &'a str,
    line: u32,
    column: u32,
    text: &'a str,
    version: i64,
}

struct Bench {
    client: Connection,
    next: i32,
}

impl Bench {
    fn run(&mut self, case: &Case<'_>) -> Result<()> {
        let start = Instant::now();
        let root = uri(case.folder);
        let folders = json!([{ "uri": root, "name": "bench" }]);
        self.ask("initialize", json!({ "capabilities": {}, "workspaceFolders": folders }))?;
        self.tell("initialized", json!({}))?;
        let path = case.folder.join(case.file);
        let (document, text) = (uri(&path), std::fs::read_to_string(&path)?);
        let item = json!({ "uri": document, "languageId": "tri", "version": 1, "text": text });
        self.tell("textDocument/didOpen", json!({ "textDocument": item }))?;
        self.diagnostics(&document, 1)?;
        row("start to first diagnostics", &mut [start.elapsed()]);
        // All other files are checked when a search over all is answered and no thread is busy.
        self.ask("workspace/symbol", json!({ "query": "Block0x0" }))?;
        std::thread::sleep(Duration::from_millis(if case.rounds > 3 { 2000 } else { 0 }));
        println!("memory {:.0} MiB", memory()?);

        let declared = format!("let {}", case.value);
        let mut places = text.lines().enumerate();
        let found = places.find_map(|(line, text)| Some((line as u32, text.find(&declared)?)));
        let (line, column) = found.context("the value is declared")?;
        let end = (column + declared.len()) as u32;
        let written = text.lines().nth(line as usize).unwrap_or_default();
        let place =
            |word: &str| written.find(word).map(|column| column as u32).context("the line has the word");
        let (asked, operation) = (place(case.asked)? + 2, place(case.operation)?);
        let mut asked: Vec<(&str, &str, u32, Vec<Duration>)> = vec![
            ("completion", "textDocument/completion", asked, Vec::new()),
            ("hover", "textDocument/hover", asked, Vec::new()),
            ("definition", "textDocument/definition", asked, Vec::new()),
            ("hover over an operation", "textDocument/hover", operation, Vec::new()),
        ];
        // A letter more, a letter less, in the name of a value.
        let mut edits = Edits { document: &document, line, column: end, text: "s", version: 1 };
        let mut keys = Vec::new();
        for round in 0..case.rounds {
            keys.push(self.key(&mut edits, round)?);
            for (_, method, column, times) in &mut asked {
                times.push(self.question(&edits, method, *column + 1 - round as u32 % 2)?);
            }
        }
        row("diagnostics after a key", &mut keys);
        for (name, _, _, times) in &mut asked {
            row(name, times);
        }
        if let Some(operand) = case.operand {
            edits = Edits { column: place(operand)?, text: "-", ..edits };
            let mut times = Vec::new();
            for round in 0..case.rounds {
                self.key(&mut edits, round)?;
                times.push(self.question(&edits, "textDocument/hover", operation)?);
            }
            row("the same, after a change of it", &mut times);
        }
        println!("memory {:.0} MiB", memory()?);
        self.ask("shutdown", Value::Null)?;
        self.tell("exit", Value::Null)
    }

    /// Types a text, or in the next round takes it back, and waits for diagnostics.
    fn key(&self, edits: &mut Edits<'_>, round: usize) -> Result<Duration> {
        let start = Instant::now();
        edits.version += 1;
        let Edits { document, line, column, text, version } = *edits;
        let (to, text) =
            if round.is_multiple_of(2) { (column, text) } else { (column + text.len() as u32, "") };
        let position = |character: u32| json!({ "line": line, "character": character });
        let change = json!({ "range": { "start": position(column), "end": position(to) }, "text": text });
        let id = json!({ "uri": document, "version": version });
        self.tell("textDocument/didChange", json!({ "textDocument": id, "contentChanges": [change] }))?;
        self.diagnostics(document, version)?;
        Ok(start.elapsed())
    }

    /// Asks about a place of the line that is edited.
    fn question(&mut self, edits: &Edits<'_>, method: &str, column: u32) -> Result<Duration> {
        let start = Instant::now();
        let position = json!({ "line": edits.line, "character": column });
        self.ask(method, json!({ "textDocument": { "uri": edits.document }, "position": position }))?;
        Ok(start.elapsed())
    }

    fn tell(&self, method: &str, params: Value) -> Result<()> {
        Ok(self.client.sender.send(Notification { method: method.to_owned(), params }.into())?)
    }

    fn ask(&mut self, method: &str, params: Value) -> Result<Value> {
        self.next += 1;
        let id = RequestId::from(self.next);
        self.client.sender.send(Request { id: id.clone(), method: method.to_owned(), params }.into())?;
        loop {
            if let Message::Response(Response { id: answered, response_result }) = self.receive()?
                && answered == id
            {
                return response_result.map_err(|error| anyhow::anyhow!("{method}: {}", error.message));
            }
        }
    }

    fn diagnostics(&self, uri: &str, version: i64) -> Result<()> {
        loop {
            if let Message::Notification(Notification { params, .. }) = self.receive()?
                && params["uri"] == uri
                && params["version"] == version
            {
                return Ok(());
            }
        }
    }

    fn receive(&self) -> Result<Message> {
        self.client.receiver.recv_timeout(Duration::from_secs(60)).context("the server is silent")
    }
}

fn uri(path: &Path) -> String {
    format!("file://{}", path.display())
}

fn row(name: &str, times: &mut [Duration]) {
    times.sort_unstable();
    let at = |part: usize| 1e3 * times[(times.len() * part / 100).min(times.len() - 1)].as_secs_f64();
    println!("{name:<30} p50 {:>7.2} ms  p95 {:>7.2} ms", at(50), at(95));
}

/// Resident memory of this process in MiB, that of the bench with it.
fn memory() -> Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status").context("only Linux tells")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? / 1024.0)
}
