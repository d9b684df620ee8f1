//! Each code, provoked; each message names the file, and what was found and belongs there.

use tri_artifact::SecretKey;
use tri_diagnostics::Code;

use crate::artifacts::{section, signer, stranger};
use crate::folder::{Folder, text};

/// Codes that the command line cannot meet, and why.
pub(crate) const NOT_HERE: [(Code, &str); 5] = [
    (
        Code::E4037,
        "files are held to their shapes when they are read; callers of the runtime may give any bytes",
    ),
    (Code::E5003, "a test should not use up the machine"),
    (Code::E5005, "it depends on the machine; `tri_runtime` has a test with a machine of its own"),
    (Code::E5006, "as before"),
    (Code::E5007, "as before"),
];

impl Folder {
    /// A command ends with this code alone, in text and JSON, and says all of `parts`.
    #[track_caller]
    pub(crate) fn says(&self, code: Code, args: &[&str], parts: &[&str]) {
        let output = self.run(args);
        let message = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{args:?}: {}{message}", text(&output.stdout));
        assert!(message.starts_with(&format!("error[{code}]: ")), "{args:?}: {message}");
        assert_eq!(message.matches("error[").count(), 1, "{message}");
        for part in parts {
            assert!(message.contains(part), "no `{part}` in {message}");
        }
        let json = self.run(&[args, &["--format=json"]].concat());
        let json: serde_json::Value = serde_json::from_slice(&json.stderr).unwrap();
        assert_eq!(json["code"], code.as_str());
    }

    /// `triton run small.tri` with weights and these arguments.
    #[track_caller]
    fn call(&self, code: Code, args: &[&str], parts: &[&str]) {
        self.says(code, &[&["run", "small.tri", "--weights=weights.safetensors"], args].concat(), parts);
    }

    /// `triton run small.tri` and `compile` with the weights of this file.
    #[track_caller]
    fn bind(&self, code: Code, weights: &str, parts: &[&str]) {
        let weights = format!("--weights={weights}");
        for command in ["run", "compile"] {
            self.says(code, &[command, "small.tri", &weights], parts);
        }
    }
}

#[test]
fn files_that_cannot_be_read_or_written() {
    let folder = Folder::new();
    folder.says(Code::E4001, &["check", "none.tri"], &["none.tri"]);
    folder.says(Code::E4001, &["inspect", "none.tria"], &["none.tria"]);
    folder.says(Code::E4001, &["verify", "."], &["regular file"]);
    folder.says(Code::E4001, &["run", "none.tria"], &["none.tria"]);
    folder.bind(Code::E4001, "none.safetensors", &["none.safetensors"]);
    folder.call(Code::E4001, &["--input=x=none.npy", "--input=shift=none.npy"], &["none.npy"]);
    let compile = ["compile", "small.tri", "-o", "none/small.tria"];
    folder.says(Code::E4002, &compile, &["none/small.tria", "= help: "]);
    let look_up = ["--entry=look_up", "--input=ids=ids.npy"];
    folder.call(Code::E4002, &[&look_up[..], &["--output=none/y.npy"]].concat(), &["none/y.npy"]);
    folder.call(Code::E4003, &[&look_up[..], &["--output=y.txt"]].concat(), &["y.txt", ".npy"]);
    folder.call(
        Code::E4003,
        &["--entry=look_up", "--input=ids=ids.bin"],
        &["ids.bin", ".safetensors:TENSOR"],
    );
}

#[test]
fn tensor_files_that_are_not_valid() {
    let folder = Folder::new();
    let look_up = |code: Code, place: &str, parts: &[&str]| {
        folder.call(code, &["--entry=look_up", &format!("--input=ids={place}")], parts);
    };
    look_up(Code::E4004, "text.npy", &["text.npy", ".npy file"]);
    look_up(Code::E4004, "text.safetensors", &["text.safetensors", "5 bytes are too few"]);
    look_up(Code::E4005, "doubles.safetensors", &["doubles.safetensors: tensor `ids`", "F64", "F32"]);
    look_up(Code::E4006, "inputs.safetensors:idx", &["inputs.safetensors has no tensor `idx`", "`ids`"]);
    look_up(Code::E4006, "inputs.safetensors", &["9 tensors", "inputs.safetensors:NAME"]);
}

