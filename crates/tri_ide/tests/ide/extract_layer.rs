//! Statements that become a layer.

use std::path::Path;

use tri_ide::{Assist, FileId, FileRange, TextRange};

use crate::fixture::Fixture;

/// The extraction of what is between `$0` and `$1`.
fn extract(text: &str) -> (Fixture, Option<Assist>) {
    let (before, after) = text.split_once("$1").unwrap();
    let length = before.len() - before.find("$0").unwrap() - 2;
    let fixture = Fixture::new(&format!("{before}{after}"));
    let start = fixture.position.offset;
    let assist = extraction(&fixture, fixture.position.file, TextRange::new(start, start + length as u32));
    (fixture, assist)
}

fn extraction(fixture: &Fixture, file: FileId, range: TextRange) -> Option<Assist> {
    let found = fixture.analysis.assists(FileRange { file, range }).unwrap();
    found.into_iter().find(|assist| assist.title.starts_with("extract layer"))
}

/// The program with the layer, which must be without errors.
fn extracted(text: &str) -> String {
    let (fixture, assist) = extract(text);
    let assist = assist.expect("it is offered");
    assert_eq!(assist.refused, None);
    let after = fixture.apply(&assist.edits);
    assert_eq!(errors(&after), Vec::<String>::new(), "{after}");
    after
}

/// Why there can be no layer.
fn refused(text: &str) -> String {
    extract(text).1.and_then(|assist| assist.refused).expect("it is refused")
}

fn errors(text: &str) -> Vec<String> {
    let fixture = Fixture::new(text);
    let file = fixture.analysis.file_at(Path::new("main.tri")).unwrap();
    let mut found = fixture.analysis.diagnostics(file).unwrap();
    found.extend(fixture.analysis.elaboration_errors(file).unwrap().iter().cloned());
    found.into_iter().filter(|found| found.is_error()).map(|found| found.message).collect()
}

const FFN: &str = "use std.nn.Linear

/// Feed forward.
layer Ffn[D, H](wide: bool = false) where H % 2 == 0 {
    /// Learned.
    param gate: f32[D, H] = init.zeros
    down = Linear[H, D](bias = wide)
    norm = Linear[D, D]()

    fn forward[..B](x: f32[..B, D]) -> f32[..B, D] {
        let normed = norm(x)
        $0let opened = sigmoid(normed @ gate)
        let lowered = down(opened)$1
        lowered + x
    }
}
";

#[test]
fn statements_go_with_their_members_dims_configuration_and_conditions() {
    let expected = "use std.nn.Linear

layer Part[D, H](wide: bool) where H % 2 == 0 {
    /// Learned.
    param gate: f32[D, H] = init.zeros
    down = Linear[H, D](bias = wide)

    fn forward[..B](normed: f32[..B, D]) -> f32[..B, D] {
        let opened = sigmoid(normed @ gate)
        let lowered = down(opened)
        lowered
    }
}

/// Feed forward.
layer Ffn[D, H](wide: bool = false) where H % 2 == 0 {
    part = Part[D, H](wide = wide)
    norm = Linear[D, D]()

    fn forward[..B](x: f32[..B, D]) -> f32[..B, D] {
        let normed = norm(x)
        let lowered = part(normed)
        lowered + x
    }
}
";
    assert_eq!(extracted(FFN), expected);
    let (_, assist) = extract(FFN);
    assert_eq!(assist.unwrap().title, "extract layer `Part`, with `part.gate`, `part.down`");
}

#[test]
fn several_results_and_the_value_of_the_function_are_given_back() {
    let text = "dim D = 4
layer L() {
    fn forward[B](x: f32[B, D]) -> f32[B, D] {
        $0let a = x * 2
        let b = a + 1$1
        (a + b)
    }
}
";
    let after = extracted(text);
    assert!(after.contains("fn forward[B](x: f32[B, D]) -> (f32[B, D], f32[B, D]) {"), "{after}");
    assert!(after.contains("    part = Part()\n\n    fn forward"), "{after}");
    assert!(after.contains("let (a, b) = part(x)\n"), "{after}");
    let value = text.replace("$1", "").replace("(a + b)", "(a + b)$1");
    let after = extracted(&value);
    assert!(after.contains("{\n        part(x)\n    }"), "{after}");
    assert!(after.contains("a + b"), "{after}");
}

