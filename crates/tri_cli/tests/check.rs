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

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

const FOREIGN: &str = "use std.nn.{Linear, RmsNorm}

layer Head[D](eps: float = 1e-6) {
    # a norm
    norm = RmsNorm[D](eps: eps)

    def forward[B](self, x: float32[B, D]) -> float32[B, D] {
        return self.norm(x) ** 2
    }
}
";

const TRI: &str = "use std.nn.{RmsNorm}

layer Head[D](eps: float = 1e-6) {
    // a norm
    norm = RmsNorm[D](eps = eps)

    fn forward[B](x: f32[B, D]) -> f32[B, D] {
        pow(norm(x), 2)
    }
}
";

#[test]
fn fixes_are_applied_until_none_is_left() {
    // What `**` stands between is not plain here, so that fix is not sure.
    let wrong = FOREIGN.replace("self.norm(x) ** 2", "pow(self.norm(x), 2)");
    let folder = Folder::new(&[("a.tri", &wrong)]);
    let output = folder.triton(&["check", "--fix", "a.tri"]);
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    assert_eq!(std::fs::read_to_string(folder.path("a.tri")).unwrap(), TRI);
    let said = stdout(&output);
    assert!(said.contains("fixed a.tri:4: [E0013] write `//`\n"), "{said}");
    assert!(
        said.contains("fixed a.tri:1: [W0001] remove `Linear`\n") && said.ends_with("no errors\n"),
        "{said}"
    );
    // Nothing is left to do, and nothing is done.
    let again = folder.triton(&["check", "--fix", "a.tri"]);
    assert_eq!(stdout(&again), "no errors\n");
    assert_eq!(std::fs::read_to_string(folder.path("a.tri")).unwrap(), TRI);
}

#[test]
fn what_cannot_be_fixed_is_reported_after_the_fixes() {
    let folder = Folder::new(&[("a.tri", FOREIGN)]);
    let output = folder.triton(&["check", "--fix", "a.tri", "--format", "json"]);
    assert_eq!(output.status.code(), Some(1));
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&document["errors"], &document["diagnostics"][0]["code"]), (&1.into(), &"E0013".into()));
    assert!(document["fixed"].as_array().unwrap().len() >= 6, "{document}");
    let text = std::fs::read_to_string(folder.path("a.tri")).unwrap();
    assert!(text.contains("norm(x) ** 2") && text.contains("// a norm"), "{text}");
}

