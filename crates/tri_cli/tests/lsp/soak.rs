//! Many random edits: what is known at the end is what a fresh start knows, and memory does not grow.

use std::fs;

use serde_json::json;

use crate::client::Client;

/// Edits of a run; `TRITON_SOAK=10000` makes it a long one.
fn edits() -> u32 {
    std::env::var("TRITON_SOAK").ok().and_then(|count| count.parse().ok()).unwrap_or(400)
}

/// A generator of numbers (xorshift), the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end.max(1) as u64) as usize
    }
}

/// What is typed.
const PIECES: [&str; 16] = [
    "x",
    " ",
    "\n",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ".",
    "let y = relu(x)\n",
    "fn f(",
    "dim D = 4\n",
    "é",
    "@",
    "use std.nn.Linear\n",
];

/// Resident memory of a process in KiB.
fn memory(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

fn position(text: &str, offset: usize) -> (u32, u32) {
    let before = &text[..offset];
    (before.matches('\n').count() as u32, before.rsplit('\n').next().unwrap().len() as u32)
}

#[test]
fn random_edits_end_where_a_fresh_start_begins() {
    let original = fs::read_to_string("../../examples/tiny_llama.tri").unwrap();
    let mut text = original.clone();
    let mut client = Client::start(&[]);
    client.open("untitled:a", &text);
    client.diagnostics_of("untitled:a", 1);
    let mut random = Random(0x5DEE_CE66_D123);
    let (mut version, mut early) = (1, 0);
    let count = edits();
    // The last edits stay, so that there is something to say at the end.
    for edit in 0..count + 20 {
        version += 1;
        // From time to time all is as it was, else nothing but errors would be left.
        if edit % 40 == 39 && edit < count {
            text.clone_from(&original);
            client.replace("untitled:a", version, &text);
        } else {
            let boundaries: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
            let start = random.below(boundaries.len());
            let end = (start + random.below(9) * random.below(2)).min(boundaries.len() - 1);
            let (from, to) = (boundaries[start], boundaries[end]);
            let piece = PIECES[random.below(PIECES.len())];
            client.change("untitled:a", version, position(&text, from), position(&text, to), piece);
            text.replace_range(from..to, piece);
        }
        if edit % 4 == 0 {
            let (line, character) = position(&text, text.len() / 2);
            let place = json!({ "textDocument": { "uri": "untitled:a" }, "position": { "line": line, "character": character } });
            let ids = [
                client.request("textDocument/hover", place.clone()),
                client.request("textDocument/completion", place),
            ];
            client.answers(&ids);
        }
        if edit % 10 == 0 {
            client.diagnostics_of("untitled:a", version);
        }
        if edit == count / 4 {
            early = memory(client.process());
        }
    }
    client.replace("untitled:a", version + 1, &text);
    let last = client.diagnostics_of("untitled:a", version + 1);
    let late = memory(client.process());
    client.finish();
    let mut fresh = Client::start(&[]);
    fresh.open("untitled:a", &text);
    assert_eq!(last, fresh.diagnostics_of("untitled:a", 1));
    assert!(last.as_array().unwrap().iter().any(|said| said["severity"] == 1), "no error is left: {last}");
    fresh.finish();
    assert!(late <= early + early / 5, "{early} KiB after a quarter, {late} KiB at the end");
}
