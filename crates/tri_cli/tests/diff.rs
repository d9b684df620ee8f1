//! `triton run --dump-values` and `triton diff`: every value of a run, and where two runs part.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tri_ir::{DType, TensorData};

const PROGRAM: &str = "layer Scale[N](by: float) {
    param gain: f32[N] = init.ones

    fn forward[..B](x: f32[..B, N]) -> f32[..B, N] { x * gain * by }
}

model Two() {
    first = Scale[3](by = 2.0)
    second = Scale[3](by = 0.5)

    fn forward[B](x: f32[B, 3]) -> f32[B, 3] { second(relu(first(x))) }
}
";

fn triton(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_triton")).args(args).current_dir(folder).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn floats(shape: &[usize], values: &[f32]) -> TensorData {
    TensorData::from_f32(shape.to_vec(), values).unwrap()
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("two.tri"), PROGRAM).unwrap();
    for (name, last) in [("x", 3.0), ("y", 4.0)] {
        let x = floats(&[1, 3], &[1.0, -2.0, last]);
        tri_import::write_npy(&folder.path().join(format!("{name}.npy")), &x).unwrap();
    }
    folder
}

fn dump(folder: &Path, input: &str, to: &str) -> Output {
    let input = format!("--input=x={input}");
    triton(folder, &["run", "two.tri", "-O0", "--initial", &input, "--dump-values", to])
}

#[test]
fn every_value_is_dumped_in_order_with_its_place() {
    let folder = folder();
    let output = dump(folder.path(), "x.npy", "values.safetensors");
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("forward: f32[1, 3]\n[[1, 0, 3]]"));
    let mut values = tri_import::read_safetensors(&folder.path().join("values.safetensors")).unwrap();
    values.sort_by(|a, b| a.0.cmp(&b.0));
    let products: Vec<(&str, Vec<f32>)> = values
        .iter()
        .filter(|(name, _)| name.contains("/mul@") || name.contains("/max@"))
        .map(|(name, value)| (&name[5..], value.to_f32().unwrap()))
        .collect();
    let scale = |name: &str| format!("Two.forward/{name}/mul@two.tri:4");
    assert_eq!(
        products,
        [
            (&*scale("Scale.forward"), vec![1.0, -2.0, 3.0]),
            (&*scale("Scale.forward"), vec![2.0, -4.0, 6.0]),
            ("Two.forward/max@act.tri:7", vec![2.0, 0.0, 6.0]),
            (&*scale("Scale.forward.2"), vec![2.0, 0.0, 6.0]),
            (&*scale("Scale.forward.2"), vec![1.0, 0.0, 3.0]),
        ]
    );
}

#[test]
fn the_first_value_that_differs_is_found() {
    let folder = folder();
    for (input, to) in [("x.npy", "a.safetensors"), ("x.npy", "b.safetensors"), ("y.npy", "c.safetensors")] {
        assert!(dump(folder.path(), input, to).status.success());
    }
    let same = triton(folder.path(), &["diff", "a.safetensors", "b.safetensors"]);
    assert!(same.status.success());
    assert!(text(&same.stdout).starts_with("0 of "));
    let other = triton(folder.path(), &["diff", "a.safetensors", "c.safetensors"]);
    assert_eq!(other.status.code(), Some(1));
    let told = text(&other.stdout);
    let first = told.lines().next().unwrap();
    assert!(
        first.contains("/Scale.forward/mul@two.tri:4: 2 of 3 equal (66.7 %), largest difference 1"),
        "{told}"
    );
    let near = triton(folder.path(), &["diff", "a.safetensors", "c.safetensors", "--tolerance=2"]);
    assert!(near.status.success());
    let json = triton(folder.path(), &["diff", "a.safetensors", "c.safetensors", "--format=json"]);
    let json: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["differences"][0]["max_difference"], 1.0);
    assert_eq!(json["differences"].as_array().unwrap().len() + 1, told.lines().count());
}

#[test]
fn what_cannot_be_compared_is_told() {
    let folder = folder();
    let path = folder.path();
    let write = |name: &str, tensors: &[(&str, TensorData)]| {
        let tensors: Vec<_> =
            tensors.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        tri_import::write_safetensors(&path.join(name), &tensors).unwrap();
    };
    let nan = floats(&[2], &[f32::NAN, 1.0]);
    let int = TensorData::new(DType::I32, vec![2], vec![0; 8]).unwrap();
    write(
        "a.safetensors",
        &[("left", nan.clone()), ("nan", nan.clone()), ("one", nan.clone()), ("type", nan)],
    );
    let number = floats(&[2], &[1.0, 1.0]);
    let still = floats(&[2], &[f32::NAN, 1.0]);
    write("b.safetensors", &[("nan", number), ("one", still), ("right", int.clone()), ("type", int)]);
    let output = triton(path, &["diff", "a.safetensors", "b.safetensors", "--tolerance=100"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        text(&output.stdout),
        "left: only in the first file\n\
         nan: 1 of 2 equal (50.0 %), largest difference inf\n\
         right: only in the second file\n\
         type: f32[2] in the first file, i32[2] in the second\n\
         4 of 5 tensors differ\n"
    );
}

#[test]
fn wrong_uses_are_one_error() {
    let folder = folder();
    let path = folder.path();
    assert!(triton(path, &["compile", "two.tri", "--no-cache"]).status.success());
    let cases: [(&[&str], i32, &str); 5] = [
        (&["run", "two.tri", "--initial", "--input=x=x.npy", "--dump-values=v.safetensors"], 2, "add `-O0`"),
        (
            &["run", "two.tria", "--input=x=x.npy", "--dump-values=v.safetensors"],
            2,
            "`--dump-values` is for programs",
        ),
        (
            &["run", "two.tri", "-O0", "--initial", "--entry=backward", "--dump-values=v.safetensors"],
            1,
            "no entry point `backward`",
        ),
        (&["diff", "x.npy", "missing.npy"], 1, "missing.npy"),
        (&["diff", "x.npy", "y.npy", "--tolerance=-1"], 2, "a number that is not negative"),
    ];
    for (args, code, message) in cases {
        let output = triton(path, args);
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {told}");
        assert!(told.contains(message), "{args:?}: {told}");
    }
    assert!(!path.join("v.safetensors").exists());
}
