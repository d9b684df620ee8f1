//! Statistics of routed layers: printed, saved, compared, rendered; and what is refused.

use serde_json::Value;
use tri_diagnostics::Code;

use crate::folder::{Folder, text};

const CALL: [&str; 4] = ["run", "routed.tri", "--initial", "--input=x=inputs.safetensors:x"];
const THREE: [&str; 4] = ["run", "routed.tri", "--initial", "--input=x=inputs.safetensors:three"];

impl Folder {
    /// The JSON of a call that succeeds.
    #[track_caller]
    fn json(&self, args: &[&str]) -> Value {
        let output = self.run(&[args, &["--format=json"]].concat());
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", text(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

#[test]
fn statistics_change_no_bit_of_the_results() {
    let folder = Folder::new();
    let plain = folder.json(&CALL);
    let with = folder.json(&[&CALL[..], &["--routing-stats"]].concat());
    assert_eq!(with["results"], plain["results"]);
    assert!(plain.get("routing").is_none());
    let layer = &with["routing"][0];
    assert_eq!(layer["name"], "ffn");
    let count = |value: &Value| value.as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).sum::<u64>();
    assert_eq!(count(&layer["histogram"]), 2);
    for (field, value) in [("rows", 2), ("tiles", 2), ("top", 1)] {
        assert_eq!(layer[field], value, "{field}");
    }
    for field in ["entropy", "entropy_ratio", "gini", "empty"] {
        assert!(layer[field].is_number(), "{field}");
    }
    assert_eq!(layer["distances"]["width"], 6);
    assert_eq!((&layer["stability"], &layer["clusters"]), (&Value::Null, &Value::Null));
    assert_eq!(with["routing"].as_array().unwrap().len(), 1);
    let output = folder.run(&[&CALL[..], &["--routing-stats"]].concat());
    assert!(text(&output.stdout).contains("ffn: rows of each tile"), "{}", text(&output.stdout));
}

#[test]
fn a_run_is_saved_compared_and_rendered() {
    let folder = Folder::new();
    let first = [&CALL[..], &["--routing-stats=one.json"]].concat();
    assert!(folder.run(&first).status.success());
    let second = [&CALL[..], &["--routing-stats=two.json", "--routing-earlier=one.json"]].concat();
    assert_eq!(folder.json(&second)["routing"][0]["stability"], 1.0);
    assert_eq!(folder.read("one.json"), folder.read("two.json"));
    let shown = folder.run(&second);
    assert!(text(&shown.stdout).contains("100.0 %"), "{}", text(&shown.stdout));
    let report = folder.json(&["report", "one.json", "two.json", "-o", "page.html"]);
    assert_eq!(report["file"], "page.html");
    assert_eq!(report["runs"][1]["name"], "two");
    assert_eq!(report["runs"][0]["layers"][0]["rows"], 2);
    let page = folder.read("page.html");
    assert!(text(&page).starts_with("<!DOCTYPE html>") && text(&page).contains("Tiles over the runs"));
    let output = folder.run(&["report", "one.json", "-o", "page.html"]);
    assert_eq!(text(&output.stdout), "page.html\n");
}

#[test]
fn an_artifact_can_be_asked_too() {
    let folder = Folder::new();
    let module = [&CALL[..], &["--routing-stats=program.json"]].concat();
    assert!(folder.run(&module).status.success());
    let names = ["up.weight", "down.weight"];
    let weights: Vec<_> =
        (0..2).flat_map(|tile| names.map(|name| format!("ffn.tiles.{tile}.{name}"))).collect();
    let tensor = |name: &String| {
        let shape = if name.ends_with("up.weight") { vec![4, 6] } else { vec![6, 4] };
        let values: Vec<f32> = (0..24).map(|at| (at * name.len() % 7) as f32 - 3.0).collect();
        (name.clone(), tri_ir::TensorData::from_f32(shape, &values).unwrap())
    };
    let tensors: Vec<_> = weights.iter().map(tensor).collect();
    tri_import::write_safetensors(&folder.path("tiles.safetensors"), &tensors).unwrap();
    let output = folder.run(&["compile", "routed.tri", "--weights=tiles.safetensors"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let call = ["run", "routed.tria", "--input=x=inputs.safetensors:x"];
    let layer = &folder.json(&[&call[..], &["--routing-stats"]].concat())["routing"][0];
    assert_eq!((&layer["name"], &layer["rows"]), (&Value::from("ffn"), &Value::from(2)));
    let both = folder.run(&[&call[..], &["--routing-stats", "--trust-code"]].concat());
    assert_eq!(both.status.code(), Some(2), "{}", text(&both.stderr));
}

#[test]
fn runs_that_do_not_go_together_are_refused() {
    let folder = Folder::new();
    let three = [&THREE[..], &["--routing-stats=three.json"]].concat();
    assert!(folder.run(&three).status.success());
    folder.says(
        Code::E4042,
        &[&CALL[..], &["--routing-stats", "--routing-earlier=three.json"]].concat(),
        &["three.json", "2 rows", "3 rows", "the same rows"],
    );
    let renamed = text(&folder.read("three.json")).replace("\"ffn\"", "\"mlp\"");
    folder.write("renamed.json", renamed.as_bytes());
    folder.says(
        Code::E4042,
        &[&THREE[..], &["--routing-stats", "--routing-earlier=renamed.json"]].concat(),
        &["no routed layer `ffn`", "it has mlp"],
    );
    folder.says(
        Code::E4042,
        &[&CALL[..], &["--entry=double", "--routing-stats"]].concat(),
        &["`double` of `Routed` has no routed layer"],
    );
    let alone = folder.run(&[&CALL[..], &["--routing-earlier=three.json"]].concat());
    assert_eq!(alone.status.code(), Some(2));
    for usage in [&["report"][..], &["report", "three.json"]] {
        assert_eq!(folder.run(usage).status.code(), Some(2));
    }
}

#[test]
fn files_that_hold_no_run_are_refused() {
    let folder = Folder::new();
    let saved = [&CALL[..], &["--routing-stats=good.json"]].concat();
    assert!(folder.run(&saved).status.success());
    let good = text(&folder.read("good.json")).to_owned();
    folder.write("cut.json", &good.as_bytes()[..good.len() / 2]);
    folder.write("empty.json", b"");
    folder.write("bytes.json", &[0xff, 0xfe, 0]);
    folder.write("deep.json", "[".repeat(1 << 20).as_bytes());
    folder.write("later.json", good.replace("triton-routing-1", "triton-routing-2").as_bytes());
    folder.write("tiles.json", good.replace("\"tiles\":2", "\"tiles\":1").as_bytes());
    folder.write("huge.json", good.replace("\"tiles\":2", "\"tiles\":18446744073709551615").as_bytes());
    let damage = [
        ("cut", "EOF"),
        ("empty", "EOF"),
        ("bytes", "not text"),
        ("deep", "invalid type: sequence"),
        ("later", "triton-routing-2"),
        ("tiles", "`ffn` is damaged"),
        ("huge", "more than 16384"),
    ];
    for (name, part) in damage {
        let file = format!("{name}.json");
        folder.says(Code::E4007, &["report", "good.json", &file, "-o", "page.html"], &[&file, part]);
        let earlier = format!("--routing-earlier={file}");
        folder.says(Code::E4007, &[&CALL[..], &["--routing-stats", &earlier]].concat(), &[&file, part]);
    }
    assert!(!folder.path("page.html").exists());
    folder.says(Code::E4001, &["report", "none.json", "-o", "page.html"], &["none.json"]);
    folder.says(Code::E4001, &["report", ".", "-o", "page.html"], &["folder"]);
    folder.says(Code::E4002, &["report", "good.json", "-o", "none/page.html"], &["none/page.html"]);
    folder.says(Code::E4002, &[&CALL[..], &["--routing-stats=none/run.json"]].concat(), &["none/run.json"]);
}
