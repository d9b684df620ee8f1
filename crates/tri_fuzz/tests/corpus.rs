//! Every target on every saved input and the programs of the repository, and on variants of them.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use tri_fuzz::{TARGETS, Target, mutate};

/// Variants of each input; the checker, which is slower, gets fewer.
const VARIANTS: u64 = 150;
const CHECKED_VARIANTS: u64 = 20;

/// Where the inputs lie, from here.
const FOLDERS: [&str; 4] = ["corpus", "../../stdlib", "../../examples", "../tri_syntax/tests/programs"];

fn inputs() -> Vec<(PathBuf, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let entries = FOLDERS.iter().flat_map(|folder| std::fs::read_dir(root.join(folder)).unwrap());
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|end| end == "tri"));
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), std::fs::read(path).unwrap())).collect()
}

/// Runs a target; a failure names the input and the variant.
fn run((name, target): Target, path: &Path, input: &[u8], variant: Option<u64>) {
    let end = catch_unwind(|| target(input));
    let text = || String::from_utf8_lossy(input).into_owned();
    assert!(end.is_ok(), "{name} fails on {}, variant {variant:?}:\n{}", path.display(), text());
}

fn hold(target: Target, variants: u64) {
    let inputs = inputs();
    assert!(inputs.len() > 20, "{}", inputs.len());
    for (at, (path, input)) in inputs.iter().enumerate() {
        run(target, path, input, None);
        for variant in 0..variants {
            run(target, path, &mutate(input, (at as u64) << 32 | variant), Some(variant));
        }
    }
}

#[test]
fn lexer() {
    hold(TARGETS[0], VARIANTS);
}

#[test]
fn parser() {
    hold(TARGETS[1], VARIANTS);
}

#[test]
fn formatter() {
    hold(TARGETS[2], VARIANTS);
}

#[test]
fn checker() {
    hold(TARGETS[3], CHECKED_VARIANTS);
}

#[test]
fn every_target_is_fuzzed() {
    for (name, _) in TARGETS {
        let path = format!("{}/../../fuzz/fuzz_targets/{name}.rs", env!("CARGO_MANIFEST_DIR"));
        let source = std::fs::read_to_string(path).unwrap();
        assert!(source.contains(&format!("tri_fuzz::{name}(input)")), "{name}");
    }
}
