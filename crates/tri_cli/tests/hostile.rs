//! Inputs and surroundings made to hurt, through the binary: every command ends, with exit code 0 or 1 and a reason, never by a panic.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const BINARY: &str = env!("CARGO_BIN_EXE_triton");

fn check_in(folder: &Path, file: &str) -> Output {
    let args = ["check", "--format", "concise", file];
    Command::new(BINARY).args(args).current_dir(folder).stdin(Stdio::null()).output().unwrap()
}

/// What checking these bytes prints to stderr; it must be an error exactly if `code` is given, and name that.
#[track_caller]
fn check(bytes: impl AsRef<[u8]>, code: Option<&str>) -> String {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("main.tri"), bytes).unwrap();
    let output = check_in(folder.path(), "main.tri");
    let errors = String::from_utf8(output.stderr).unwrap();
    let head: String = errors.chars().take(500).collect();
    assert_eq!(output.status.code(), Some(i32::from(code.is_some())), "{head}");
    if let Some(code) = code {
        assert!(errors.contains(&format!("[{code}]")), "{code}: {head}");
    }
    errors
}

#[test]
fn files_of_almost_nothing() {
    for text in ["", "\u{feff}", "\n", "\r\n\r\n", "// remark", "/**/"] {
        check(text, None);
    }
    check("dim A = 1\r\n\r\nfn f(x: f32[A]) -> f32[A] {\r\n    x\r\n}\r\n", None);
    check("dim A = 1\0", Some("E0001"));
    check("\u{feff}\u{feff}", Some("E0001"));
}

#[test]
fn bytes_that_are_no_text() {
    let errors = check(b"dim A = 1\n\xff\xfe", Some("E0012"));
    assert_eq!(errors.lines().count(), 1, "{errors}");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("main.tri"), b"dim A = 1\n\xff").unwrap();
    let output =
        Command::new(BINARY).args(["check", "main.tri"]).current_dir(folder.path()).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("offset 10, on line 2"));
    check([0xff; 1_000_000], Some("E0012"));
    check([0; 1_000_000], Some("E0001"));
}

#[test]
fn very_long_and_very_deep() {
    check(format!("const X = {}1", "1 + ".repeat(2_600_000)), Some("E0014"));
    check(format!("// {}", "x".repeat(3_000_000)), None);
    let deep = 100_000;
    check(format!("const X = {}1{}", "(".repeat(deep), ")".repeat(deep)), Some("E0008"));
    check(format!("fn f() {{\n{}{}}}", "if a {\n".repeat(deep), "}\n".repeat(deep)), Some("E0008"));
    check(format!("fn f(x: {}f32{}) {{}}", "(".repeat(deep), ")".repeat(deep)), Some("E0008"));
    check(format!("const A = {}", "9".repeat(1_000_000)), Some("E0005"));
    check(format!("const A = B{}", "b".repeat(1_000_000)), Some("E1001"));
}

#[test]
fn nothing_is_closed() {
    for (text, code) in [
        ("const A = \"abc", "E0002"),
        ("/* dim A = 1", "E0004"),
        ("const A = (1", "E0007"),
        ("fn f() {", "E0007"),
        ("layer L() { fn f(", "E0007"),
    ] {
        check(text, Some(code));
    }
}

#[test]
fn what_grows_faster_than_the_text() {
    let doubled: String = (0..60).map(|at| format!("let a{} = (a{at}, a{at})\n", at + 1)).collect();
    check(format!("fn f(x: f32) -> f32 {{\nlet a0 = (x, x)\n{doubled}x\n}}"), Some("E2902"));
    let generics: Vec<String> = (0..30).map(|at| format!("A{at}, B{at}")).collect();
    let sums: Vec<String> = (0..30).map(|at| format!("(A{at} + B{at})")).collect();
    let text = format!("fn f[{}](x: f32[{}]) -> f32 {{ 1.0 }}", generics.join(", "), sums.join(" * "));
    check(text, Some("E2011"));
    let unknown: String = (0..5000).map(|at| format!("const A{at} = b{at}\n")).collect();
    assert_eq!(check(unknown, Some("E1001")).matches("[E1001]").count(), 5000);
}

