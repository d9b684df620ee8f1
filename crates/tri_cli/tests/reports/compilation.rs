//! What commands say of how a program is compiled: `compile --report`, `compile --emit ir-after=`, `explain-kernels`, `inspect`.

use serde_json::Value;

use crate::{refuse, succeed};

/// An artifact of the digits, and the folder that it is in.
fn artifact(more: &[&str]) -> (tempfile::TempDir, String) {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("digits.tria").display().to_string();
    succeed(&[&["compile", "examples/digits.tri", "--no-cache", "-o", &path], more].concat());
    (home, path)
}

#[test]
fn a_report_names_what_each_pass_changed_and_where() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("d.tria").display().to_string();
    let args = ["compile", "examples/digits.tri", "--no-cache", "--report", "-o", &path];
    let text = succeed(&args);
    assert!(text.contains("split-prologue: moves what depends on parameters alone"), "{text}");
    assert!(text.contains("examples/digits.tri:") || text.contains("nn.tri:"), "{text}");
    let report: Value = serde_json::from_str(&succeed(&[&args[..], &["--format", "json"]].concat())).unwrap();
    let passes = report["report"]["passes"].as_array().unwrap();
    let pass = |name: &str| passes.iter().find(|pass| pass["pass"] == name).unwrap();
    // Before the split a call ternarises every weight; after it, none.
    let cost = &pass("split-prologue")["costs"][0];
    assert_eq!(cost["entry"], "forward");
    assert_ne!(cost["operations"][0], cost["operations"][1]);
    let encoded = pass("encode-weights")["changes"].as_array().unwrap();
    assert!(encoded.iter().any(|change| change["added"]["encode"].as_u64() > Some(0)), "{encoded:?}");
    let schedule = &report["report"]["schedules"][0];
    assert!(schedule["steps"][1].as_u64() < schedule["steps"][0].as_u64(), "{schedule}");
}

#[test]
fn a_report_goes_with_an_artifact_alone() {
    refuse(&["compile", "examples/digits.tri", "--report", "--emit", "ir"], 2);
    refuse(&["compile", "examples/digits.tri", "--report", "--watch"], 2);
}

#[test]
fn the_ir_after_a_pass_is_printed_and_parses() {
    let before = succeed(&["compile", "examples/digits.tri", "--emit", "ir-after=fold-constants"]);
    let after = succeed(&["compile", "examples/digits.tri", "--emit", "ir-after=split-prologue"]);
    assert!(!before.contains("\nprologue ") && after.contains("\nprologue "));
    tri_ir::verify(tri_ir::parse(&before).unwrap()).unwrap();
    let last = succeed(&["compile", "examples/digits.tri", "--emit", "ir-after=prune.2"]);
    assert_eq!(last, succeed(&["compile", "examples/digits.tri", "--emit", "ir"]));
}

#[test]
fn a_pass_that_does_not_run_is_refused_with_those_that_do() {
    let told = refuse(&["compile", "examples/digits.tri", "--emit", "ir-after=prun"], 2);
    assert!(told.contains("split-prologue") && told.contains("did you mean `prune`?"), "{told}");
    let told = refuse(&["compile", "examples/digits.tri", "-O0", "--emit", "ir-after=share"], 2);
    assert!(told.contains("-O0"), "{told}");
    let told = refuse(&["compile", "examples/digits.tri", "--emit", "irs"], 2);
    assert!(told.contains("ir-after=PASS"), "{told}");
}

#[test]
fn every_operation_has_a_kernel_and_a_reason() {
    let (_home, path) = artifact(&[]);
    let told: Value =
        serde_json::from_str(&succeed(&["explain-kernels", &path, "--format", "json"])).unwrap();
    assert_eq!(told["level"], "O2");
    let functions = told["functions"].as_array().unwrap();
    let all: Vec<&Value> =
        functions.iter().flat_map(|function| function["operations"].as_array().unwrap()).collect();
    assert!(all.len() > 20);
    for choice in &all {
        assert!(
            !choice["kernel"].as_str().unwrap().is_empty() && !choice["reason"].as_str().unwrap().is_empty()
        );
    }
    let products: Vec<&&Value> = all
        .iter()
        .filter(|choice| choice["operation"].as_str().unwrap().starts_with("contract i8"))
        .collect();
    assert!(!products.is_empty());
    for product in products {
        assert_eq!(
            (&product["kernel"], &product["is_micro_kernel"]),
            (&"i8_trit_scaled_gemm".into(), &true.into())
        );
    }
    let text = succeed(&["explain-kernels", &path, "--filter", "forward"]);
    assert!(text.contains("forward") && !text.contains("classify"), "{text}");
}

#[test]
fn at_o0_every_operation_has_a_step_of_its_own() {
    let (_home, path) = artifact(&["-O0"]);
    let told: Value =
        serde_json::from_str(&succeed(&["explain-kernels", &path, "--format", "json"])).unwrap();
    for function in told["functions"].as_array().unwrap() {
        let steps: Vec<i64> =
            function["operations"].as_array().unwrap().iter().filter_map(|op| op["step"].as_i64()).collect();
        assert!(steps.windows(2).all(|pair| pair[0] < pair[1]), "{function}");
    }
}

#[test]
fn what_is_no_artifact_has_no_kernels() {
    let told = refuse(&["explain-kernels", "examples/digits.tri"], 1);
    assert!(told.contains("examples/digits.tri"), "{told}");
    let told = refuse(&["explain-kernels", "none.tria"], 1);
    assert!(told.contains("none.tria"), "{told}");
    let (_home, path) = artifact(&[]);
    let told = refuse(&["explain-kernels", &path, "--filter", "nothing"], 1);
    assert!(told.contains("`nothing`"), "{told}");
}

#[test]
fn inspect_tells_the_memory_of_activations_as_a_formula() {
    let (_home, path) = artifact(&[]);
    let text = succeed(&["inspect", &path]);
    assert!(text.contains("peak memory of activations: ") && text.contains(" × B"), "{text}");
    let told: Value = serde_json::from_str(&succeed(&["inspect", &path, "--format", "json"])).unwrap();
    let memory = told["entries"][0]["activation_memory"].as_str().unwrap();
    assert!(memory.ends_with(" × B") || memory.contains(" × B + "), "{memory}");
}
