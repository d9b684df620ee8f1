//! `triton check` as users and scripts meet it.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

/// A folder with files.
struct Folder(TempDir);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Folder {
        let folder = Folder(tempfile::tempdir().unwrap());
        for (name, text) in files {
            let path = folder.path(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        folder
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    fn triton(&self, args: &[&str]) -> Output {
        triton_in(self.0.path(), args)
    }
}

fn triton_in(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_triton"));
    command.args(args).current_dir(folder).output().unwrap()
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

const WARNED: &str = "use std.nn.Linear\n\nfn f(x: f32) -> f32 { x }\n";

#[test]
fn warnings_change_the_exit_code_only_when_denied() {
    let folder = Folder::new(&[("a.tri", WARNED)]);
    let output = folder.triton(&["check", "a.tri"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(
        stderr(&output).contains("warning[W0001]: nothing in this file uses `Linear`"),
        "{}",
        stderr(&output)
    );
    assert_eq!(output.stdout, b"no errors, 1 warning\n");
    let output = folder.triton(&["check", "a.tri", "--deny-warnings"]);
    assert_eq!(output.status.code(), Some(1));
}
