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

#[test]
fn sarif_is_one_log_with_the_page_of_each_code() {
    let folder = Folder::new(&[("a.tri", WARNED)]);
    let output = folder.triton(&["check", "a.tri", "--format", "sarif"]);
    let log: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let run = &log["runs"][0];
    assert_eq!((&log["version"], &run["tool"]["driver"]["name"]), (&"2.1.0".into(), &"triton".into()));
    assert!(run["tool"]["driver"]["rules"][0]["help"]["text"].as_str().unwrap().starts_with("# W0001: "));
    let result = &run["results"][0];
    assert_eq!((&result["ruleId"], &result["level"]), (&"W0001".into(), &"warning".into()));
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "a.tri");
    assert_eq!(place["region"]["startLine"], 1);
    // A path that begins at the root is still told from the folder where the command runs.
    let absolute = folder.path("a.tri").canonicalize().unwrap();
    let here = absolute.parent().unwrap();
    let output = triton_in(here, &["check", absolute.to_str().unwrap(), "--format", "sarif"]);
    let log: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let place = &log["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "a.tri");
    // Without findings there is a log all the same; other commands write theirs where they write diagnostics.
    let clean = Folder::new(&[("a.tri", "dim A = 1\n"), ("b.tri", "dim B = \n")]);
    let output = clean.triton(&["check", "a.tri", "--format", "sarif"]);
    let log: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(log["runs"][0]["results"], serde_json::json!([]));
    let output = clean.triton(&["compile", "b.tri", "--format", "sarif"]);
    let log: serde_json::Value = serde_json::from_slice(&output.stderr).unwrap();
    assert_eq!(log["runs"][0]["results"][0]["ruleId"], "E0006");
}

#[test]
fn colour_is_for_terminals_unless_told() {
    let folder = Folder::new(&[("a.tri", WARNED)]);
    let coloured = |args: &[&str], environment: &[(&str, &str)]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_triton"));
        command.args(["check", "a.tri"]).args(args).current_dir(folder.0.path());
        command.env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE").envs(environment.iter().copied());
        stderr(&command.output().unwrap()).contains('\u{1b}')
    };
    assert!(!coloured(&[], &[]), "a pipe is no terminal");
    assert!(coloured(&["--color", "always"], &[("NO_COLOR", "1")]));
    assert!(coloured(&[], &[("CLICOLOR_FORCE", "1")]));
    assert!(!coloured(&[], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
    assert!(!coloured(&["--color", "never"], &[("CLICOLOR_FORCE", "1")]));
    assert!(!coloured(&["--color", "always", "--format", "concise"], &[]));
}