#[test]
fn weights_that_do_not_fit() {
    let folder = Folder::new();
    folder.says(Code::E4020, &["run", "small.tri"], &["small.tri", "--weights"]);
    let parts = ["renamed.safetensors", "`table` is missing", "did you mean it by `tabel`?", "@name"];
    folder.bind(Code::E4021, "renamed.safetensors", &parts);
    folder.bind(Code::E4022, "ints.safetensors", &["`weight` is i32[3, 6]", "f32[3, 6]"]);
    folder.bind(Code::E4023, "transposed.safetensors", &["`weight` is f32[6, 3]", "f32[3, 6]"]);
    folder.bind(Code::E4024, "more.safetensors", &["`extra` is no parameter"]);
    folder.bind(Code::E4025, "twos.safetensors", &["`signs`", "beyond -1, 0 and 1"]);
}

#[test]
fn code_alone_has_no_weights() {
    let folder = Folder::new();
    assert!(folder.run(&["compile", "small.tri", "-o", "code_alone.tria"]).status.success());
    let args = ["run", "code_alone.tria", "--entry=look_up", "--input=ids=ids.npy"];
    folder.says(Code::E4020, &args, &["no weights"]);
}

#[test]
fn inputs_that_do_not_fit() {
    let folder = Folder::new();
    let (x, shift) = ("--input=x=inputs.safetensors:x", "--input=shift=inputs.safetensors:x");
    folder.call(Code::E4030, &["--entry=forwards"], &["`forwards`", "did you mean `forward`?"]);
    folder.call(Code::E4030, &["--entry=predict"], &["`forward`, `look_up`, `recall`"]);
    folder.call(Code::E4031, &[], &["`forward` needs the input `x`, `shift`"]);
    folder.call(Code::E4031, &[x], &["needs the input `shift`"]);
    folder.call(Code::E4032, &[x, "--input=shit=inputs.safetensors:x"], &["`shit`", "did you mean `shift`?"]);
    folder.call(Code::E4032, &[x, x], &["given twice"]);
    folder.call(
        Code::E4033,
        &[x, "--input=shift=inputs.safetensors:ids"],
        &["f32[B, In]", "i32[2]", "`shift`"],
    );
    folder.call(Code::E4034, &[x, "--input=shift=inputs.safetensors:flat"], &["f32[B, In]", "f32[6]"]);
    folder.call(
        Code::E4035,
        &[x, "--input=shift=inputs.safetensors:three"],
        &["axis 0 (`B`) of input `shift` of `forward` must be 2, as in `x`, but is 3"],
    );
    let nine = ["--input=x=inputs.safetensors:nine", "--input=shift=inputs.safetensors:nine"];
    folder.call(Code::E4036, &nine, &["`B` of `forward` is 9, but must be from 1 to 8"]);
    folder.call(
        Code::E4039,
        &[x, shift, "--output=a.npy", "--output=b.npy"],
        &["2 times", "`forward` gives only 1"],
    );
    folder.call(Code::E4039, &[x, shift, "--expect=inputs.safetensors:ids"], &["f32[2, 3]", "i32[2]"]);
}

#[test]
fn sizes_and_indices_that_the_program_excludes() {
    let folder = Folder::new();
    let ids = ["--entry=look_up", "--input=ids=inputs.safetensors:ids"];
    folder.call(Code::E4040, &ids, &["`look_up` stopped: row 9"]);
    let length = ["--entry=recall", "--input=length=inputs.safetensors:length"];
    folder.call(
        Code::E4041,
        &length,
        &["`recall` stopped", "`N` is 7 in `Small.recall`, but `N <= 5` must hold"],
    );
    folder.says(Code::E4038, &["run", "wide.tri", "--input=x=wide.npy"], &["`forward`"]);
}

