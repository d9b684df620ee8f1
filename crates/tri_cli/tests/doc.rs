//! `triton doc`: pages appear where they were asked for, and nothing else is touched.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn triton(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_triton")).args(args).current_dir(folder).output().unwrap()
}

#[track_caller]
fn succeed(folder: &Path, args: &[&str]) -> String {
    let output = triton(folder, args);
    assert_eq!(output.status.code(), Some(0), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[track_caller]
fn fail(folder: &Path, args: &[&str], code: i32) -> String {
    let output = triton(folder, args);
    assert_eq!(output.status.code(), Some(code), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stdout.is_empty(), "{args:?}");
    String::from_utf8(output.stderr).unwrap()
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries
        .map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap()))
        .collect()
}

/// A folder with a project that documents itself.
fn project() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    succeed(home.path(), &["new", "p"]);
    home
}

#[test]
fn a_project_is_documented_without_arguments() {
    let home = project();
    let folder = home.path().join("p");
    assert_eq!(succeed(&folder, &["doc"]), format!("{}\n", Path::new("doc").join("index.html").display()));
    let written = files(&folder.join("doc"));
    let names: Vec<&str> = written.keys().map(String::as_str).collect();
    assert_eq!(names, [".triton-doc", "blocks.html", "index.html", "main.html", "search.js", "style.css"]);
    let page = String::from_utf8(written["main.html"].clone()).unwrap();
    assert!(page.contains("<a href=\"blocks.html#TernaryBlock\">TernaryBlock</a>"));
    succeed(&folder, &["doc", "main.tri"]);
    assert_eq!(files(&folder.join("doc")), written);
}

#[test]
fn the_examples_and_the_library_are_documented() {
    let home = tempfile::tempdir().unwrap();
    for name in ["digits", "mnist_cnn", "tiny_llama", "resnet18"] {
        let output = home.path().join(name);
        let file = format!("examples/{name}.tri");
        succeed(&repository(), &["doc", &file, "--std", "-o", output.to_str().unwrap()]);
        let written = files(&output);
        assert!(written.contains_key(&format!("{name}.html")) && written.contains_key("std.nn.html"));
    }
    let report = succeed(home.path(), &["doc", "--std", "--format=json"]);
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    let names = report["files"].as_array().unwrap();
    assert!(names.iter().any(|name| name == "std.attention.html"), "{report}");
    assert!(home.path().join("doc/std.attention.html").exists());
}

#[test]
fn a_program_with_errors_is_told_of_and_nothing_is_written() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("wrong.tri"), "dim A = B\n").unwrap();
    let error = fail(home.path(), &["doc", "wrong.tri"], 1);
    assert!(error.contains("E1001"), "{error}");
    assert!(!home.path().join("doc").exists());
    assert!(fail(home.path(), &["doc", "none.tri"], 1).contains("none.tri"));
    assert!(fail(home.path(), &["doc"], 2).contains("main.tri"));
}

#[test]
fn pages_of_modules_that_are_gone_go_too_and_other_files_stay() {
    let home = project();
    let folder = home.path().join("p");
    succeed(&folder, &["doc"]);
    std::fs::write(folder.join("doc/mine.txt"), "mine").unwrap();
    std::fs::write(folder.join("alone.tri"), "/// One.\ndim One = 1\n").unwrap();
    succeed(&folder, &["doc", "alone.tri"]);
    let written = files(&folder.join("doc"));
    let names: Vec<&str> = written.keys().map(String::as_str).collect();
    assert_eq!(names, [".triton-doc", "alone.html", "index.html", "mine.txt", "search.js", "style.css"]);
    assert_eq!(written["mine.txt"], b"mine");
}

#[test]
fn what_is_not_from_an_earlier_run_is_left_as_it_is() {
    let home = project();
    let folder = home.path().join("p");
    let error = fail(&folder, &["doc", "-o", "."], 1);
    assert!(error.contains("not from `triton doc`"), "{error}");
    assert!(!folder.join("index.html").exists());

    std::fs::write(folder.join("alone.tri"), "/// One.\ndim One = 1\n").unwrap();
    succeed(&folder, &["doc", "alone.tri"]);
    std::fs::write(folder.join("doc/main.html"), "mine").unwrap();
    let before = files(&folder.join("doc"));
    let error = fail(&folder, &["doc"], 1);
    assert!(error.contains("main.html is in the way"), "{error}");
    assert_eq!(files(&folder.join("doc")), before);

    let error = fail(&folder, &["doc", "-o", "main.tri"], 1);
    assert!(error.contains("cannot make main.tri"), "{error}");
}

#[test]
fn a_note_that_was_changed_does_not_lead_out_of_the_folder() {
    let home = project();
    let folder = home.path().join("p");
    succeed(&folder, &["doc"]);
    std::fs::write(
        folder.join("doc/.triton-doc"),
        "../main.tri\n/etc/hosts\n..\nindex.html\nblocks.html\nmain.html\nsearch.js\nstyle.css\n",
    )
    .unwrap();
    succeed(&folder, &["doc"]);
    assert!(folder.join("main.tri").exists());
}

#[cfg(unix)]
#[test]
fn nothing_is_written_through_a_link() {
    let home = project();
    let folder = home.path().join("p");
    succeed(&folder, &["doc"]);
    std::fs::remove_file(folder.join("doc/index.html")).unwrap();
    std::os::unix::fs::symlink("../README.md", folder.join("doc/index.html")).unwrap();
    let readme = std::fs::read(folder.join("README.md")).unwrap();
    succeed(&folder, &["doc"]);
    assert_eq!(std::fs::read(folder.join("README.md")).unwrap(), readme);
    assert!(!folder.join("doc/index.html").is_symlink());
}
