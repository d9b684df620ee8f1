//! Remote caches on real servers: what one machine compiles another takes, and nothing that a server does is worse than no server.

#![cfg(feature = "remote")]
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

mod servers;

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::servers::{Kind, Server, free_port};

const MODEL: &str = "\
model Small() {
    param weight: f32[3, 6] = init.normal(std = 0.5)

    fn forward[B](x: f32[B, 6]) -> f32[B, 3] {
        relu(x @ weight.T)
    }
}
";

/// A machine: a program, and a cache on disk.
struct Machine {
    folder: tempfile::TempDir,
    environment: Vec<(String, String)>,
}

/// What compiling said.
struct Compiled {
    artifact: Vec<u8>,
    cache: Value,
    notes: String,
    time: Duration,
}

impl Machine {
    /// With a remote cache at this address.
    fn new(address: &str, mode: &str) -> Machine {
        let machine = Machine { folder: tempfile::tempdir().unwrap(), environment: Vec::new() };
        fs::write(machine.path("main.tri"), MODEL).unwrap();
        machine.with(&[("TRI_REMOTE_CACHE", address), ("TRI_REMOTE_CACHE_MODE", mode)])
    }

    /// With the server's remote cache, and what it asks of its users. A loaded server may be slow.
    fn of(server: &Server, mode: &str) -> Machine {
        Machine::new(&server.address(), mode)
            .with(&server.credentials())
            .with(&[("TRI_REMOTE_CACHE_TIMEOUT", "60")])
    }

    fn with(mut self, variables: &[(&str, &str)]) -> Machine {
        self.environment
            .extend(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    #[track_caller]
    fn run(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_triton"));
        command.args(args).current_dir(self.folder.path()).env("TRI_CACHE_DIR", self.path("cache"));
        let output = command.envs(self.environment.iter().cloned()).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        output
    }

    #[track_caller]
    fn compile(&self) -> Compiled {
        let start = Instant::now();
        let output = self.run(&["compile", "main.tri", "--format=json"]);
        let time = start.elapsed();
        let json: Value = serde_json::from_slice(&output.stdout).unwrap();
        Compiled {
            artifact: fs::read(self.path("main.tria")).unwrap(),
            cache: json["cache"].clone(),
            notes: String::from_utf8(output.stderr).unwrap(),
            time,
        }
    }
}

/// The artifact as it is without any cache.
fn right() -> Vec<u8> {
    Machine::new("off", "read").compile().artifact
}

#[test]
fn what_one_machine_compiles_another_takes() {
    for kind in Kind::ALL {
        let server = Server::start(kind);
        let first = Machine::of(&server, "read-write").compile();
        assert_eq!((&first.cache["hit"], first.notes.as_str()), (&false.into(), ""), "{kind:?}");
        assert_eq!(server.artifacts().len(), 1, "{kind:?}");

        let other = Machine::of(&server, "read");
        let table = String::from_utf8(other.run(&["compile", "main.tri", "--timing"]).stderr).unwrap();
        assert!(table.contains("hit (remote)"), "{kind:?}: {table}");
        let again = other.compile();
        assert_eq!((&again.cache["tier"], again.notes.as_str()), (&"disk".into(), ""), "{kind:?}");
        assert!(again.artifact == first.artifact && first.artifact == right());

        // What the other machine changes is told by what the first compiled.
        fs::write(other.path("main.tri"), MODEL.replace("relu", "silu")).unwrap();
        assert_eq!(other.compile().cache["reason"], "`model Small` changed");
        assert_eq!(server.artifacts().len(), 1, "a reader keeps nothing");
    }
}

#[test]
fn damaged_cut_and_foreign_objects_are_compiled_again_and_replaced() {
    let right = right();
    for kind in Kind::ALL {
        let server = Server::start(kind);
        Machine::of(&server, "read-write").compile();
        let name = server.artifacts().remove(0);
        let whole = server.read(&name);
        let other = Machine::of(&server, "read-write");
        fs::write(other.path("main.tri"), MODEL.replace("relu", "silu")).unwrap();
        other.compile();
        let foreign = server.artifacts().into_iter().find(|other| *other != name).unwrap();
        let mut flipped = whole.clone();
        flipped[whole.len() / 2] ^= 1;
        let wrong = [flipped, whole[..whole.len() - 1].to_vec(), Vec::new(), server.read(&foreign)];
        for object in wrong {
            server.write(&name, &object);
            let reader = Machine::of(&server, "read").compile();
            assert_eq!(reader.notes.lines().count(), 1, "{kind:?}: {}", reader.notes);
            assert!(reader.notes.contains("it is not used"), "{kind:?}: {}", reader.notes);
            assert!(reader.artifact == right && server.read(&name) == object);
            let writer = Machine::of(&server, "read-write").compile();
            assert!(writer.cache["hit"] == false && writer.artifact == right);
            assert!(server.read(&name) == whole, "{kind:?}: the writer put it right");
            assert_eq!(Machine::of(&server, "read").compile().cache["tier"], "remote");
        }
    }
}

#[test]
fn reading_alone_keeps_nothing() {
    for kind in Kind::ALL {
        let server = Server::start(kind);
        let compiled = Machine::of(&server, "read").compile();
        assert_eq!((&compiled.cache["hit"], compiled.notes.as_str()), (&false.into(), ""), "{kind:?}");
        assert_eq!(server.artifacts(), [""; 0], "{kind:?}");
    }
}

#[test]
fn who_may_not_ask_compiles() {
    for kind in [Kind::Redis, Kind::Webdav] {
        let server = Server::start(kind);
        for mode in ["read", "read-write"] {
            let stranger = Machine::of(&server, mode).with(&[("TRI_REMOTE_CACHE_PASSWORD", "secret")]);
            let compiled = stranger.compile();
            assert!(compiled.artifact == right());
            let notes = compiled.notes;
            assert!(
                notes.starts_with("note: the remote cache ") && notes.lines().count() == 1,
                "{kind:?}: {notes}"
            );
            assert!(!notes.contains("secret"), "{notes}");
        }
        assert_eq!(server.artifacts(), [""; 0]);
    }
}

#[test]
fn a_server_that_is_down_costs_one_note() {
    let right = right();
    for kind in [Kind::Redis, Kind::Webdav] {
        let mut server = Server::start(kind);
        server.stop();
        let machine = Machine::of(&server, "read-write").with(&[("TRI_REMOTE_CACHE_TIMEOUT", "2")]);
        let compiled = machine.compile();
        assert!(compiled.artifact == right);
        let notes = compiled.notes;
        assert!(
            notes.contains("is left out, because it ") && notes.lines().count() == 1,
            "{kind:?}: {notes}"
        );
        assert!(compiled.time < Duration::from_secs(30), "{kind:?}: {:?}", compiled.time);
        assert_eq!(machine.compile().notes, "", "{kind:?}: what is on disk is not asked for");
    }
}

#[test]
fn a_server_that_hangs_is_waited_for_once() {
    let right = right();
    for scheme in ["redis", "http"] {
        // The system takes connections for it; it never reads.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("{scheme}://{}", listener.local_addr().unwrap());
        let compiled =
            Machine::new(&address, "read-write").with(&[("TRI_REMOTE_CACHE_TIMEOUT", "0.4")]).compile();
        assert!(compiled.artifact == right);
        let expected =
            format!("note: the remote cache {address} is left out, because it takes longer than 0.4 s\n");
        assert_eq!(compiled.notes, expected);
        assert!(compiled.time >= Duration::from_millis(400) && compiled.time < Duration::from_secs(30));
        listener.set_nonblocking(true).unwrap();
        assert_eq!(listener.incoming().map_while(Result::ok).count(), 1, "{scheme}: asked once");
    }
}

#[test]
fn a_server_that_gives_a_byte_now_and_then_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            // What comes before it was asked for is no answer.
            let mut request = [0; 4096];
            let asked = stream.read(&mut request).is_ok_and(|length| length > 0);
            let mut alive =
                asked && stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n").is_ok();
            while alive {
                std::thread::sleep(Duration::from_millis(20));
                alive = stream.write_all(b"x").is_ok();
            }
        }
    });
    let compiled = Machine::new(&address, "read").with(&[("TRI_REMOTE_CACHE_TIMEOUT", "0.4")]).compile();
    assert!(compiled.notes.ends_with("it takes longer than 0.4 s\n"), "{}", compiled.notes);
    assert!(compiled.artifact == right() && compiled.time < Duration::from_secs(15), "{:?}", compiled.time);
}