#[test]
fn names_that_the_file_has_are_not_taken() {
    let text = "fn part(x: f32) -> f32 { x }
layer L() {
    fn forward(x: f32) -> f32 {
        $0let Part2 = part(x)$1
        Part2
    }
}
";
    let after = extracted(text);
    assert!(after.contains("layer Part() {"), "{after}");
    assert!(after.contains("let Part2 = part2(x)"), "{after}");
}

#[test]
fn a_state_goes_where_it_is_written() {
    let text = "model M() {
    state count: i32 = zeros

    fn run(x: f32[4]) -> f32[4] {
        $0count = count + 1$1
        x
    }
}
";
    let after = extracted(text);
    assert!(after.contains("layer Part() {\n    state count: i32 = zeros\n"), "{after}");
    assert!(after.contains("        part()\n        x\n"), "{after}");
}

#[test]
fn what_would_not_mean_the_same_is_refused_with_the_reason() {
    let program = |body: &str| {
        format!(
            "use std.nn.Linear
layer L[D]() {{
    up = Linear[D, D]()
    state s: f32[D] = zeros
    param late: f32[D] = init.zeros if training

    fn other(x: f32[D]) -> f32[D] {{ up(x) + s }}

    fn forward[B](x: f32[B, D], n: i32) -> f32[B, D] {{
{body}
    }}
}}
"
        )
    };
    let reason = |body: &str| refused(&program(body));
    assert_eq!(reason("$0let y = up(x)$1\n y"), "`up` is used outside the selection too");
    assert_eq!(
        reason("$0let y = other(sum(x, axis = 0))$1\n x + y"),
        "it calls `other`, a function of the layer"
    );
    assert_eq!(reason("var y = x\n $0y = y + 1$1\n y"), "it assigns `y`, which is declared outside");
    assert_eq!(reason("$0var y = x$1\n y = y + 1\n y"), "`y` is assigned after the selection");
    assert_eq!(
        reason("let dim P = n where P <= 4, 0 <= P\n $0let z = iota[P]()$1\n x + sum(z as f32, axis = -1)"),
        "it needs the run-time dim `P`"
    );
    assert_eq!(
        reason("$0let z = iota[B]()$1\n x + sum(z as f32, axis = -1)"),
        "`B` does not follow from what the layer would be given"
    );
    let plain = "fn f(x: f32) -> f32 {\n    $0let y = x$1\n    y\n}\n";
    assert_eq!(refused(plain), "only a function of a layer or model can call an instance of its own");
    assert!(extract(&program("let y = $0x + 1$1\n y")).1.is_none(), "a part of a statement is no selection");
}

/// Every run of statements of every function of the examples: what is offered is right.
#[test]
fn every_extraction_of_the_examples_is_without_errors() {
    let (mut offered, mut refused) = (0, 0);
    for name in ["tiny_llama", "digits", "mnist_cnn", "char_lm", "zoo/minilm", "zoo/llama_3_2_1b"] {
        let text = std::fs::read_to_string(format!("../../examples/{name}.tri")).unwrap();
        let fixture = Fixture::new(&text);
        let before = errors(&text);
        let starts: Vec<usize> = text.match_indices("\n        ").map(|(at, _)| at + 1).collect();
        for (at, start) in starts.iter().enumerate() {
            for length in 1..=4 {
                let Some(last) = starts.get(at + length - 1) else { continue };
                let end = text[*last..].find('\n').map_or(text.len(), |at| last + at);
                let range = TextRange::new(*start as u32, end as u32);
                let Some(assist) = extraction(&fixture, fixture.position.file, range) else { continue };
                if assist.refused.is_some() {
                    refused += 1;
                    continue;
                }
                offered += 1;
                let after = fixture.apply(&assist.edits);
                assert_eq!(errors(&after), before, "{after}");
            }
        }
    }
    assert!(offered > 20 && refused > 5, "{offered} offered, {refused} refused");
}