#[test]
fn a_difference_is_printed_instead_of_written() {
    let wrong = FOREIGN.replace("self.norm(x) ** 2", "pow(self.norm(x), 2)");
    let folder = Folder::new(&[("a.tri", &wrong)]);
    let output = folder.triton(&["check", "--fix", "--diff", "a.tri"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(std::fs::read_to_string(folder.path("a.tri")).unwrap(), wrong);
    let diff = stdout(&output);
    assert!(diff.starts_with("--- a.tri\n+++ a.tri (fixed)\n@@"), "{diff}");
    assert!(diff.contains("\n-    # a norm\n") && diff.contains("\n+    // a norm\n"), "{diff}");
    assert!(stderr(&output).contains("no errors"));
    assert_eq!(
        folder.triton(&["check", "--diff", "a.tri"]).status.code(),
        Some(2),
        "there is nothing to compare"
    );
}

#[test]
fn fixes_reach_imported_files_and_nothing_else() {
    let folder = Folder::new(&[
        ("package/main.tri", "use blocks.mlp.double\n\nfn f(x: f32) -> f32 { double(x) }\n"),
        ("package/blocks/mlp.tri", "fn double(x: f32) -> f32 {\n    return x + x\n}\n"),
        ("package/alone.tri", "# not part of the program\n"),
        ("outside.tri", "# out of the package\n"),
    ]);
    let output = folder.triton(&["check", "--fix", "package/main.tri"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let read = |name: &str| std::fs::read_to_string(folder.path(name)).unwrap();
    assert_eq!(read("package/blocks/mlp.tri"), "fn double(x: f32) -> f32 {\n    x + x\n}\n");
    assert_eq!(read("package/alone.tri"), "# not part of the program\n");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(folder.path("outside.tri"), folder.path("package/link.tri")).unwrap();
        let output = folder.triton(&["check", "--fix", "package/link.tri"]);
        assert_eq!(output.status.code(), Some(1), "its error stays");
        assert_eq!(read("outside.tri"), "# out of the package\n");
    }
}

#[cfg(unix)]
#[test]
fn written_files_keep_their_permissions_and_read_only_files_stay() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new(&[("a.tri", "# remark\n"), ("b.tri", "# remark\n")]);
    let mode = |name: &str, mode: u32| {
        std::fs::set_permissions(folder.path(name), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    mode("a.tri", 0o640);
    mode("b.tri", 0o440);
    assert_eq!(folder.triton(&["check", "--fix", "a.tri"]).status.code(), Some(0));
    assert_eq!(std::fs::metadata(folder.path("a.tri")).unwrap().permissions().mode() & 0o777, 0o640);
    let output = folder.triton(&["check", "--fix", "b.tri"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("E4002"), "{}", stderr(&output));
    assert_eq!(std::fs::read_to_string(folder.path("b.tri")).unwrap(), "# remark\n");
    // Nothing but the two files is left behind.
    assert_eq!(std::fs::read_dir(folder.0.path()).unwrap().count(), 2);
}

#[test]
fn files_and_folders_are_checked_together() {
    let folder = Folder::new(&[
        (
            "package/main.tri",
            "use blocks.mlp.double\nuse sizes.Two\n\ntest \"t\" { assert all(double(ones[Two]()) == 2.0) }\n",
        ),
        (
            "package/other.tri",
            "use blocks.mlp.double\n\ntest \"t\" { assert double(1.0 as f32) == missing }\n",
        ),
        (
            "package/blocks/mlp.tri",
            "use sizes.Two\n\nfn double[..S](x: f32[..S]) -> f32[..S] {\n    let spare = x\n    x * Two\n}\n",
        ),
        ("package/sizes.tri", "dim Two = 2\n\ntest \"t\" { assert true || false }\n"),
        ("package/.hidden/bad.tri", "dim\n"),
        ("package/notes.txt", "dim\n"),
        ("single.tri", "dim One =\n"),
    ]);
    let output = folder.triton(&["check", "package", "single.tri", "--format", "concise"]);
    assert_eq!(output.status.code(), Some(1));
    let mut lines: Vec<&str> = stderr(&output).lines().collect();
    lines.sort_unstable();
    let codes: Vec<(&str, &str)> = lines
        .iter()
        .map(|line| (line.split(':').next().unwrap(), line.split(['[', ']']).nth(1).unwrap()))
        .collect();
    let expected = [
        ("package/blocks/mlp.tri", "W0002"),
        ("package/other.tri", "E1001"),
        ("package/sizes.tri", "W0008"),
        ("single.tri", "E0006"),
    ];
    assert_eq!(codes, expected, "{lines:#?}");
    // A module of a package that is checked by itself imports from its own folder.
    let output = folder.triton(&["check", "package/blocks/mlp.tri", "--format", "concise"]);
    assert!(stderr(&output).contains("E1002"), "{}", stderr(&output));
    let output = folder.triton(&["check", "package/blocks/mlp.tri", "package", "--format", "concise"]);
    assert!(
        !stderr(&output).contains("E1002"),
        "it lies in a folder that is checked too: {}",
        stderr(&output)
    );
}

#[test]
fn wrong_paths_are_told_of() {
    let folder = Folder::new(&[("a.tri", "dim A = 1\n"), ("empty/notes.txt", "")]);
    let output = folder.triton(&["check", "a.tri", "missing.tri"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("missing.tri"), "{}", stderr(&output));
    let output = folder.triton(&["check", "empty"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("there is no `.tri` file in `empty`"), "{}", stderr(&output));
    let output = folder.triton(&["check", "a.tri", "empty", "--dim", "A=2"]);
    assert_eq!(output.status.code(), Some(1));
    let output = folder.triton(&["check", "."]);
    assert_eq!((output.status.code(), stdout(&output)), (Some(0), "no errors\n"));
}
