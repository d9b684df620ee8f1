//! What the database keeps and what it lets go: syntax trees that were not used for long, and the library for good.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::path::Path;
use std::sync::{Arc, Mutex};

use tri_db::{Db as _, MemorySystem, RootDatabase, SourceFile, parse};

/// A database of `count` files, with the log of its queries.
fn database(count: usize) -> (RootDatabase, Vec<SourceFile>, Arc<Mutex<Vec<String>>>) {
    let texts: Vec<(String, String)> =
        (0..count).map(|i| (format!("f{i}.tri"), format!("dim A = {i}\n"))).collect();
    let system = MemorySystem::new(texts.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    let log = Arc::new(Mutex::new(Vec::new()));
    let executed = log.clone();
    let tell = move |query: &str| executed.lock().unwrap().push(query.split('(').next().unwrap().to_owned());
    let db = RootDatabase::with_events(Arc::new(system), Path::new("f0.tri"), Some(Box::new(tell)));
    let files = texts.iter().map(|(path, _)| db.source(Path::new(path))).collect();
    (db, files, log)
}

fn parses(log: &Mutex<Vec<String>>) -> usize {
    std::mem::take(&mut *log.lock().unwrap()).iter().filter(|query| *query == "parse").count()
}

#[test]
fn trees_that_were_not_used_for_long_are_dropped_and_made_again() {
    let (mut db, files, log) = database(300);
    let size = |db: &RootDatabase, file| parse(db, file).ast.items.len();
    assert_eq!(files.iter().map(|file| size(&db, *file)).sum::<usize>(), 300);
    assert_eq!(parses(&log), 300);
    // Trees go when something changes, the oldest first.
    db.set_text(files[299], "dim A = 1\ndim B = 2\n");
    assert_eq!(size(&db, files[299]), 2);
    assert_eq!(size(&db, files[298]), 1);
    assert_eq!(parses(&log), 1, "only what changed");
    assert_eq!(size(&db, files[0]), 1);
    assert_eq!(parses(&log), 1, "its tree was dropped");
    assert_eq!(size(&db, files[0]), 1);
    assert_eq!(parses(&log), 0);
}

#[test]
fn the_library_is_parsed_once() {
    let (mut db, files, log) = database(1);
    let library = db.module(&["std", "nn"]).unwrap();
    assert!(parse(&db, library).ast.items.len() > 3);
    assert_eq!(parses(&log), 1);
    for turn in 0..3 {
        db.set_text(files[0], &format!("dim A = {}\n", 7 + turn));
        db.set_training(turn == 1);
        assert!(parse(&db, library).ast.items.len() > 3);
    }
    assert_eq!(parses(&log), 0);
}
