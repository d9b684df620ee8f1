//! The `triton` binary as users and scripts meet it: output, exit codes, files.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

const DIGITS: &str = "examples/digits.tri";
const WEIGHTS: &str = "examples/data/digits/weights.safetensors";
const CASES: &str = "examples/data/digits/cases.safetensors";

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn triton_in(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_triton")).args(args).current_dir(folder).output().unwrap()
}

/// Runs the binary at the top of the repository.
fn triton(args: &[&str]) -> Output {
    triton_in(&repository(), args)
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

#[track_caller]
fn succeed(args: &[&str]) -> String {
    let output = triton(args);
    assert_eq!(output.status.code(), Some(0), "{args:?}: {}", stderr(&output));
    stdout(&output).to_owned()
}

/// The error of a command that ends with code 1, without a word about defects.
#[track_caller]
fn fail(args: &[&str]) -> String {
    let output = triton(args);
    assert_eq!(output.status.code(), Some(1), "{args:?}: {}{}", stdout(&output), stderr(&output));
    assert!(!stderr(&output).contains("internal error"), "{}", stderr(&output));
    stderr(&output).to_owned()
}

#[track_caller]
fn json(args: &[&str]) -> Value {
    let output = triton(&[args, &["--format=json"]].concat());
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", stderr(&output)))
}

/// A small routed ternary model with its weights, in a folder of its own.
struct Small {
    folder: tempfile::TempDir,
}

const SMALL: &str = "\
dim In = 6
dim Out = 3

model Small() {
    param weight: f32[Out, In] = init.normal(std = 0.5)
    param offset: f32[Out] = init.zeros()

    fn forward[B](x: f32[B, In]) -> f32[B, Out] {
        let (q, x_scale) = quantize_rows(x)
        let (w, w_scale) = ternarize_rows(weight)
        (q @ w.T) as f32 * x_scale[.., _] * w_scale + offset
    }
}

test \"finite\" {
    assert all(is_finite(Small().forward(zeros[2, In]())))
}
";

fn f32_tensor(shape: &[usize], element: impl Fn(usize) -> f32) -> tri_ir::TensorData {
    let elements: Vec<f32> = (0..shape.iter().product()).map(element).collect();
    tri_ir::TensorData::from_f32(shape.to_vec(), &elements).unwrap()
}

impl Small {
    fn new() -> Small {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("small.tri"), SMALL).unwrap();
        let weights = [
            ("weight".to_owned(), f32_tensor(&[3, 6], |i| i as f32 - 8.0)),
            ("offset".to_owned(), f32_tensor(&[3], |i| i as f32)),
        ];
        tri_import::write_safetensors(&folder.path().join("weights.safetensors"), &weights).unwrap();
        tri_import::write_npy(&folder.path().join("x.npy"), &f32_tensor(&[2, 6], |i| i as f32 * 0.25))
            .unwrap();
        Small { folder }
    }

    fn run(&self, args: &[&str]) -> Output {
        triton_in(self.folder.path(), args)
    }

    fn compile(&self) -> Vec<u8> {
        let output = self.run(&["compile", "small.tri", "--weights=weights.safetensors", "--no-cache"]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        std::fs::read(self.folder.path().join("small.tria")).unwrap()
    }
}

#[test]
fn examples_have_no_errors() {
    for name in ["digits", "mnist_cnn", "tiny_llama", "resnet18"] {
        assert_eq!(succeed(&["check", &format!("examples/{name}.tri")]), "no errors\n");
    }
}

#[test]
fn a_program_with_errors_ends_with_1_and_says_where() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("wrong.tri");
    std::fs::write(&file, "dim A = 512\ndim B = 512\n\nlayer L() {\n    param w: f32[A, B] = init.zeros()\n\n    fn forward[..N](x: f32[..N, B]) -> f32[..N, A] {\n        x @ w\n    }\n}\n").unwrap();
    let file = file.to_str().unwrap();
    assert!(fail(&["check", file]).contains("wrong.tri"));
    let concise = fail(&["check", file, "--format=concise"]);
    assert!(concise.lines().all(|line| line.contains("wrong.tri:8:")), "{concise}");
    let report = json(&["check", file]);
    assert_eq!(report["diagnostics"][0]["severity"], "error");
    assert_eq!(report["diagnostics"][0]["primary"]["start"]["line"], 8);
    assert!(report["errors"].as_u64().unwrap() > 0);
    fail(&["compile", file]);
    fail(&["test", file]);
}

