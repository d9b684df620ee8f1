//! `--config`: values for the configuration of a model, and what is wrong with some.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::path::Path;
use std::process::{Command, Output};

const PROGRAM: &str = r#"
model Scale(times: int = 1, factor: float = 0.5, shifted: bool = false, act: fn(f32[..S]) -> f32[..S] = relu) {
    fn forward[B](x: f32[B]) -> f32[B] {
        let y = act(x) * factor * times
        if shifted { y + 1.0 } else { y }
    }
}

test "the default is told to tests too" {
    assert all(Scale().forward(ones[2]() as f32) == 3.0)
}
"#;

fn triton(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_triton")).args(args).current_dir(folder).output().unwrap()
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("scale.tri"), PROGRAM).unwrap();
    folder
}

#[test]
fn values_take_the_place_of_defaults() {
    let folder = folder();
    let test = |args: &[&str]| {
        triton(folder.path(), &[&["test", "scale.tri", "--config", "times=2"], args].concat())
    };
    let passes = |args: &[&str]| test(args).status.success();
    assert!(passes(&["--config=factor=1.5"]));
    assert!(passes(&["--config=shifted=true", "--config=factor=1"]));
    assert!(!passes(&[]));
}

#[test]
fn wrong_values_are_one_error() {
    let folder = folder();
    let cases: [(&[&str], i32, &str); 7] = [
        (&["--config=times=2.5"], 1, "error[E2903]: `2.5` was given for `times`, which takes an integer"),
        (&["--config=times=2", "--config=factor=x"], 1, "`x` was given for `factor`, which takes a number"),
        (
            &["--config=times=2", "--config=shifted=yes"],
            1,
            "`yes` was given for `shifted`, which takes `true` or `false`",
        ),
        (
            &["--config=times=2", "--config=act=silu"],
            1,
            "`silu` was given for `act`, which takes nothing from outside the program",
        ),
        (
            &["--config=time=2"],
            1,
            "error[E1001]: --config time: the model has no configuration `time`; did you mean `times`?",
        ),
        (&["--config=times"], 2, "write NAME=VALUE"),
        (
            &["--config=times=2", "--config=times=3", "--model=Other"],
            1,
            "the model has no configuration `times`",
        ),
    ];
    for (args, code, message) in cases {
        let output = triton(folder.path(), &[&["check", "scale.tri"], args].concat());
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{args:?}: {told}");
        assert!(told.contains(message), "{args:?}: {told}");
        assert_eq!(told.matches("error").count(), 1, "{args:?}: {told}");
    }
}

#[test]
fn a_configuration_without_default_is_given() {
    let folder = folder();
    let (model, _) = PROGRAM.split_once("test ").unwrap();
    std::fs::write(folder.path().join("open.tri"), model.replace("times: int = 1", "times: int")).unwrap();
    let output = triton(folder.path(), &["check", "open.tri"]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(
        told.contains("the configuration `times` of the model has no default and was given no value"),
        "{told}"
    );
    assert!(triton(folder.path(), &["check", "open.tri", "--config=times=2"]).status.success());
}

#[test]
fn an_artifact_has_its_configuration() {
    let folder = folder();
    let path = folder.path();
    let compiled =
        triton(path, &["compile", "scale.tri", "--no-cache", "--config=times=3", "--config=factor=1"]);
    assert!(compiled.status.success());
    std::fs::write(path.join("other.tri"), "dim A = 1\n").unwrap();
    let output = triton(path, &["run", "scale.tria", "--config=times=2"]);
    assert_eq!(output.status.code(), Some(2));
    let output = triton(path, &["check", "scale.tri", "other.tri", "--config=times=2"]);
    assert_eq!(output.status.code(), Some(2));
}
