//! Which queries run again after which edit, from the text of files to kernel IR. Salsa itself tells.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use tri_db::{MemorySystem, System};
use tri_driver::{OptLevel, Program, SourceOptions, Timing};

const MAIN: &str = r#"use parts.Scale

dim Width = 4

layer Shift() {
    param by: f32[Width] = init.zeros

    fn forward[B](x: f32[B, Width]) -> f32[B, Width] {
        x + by
    }
}

layer Gate() {
    param open: f32[Width] = init.ones

    fn forward[B](x: f32[B, Width]) -> f32[B, Width] {
        let y = sigmoid(x * open)
        y * x
    }
}

model Net() {
    shift = Shift()
    gate = Gate()
    scale = Scale[Width]()

    fn forward[B](x: f32[B, Width]) -> f32[B, Width] {
        scale(gate(shift(x)))
    }
}
"#;

const PARTS: &str = r#"layer Scale[D]() {
    param by: f32[D] = init.ones

    fn forward[B](x: f32[B, D]) -> f32[B, D] {
        x * by
    }
}

layer Unused[D]() {
    param by: f32[D] = init.ones

    fn forward[B](x: f32[B, D]) -> f32[B, D] {
        x - by
    }
}
"#;

/// The highest level that leaves small layers functions of their own.
const LEVEL: OptLevel = OptLevel::O1;

/// Files in memory that can be written.
#[derive(Default)]
struct Disk(Mutex<BTreeMap<String, String>>);

impl Disk {
    fn now(&self) -> MemorySystem {
        let files = self.0.lock().unwrap();
        MemorySystem::new(files.iter().map(|(path, text)| (path.as_str(), text.as_str())))
    }
}

impl System for Disk {
    fn read(&self, path: &Path) -> std::io::Result<Vec<u8>> {
        self.now().read(path)
    }

    fn canonicalize(&self, path: &Path) -> std::io::Result<PathBuf> {
        self.now().canonicalize(path)
    }
}

/// A program that was compiled to kernel IR once.
struct Subject {
    disk: Arc<Disk>,
    program: Program,
    executed: Arc<Mutex<Vec<String>>>,
}

impl Subject {
    fn new() -> Subject {
        let disk = Arc::new(Disk::default());
        disk.0.lock().unwrap().insert("main.tri".to_owned(), MAIN.to_owned());
        disk.0.lock().unwrap().insert("parts.tri".to_owned(), PARTS.to_owned());
        let executed = Arc::new(Mutex::new(Vec::new()));
        let log = executed.clone();
        let tell = move |query: &str| log.lock().unwrap().push(query.split('(').next().unwrap().to_owned());
        let (path, options) = (Path::new("main.tri"), SourceOptions::default());
        let program = Program::open_observed(disk.clone(), path, &options, Some(Box::new(tell))).unwrap();
        let mut subject = Subject { disk, program, executed };
        let first = subject.run();
        assert_eq!((count(&first, "elaborated"), count(&first, "optimized")), (1, 1), "{first:?}");
        // Functions that compute the same are scheduled together.
        assert_eq!((count(&first, "scheduled"), subject.functions()), (7, 7), "{first:?}");
        assert_eq!(subject.run(), BTreeMap::new(), "nothing changed, so nothing runs");
        subject
    }

    /// Compiles to kernel IR, and gives how often each query ran.
    fn run(&mut self) -> BTreeMap<String, usize> {
        let timing = &mut Timing::default();
        let (_, warnings) = self.program.elaborate(timing).unwrap();
        assert!(warnings.is_empty(), "{warnings:?}");
        self.program.kernel_ir(LEVEL, timing).unwrap();
        let mut counts = BTreeMap::new();
        for query in std::mem::take(&mut *self.executed.lock().unwrap()) {
            *counts.entry(query).or_insert(0) += 1;
        }
        counts
    }

    fn functions(&self) -> usize {
        self.program.kernel_ir(LEVEL, &mut Timing::default()).unwrap().schedules.len()
    }

    fn write(&mut self, file: &str, edit: impl Fn(&str) -> String) {
        let mut files = self.disk.0.lock().unwrap();
        let text = files.get_mut(file).unwrap();
        let edited = edit(text);
        assert_ne!(*text, edited);
        *text = edited;
        drop(files);
        assert!(self.program.refresh());
    }

    fn edit(&mut self, file: &str, from: &str, to: &str) -> BTreeMap<String, usize> {
        self.write(file, |text| text.replacen(from, to, 1));
        self.run()
    }
}