#[test]
fn a_wrong_command_line_ends_with_2() {
    for args in [
        &["check"][..],
        &["paint", DIGITS],
        &["compile", DIGITS, "-O4"],
        &["compile", DIGITS, "--dim=Hidden"],
        &["compile", DIGITS, "--dim=Hidden=-1"],
        &["run", DIGITS, "--trust-code", "--weights", WEIGHTS],
        &["verify", "x.tria", "--key=12"],
    ] {
        let output = triton(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", stderr(&output));
        assert!(!output.stderr.is_empty() && output.stdout.is_empty());
    }
}

#[test]
fn names_that_do_not_exist_are_told_with_near_ones() {
    let message = fail(&["check", DIGITS, "--dim=Hiden=64"]);
    assert!(message.contains("did you mean `Hidden`?"), "{message}");
    let message = fail(&["run", DIGITS, "--weights", WEIGHTS, "--input=imag=x.npy"]);
    assert!(message.contains("no input `imag`") && message.contains("`image`"), "{message}");
    let message = fail(&["run", DIGITS, "--weights", WEIGHTS]);
    assert!(message.contains("needs the input `image`"), "{message}");
    let message = fail(&["run", DIGITS, "--weights", WEIGHTS, "--entry=predict"]);
    assert!(message.contains("no entry point `predict`") && message.contains("`classify`"), "{message}");
    let message = fail(&["run", DIGITS, "--weights", "examples/data/mnist_cnn/weights.safetensors"]);
    assert!(
        message.contains("`stem.weight` is missing") && message.contains("`features.0.bias`"),
        "{message}"
    );
    let message = fail(&["run", DIGITS, "--weights", "nowhere.safetensors"]);
    assert!(message.contains("nowhere.safetensors"), "{message}");
    assert!(fail(&["check", "nowhere.tri"]).contains("nowhere.tri"));
}

#[test]
fn a_file_without_model_is_checked_but_not_compiled() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("empty.tri");
    std::fs::write(&file, "dim A = 3\n").unwrap();
    let file = file.to_str().unwrap();
    assert_eq!(succeed(&["check", file]), "no errors\n");
    assert_eq!(succeed(&["test", file]), "0 passed, 0 failed\n");
    assert!(fail(&["compile", file]).contains("empty.tri has no model"));
    assert!(fail(&["run", file]).contains("empty.tri has no model"));
}

#[test]
fn run_compares_with_what_is_expected() {
    let image = format!("--input=image={CASES}:image");
    let label = format!("--expect={CASES}:label");
    let args = ["run", DIGITS, "--weights", WEIGHTS, "--entry=classify", &image, &label];
    let text = succeed(&args);
    assert!(text.starts_with("classify: i32[360]\n[2, 0, 7"), "{text}");
    assert!(text.contains("\n355 of 360 equal (98.6 %)"), "{text}");
    let result = &json(&args)["results"][0];
    assert_eq!(result["shape"], serde_json::json!([360]));
    assert_eq!(result["elements"].as_array().unwrap().len(), 360);
    assert_eq!(result["comparison"]["equal"], 355);
    let message = fail(&["run", DIGITS, "--weights", WEIGHTS, &image, &label]);
    assert!(message.contains("f32[360, 10]") && message.contains("i32[360]"), "{message}");
}

