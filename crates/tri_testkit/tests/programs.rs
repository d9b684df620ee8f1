//! Random programs, and those that failed once.
//!
//! `TRI_TESTKIT_PROGRAMS` and `TRI_TESTKIT_SEED` say how many and from which seed on; the defaults are CI's. A program that fails is made
//! small and saved in `tests/regressions/`, where it stays, and is run from then on.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::path::{Path, PathBuf};

use tri_testkit::{Case, Examiner, Failure, Plan, search};

/// Programs of a run in CI.
const PROGRAMS: u64 = 2000;

/// Failures after which a run stops: one defect often shows in many programs.
const ENOUGH: usize = 5;

fn regressions() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/regressions")
}

fn variable(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().unwrap())
}

#[test]
fn random_programs_have_the_same_bits_in_every_way() {
    let (count, seed) = (variable("TRI_TESTKIT_PROGRAMS", PROGRAMS), variable("TRI_TESTKIT_SEED", 0));
    let examiner = Examiner::new(env!("CARGO_BIN_EXE_tri_testkit"));
    let save = |failure: &Failure| {
        std::fs::write(regressions().join(failure.file_name()), failure.to_file()).unwrap()
    };
    let failures = search(&examiner, seed..seed + count, ENOUGH, &save).unwrap();
    let texts: Vec<String> = failures.iter().map(Failure::to_file).collect();
    assert!(texts.is_empty(), "{} programs fail:\n\n{}", texts.len(), texts.join("\n"));
}

#[test]
fn programs_that_failed_once_hold() {
    let examiner = Examiner::new(env!("CARGO_BIN_EXE_tri_testkit"));
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(regressions()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "tri")) {
        let case = Case::from_file(&std::fs::read_to_string(file).unwrap()).unwrap();
        if let Err(finding) = examiner.examine(&case, &Plan::everything()) {
            panic!("{}: {finding}", file.display());
        }
    }
}
