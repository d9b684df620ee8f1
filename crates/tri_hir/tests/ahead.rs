//! What is worked out of the library ahead is what is asked for later, and nothing else.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::path::Path;
use std::sync::{Arc, Mutex};

use tri_db::{MemorySystem, RootDatabase};

const MAIN: &str = "use std.nn.Linear\n\nmodel M() {\n    up = Linear[4, 8]()\n    fn forward[B](x: f32[B, 4]) -> f32[B, 8] { relu(up(x)) }\n}\n";

/// The queries that checking runs after the library was checked ahead for `steps` steps.
fn after(steps: usize) -> Vec<String> {
    let system = MemorySystem::new([("main.tri", MAIN)]);
    let ran = Arc::new(Mutex::new(Vec::new()));
    let note = ran.clone();
    let on_execute = move |query: &str| note.lock().unwrap().push(query.to_owned());
    let db = RootDatabase::with_events(Arc::new(system), Path::new("main.tri"), Some(Box::new(on_execute)));
    let root = db.root();
    let left = std::cell::Cell::new(steps);
    tri_hir::check_library(&db, root, || left.replace(left.get().saturating_sub(1)) > 0);
    ran.lock().unwrap().clear();
    assert!(tri_hir::check(&db, root).is_empty());
    tri_hir::body(&db, linear_forward(&db, root));
    let ran = ran.lock().unwrap();
    ran.iter().map(|query| query.split('(').next().unwrap().to_owned()).collect()
}

/// The body of `Linear.forward`, which elaboration asks for.
fn linear_forward(db: &RootDatabase, root: tri_db::SourceFile) -> tri_hir::hir::BodyOwner {
    let linear = tri_hir::item_named(db, root, &["Linear"]).unwrap();
    let members = &tri_hir::layer(db, linear).members;
    let at = members.iter().position(|member| &*member.name == "forward").unwrap();
    tri_hir::hir::BodyOwner::Function(tri_hir::hir::Owner::Method(linear, at as u32))
}

#[test]
fn the_library_is_ready_when_it_is_asked_for() {
    let count = |ran: &[String], name: &str| ran.iter().filter(|query| *query == name).count();
    let ran = after(usize::MAX);
    assert_eq!(count(&ran, "parse"), 0);
    assert_eq!(count(&ran, "function_body_query"), 1, "`M.forward` is checked, and nothing of the library");
    let alone = after(0);
    assert!(count(&alone, "parse") > 1 && count(&alone, "function_body_query") == 2, "{alone:?}");
}
