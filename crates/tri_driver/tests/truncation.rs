//! A program cut off anywhere is checked to the end: it has diagnostics, or it is complete and elaborates or says why not.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::path::Path;
use std::sync::Arc;

use tri_db::{MemorySystem, RootDatabase};

fn cut_everywhere(name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name);
    let text = std::fs::read_to_string(path).unwrap();
    let system = MemorySystem::new([(name, text.as_str())]);
    let mut db = RootDatabase::new(Arc::new(system), Path::new(name));
    let root = db.root();
    assert!(tri_hir::check(&db, root).is_empty(), "{name} itself has errors");
    let mut broken = 0;
    for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
        db.set_text(root, &text[..end]);
        let diagnostics = tri_hir::check(&db, root);
        let errors = diagnostics.iter().any(|diagnostic| diagnostic.is_error());
        broken += usize::from(errors);
        if !errors && let Ok(lowered) = tri_lower::lower(&db, root, &tri_lower::Options::default()) {
            tri_ir::verify(lowered.module).unwrap();
        }
    }
    assert!(broken * 4 > text.len(), "only {broken} of {} cuts have errors", text.len());
}

#[test]
fn digits() {
    cut_everywhere("digits.tri");
}

#[test]
fn mnist_cnn() {
    cut_everywhere("mnist_cnn.tri");
}

#[test]
fn tiny_llama() {
    cut_everywhere("tiny_llama.tri");
}

#[test]
fn resnet18() {
    cut_everywhere("resnet18.tri");
}
