//! `triton profile`: what a call spends its time on.

use serde_json::Value;

use crate::{refuse, succeed, triton};

const DIGITS: [&str; 5] = ["profile", "examples/digits.tri", "--initial", "--milliseconds", "1"];

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn every_step_has_its_time_its_cost_and_its_line() {
    let args = [&DIGITS[..], &["--size", "B=16", "--threads", "1", "--format", "json"]].concat();
    let profile = json(&succeed(&args));
    assert_eq!((&profile["entry"], &profile["machine"]["threads"]), (&"forward".into(), &1.into()));
    let steps = profile["steps"].as_array().unwrap();
    let gemms: Vec<&Value> =
        steps.iter().filter(|step| step["kernel"].as_str().unwrap().contains("gemm")).collect();
    let operations = |sizes: [f64; 2]| 2.0 * 16.0 * sizes[0] * sizes[1];
    // An activation behind two of the products, and an offset behind the last.
    let behind = 16.0 * (128.0 + 128.0 + 10.0);
    let products: f64 = [[64.0, 128.0], [128.0, 128.0], [128.0, 10.0]].map(operations).iter().sum();
    let expected = products + behind;
    let found: f64 = gemms.iter().map(|step| step["operations"].as_f64().unwrap()).sum();
    assert_eq!(found, expected, "{steps:?}");
    for step in &gemms {
        assert!(step["seconds"].as_f64().unwrap() > 0.0 && step["limit_seconds"].as_f64().unwrap() > 0.0);
        assert!(step["line"].as_str().unwrap().contains(".tri:"), "{step}");
    }
    let sum: f64 = steps.iter().map(|step| step["seconds"].as_f64().unwrap()).sum();
    assert!(sum <= 2.0 * profile["seconds"].as_f64().unwrap(), "steps do not overlap");
}

#[test]
fn a_trace_and_a_flame_graph_show_the_last_call() {
    let home = tempfile::tempdir().unwrap();
    let [trace, flame] = ["t.json", "f.svg"].map(|name| home.path().join(name).display().to_string());
    let text = succeed(&[&DIGITS[..], &["--trace", &trace, "--flame", &flame, "--most", "1"]].concat());
    assert!(
        text.starts_with("forward: ") && text.contains("GB/s read") && text.contains(" steps more\n"),
        "{text}"
    );
    let trace = json(&std::fs::read_to_string(trace).unwrap());
    let events = trace["traceEvents"].as_array().unwrap();
    assert!(events.iter().any(|event| event["args"]["line"].as_str().is_some()), "{events:?}");
    let flame = std::fs::read_to_string(flame).unwrap();
    assert!(flame.starts_with("<svg") && flame.contains("<title>forward: "), "{flame}");
}

#[test]
fn an_artifact_has_lines_where_its_program_is_given() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("d.tria").display().to_string();
    let weights = "examples/data/digits/weights.safetensors";
    succeed(&["compile", "examples/digits.tri", "--no-cache", "--weights", weights, "-o", &path]);
    let args = ["profile", &path, "--milliseconds", "1"];
    assert!(!succeed(&args).contains(".tri:"));
    assert!(succeed(&[&args[..], &["--lines", "examples/digits.tri"]].concat()).contains(".tri:"));
    let other = refuse(&[&args[..], &["--lines", "examples/mnist_cnn.tri"]].concat(), 2);
    assert!(other.contains("was not compiled from examples/mnist_cnn.tri as it is"), "{other}");
}

#[test]
fn what_cannot_be_measured_is_said() {
    let size = refuse(&[&DIGITS[..], &["--size", "N=2"]].concat(), 2);
    assert!(size.contains("`forward` has no size `N`; its sizes are B"), "{size}");
    let entry = refuse(&[&DIGITS[..], &["--entry", "backward"]].concat(), 1);
    assert!(entry.contains("backward"), "{entry}");
    let lines = refuse(&[&DIGITS[..], &["--lines", "examples/digits.tri"]].concat(), 2);
    assert!(lines.contains("`--lines` is for artifacts"), "{lines}");
    assert_eq!(triton(&["profile", "examples/digits.tri"]).status.code(), Some(1), "weights are missing");
}
