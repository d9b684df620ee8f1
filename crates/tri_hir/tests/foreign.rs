//! Names of other tools that only the checker can tell from names of a program: each is one error that teaches what Tri
//! has in its place.

use std::path::Path;
use std::sync::Arc;

use tri_db::{MemorySystem, RootDatabase};
use tri_diagnostics::{Applicability, Code, Diagnostic};

fn check(text: &str) -> Vec<Diagnostic> {
    let system = MemorySystem::new([("main.tri", text)]);
    let db = RootDatabase::new(Arc::new(system), Path::new("main.tri"));
    let diagnostics = tri_hir::check(&db, db.root());
    diagnostics.into_iter().filter(Diagnostic::is_error).collect()
}

/// The only error of a function whose body is `body`.
#[track_caller]
fn only(body: &str) -> (String, Diagnostic) {
    let text = format!("dim D = 8\n\nfn f[B](x: f32[B, D]) -> f32[B, D] {{\n    {body}\n}}\n");
    let mut errors = check(&text);
    let error = errors.pop().unwrap_or_else(|| panic!("no error in {body}"));
    assert_eq!((error.code, errors), (Code::E0013, Vec::new()), "{body}: {error:?}");
    (text, error)
}

#[test]
fn spellings_with_a_sure_fix() {
    for (wrong, right) in [
        ("if True { x } else { relu(x) }", "if true { x } else { relu(x) }"),
        ("if False { x } else { relu(x) }", "if false { x } else { relu(x) }"),
        ("torch.relu(x)", "relu(x)"),
        ("F.gelu(x)", "gelu(x)"),
        ("torch.nn.functional.silu(x)", "silu(x)"),
        ("x / x.shape[1]", "x / D"),
        ("x * x.shape[-1]", "x * D"),
        ("x * x.shape[0]", "x * B"),
    ] {
        let (mut text, error) = only(wrong);
        let fix = error.fix.as_ref().unwrap_or_else(|| panic!("no fix for {wrong}"));
        assert_eq!(fix.applicability, Applicability::Safe, "{wrong}");
        for edit in &fix.edits {
            text.replace_range(edit.span.range.start as usize..edit.span.range.end as usize, &edit.text);
        }
        assert!(text.contains(&format!("    {right}\n")), "{wrong}: {text}");
        assert_eq!(check(&text), [], "{wrong}");
    }
}

#[test]
fn spellings_without_one_say_what_to_write() {
    for (wrong, advice) in [
        ("nn.Linear(8, 8)(x)", "Linear[In, Out]("),
        ("torch.nn.LayerNorm(8)(x)", "use std.nn.LayerNorm"),
        ("torch.nowhere(x)", "use std.nn"),
        ("torch.softmax(x)", "write `softmax`"),
        ("relu(None)", "if cond"),
        ("x.to(torch.float32)", "write `x as f32`"),
        ("relu(torch.float32)", "convert with `x as f32`"),
        ("x.view(8, 8)", "reshape[B, D](x)"),
        ("x.size(0)", "name of the dim"),
        ("x.shape", "name of the dim"),
        ("x.transpose(0, 1)", "x.T"),
        ("x.matmul(x)", "a @ b"),
        ("not(x)", "write `!x`"),
        ("print(x)", "triton run"),
    ] {
        let errors = check(&format!("dim D = 8\nfn f[B](x: f32[B, D]) -> f32[B, D] {{\n    {wrong}\n}}\n"));
        let taught: Vec<&Diagnostic> = errors.iter().filter(|error| error.code == Code::E0013).collect();
        assert_eq!(taught.len(), errors.len(), "{wrong}: {errors:?}");
        assert!(
            taught.iter().any(|error| error.helps.iter().any(|help| help.contains(advice))),
            "{wrong}: {errors:?}"
        );
    }
}

#[test]
fn a_size_that_is_none_is_one_error() {
    let errors = check("fn f(x: f32[None, 8]) -> f32 {\n    mean(mean(x, axis = 0), axis = 0)\n}\n");
    let codes: Vec<Code> = errors.iter().map(|error| error.code).collect();
    assert_eq!(codes, [Code::E0013], "{errors:?}");
}

#[test]
fn declared_names_win() {
    for text in [
        "use std.nn\n\nfn f[B](x: f32[B, 8]) -> f32[B, 8] {\n    nn.Linear[8, 8]()(x)\n}\n",
        "fn len[B](x: f32[B]) -> f32[B] { x }\nfn f[B](x: f32[B]) -> f32[B] { len(x) }\n",
        "fn view[B](x: f32[B]) -> f32[B] { x }\nfn f[B](x: f32[B]) -> f32[B] { x.view() }\n",
        "layer L() {\n    param shape: f32[4]\n    fn forward() -> f32[4] { shape }\n}\nfn f(l: f32[2]) -> f32[2] { l }\n",
    ] {
        let errors = check(text);
        assert!(errors.iter().all(|error| error.code != Code::E0013), "{text}: {errors:?}");
    }
}