fn count(counts: &BTreeMap<String, usize>, query: &str) -> usize {
    counts.get(query).copied().unwrap_or(0)
}

/// How many bodies were checked.
fn bodies(counts: &BTreeMap<String, usize>) -> usize {
    count(counts, "function_body_query") + count(counts, "value_body_query")
}

/// The queries that ran behind the syntax tree, with how often.
fn behind(counts: &BTreeMap<String, usize>) -> BTreeMap<&str, usize> {
    let by_file = [
        "text",
        "parse",
        "unreadable",
        "items",
        "item_ids",
        "file_scope",
        "item",
        "roots",
        "check_file",
        "lint_file",
    ];
    let counts = counts.iter().map(|(query, count)| (query.as_str(), *count));
    counts.filter(|(query, _)| !by_file.contains(query)).collect()
}

#[test]
fn white_space_and_comments_stop_at_the_items() {
    let mut subject = Subject::new();
    for (from, to) in [("x + by", "x  +  by"), ("layer Gate", "// How much.\n\n\nlayer Gate")] {
        let ran = subject.edit("main.tri", from, to);
        assert_eq!(count(&ran, "parse"), 1, "{ran:?}");
        assert_eq!(behind(&ran), BTreeMap::new());
    }
}

#[test]
fn a_body_is_checked_and_scheduled_alone() {
    let mut subject = Subject::new();
    let ran = subject.edit("main.tri", "x + by", "x - by");
    // An item is the grain of checking: both bodies of `Shift`, and nothing of what others know of it. It leads where it led, so
    // nobody looks for circles.
    let expected = [
        ("function_body_query", 1),
        ("value_body_query", 1),
        ("item_outline", 1),
        ("item_uses", 1),
        ("ways", 1),
        ("elaborated", 1),
        ("optimized", 1),
        ("kernel_ir", 1),
        ("scheduled", 1),
    ];
    assert_eq!(behind(&ran), BTreeMap::from(expected), "{ran:?}");
    // Back again: what the function was before is still known.
    let ran = subject.edit("main.tri", "x - by", "x + by");
    assert_eq!((bodies(&ran), count(&ran, "scheduled")), (2, 0), "{ran:?}");
}

#[test]
fn a_body_that_computes_the_same_ends_at_the_passes() {
    let mut subject = Subject::new();
    let ran = subject.edit(
        "main.tri",
        "let y = sigmoid(x * open)\n        y * x",
        "let z = sigmoid(x * open)\n        z * x",
    );
    assert_eq!((bodies(&ran), count(&ran, "elaborated")), (2, 1), "{ran:?}");
    assert_eq!((count(&ran, "optimized"), count(&ran, "kernel_ir")), (0, 0), "{ran:?}");
}

#[test]
fn a_function_more_leaves_the_others_scheduled() {
    let mut subject = Subject::new();
    let twice = "fn twice[B](x: f32[B, Width]) -> f32[B, Width] {\n    x + x\n}\n\nmodel Net";
    subject.edit("main.tri", "model Net", twice);
    let ran = subject.edit("main.tri", "shift(x)", "twice(shift(x))");
    assert_eq!(subject.functions(), 8);
    // Its numbers come before those of `Gate` and `Scale`; still only it and its caller are scheduled.
    assert_eq!(count(&ran, "scheduled"), 2, "{ran:?}");
}

#[test]
fn a_signature_reaches_those_who_call() {
    let mut subject = Subject::new();
    let ran = subject.edit("parts.tri", "(x: f32[B, D])", "(x: f32[B, D], by_half: bool = false)");
    // Two bodies of `Scale`, a default that it did not have, and the two of `Net` that know it.
    assert_eq!(bodies(&ran), 5, "{ran:?}");
    assert_eq!(count(&ran, "elaborated"), 1, "{ran:?}");
}

#[test]
fn a_dim_reaches_those_who_use_it() {
    let mut subject = Subject::new();
    let ran = subject.edit("main.tri", "dim Width = 4", "dim Width = 5");
    assert_eq!(count(&ran, "dim_value_query"), 1, "{ran:?}");
    // Nothing in `parts.tri` is checked, but `Scale` is elaborated for the other size.
    assert_eq!(count(&ran, "checked_layer"), 3, "{ran:?}");
    assert_eq!((count(&ran, "elaborated"), count(&ran, "optimized")), (1, 1), "{ran:?}");
    let dims = BTreeMap::from([("Width".to_owned(), 6)]);
    subject.program.set_dims(dims).unwrap();
    let ran = subject.run();
    assert_eq!(
        (count(&ran, "parse"), count(&ran, "item"), count(&ran, "dim_value_query")),
        (0, 0, 1),
        "{ran:?}"
    );
    assert_eq!(count(&ran, "elaborated"), 1, "{ran:?}");
}