#[test]
fn imports_in_circles() {
    check("use main.X\ndim X = 1", Some("E1006"));
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.tri"), "use b.B\ndim A = 1\n").unwrap();
    std::fs::write(folder.path().join("b.tri"), "use a.A\ndim B = 1\n").unwrap();
    let errors = String::from_utf8(check_in(folder.path(), "a.tri").stderr).unwrap();
    assert_eq!(errors.matches("[E1006]").count(), 1, "{errors}");
}

#[test]
fn things_that_are_no_files() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("folder.tri")).unwrap();
    for name in ["folder.tri", "none.tri", "folder.tri/none.tri"] {
        let output = check_in(folder.path(), name);
        assert_eq!(output.status.code(), Some(1), "{name}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("error"), "{name}");
    }
}

#[cfg(unix)]
mod unix {
    use std::fs::File;
    use std::os::unix::fs::symlink;

    use super::*;

    const MODEL: &str = "model M() {\n    fn forward(x: f32[2]) -> f32[2] {\n        x + x\n    }\n}\n";

    fn model() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("main.tri");
        std::fs::write(&path, MODEL).unwrap();
        (folder, path)
    }

    #[test]
    fn pipes_and_devices_are_refused_at_once() {
        let (folder, _) = model();
        assert!(Command::new("mkfifo").arg(folder.path().join("pipe.tri")).status().unwrap().success());
        symlink("/dev/zero", folder.path().join("zero.tri")).unwrap();
        for name in ["pipe.tri", "zero.tri"] {
            let output = check_in(folder.path(), name);
            assert_eq!(output.status.code(), Some(1));
            assert!(String::from_utf8_lossy(&output.stderr).contains("not a regular file"), "{name}");
        }
    }

    #[test]
    fn links_out_of_the_package_are_not_followed() {
        let (folder, _) = model();
        std::fs::create_dir(folder.path().join("p")).unwrap();
        symlink("../main.tri", folder.path().join("p/out.tri")).unwrap();
        std::fs::write(folder.path().join("p/main.tri"), "use out.M\n").unwrap();
        let errors = String::from_utf8(check_in(&folder.path().join("p"), "main.tri").stderr).unwrap();
        assert!(errors.contains("[E1002]") && errors.contains("outside"), "{errors}");
        std::fs::write(folder.path().join("p/main.tri"), "use ..main.M\n").unwrap();
        assert_eq!(check_in(&folder.path().join("p"), "main.tri").status.code(), Some(1));
    }

    #[test]
    fn a_reader_that_goes_away_is_no_error() {
        let (folder, _) = model();
        for closed in [
            "check main.tri | true",
            "compile --emit ir main.tri | head -c 1",
            "check main.tri 2>&1 <&- | true",
        ] {
            let script = format!("set -o pipefail; '{BINARY}' {closed}");
            let output =
                Command::new("bash").args(["-c", &script]).current_dir(folder.path()).output().unwrap();
            assert_eq!(
                output.status.code(),
                Some(0),
                "{closed}: {}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
        // Errors go to stderr, which may be closed as well.
        std::fs::write(folder.path().join("wrong.tri"), "const A = b\n".repeat(2000)).unwrap();
        let script = format!("'{BINARY}' check wrong.tri 2> >(true); exit $?");
        let output = Command::new("bash").args(["-c", &script]).current_dir(folder.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
    }

    #[test]
    fn what_cannot_be_written_is_told() {
        let (folder, _) = model();
        if !Path::new("/dev/full").exists() {
            return;
        }
        let full = File::options().write(true).open("/dev/full").unwrap();
        let output = Command::new(BINARY)
            .args(["check", "main.tri"])
            .current_dir(folder.path())
            .stdout(full)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(String::from_utf8_lossy(&output.stderr).contains("cannot write to stdout"));
        for target in ["/dev/full", "/dev/null", ".", "none/main.tria"] {
            let output = Command::new(BINARY)
                .args(["compile", "main.tri", "-o", target])
                .current_dir(folder.path())
                .output()
                .unwrap();
            assert_eq!(output.status.code(), Some(1), "{target}");
        }
        assert!(!std::fs::metadata("/dev/null").unwrap().is_file(), "a device stays one");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left behind");
    }
}