#[test]
fn the_count_of_the_cache_shows_the_server() {
    let mut server = Server::start(Kind::Redis);
    let machine = Machine::of(&server, "read-write");
    let stat = || String::from_utf8(machine.run(&["cache", "stat"]).stdout).unwrap();
    let line = format!("remote cache {} (read-write, by TRI_REMOTE_CACHE) answers in ", server.address());
    assert!(stat().contains(&line), "{}", stat());
    server.stop();
    assert!(stat().contains("(read-write, by TRI_REMOTE_CACHE) does not answer: "), "{}", stat());
    let json: Value =
        serde_json::from_slice(&machine.run(&["cache", "stat", "--format=json"]).stdout).unwrap();
    assert!(json["remote"]["failure"].is_string() && json["remote"]["seconds"].is_null());
}

#[test]
fn a_file_above_the_program_chooses_the_server() {
    let server = Server::start(Kind::Folder);
    let machine = Machine::new("", "");
    let text = format!("[remote-cache]\nurl = \"{}\"\nmode = \"read-write\"\n", server.address());
    fs::write(machine.path("triton.toml"), text).unwrap();
    fs::create_dir(machine.path("inner")).unwrap();
    fs::write(machine.path("inner/part.tri"), MODEL).unwrap();
    machine.run(&["compile", "inner/part.tri"]);
    assert_eq!(server.artifacts().len(), 1);
    // A cache that is not looked into is not asked either.
    fs::write(machine.path("main.tri"), MODEL.replace("relu", "silu")).unwrap();
    machine.run(&["compile", "main.tri", "--no-cache"]);
    assert_eq!(server.artifacts().len(), 1);
}

#[test]
fn an_address_that_cannot_be_followed_is_an_error() {
    let port = free_port();
    for (address, part) in [
        ("reddis://cache.example".to_owned(), "did you mean `redis`?"),
        (format!("redis://:secret@127.0.0.1:{port}"), "TRI_REMOTE_CACHE_PASSWORD"),
    ] {
        let machine = Machine::new(&address, "read");
        let mut command = Command::new(env!("CARGO_BIN_EXE_triton"));
        command.args(["compile", "main.tri"]).current_dir(machine.folder.path());
        let output = command.envs(machine.environment.iter().cloned()).output().unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{message}");
        assert!(
            message.starts_with("error[E5004]: TRI_REMOTE_CACHE: ") && message.contains(part),
            "{message}"
        );
        assert!(!message.contains("secret"), "{message}");
    }
}
