//! What a server gives is believed by its hash alone, and one failure is enough.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tri_cache::{Fetched, Key, Kind, Mode, Objects, Remote};

/// A server in memory that counts what it is asked, and can be down.
#[derive(Clone, Debug, Default)]
struct Server {
    objects: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
    asked: Arc<Mutex<usize>>,
    down: Arc<Mutex<bool>>,
}

impl Server {
    fn answers(&self) -> Result<(), String> {
        *self.asked.lock().unwrap() += 1;
        if *self.down.lock().unwrap() { Err("nobody answers".to_owned()) } else { Ok(()) }
    }

    fn asked(&self) -> usize {
        *self.asked.lock().unwrap()
    }

    fn remote(&self, mode: Mode) -> Remote {
        Remote::new(Box::new(self.clone()), "test://here".to_owned(), mode)
    }

    fn change(&self, change: impl Fn(&mut Vec<u8>)) {
        self.objects.lock().unwrap().values_mut().for_each(change);
    }
}

impl Objects for Server {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, String> {
        self.answers()?;
        Ok(self.objects.lock().unwrap().get(path).cloned())
    }

    fn write(&self, path: &str, object: Vec<u8>) -> Result<(), String> {
        self.answers()?;
        self.objects.lock().unwrap().insert(path.to_owned(), object);
        Ok(())
    }
}

#[track_caller]
fn refused(fetched: Fetched) -> String {
    match fetched {
        Fetched::Refused(note) => note,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_one_machine_keeps_another_takes() {
    let server = Server::default();
    let (one, other) = (Key::of(b"one"), Key::of(b"other"));
    server.remote(Mode::ReadWrite).put(Kind::Artifact, &one, b"contents").unwrap();
    let remote = server.remote(Mode::Read);
    assert_eq!(remote.get(Kind::Artifact, &one), Fetched::Hit(b"contents".to_vec()));
    assert_eq!(remote.get(Kind::Artifact, &other), Fetched::Miss);
    assert_eq!(remote.get(Kind::Functions, &one), Fetched::Miss);
}

#[test]
fn reading_alone_writes_nothing() {
    let server = Server::default();
    server.remote(Mode::Read).put(Kind::Artifact, &Key::of(b"one"), b"contents").unwrap();
    assert_eq!((server.asked(), server.objects.lock().unwrap().len()), (0, 0));
}

#[test]
fn flipped_cut_and_foreign_objects_are_refused() {
    let server = Server::default();
    let (key, foreign) = (Key::of(b"key"), Key::of(b"foreign"));
    let remote = server.remote(Mode::ReadWrite);
    remote.put(Kind::Artifact, &key, b"some contents").unwrap();
    let whole = server.objects.lock().unwrap().values().next().unwrap().clone();
    for at in 0..whole.len() {
        server.change(|object| {
            object.clone_from(&whole);
            object[at] ^= 1;
        });
        refused(remote.get(Kind::Artifact, &key));
        server.change(|object| *object = whole[..at].to_vec());
        refused(remote.get(Kind::Artifact, &key));
    }
    let objects =
        server.objects.lock().unwrap().keys().next().unwrap().replace(&key.to_string(), &foreign.to_string());
    server.objects.lock().unwrap().insert(objects, whole.clone());
    let note = refused(remote.get(Kind::Artifact, &foreign));
    assert!(note.contains(&foreign.to_string()) && note.ends_with("is damaged; it is not used"), "{note}");
    server.change(|object| object.clone_from(&whole));
    assert_eq!(
        remote.get(Kind::Artifact, &key),
        Fetched::Hit(b"some contents".to_vec()),
        "nothing else was tried"
    );
}

#[test]
fn a_server_that_fails_once_is_not_asked_again() {
    let server = Server::default();
    *server.down.lock().unwrap() = true;
    let (remote, key) = (server.remote(Mode::ReadWrite), Key::of(b"key"));
    let note = refused(remote.get(Kind::Artifact, &key));
    assert_eq!(note, "the remote cache test://here is left out, because nobody answers");
    *server.down.lock().unwrap() = false;
    assert_eq!(remote.get(Kind::Artifact, &key), Fetched::Miss);
    assert_eq!(remote.put(Kind::Artifact, &key, b"contents"), Ok(()));
    assert_eq!(server.asked(), 1);
}
