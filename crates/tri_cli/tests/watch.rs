//! `triton compile --watch`: what is redone after each kind of save, and that nothing but its end ends it. Lines are waited for; no
//! test asks how long they take.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use serde_json::Value;

const MAIN: &str = "\
use parts.Half

model Small() {
    param weight: f32[3, 6] = init.normal(std = 0.5)
    half = Half[3]()

    fn forward[B](x: f32[B, 6]) -> f32[B, 3] {
        half(relu(x @ weight.T))
    }
}
";

const PARTS: &str = "\
layer Half[D]() {
    param scale: f32[D] = init.ones

    fn forward[B](x: f32[B, D]) -> f32[B, D] {
        x * 0.5 * scale
    }
}
";

/// Longest that a line is waited for.
const PATIENCE: Duration = Duration::from_secs(120);

/// A program of two files under watch; dropping it ends the watch.
struct Watch {
    folder: tempfile::TempDir,
    child: Child,
    results: Receiver<String>,
    notes: Receiver<String>,
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// The lines of a stream as they come.
fn lines(stream: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines() {
            if sender.send(line.unwrap()).is_err() {
                break;
            }
        }
    });
    lines
}

impl Watch {
    fn start(arguments: &[&str]) -> Watch {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("main.tri"), MAIN).unwrap();
        fs::write(folder.path().join("parts.tri"), PARTS).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_triton"));
        command.args(["compile", "--watch", "main.tri", "--cache-dir", "cache"]).args(arguments);
        command.current_dir(folder.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (results, notes) = (lines(child.stdout.take().unwrap()), lines(child.stderr.take().unwrap()));
        Watch { folder, child, results, notes }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Saves a text that is no shorter in place, at once: a file that is emptied first may be read while it is empty.
    fn overwrite(&self, name: &str, text: &str) {
        let mut file = fs::OpenOptions::new().write(true).open(self.path(name)).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    /// Saves a file as many editors do: another file, renamed into place.
    fn save(&self, name: &str, text: &str) {
        let beside = self.path(&format!(".{name}.swp"));
        fs::write(&beside, text).unwrap();
        fs::rename(&beside, self.path(name)).unwrap();
    }

    /// The line of the next round, without the time at its end.
    fn round(&self) -> String {
        let line = self.results.recv_timeout(PATIENCE).unwrap();
        line.rsplit_once("; ").unwrap().0.to_owned()
    }

    /// Waits for an error that says this; a save may be told twice, and so may its error.
    fn error(&self, what: &str) {
        while !self.note("error").contains(what) {}
    }

    /// The next line on stderr that begins with `start`.
    fn note(&self, start: &str) -> String {
        loop {
            let line = self.notes.recv_timeout(PATIENCE).unwrap();
            if line.starts_with(start) {
                return line;
            }
        }
    }
}

#[test]
fn every_save_is_a_round() {
    let watch = Watch::start(&[]);
    let first = watch.round();
    assert!(
        first.starts_with("main.tria (") && first.ends_with(" compiled: first compilation of this program"),
        "{first}"
    );
    let artifact = fs::read(watch.path("main.tria")).unwrap();

    // White space, written in place: parsed, and no more.
    watch.overwrite("main.tri", &MAIN.replace("half = ", "half  =  "));
    let round = watch.round();
    assert!(round.ends_with(": 1 file parsed, 0 bodies checked, taken from the cache (disk)"), "{round}");
    assert_eq!(fs::read(watch.path("main.tria")).unwrap(), artifact);

    // The body of an imported layer, saved by renaming: its bodies, and one function of those that there are.
    watch.save("parts.tri", &PARTS.replace("0.5", "0.25"));
    let round = watch.round();
    // A save in place may be told twice, and what is read again is parsed again; which queries run, `tri_driver/tests/queries.rs` holds.
    assert!(round.contains(" parsed, 2 bodies checked, 1 of "), "{round}");
    assert!(round.ends_with(" functions compiled: `layer Half` in parts.tri changed"), "{round}");
    assert_ne!(fs::read(watch.path("main.tria")).unwrap(), artifact);

    // Back again.
    watch.save("parts.tri", PARTS);
    let round = watch.round();
    assert!(round.ends_with("taken from the cache (disk)"), "{round}");
    assert_eq!(fs::read(watch.path("main.tria")).unwrap(), artifact);
}

#[test]
fn errors_are_told_and_the_watch_goes_on() {
    let watch = Watch::start(&["--no-cache"]);
    watch.round();
    watch.save("main.tri", &MAIN.replace("relu(x @", "rely(x @"));
    watch.error("rely");
    watch.note("nothing was written");
    // A module that goes, and comes again.
    watch.save("main.tri", MAIN);
    let round = watch.round();
    assert!(round.contains(" 0 of "), "compiled functions are kept while there are errors: {round}");
    fs::remove_file(watch.path("parts.tri")).unwrap();
    watch.error("there is no module `parts`");
    watch.note("nothing was written");
    watch.save("parts.tri", PARTS);
    assert!(watch.round().contains(" 0 of "));
    // The main file too.
    fs::remove_file(watch.path("main.tri")).unwrap();
    watch.error("main.tri");
    watch.note("nothing was written");
    watch.save("main.tri", MAIN);
    watch.round();
}

#[test]
fn weights_are_watched() {
    let watch = Watch::start(&["--weights", "weights.safetensors", "--format", "json"]);
    watch.note("nothing was written");
    let weights = |value: f32| {
        let bytes = |count: usize| value.to_le_bytes().repeat(count);
        let (weight, scale) = (bytes(18), bytes(3));
        let head = r#"{"half.scale":{"dtype":"F32","shape":[3],"data_offsets":[72,84]},"weight":{"dtype":"F32","shape":[3,6],"data_offsets":[0,72]}}"#;
        [&(head.len() as u64).to_le_bytes()[..], head.as_bytes(), &weight, &scale].concat()
    };
    let mut rounds = Vec::new();
    for value in [1.0, 2.0] {
        let beside = watch.path("other.safetensors");
        fs::write(&beside, weights(value)).unwrap();
        fs::rename(&beside, watch.path("weights.safetensors")).unwrap();
        let line = watch.results.recv_timeout(PATIENCE).unwrap();
        rounds.push(serde_json::from_str::<Value>(&line).unwrap());
    }
    assert_eq!(rounds[1]["files_parsed"], 0, "{rounds:?}");
    assert_eq!(rounds[1]["cache"]["reason"], "the weights changed", "{rounds:?}");
    assert_eq!(rounds[1]["cache"]["functions_compiled"], 0, "{rounds:?}");
}

#[test]
fn a_program_that_is_not_there_is_not_awaited() {
    let output = Command::new(env!("CARGO_BIN_EXE_triton"))
        .args(["compile", "--watch", "nowhere.tri"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("nowhere.tri"));
}
