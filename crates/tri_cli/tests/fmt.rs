//! `triton fmt` as users, scripts and editors meet it: what it writes, prints and ends with.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

const UGLY: &str = "dim  A=1 // one\nfn f( x:f32[A] )->f32[A]{x}";
const TIDY: &str = "dim A = 1  // one\n\nfn f(x: f32[A]) -> f32[A] {\n    x\n}\n";
const WRONG: &str = "dim = 3\n";

/// A folder with an ugly, a tidy and a wrong program.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("deep/.hidden")).unwrap();
    fs::write(folder.path().join("deep/ugly.tri"), UGLY).unwrap();
    fs::write(folder.path().join("deep/.hidden/ugly.tri"), UGLY).unwrap();
    fs::write(folder.path().join("deep/ugly.txt"), UGLY).unwrap();
    fs::write(folder.path().join("tidy.tri"), TIDY).unwrap();
    folder
}

fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap()
}

/// Exit code, stdout and stderr of `triton fmt` in a folder, with `input` on stdin.
fn fmt_with(folder: &Path, args: &[&str], input: &[u8]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_triton"));
    command.arg("fmt").args(args).current_dir(folder);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    (status.code().unwrap(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

fn fmt(folder: &Path, args: &[&str]) -> (i32, String, String) {
    fmt_with(folder, args, b"")
}

#[test]
fn every_program_below_the_current_folder_is_formatted() {
    let folder = folder();
    let (code, stdout, stderr) = fmt(folder.path(), &[]);
    assert_eq!((code, stdout.as_str()), (0, "formatted deep/ugly.tri\n"));
    assert_eq!(stderr, "1 formatted, 1 unchanged\n");
    assert_eq!(read(folder.path(), "deep/ugly.tri"), TIDY);
    assert_eq!(read(folder.path(), "deep/.hidden/ugly.tri"), UGLY);
    assert_eq!(read(folder.path(), "deep/ugly.txt"), UGLY);
    let (code, stdout, stderr) = fmt(folder.path(), &[]);
    assert_eq!((code, stdout.as_str(), stderr.as_str()), (0, "", "2 unchanged\n"));
}

#[test]
fn check_names_what_is_not_formatted_and_writes_nothing() {
    let folder = folder();
    let (code, stdout, _) = fmt(folder.path(), &["--check"]);
    assert_eq!((code, stdout.as_str()), (1, "not formatted: deep/ugly.tri\n"));
    assert_eq!(read(folder.path(), "deep/ugly.tri"), UGLY);
    assert_eq!(fmt(folder.path(), &["--check", "tidy.tri"]).0, 0);
}

#[test]
fn diff_shows_what_would_change_and_writes_nothing() {
    let folder = folder();
    let (code, stdout, _) = fmt(folder.path(), &["--diff", "deep"]);
    assert_eq!(code, 0);
    assert!(
        stdout.starts_with("--- deep/ugly.tri\n+++ deep/ugly.tri (formatted)\n@@ -1,2 +1,5 @@\n"),
        "{stdout}"
    );
    assert!(stdout.contains("\n-dim  A=1 // one\n") && stdout.contains("\n+dim A = 1  // one\n"), "{stdout}");
    assert_eq!(read(folder.path(), "deep/ugly.tri"), UGLY);
    assert_eq!(fmt(folder.path(), &["--diff", "--check", "deep"]).0, 1);
}

#[test]
fn stdin_goes_to_stdout() {
    let folder = folder();
    assert_eq!(fmt_with(folder.path(), &["-"], UGLY.as_bytes()), (0, TIDY.to_owned(), String::new()));
    assert_eq!(fmt_with(folder.path(), &["-"], TIDY.as_bytes()), (0, TIDY.to_owned(), String::new()));
    assert_eq!(fmt_with(folder.path(), &["-"], b""), (0, String::new(), String::new()));
    let (code, stdout, stderr) = fmt_with(folder.path(), &["-"], WRONG.as_bytes());
    assert_eq!((code, stdout.as_str()), (1, ""));
    assert!(stderr.contains("E0006") && stderr.contains("stdin"), "{stderr}");
    let (code, stdout, _) = fmt_with(folder.path(), &["-", "--check"], UGLY.as_bytes());
    assert_eq!((code, stdout.as_str()), (1, "not formatted: stdin\n"));
    assert_eq!(fmt(folder.path(), &["-", "tidy.tri"]).0, 2);
}

#[test]
fn a_program_with_errors_is_left_alone_and_the_others_are_formatted() {
    let folder = folder();
    fs::write(folder.path().join("a_wrong.tri"), WRONG).unwrap();
    fs::write(folder.path().join("b_wrong.tri"), b"\xff\xfe").unwrap();
    let (code, stdout, stderr) = fmt(folder.path(), &["--format=concise"]);
    assert_eq!((code, stdout.as_str()), (1, "formatted deep/ugly.tri\n"));
    assert!(stderr.contains("a_wrong.tri:1:5: error[E0006]"), "{stderr}");
    assert!(stderr.contains("b_wrong.tri:1:1: error[E0012]"), "{stderr}");
    assert!(stderr.ends_with("1 formatted, 1 unchanged, 2 with errors\n"), "{stderr}");
    assert_eq!(read(folder.path(), "a_wrong.tri"), WRONG);
}

#[test]
fn json_says_what_became_of_each_file() {
    let folder = folder();
    fs::write(folder.path().join("wrong.tri"), WRONG).unwrap();
    let (code, stdout, stderr) = fmt(folder.path(), &["--format=json", "--check"]);
    assert_eq!((code, stderr.as_str()), (1, ""));
    let report: Value = serde_json::from_str(&stdout).unwrap();
    let files: Vec<(&str, &str)> = report["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| (file["file"].as_str().unwrap(), file["status"].as_str().unwrap()))
        .collect();
    assert_eq!(files, [("deep/ugly.tri", "unformatted"), ("tidy.tri", "unchanged"), ("wrong.tri", "error")]);
    assert_eq!(report["diagnostics"][0]["code"], "E0006");
    assert_eq!(report["diagnostics"][0]["primary"]["file"], "wrong.tri");
    let (_, stdout, _) = fmt_with(folder.path(), &["--format=json", "-"], UGLY.as_bytes());
    let report: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(report["files"][0]["text"], TIDY);
}

#[test]
fn what_cannot_be_read_is_told() {
    let folder = folder();
    let (code, stdout, stderr) = fmt(folder.path(), &["missing.tri"]);
    assert_eq!((code, stdout.as_str()), (1, ""));
    assert!(stderr.starts_with("error: `missing.tri` cannot be read: "), "{stderr}");
    fs::write(folder.path().join("long.tri"), " ".repeat((4 << 20) + 1)).unwrap();
    let (code, _, stderr) = fmt(folder.path(), &["long.tri"]);
    assert_eq!(code, 1);
    assert!(stderr.contains("E0014"), "{stderr}");
    let empty = tempfile::tempdir().unwrap();
    let (code, stdout, stderr) = fmt(empty.path(), &[]);
    assert_eq!((code, stdout.as_str(), stderr.as_str()), (0, "", "there are no `.tri` files here\n"));
}

#[cfg(unix)]
#[test]
fn links_and_permissions_stay() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let folder = folder();
    let ugly = folder.path().join("deep/ugly.tri");
    symlink(&ugly, folder.path().join("link.tri")).unwrap();
    fs::set_permissions(&ugly, fs::Permissions::from_mode(0o640)).unwrap();
    assert_eq!(fmt(folder.path(), &["link.tri"]).0, 0);
    assert!(folder.path().join("link.tri").is_symlink());
    assert_eq!(read(folder.path(), "deep/ugly.tri"), TIDY);
    assert_eq!(fs::metadata(&ugly).unwrap().permissions().mode() & 0o777, 0o640);

    fs::write(&ugly, UGLY).unwrap();
    fs::set_permissions(&ugly, fs::Permissions::from_mode(0o440)).unwrap();
    let (code, _, stderr) = fmt(folder.path(), &["deep/ugly.tri"]);
    assert_eq!(code, 1);
    assert!(stderr.starts_with("error: `deep/ugly.tri` cannot be written: it is read-only\n"), "{stderr}");
    assert_eq!(read(folder.path(), "deep/ugly.tri"), UGLY);
}

#[cfg(unix)]
#[test]
fn a_circle_of_links_and_a_cache_are_not_entered() {
    let folder = folder();
    std::os::unix::fs::symlink(folder.path(), folder.path().join("deep/circle")).unwrap();
    fs::create_dir(folder.path().join("target")).unwrap();
    fs::write(folder.path().join("target/CACHEDIR.TAG"), "").unwrap();
    fs::write(folder.path().join("target/ugly.tri"), UGLY).unwrap();
    let (code, stdout, _) = fmt(folder.path(), &["--check", "."]);
    assert_eq!((code, stdout.as_str()), (1, "not formatted: deep/ugly.tri\n"));
}
