//! A program of ten thousand layers: a syntax error in its middle leaves everything else checked.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use tri_db::{MemorySystem, RootDatabase};
use tri_diagnostics::Code;

const LAYERS: usize = 10_000;

/// Every so many layers, one adds tensors of two widths.
const WRONG_EVERY: usize = 500;

/// Layers of distinct definitions, each with a parameter, a sub-layer and a function. In the layer `broken` a bracket is missing.
fn program(broken: Option<usize>) -> String {
    let mut text = "use std.nn.RmsNorm\n\ndim Model = 64\ndim Ffn = 128\n".to_owned();
    for at in 0..LAYERS {
        let open = if broken == Some(at) { "" } else { "(" };
        let added = if at % WRONG_EVERY == 0 { "x @ weight" } else { "x" };
        write!(
            text,
            "\nlayer Block{at}() {{\n    param weight: f32[Model, Ffn] = init.normal(std = 0.{at:05}1)\n    norm = RmsNorm[Model]()\n\n    \
             fn forward[B]{open}x: f32[B, Model]) -> f32[B, Model] {{\n        relu(norm(x) @ weight) @ weight.T + {added}\n    }}\n}}\n"
        )
        .unwrap();
    }
    text
}

fn codes(text: &str) -> Vec<Code> {
    let system = MemorySystem::new([("large.tri", text)]);
    let db = RootDatabase::new(Arc::new(system), Path::new("large.tri"));
    let diagnostics = tri_hir::check(&db, db.root());
    diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).map(|diagnostic| diagnostic.code).collect()
}

#[test]
fn every_wrong_layer_is_found() {
    assert_eq!(codes(&program(None)), vec![Code::E2003; LAYERS / WRONG_EVERY]);
}

#[test]
fn a_syntax_error_in_the_middle_leaves_the_rest_checked() {
    let codes = codes(&program(Some(LAYERS / 2 + 1)));
    let shapes = codes.iter().filter(|code| **code == Code::E2003).count();
    assert_eq!(shapes, LAYERS / WRONG_EVERY, "wrong layers before and behind the syntax error");
    assert_eq!(codes.len(), shapes + 1, "one mistake is one error: {codes:?}");
}
