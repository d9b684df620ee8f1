//! `triton new`: the project works, and nothing that exists is touched.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

fn triton(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_triton")).args(args).current_dir(folder).output().unwrap()
}

#[track_caller]
fn succeed(folder: &Path, args: &[&str]) -> String {
    let output = triton(folder, args);
    assert_eq!(output.status.code(), Some(0), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{args:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[track_caller]
fn fail(folder: &Path, args: &[&str], code: i32) -> String {
    let output = triton(folder, args);
    assert_eq!(output.status.code(), Some(code), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stdout.is_empty(), "{args:?}");
    String::from_utf8(output.stderr).unwrap()
}

/// Names and contents of the files of a folder.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries
        .map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap()))
        .collect()
}

#[test]
fn every_command_of_the_readme_works_in_the_project() {
    let home = tempfile::tempdir().unwrap();
    let said = succeed(home.path(), &["new", "flowers"]);
    assert!(said.contains("triton run main.tri --initial --input flower=flowers.npy"), "{said}");
    let project = home.path().join("flowers");
    let expected = [".gitignore", "README.md", "blocks.tri", "flowers.npy", "main.tri"];
    assert_eq!(files(&project).keys().collect::<Vec<_>>(), expected);

    assert_eq!(succeed(&project, &["check", "main.tri"]), "no errors\n");
    assert_eq!(succeed(&project, &["check", "blocks.tri"]), "no errors\n");
    let formatted = triton(&project, &["fmt", "--check", "main.tri", "blocks.tri"]);
    assert_eq!(formatted.status.code(), Some(0), "{}", String::from_utf8_lossy(&formatted.stderr));
    assert!(succeed(&project, &["test", "main.tri"]).ends_with("2 passed, 0 failed\n"));
    let run = ["run", "main.tri", "--initial", "--input", "flower=flowers.npy"];
    assert!(succeed(&project, &run).starts_with("forward: f32[3, 3]\n"));
    let deeper = [&run[..], &["--dim", "Depth=6"]].concat();
    assert_ne!(succeed(&project, &deeper), succeed(&project, &run));
    succeed(&project, &["compile", "main.tri"]);
    succeed(&project, &["doc", "main.tri", "-o", "doc"]);
    assert!(succeed(&project, &["inspect", "main.tria"]).contains("blocks.0.up.weight"));
}

#[test]
fn initial_values_are_the_same_at_every_level_and_make_probabilities() {
    let home = tempfile::tempdir().unwrap();
    succeed(home.path(), &["new", "flowers"]);
    let project = home.path().join("flowers");
    let run = |level| {
        let args = ["run", "main.tri", "--initial", "--input=flower=flowers.npy", level, "--format=json"];
        serde_json::from_str::<serde_json::Value>(&succeed(&project, &args)).unwrap()
    };
    let unoptimised = run("-O0");
    assert_eq!(unoptimised, run("-O2"));
    let elements = unoptimised["results"][0]["elements"].as_array().unwrap();
    for flower in elements.chunks(3) {
        let sum: f64 = flower.iter().map(|element| element.as_f64().unwrap()).sum();
        assert!((sum - 1.0).abs() < 1e-5, "{flower:?}");
    }
}

#[test]
fn the_input_is_an_ordinary_npy_file_of_three_flowers() {
    let home = tempfile::tempdir().unwrap();
    succeed(home.path(), &["new", "flowers"]);
    let flowers = tri_import::read_tensor(home.path().join("flowers/flowers.npy").to_str().unwrap()).unwrap();
    assert_eq!((flowers.dtype.name(), &flowers.shape[..]), ("f32", &[3, 4][..]));
}

#[test]
fn the_project_goes_where_path_says_under_its_name() {
    let home = tempfile::tempdir().unwrap();
    succeed(home.path(), &["new", "small-net", "--path", "a/b"]);
    let readme = std::fs::read_to_string(home.path().join("a/b/small-net/README.md")).unwrap();
    assert!(readme.starts_with("# small-net\n") && !readme.contains("{name}"));
}

#[test]
fn two_projects_of_one_name_are_byte_identical() {
    let home = tempfile::tempdir().unwrap();
    succeed(home.path(), &["new", "same", "--path", "one"]);
    succeed(home.path(), &["new", "same", "--path", "two"]);
    assert_eq!(files(&home.path().join("one/same")), files(&home.path().join("two/same")));
}

#[test]
fn what_exists_is_left_as_it_is() {
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join("taken")).unwrap();
    std::fs::write(home.path().join("taken/main.tri"), "mine").unwrap();
    std::fs::write(home.path().join("file"), "mine").unwrap();
    for name in ["taken", "file"] {
        let error = fail(home.path(), &["new", name], 1);
        assert!(error.contains(&format!("{name} exists, and is left as it is")), "{error}");
    }
    assert_eq!(files(&home.path().join("taken")).into_values().collect::<Vec<_>>(), [b"mine"]);
    assert_eq!(std::fs::read(home.path().join("file")).unwrap(), b"mine");
    fail(home.path(), &["new", "project", "--path", "file/below"], 1);
}

#[test]
fn a_bad_name_gets_one_that_works() {
    let home = tempfile::tempdir().unwrap();
    let long = "a".repeat(65);
    for (name, suggestion) in [
        ("", "my_model"),
        ("..", "my_model"),
        ("模型", "my_model"),
        ("my model!", "my_model"),
        ("3d", "model_3d"),
        ("_x", "x"),
        ("CON", "model_CON"),
        ("a\nb", "a_b"),
        (long.as_str(), &long[..58]),
    ] {
        let error = fail(home.path(), &["new", name], 2);
        assert!(error.contains(&format!("try `triton new {suggestion}`")), "{name:?}: {error}");
    }
    let error = fail(home.path(), &["new", "../nets/tiny net"], 2);
    assert!(error.contains("try `triton new tiny_net --path ../nets`"), "{error}");
    assert_eq!(files(home.path()).len(), 0);
}
