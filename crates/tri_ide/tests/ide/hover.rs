//! What the cursor is on, in words.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use tri_db::{EditorSystem, MemorySystem};
use tri_ide::{AnalysisHost, FilePosition};

use crate::fixture::Fixture;

fn hover(text: &str) -> String {
    let fixture = Fixture::new(text);
    fixture.analysis.hover(fixture.position).unwrap().map_or_else(String::new, |hover| hover.text)
}

#[track_caller]
fn says(text: &str, parts: &[&str]) {
    let found = hover(text);
    for part in parts {
        assert!(found.contains(part), "no {part:?} in {found:?}");
    }
}

#[test]
fn a_local_has_its_type_with_bound_dims() {
    let text =
        "dim Model = 8\nfn f[B](x: f32[B, Model]) -> f32[B, Model] {\n    let y = relu(x)\n    $0y\n}\n";
    says(text, &["let y: f32[B, Model]", "`Model = 8`"]);
}

#[test]
fn an_expression_without_a_name_has_its_type() {
    says("fn f[B](x: f32[B, 4]) -> f32[4, B] { x.$0T }\n", &["f32[4, B]"]);
    says("fn f[B](x: f32[B, 4]) -> bool[B, 4] { x $0< 1.0 }\n", &["bool[B, 4]"]);
}

#[test]
fn a_parameter_has_its_bytes() {
    let text =
        "dim D = 64\nlayer L() {\n    /// What is learned.\n    param $0w: f32[D, D] = init.zeros\n}\n";
    says(text, &["param w: f32[D, D]", "4,096 values: 16.0 KiB in f32, 1.0 KiB packed", "What is learned."]);
    says(
        "layer L[In, Out]() {\n    param $0w: f32[Out, In] = init.zeros\n}\n",
        &["`4 * In * Out` bytes in f32"],
    );
}

#[test]
fn a_layer_has_its_parameter_count() {
    let text = "use std.nn.Linear\nlayer $0Mlp[D, H]() where D % H == 0 {\n    up = Linear[D, H](bias = false)\n    downs = [Linear[H, D](bias = false); 3]\n}\n";
    says(text, &["layer Mlp[D, H]()", "`4 * D * H` parameters", "where `D % H == 0`"]);
}

#[test]
fn functions_and_dims_have_their_heads_and_docs() {
    says("fn f(x: f32) -> f32 { $0relu(x) }\n", &["fn relu", "---"]);
    says("dim A = 4\ndim B = 2 * A\nfn f(x: f32[$0B]) -> f32[B] { x }\n", &["dim B = 2 * A = 8"]);
    says("use std.nn.Linear\nlayer L() {\n    up = Linear[4, 4](bi$0as = true)\n}\n", &["bias: bool = true"]);
}

#[test]
fn a_member_of_an_instance_is_seen_from_there() {
    let text = "use std.nn.Linear\ndim A = 4\nlayer L() {\n    up = Linear[A, 8]()\n    fn f() -> f32[8, A] { up.wei$0ght }\n}\n";
    says(text, &["param weight: f32[Out, In]", "here `f32[8, A]`", "`A = 4`"]);
}

#[test]
fn a_file_that_is_being_typed_still_tells() {
    says("fn f(x: f32[4]) -> f32[4] {\n    let y = $0relu(x)\n    let z = y +\n", &["fn relu"]);
    says("fn f(x: f32[4]) -> f32[4] {\n    let $0y = relu(x)\n    y.\n}\n", &["let y: f32[4]"]);
    assert_eq!(hover("// not$0hing\n"), "");
}

const MODEL: &str = "use std.nn.{Linear, TernaryLinear}

layer Mlp[D, H]() {
    up = Linear[D, H](bias = false)
    down = TernaryLinear[H, D]()
    fn forward[B](x: f32[B, D]) -> f32[B, D] {
        down(up(x))
    }
}

model M() {
    first = Mlp[4, 8]()
    rest = [Mlp[4, 16](); 2]
    param w: f32[4, 4] = init.zeros
    fn forward[B](x: f32[B, 4]) -> f32[B, 4] {
        var y = first(x)
        for mlp in rest {
            y = mlp(y)
        }
        exp(y) @ w
    }
}
";

