//! Weights bound on disk give the artifact that weights bound in memory give.

use std::fs;
use std::path::Path;

use tri_driver::{LARGE_WEIGHTS, Program, Request, SourceOptions, Timing, compile, level_of};

#[test]
fn where_weights_are_bound_is_not_in_the_artifact() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let folder = tempfile::tempdir().unwrap();
    for name in ["digits", "mnist_cnn", "tiny_llama"] {
        let weights = examples.join(format!("data/{name}/weights.safetensors"));
        let program =
            Program::open(&examples.join(format!("{name}.tri")), &SourceOptions::default()).unwrap();
        let compiled = |large_weights: u64| {
            let request = Request {
                level: level_of(2),
                gpu: None,
                weights: Some(&weights),
                large_weights,
                folder: folder.path(),
                cache: None,
                remote: None,
            };
            let compiled = compile(&program, &request, &mut Timing::default()).unwrap();
            let path = folder.path().join("out.tria");
            compiled.output.write(&path).unwrap();
            fs::read(path).unwrap()
        };
        assert!(compiled(0) == compiled(LARGE_WEIGHTS), "{name}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left in the folder");
    }
}

#[test]
fn without_room_for_them_large_weights_are_an_error() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let weights = examples.join("data/digits/weights.safetensors");
    let program = Program::open(&examples.join("digits.tri"), &SourceOptions::default()).unwrap();
    let folder = examples.join("no such folder");
    let request = Request {
        level: level_of(0),
        gpu: None,
        weights: Some(&weights),
        large_weights: 0,
        folder: &folder,
        cache: None,
        remote: None,
    };
    let error = compile(&program, &request, &mut Timing::default()).unwrap_err();
    let tri_driver::ElaborateError::Driver(error) = error else { panic!("{error:?}") };
    assert_eq!(error.code(), Some("E4002"));
    assert!(error.to_string().contains("cannot keep weights in the folder"), "{error}");
}