#[test]
fn artifacts_that_are_damaged() {
    let folder = Folder::new();
    let weights = format!("section weights at byte {} is damaged", section(&folder, "weights"));
    for (code, file, part) in [
        (Code::E4010, "weights.safetensors", "this is no artifact"),
        (Code::E4011, "later.tria", "format 2, but this program reads formats up to 1"),
        (Code::E4012, "short.tria", "bytes, but there are"),
        (Code::E4012, "longer.tria", "bytes, but there are"),
        (Code::E4012, "nothing.tria", "expected 64 bytes, but there are 0"),
        (Code::E4013, "table.tria", "their hash does not match"),
        (Code::E4014, "damaged.tria", &weights),
        (Code::E4015, "parts.tria", "tensor"),
    ] {
        folder.says(code, &["verify", file], &[&format!("{file}: "), part, "= help: "]);
    }
}

#[test]
fn artifacts_that_nobody_should_trust() {
    let folder = Folder::new();
    let key = |key: SecretKey| format!("--key={}", key.public());
    let (mine, other) = (key(signer()), key(stranger()));
    folder.says(Code::E4016, &["verify", "small.tria", &mine], &["small.tria: ", "not signed"]);
    assert!(folder.run(&["verify", "signed.tria", &mine]).status.success());
    let name = signer().public().to_string();
    folder.says(Code::E4018, &["verify", "signed.tria", &other], &["signed.tria: ", &name]);
    folder.says(Code::E4017, &["verify", "forged.tria", &mine], &["forged.tria: ", "does not match"]);
}

#[test]
fn artifacts_that_do_not_hold_what_they_promise() {
    let folder = Folder::new();
    folder.says(Code::E4019, &["verify", "code.tria"], &["code.tria: section code/", "fresh compilation"]);
    let args = ["run", "code.tria", "--trust-code", "--entry=look_up", "--input=ids=ids.npy"];
    folder.says(Code::E4019, &args, &["code.tria: "]);
    folder.says(Code::E4050, &["verify", "golden.tria"], &["golden.tria: ", "`forward`", "at element 0"]);
}

#[test]
fn programs_that_this_machine_cannot_run() {
    let folder = Folder::new();
    let parts = ["`N` has no largest value", "where N <= "];
    folder.says(Code::E5001, &["compile", "open.tri"], &parts);
}

#[test]
fn a_cpu_level_that_does_not_exist() {
    let output = Folder::new().run_with(&["compile", "small.tri"], &[("TRI_CPU_LEVEL", "sse9")]);
    let message = text(&output.stderr);
    assert!(message.starts_with(&format!("error[{}]: ", Code::E5002)), "{message}");
    assert!(message.contains("`sse9`") && message.contains("`avx2`"), "{message}");
}

#[test]
fn a_configuration_that_cannot_be_followed() {
    let chosen = ("TRI_REMOTE_CACHE", "redis://cache.example");
    let folder = Folder::new();
    let output = folder.run_with(&["compile", "small.tri"], &[chosen, ("TRI_REMOTE_CACHE_TIMEOUT", "soon")]);
    let message = text(&output.stderr);
    assert!(message.starts_with(&format!("error[{}]: TRI_REMOTE_CACHE_TIMEOUT: ", Code::E5004)), "{message}");
    std::fs::write(
        folder.path("triton.toml"),
        "[remote-cache]\nurl = \"redis://cache.example\"\nmoed = \"read\"\n",
    )
    .unwrap();
    folder.says(Code::E5004, &["compile", "small.tri"], &["triton.toml:3: ", "did you mean `mode`?"]);
}

#[test]
fn every_code_of_files_is_provoked_here() {
    let tests = concat!(include_str!("errors.rs"), include_str!("routing.rs"));
    for code in Code::ALL.iter().filter(|code| code.as_str().starts_with('E') && code.as_str() >= "E4") {
        let is_exempt = NOT_HERE.iter().any(|(other, _)| other == code);
        let named = tests.matches(&format!("Code::{code}")).count();
        assert_eq!(named > usize::from(is_exempt), !is_exempt, "{code}");
    }
}