#[test]
fn a_layer_has_the_operations_of_its_calls() {
    // A multiply-add is two: x by the weight.
    let member = MODEL.replace("    up = Linear", "    $0up = Linear");
    says(
        &member,
        &["`Linear[4, 8].forward`: 64 × B operations", "`Linear[4, 16].forward`: 128 × B operations"],
    );
    let layer = MODEL.replace("layer Mlp", "layer $0Mlp");
    says(&layer, &["`Mlp[4, 8].forward`: ", "`Mlp[4, 16].forward`: ", "× B operations"]);
    let array = MODEL.replace("    rest = ", "    re$0st = ");
    says(&array, &["`Mlp[4, 16].forward`: "]);
    let model = MODEL.replace("model M()", "model $0M()");
    says(&model, &["`forward`: ", "× B operations"]);
}

#[test]
fn an_operation_has_the_kernel_that_serves_it() {
    says(
        &MODEL.replace("exp(y) @ w", "exp(y) $0@ w"),
        &["`contract`: f32_gemm for ", "both operands are f32"],
    );
    says(&MODEL.replace("exp(y) @ w", "e$0xp(y) @ w"), &["fn exp", "`exp`: i8_trit_scaled_gemm+exp for "]);
    // What a function of the library is made of belongs to its call.
    says(
        &MODEL.replace("exp(y) @ w", "si$0lu(y) @ w"),
        &["fn silu", "`sigmoid`: in the epilogue of i8_trit_scaled_gemm", "`mul`: i8_trit_scaled_gemm+"],
    );
    // The operands of an operation have kernels of their own, which do not belong to it.
    assert!(!hover(&MODEL.replace("exp(y) @ w", "silu(y) $0@ w")).contains("sigmoid"));
    // Without a model nothing is computed.
    assert!(!hover("fn f(x: f32[4]) -> f32[4] { x $0+ x }\n").contains("loop nest"));
}

#[test]
fn a_call_of_an_instance_has_the_kernels_of_what_it_calls() {
    let float = "`contract`: f32_gemm for ";
    let up = hover(&MODEL.replace("down(up(x))", "down($0up(x))"));
    assert!(up.contains("`Linear[4, 8].forward`: 64 × B operations"), "{up}");
    assert!(up.contains(float) && !up.contains("trit"), "{up}");
    let down = hover(&MODEL.replace("down(up(x))", "do$0wn(up(x))"));
    assert!(down.contains("trit") && !down.contains(float), "{down}");
    // A value that stands for instances, with what they call in turn.
    let each = hover(&MODEL.replace("y = mlp(y)", "y = m$0lp(y)"));
    assert!(each.contains("`Mlp[4, 16].forward`: ") && !each.contains("Mlp[4, 8].forward"), "{each}");
    assert!(each.contains(float) && each.contains("trit"), "{each}");
    // Where it is declared or handed on, nothing is called.
    assert!(!hover(&MODEL.replace("    up = ", "    $0up = ")).contains(float));
}

#[test]
fn kernels_are_those_of_the_text_as_it_is() {
    let at = |text: &str| text.replace("exp(y) @ w", "exp(y) $0@ w");
    let texts = [
        at(MODEL),
        at(&MODEL.replace("y = ", "y  = ")),
        at(&MODEL.replace("    exp", "// more\n    exp")),
        MODEL.replace("exp(y) @ w", "exp(y) $0* y"),
        MODEL.replace("exp(y) @ w", "silu(y) $0@ w"),
        at(&MODEL.replace("Linear[D, H]", "Linear[D, X]")),
        at(MODEL),
    ];
    let path = Path::new("main.tri");
    let system = EditorSystem::new(Arc::new(MemorySystem::new([("main.tri", "")])));
    let mut host = AnalysisHost::new(Arc::new(system.clone()), Path::new(""));
    host.add(path);
    let mut all = BTreeSet::new();
    for text in texts {
        system.open(path, &text.replace("$0", ""));
        host.file_changed(path);
        let analysis = host.analysis();
        let position =
            FilePosition { file: analysis.file_at(path).unwrap(), offset: text.find("$0").unwrap() as u32 };
        let found = analysis.hover(position).unwrap().map(|hover| hover.text);
        assert_eq!(found.clone().unwrap_or_default(), hover(&text), "{text}");
        all.insert(found);
    }
    assert_eq!(all.len(), 3, "what is said depends on the text: {all:?}");
}