#[test]
fn results_are_written_and_read_again() {
    let small = Small::new();
    let run = ["run", "small.tri", "--weights=weights.safetensors", "--input=x=x.npy"];
    for place in ["y.npy", "y.safetensors:y", "z.safetensors"] {
        let output = small.run(&[&run[..], &["--output", place]].concat());
        assert_eq!(stdout(&output), "forward: f32[2, 3]\n", "{}", stderr(&output));
        let output = small.run(&[&run[..], &["--expect", place]].concat());
        assert!(stdout(&output).ends_with("6 of 6 equal (100.0 %)\n"), "{}", stderr(&output));
    }
    let output = small.run(&[&run[..], &["--output=y.txt"]].concat());
    assert_eq!(output.status.code(), Some(1));
    let output = small.run(&[&run[..], &["--output=y.npy", "--output=z.npy"]].concat());
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn tests_are_counted_and_filtered() {
    let text = succeed(&["test", DIGITS]);
    assert!(
        text.contains("test a digit is one of ten ... ok\n") && text.ends_with(" passed, 0 failed\n"),
        "{text}"
    );
    assert!(succeed(&["test", DIGITS, "--filter=one of ten"]).ends_with("\n1 passed, 0 failed\n"));
    assert_eq!(json(&["test", DIGITS])["failed"], 0);
    let small = Small::new();
    let broken = SMALL.replace("is_finite(", "is_nan(");
    std::fs::write(small.folder.path().join("broken.tri"), broken).unwrap();
    let output = small.run(&["test", "broken.tri"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("does not hold: ") && stdout(&output).ends_with("0 passed, 1 failed\n"));
}

#[test]
fn every_stage_can_be_printed_and_timed() {
    let text = succeed(&["compile", DIGITS, "--emit=ast,hir,ir,kir,clif,asm"]);
    for part in ["Digits", "fn @", "schedule ", "function u0:"] {
        assert!(text.contains(part), "no `{part}`");
    }
    let emitted = &json(&["compile", DIGITS, "--emit=ir,asm"])["emitted"];
    assert!(emitted["ir"].as_str().unwrap().contains("ternarize_rows"));
    let small = Small::new();
    let output = small.run(&["compile", "small.tri", "--timing", "--no-cache"]);
    for stage in
        ["lex", "parse", "resolve", "check", "elaborate", "schedule", "codegen", "link", "write", "total"]
    {
        assert!(
            stderr(&output).lines().any(|line| line.starts_with(stage)),
            "no `{stage}`: {}",
            stderr(&output)
        );
    }
}

#[test]
fn an_artifact_is_inspected_verified_and_run() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("digits.tria");
    let file = file.to_str().unwrap();
    succeed(&["compile", DIGITS, "--weights", WEIGHTS, "-o", file]);
    let text = succeed(&["inspect", file]);
    for part in ["model Digits", "forward<B: 0..>(image: f32[B, Pixel]) -> f32[B, Class]", "t2", "golden"] {
        assert!(text.contains(part), "no `{part}` in {text}");
    }
    let report = json(&["inspect", file]);
    assert_eq!(report["entries"][0]["name"], "forward");
    assert!(report["weights"].as_array().unwrap().iter().any(|weight| weight["encoding"] == "t2"));
    let text = succeed(&["verify", file]);
    assert!(text.contains("golden calls") && text.ends_with("verified\n"), "{text}");
    let logits = format!("--expect={CASES}:logits");
    let image = format!("--input=image={CASES}:image");
    for trust in [&[][..], &["--trust-code"]] {
        let text = succeed(&[&["run", file, &image, &logits, "--threads=2"][..], trust].concat());
        assert!(text.contains("3600 of 3600 equal (100.0 %)"), "{text}");
    }
    let message = fail(&["verify", file, &format!("--key={}", "00".repeat(32))]);
    assert!(message.starts_with("error[E4016]: "), "{message}");
}

#[test]
fn an_artifact_without_weights_takes_them_when_it_runs() {
    let small = Small::new();
    assert!(small.run(&["compile", "small.tri", "-o", "code.tria"]).status.success());
    let output = small.run(&["run", "code.tria", "--input=x=x.npy"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let bound = small.run(&["run", "code.tria", "--input=x=x.npy", "--weights=weights.safetensors"]);
    let fresh = small.run(&["run", "small.tri", "--input=x=x.npy", "--weights=weights.safetensors"]);
    assert_eq!(bound.status.code(), Some(0), "{}", stderr(&bound));
    assert_eq!(stdout(&bound), stdout(&fresh));
}

#[test]
fn the_same_program_gives_the_same_bytes_in_any_folder() {
    let (one, other) = (Small::new(), Small::new());
    assert_eq!(one.compile(), other.compile());
    let again = one.compile();
    assert_eq!(again, other.compile());
}

#[test]
fn damaged_artifacts_are_refused_and_never_crash() {
    let small = Small::new();
    let bytes = small.compile();
    let damaged = small.folder.path().join("damaged.tria");
    let mut cases: Vec<Vec<u8>> = Vec::new();
    for at in (0..384).step_by(13).chain((384..bytes.len()).step_by(97)) {
        let mut case = bytes.clone();
        case[at] ^= 1 << (at % 8);
        cases.push(case);
    }
    cases.extend((0..bytes.len()).step_by(bytes.len() / 40).map(|length| bytes[..length].to_vec()));
    for case in cases {
        std::fs::write(&damaged, &case).unwrap();
        let output = small.run(&["verify", "damaged.tria"]);
        assert_eq!(output.status.code(), Some(1), "{}{}", stdout(&output), stderr(&output));
        assert!(stderr(&output).starts_with("error[E40"), "{}", stderr(&output));
        let output = small.run(&["run", "damaged.tria", "--input=x=x.npy"]);
        assert!(matches!(output.status.code(), Some(0 | 1)), "{:?}: {}", output.status, stderr(&output));
    }
}

#[test]
fn pages_of_codes_are_printed() {
    assert!(succeed(&["explain", "e0003"]).starts_with("# E0003: "));
    assert!(succeed(&["explain", "W0001"]).starts_with("# W0001: "));
    assert!(fail(&["explain", "E9999"]).contains("no page for `E9999`; `triton explain` lists all codes"));
    let message = fail(&["explain", "e203"]);
    assert!(message.contains("no page for `e203`; did you mean `E2003` (two sizes"), "{message}");
    let page = json(&["explain", "e0001"]);
    assert_eq!(
        (page["code"].as_str(), page["title"].as_str()),
        (Some("E0001"), Some("a character that is not part of Tri"))
    );
    assert!(page["page"].as_str().unwrap().starts_with("# E0001: "));
}

#[test]
fn all_codes_are_listed() {
    let codes: Vec<&str> = tri_diagnostics::Code::ALL.iter().map(|code| code.as_str()).collect();
    let text = succeed(&["explain"]);
    let listed: Vec<&str> = text.lines().map(|line| line.split("  ").next().unwrap()).collect();
    assert_eq!(listed, codes);
    let listed = json(&["explain"]);
    assert_eq!(listed["codes"].as_array().unwrap().len(), codes.len());
    assert_eq!(listed["codes"][0]["title"], "a character that is not part of Tri");
}

#[test]
fn errors_are_json_for_programs() {
    let output = triton(&["inspect", "Cargo.toml", "--format=json"]);
    assert_eq!(output.status.code(), Some(1));
    let error: Value = serde_json::from_slice(&output.stderr).unwrap();
    assert_eq!((error["severity"].as_str(), error["code"].as_str()), (Some("error"), Some("E4010")));
}

#[test]
fn kernels_are_measured_against_the_machine() {
    let small = ["bench-kernels", "--shape=33x65", "--n=1,3", "--threads=2", "--milliseconds=1"];
    let report = json(&[small.as_slice(), &["--kernel=i8_t2", "--kernel=f32"]].concat());
    assert!(report["machine"][0]["read_bytes_per_second"].as_f64().unwrap() > 0.0);
    let rows = report["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 6);
    assert!(rows.iter().all(|row| row["share_of_limit"].as_f64().unwrap() > 0.0 && row["threads"] == 2));
    assert_eq!(succeed(&small).lines().filter(|line| line.starts_with("i8_t2")).count(), 3);
    let packing = &json(&small)["packings"][0];
    assert!(packing["share_of_limit"].as_f64().unwrap() > 0.0 && packing["threads"] == 2);
    for (wrong, told) in [("--kernel=i9", "i8_t2"), ("--shape=4096", "4096x4096"), ("--level=avx", "avx2")] {
        let output = triton(&["bench-kernels", wrong]);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains(told), "{}", stderr(&output));
    }
    assert!(fail(&["bench-kernels", "--shape=0x4"]).contains("is nothing"));
}

#[cfg(not(feature = "ptx"))]
#[test]
fn a_build_without_llvm_says_how_to_get_one() {
    for args in [["compile", DIGITS, "--emit=ptx"], ["compile", DIGITS, "--target=ptx:sm_90"]] {
        let output = triton(&args);
        assert_eq!(output.status.code(), Some(1));
        let told =
            "E5001]: ptx:sm_90: this triton was built without LLVM. `cargo build --release --features ptx`";
        assert!(stderr(&output).contains(told), "{}", stderr(&output));
    }
}
