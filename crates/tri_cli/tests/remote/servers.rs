//! Real servers, started for a test on a free port of this machine, and what lies on them.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

pub(crate) const USER: &str = "tester";
pub(crate) const PASSWORD: &str = "a pass word";

/// Kinds of servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `redis-server`.
    Redis,
    /// `rclone serve webdav`.
    Webdav,
    /// A folder.
    Folder,
}

impl Kind {
    pub(crate) const ALL: [Kind; 3] = [Kind::Redis, Kind::Webdav, Kind::Folder];
}

/// A running server; it ends with the test.
#[derive(Debug)]
pub(crate) struct Server {
    kind: Kind,
    port: u16,
    folder: tempfile::TempDir,
    process: Option<Child>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A port that nobody listens at.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Server {
    pub(crate) fn start(kind: Kind) -> Server {
        let mut server =
            Server { kind, port: free_port(), folder: tempfile::tempdir().unwrap(), process: None };
        let (port, folder) = (server.port.to_string(), server.folder.path());
        let address = format!("127.0.0.1:{port}");
        let mut command = match kind {
            Kind::Folder => return server,
            Kind::Redis => {
                let mut command = Command::new("redis-server");
                command.args([
                    "--port",
                    &port,
                    "--bind",
                    "127.0.0.1",
                    "--save",
                    "",
                    "--requirepass",
                    PASSWORD,
                ]);
                command
            }
            Kind::Webdav => {
                let mut command = Command::new("rclone");
                command
                    .args(["serve", "webdav", ".", "--addr", &address, "--user", USER, "--pass", PASSWORD]);
                command.args(["--dir-cache-time", "0", "--config", "none.conf"]);
                command
            }
        };
        command.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let program = command.get_program().display().to_string();
        server.process = Some(command.spawn().unwrap_or_else(|error| {
            panic!("{program}: {error}. Remote caches are tested against it: `cargo xtask packages` as root installs it")
        }));
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", server.port)).is_err() {
            assert!(start.elapsed() < Duration::from_secs(60), "{program} does not listen at port {port}");
            std::thread::sleep(Duration::from_millis(20));
        }
        server
    }

    pub(crate) fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    pub(crate) fn address(&self) -> String {
        match self.kind {
            Kind::Redis => format!("redis://127.0.0.1:{}/3", self.port),
            Kind::Webdav => format!("http://127.0.0.1:{}/team/triton", self.port),
            Kind::Folder => format!("file://{}", self.folder.path().display()),
        }
    }

    /// A user as the server knows them; Redis knows a password alone.
    pub(crate) fn credentials(&self) -> Vec<(&'static str, &'static str)> {
        let password = ("TRI_REMOTE_CACHE_PASSWORD", PASSWORD);
        if self.kind == Kind::Webdav {
            vec![("TRI_REMOTE_CACHE_USER", USER), password]
        } else {
            vec![password]
        }
    }

    /// The artifacts that lie there, as the server calls them, in order.
    pub(crate) fn artifacts(&self) -> Vec<String> {
        let mut names = if self.kind == Kind::Redis {
            let listed = self.redis(&["keys", "*/artifacts/*"]);
            String::from_utf8(listed.stdout).unwrap().lines().map(str::to_owned).collect()
        } else {
            let folder = self.path("v1/artifacts");
            let files = fs::read_dir(&folder).into_iter().flatten();
            files.map(|file| file.unwrap().path().display().to_string()).collect::<Vec<_>>()
        };
        names.retain(|name| !name.is_empty());
        names.sort();
        names
    }

    /// The bytes of an object.
    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        if self.kind != Kind::Redis {
            return fs::read(name).unwrap();
        }
        let mut bytes = self.redis(&["get", name]).stdout;
        // `redis-cli` ends what it prints with a line end.
        assert_eq!(bytes.pop(), Some(b'\n'));
        bytes
    }

    /// Other bytes for an object.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        if self.kind != Kind::Redis {
            return fs::write(name, bytes).unwrap();
        }
        let file = self.folder.path().join("value");
        fs::write(&file, bytes).unwrap();
        let mut command = self.redis_command();
        let set = command.args(["-x", "set", name]).stdin(fs::File::open(file).unwrap()).output().unwrap();
        assert_eq!(set.stdout, b"OK\n");
    }

    fn path(&self, name: &str) -> PathBuf {
        let folder = self.folder.path();
        if self.kind == Kind::Webdav { folder.join("team/triton").join(name) } else { folder.join(name) }
    }

    fn redis_command(&self) -> Command {
        let mut command = Command::new("redis-cli");
        command.args(["-p", &self.port.to_string(), "-n", "3", "--no-auth-warning", "-a", PASSWORD]);
        command
    }

    fn redis(&self, args: &[&str]) -> Output {
        let output = self.redis_command().args(args).output().unwrap();
        assert!(output.status.success());
        output
    }
}
