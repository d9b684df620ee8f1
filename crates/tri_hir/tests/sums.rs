//! Integer sums: an axis so long that a sum could leave i32 is refused (`docs/numerics.md`, "exact in i32").

use std::path::Path;
use std::sync::Arc;

use tri_db::{MemorySystem, RootDatabase};
use tri_diagnostics::Code;

/// What is wrong with a product of `i8` and `dtype` over an axis of this length.
fn errors(dtype: &str, length: i64) -> Vec<(Code, String)> {
    let text =
        format!("fn f[B](x: i8[B, {length}], w: {dtype}[{length}, 4]) -> i32[B, 4] {{\n    x @ w\n}}\n");
    let system = MemorySystem::new([("main.tri", text.as_str())]);
    let db = RootDatabase::new(Arc::new(system), Path::new("main.tri"));
    let diagnostics = tri_hir::check(&db, db.root());
    diagnostics.into_iter().map(|diagnostic| (diagnostic.code, diagnostic.message)).collect()
}

#[test]
fn the_longest_safe_axis_depends_on_the_other_side() {
    for (dtype, most) in [("trit", 16_777_215), ("i8", 131_071)] {
        assert_eq!(errors(dtype, most), []);
        let (code, message) = errors(dtype, most + 1).pop().unwrap();
        assert_eq!(code, Code::E3003);
        assert!(message.contains(&format!("products of i8 and {dtype}")), "{message}");
    }
}