#[test]
fn what_the_model_does_not_use_is_checked_and_no_more() {
    let mut subject = Subject::new();
    let ran = subject.edit("parts.tri", "x - by", "x / by");
    assert_eq!((count(&ran, "parse"), bodies(&ran)), (1, 2), "{ran:?}");
    assert_eq!((count(&ran, "elaborated"), count(&ran, "optimized")), (0, 0), "{ran:?}");
}

#[test]
fn a_file_that_nobody_imports_is_not_read() {
    let mut subject = Subject::new();
    subject.disk.0.lock().unwrap().insert("other.tri".to_owned(), "layer".to_owned());
    assert!(!subject.program.refresh());
    assert_eq!(subject.run(), BTreeMap::new());
}

#[test]
fn modules_come_and_go() {
    let mut subject = Subject::new();
    let parts = subject.disk.0.lock().unwrap().remove("parts.tri").unwrap();
    assert!(subject.program.refresh());
    let timing = &mut Timing::default();
    let messages = |program: &Program| -> Vec<String> {
        let found = program.check(&mut Timing::default());
        found.into_iter().map(|diagnostic| diagnostic.message).collect()
    };
    assert_eq!(messages(&subject.program), ["there is no module `parts`"]);
    assert!(subject.program.paths().contains(&PathBuf::from("parts.tri")));
    subject.disk.0.lock().unwrap().insert("parts.tri".to_owned(), parts);
    assert!(subject.program.refresh());
    assert_eq!(messages(&subject.program), [""; 0]);
    assert_eq!(subject.program.kernel_ir(LEVEL, timing).unwrap().schedules.len(), 7);
}

#[test]
fn circles_are_one_error_and_go_again() {
    let mut subject = Subject::new();
    let errors = |subject: &Subject| -> Vec<String> {
        let found = subject.program.check(&mut Timing::default());
        found.into_iter().filter(tri_diagnostics::Diagnostic::is_error).map(|error| error.message).collect()
    };
    let circles = [
        ("parts.tri", "layer Scale", "use main.Shift\n\nlayer Scale", "this import leads back to this file"),
        (
            "main.tri",
            "param open: f32[Width] = init.ones",
            "inner = Net()",
            "`Gate` contains itself, through `Net`",
        ),
        (
            "main.tri",
            "dim Width = 4",
            "dim Width = Other + 1\ndim Other = Width",
            "`Width` is computed from itself, through `Other`",
        ),
    ];
    for (file, from, to, message) in circles {
        subject.write(file, |text| text.replacen(from, to, 1));
        assert_eq!(errors(&subject).first().map(String::as_str), Some(message));
        subject.write(file, |text| text.replacen(to, from, 1));
        assert_eq!(errors(&subject), [""; 0]);
    }
    let ran = subject.run();
    assert_eq!((count(&ran, "scheduled"), subject.functions()), (0, 7), "{ran:?}");
}

#[test]
fn an_edit_in_another_thread_cancels_what_runs() {
    let subject = Subject::new();
    let Subject { mut program, disk, .. } = subject;
    let worker = program.clone();
    let (started, wait) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || {
        let mut rounds = 0;
        salsa::Cancelled::catch(std::panic::AssertUnwindSafe(|| {
            // Asks without end; every question may be the one that is cancelled.
            loop {
                worker.check(&mut Timing::default());
                rounds += 1;
                if rounds == 1 {
                    started.send(()).unwrap();
                }
            }
        }))
    });
    wait.recv().unwrap();
    disk.0.lock().unwrap().insert("main.tri".to_owned(), MAIN.replace("x + by", "x - by"));
    // Waits until no other thread reads: it would wait for ever if the worker were not cancelled.
    assert!(program.refresh());
    let cancelled: Result<(), salsa::Cancelled> = thread.join().unwrap();
    assert!(matches!(cancelled, Err(salsa::Cancelled::PendingWrite)));
    let kernel = program.kernel_ir(LEVEL, &mut Timing::default()).unwrap();
    assert!(kernel.to_string().contains("sub"));
}

#[test]
fn one_thread_is_enough_also_if_it_is_the_one_that_asks() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    // With one core the asking thread schedules itself; one of several works among the others.
    assert_eq!(pool.install(|| Subject::new().functions()), 7);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    assert_eq!(pool.install(|| Subject::new().functions()), 7);
}
