//! `triton graph`: a picture is written where it was asked for, or the reason is told and nothing is.

use crate::{repository, triton};

#[track_caller]
fn drawn(file: &str, more: &[&str]) -> (String, String) {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join(file);
    let args = [&["graph", "examples/digits.tri", "-o", path.to_str().unwrap()], more].concat();
    let output = triton(&args);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    (std::fs::read_to_string(path).unwrap(), String::from_utf8(output.stdout).unwrap())
}

/// Exit code and stderr of a call that writes nothing.
#[track_caller]
fn refused(program: &str, file: &str, more: &[&str]) -> (Option<i32>, String) {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join(file);
    let output = triton(&[&["graph", program, "-o", path.to_str().unwrap()], more].concat());
    assert!(!path.exists() && output.stdout.is_empty());
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn the_picture_is_svg_or_a_page_by_its_name() {
    let (svg, told) = drawn("g.svg", &[]);
    assert!(svg.starts_with("<svg xmlns=") && svg.ends_with("</svg>\n"));
    assert!(told.contains("g.svg (") && svg.contains("Digits.forward"));
    let (page, _) = drawn("g.html", &[]);
    assert!(page.starts_with("<!doctype html>") && page.contains("class=\"tri-graph\""));
}

#[test]
fn places_in_the_source_are_told() {
    let (svg, _) = drawn("g.svg", &[]);
    let source = std::fs::read_to_string(repository().join("examples/digits.tri")).unwrap();
    let line = 1 + source.lines().position(|line| line.contains("relu(stem(image))")).unwrap();
    assert!(svg.contains(&format!("examples/digits.tri:{line}")), "line {line}");
}

#[test]
fn with_weights_the_zeros_are_counted() {
    let weights = repository().join("examples/data/digits/weights.safetensors");
    let (svg, _) = drawn("g.svg", &["--weights", weights.to_str().unwrap()]);
    // numerics.md, ternarize_rows: a weight is divided by the mean magnitude of its row, and rounded.
    let bytes = std::fs::read(&weights).unwrap();
    let tensors = safetensors_f32(&bytes, "stem.weight");
    let zeros: usize = tensors
        .chunks(64)
        .map(|row| {
            let mean = row.iter().map(|w| f64::from(w.abs())).sum::<f64>() / 64.0;
            row.iter().filter(|w| (f64::from(**w) / mean).round_ties_even() == 0.0).count()
        })
        .sum();
    assert!(svg.contains(&format!("{zeros} of 8192 trits are zero")), "{zeros}");
    let (plain, _) = drawn("g.svg", &[]);
    assert!(!plain.contains("trits are zero"));
}

/// The elements of a tensor of a safetensors file.
fn safetensors_f32(bytes: &[u8], name: &str) -> Vec<f32> {
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let header: serde_json::Value = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    let offset = |at: usize| 8 + length + header[name]["data_offsets"][at].as_u64().unwrap() as usize;
    let data = &bytes[offset(0)..offset(1)];
    data.chunks_exact(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap())).collect()
}

#[test]
fn other_entry_points_are_drawn_and_unknown_ones_refused() {
    let (svg, _) = drawn("g.svg", &["--entry", "classify"]);
    assert!(svg.contains("Digits.classify") && svg.contains("argmax"));
    let (code, told) = refused("examples/digits.tri", "g.svg", &["--entry", "classyfi"]);
    assert_eq!(code, Some(1));
    assert!(told.contains("classyfi") && told.contains("classify"), "{told}");
}

#[test]
fn what_cannot_be_drawn_is_refused_with_the_reason() {
    let (code, told) = refused("examples/digits.tri", "g.png", &[]);
    assert_eq!(code, Some(2));
    assert!(told.contains("neither `.svg` nor `.html`"), "{told}");
    let (code, told) = refused("examples/digits.tri", "missing/g.svg", &[]);
    assert_eq!(code, Some(1), "{told}");
    let (code, told) = refused("examples/none.tri", "g.svg", &[]);
    assert_eq!(code, Some(1));
    assert!(told.contains("examples/none.tri"), "{told}");
    let (code, told) = refused("stdlib/nn.tri", "g.svg", &[]);
    assert_eq!(code, Some(1));
    assert!(told.contains("no model"), "{told}");
    let llama = "examples/data/tiny_llama/weights.safetensors";
    let (code, told) = refused("examples/digits.tri", "g.svg", &["--weights", llama]);
    assert_eq!(code, Some(1));
    assert!(told.contains("does not fit the model"), "{told}");
}

#[test]
fn a_program_with_errors_is_told_of_them() {
    let home = tempfile::tempdir().unwrap();
    let program = home.path().join("m.tri");
    std::fs::write(&program, "model M() {\n    fn forward[B](x: f32[B]) -> f32[B] {\n        y\n    }\n}\n")
        .unwrap();
    let (code, told) = refused(program.to_str().unwrap(), "g.svg", &[]);
    assert_eq!(code, Some(1));
    assert!(told.contains("error[E") && told.contains('y'), "{told}");
}

#[test]
fn the_result_is_json_where_asked_for() {
    let (_, told) = drawn("g.svg", &["--format", "json"]);
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert!(told["graph"].as_str().unwrap().ends_with("g.svg") && told["bytes"].as_u64().unwrap() > 1000);
}
