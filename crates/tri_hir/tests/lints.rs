//! Warnings: each lint finds what it is for, with a fix where one is sure, and leaves the rest alone.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tri_db::{Db as _, MemorySystem, RootDatabase};
use tri_diagnostics::{Diagnostic, LineIndex, Severity};

/// A package of the files in `text`, which are headed by lines `//- name`; without such a line it is `main.tri`.
fn database(text: &str) -> RootDatabase {
    let text = if text.starts_with("//- ") { text.to_owned() } else { format!("//- main.tri\n{text}") };
    let parts: Vec<&str> = text.split("//- ").filter(|part| !part.is_empty()).collect();
    let files: Vec<(&str, &str)> = parts.iter().map(|part| part.split_once('\n').unwrap()).collect();
    RootDatabase::new(Arc::new(MemorySystem::new(files)), Path::new("main.tri"))
}

fn text_of<'a>(db: &'a RootDatabase, diagnostic: &Diagnostic) -> &'a str {
    let file = db.file(diagnostic.primary.span.file).unwrap();
    std::str::from_utf8(file.bytes(db).as_ref().unwrap()).unwrap()
}

/// The diagnostics of a package, as `line: code message`.
fn check(text: &str) -> Vec<String> {
    let db = database(text);
    let shown = |diagnostic: &Diagnostic| {
        let lines = LineIndex::new(text_of(&db, diagnostic));
        let line = lines.line(diagnostic.primary.span.range.start);
        format!("{line}: {} {}", diagnostic.code, diagnostic.message)
    };
    tri_hir::check(&db, db.root()).iter().map(shown).collect()
}

/// The main file after the fixes of its first diagnostic, again and again until none has a fix.
fn fixed(text: &str) -> String {
    let mut text = text.to_owned();
    for _ in 0..20 {
        let db = database(&text);
        let found = tri_hir::check(&db, db.root());
        let Some(fix) = found.iter().find_map(|diagnostic| diagnostic.fix.as_ref()) else { return text };
        let mut edits = fix.edits.clone();
        edits.sort_by_key(|edit| std::cmp::Reverse(edit.span.range));
        for edit in edits {
            text.replace_range(edit.span.range.start as usize..edit.span.range.end as usize, &edit.text);
        }
    }
    panic!("fixes without end: {text}");
}

#[track_caller]
fn clean(text: &str) {
    assert_eq!(check(text), [""; 0], "{text}");
}

#[test]
fn unused_imports() {
    let text = "use std.nn.{Linear, RmsNorm, LayerNorm as Norm}
use std.attention.rotate

layer L[D]() {
    norm = RmsNorm[D]()
    fn forward[B](x: f32[B, D]) -> f32[B, D] { norm(x) }
}
";
    assert_eq!(
        check(text),
        [
            "1: W0001 nothing in this file uses `Linear`",
            "1: W0001 nothing in this file uses `Norm`",
            "2: W0001 nothing in this file uses `rotate`",
        ]
    );
    assert!(fixed(text).starts_with("use std.nn.{RmsNorm}\n\nlayer"), "{}", fixed(text));
    clean(
        "use std.attention.rotate\nfn f[B, T, H, D](x: f32[B, T, H, D]) -> f32[B, T, H, D] where D % 2 == 0 { x.rotate() }\n",
    );
    clean(
        "//- main.tri\nuse sizes.Model\nfn f(x: f32[Model]) -> f32[Model] { x }\n//- sizes.tri\ndim Model = 4\n",
    );
}

#[test]
fn unused_locals() {
    let text = "fn f[B](x: f32[B, 4]) -> f32[B, 4] {
    let y = relu(x)
    var z = x
    z = relu(x)
    let (q, scale) = quantize_rows(x)
    for i in 0..3 { assert true || false }
    q as f32
}
";
    assert_eq!(
        check(text),
        [
            "2: W0002 nothing reads `y`",
            "3: W0002 `z` is assigned, and nothing reads it",
            "5: W0002 nothing reads `scale`",
            "6: W0002 nothing reads `i`",
            "6: W0008 this condition is always true",
        ]
    );
    let fixed = fixed(text);
    for line in ["let _y = relu(x)", "var _z = x", "_z = relu(x)", "let (q, _scale)", "for _i in 0..3"] {
        assert!(fixed.contains(line), "{line}: {fixed}");
    }
    clean(
        "fn f[B](x: f32[B, 4]) -> f32[B, 4] {\n    var y = x\n    for i in 0..3 { y = y * i }\n    let (q, _) = quantize_rows(y)\n    q as f32\n}\n",
    );
}

#[test]
fn unused_members() {
    let text = "use std.nn.Linear

layer L[D]() {
    param gain: f32[D] = init.ones
    param spare: f32[D] = init.ones
    buffer mean: f32[D] = init.zeros
    state count: f32[D] = init.zeros
    inner = Linear[D, D]()
    param _kept: f32[D] = init.ones

    fn forward[B](x: f32[B, D]) -> f32[B, D] {
        count = gain
        x * gain
    }
}
";
    assert_eq!(
        check(text),
        [
            "5: W0003 `L` never reads its parameter `spare`",
            "6: W0003 `L` never reads its buffer `mean`",
            "7: W0003 `L` writes its state `count`, and never reads it",
            "8: W0003 `L` never reads its member `inner`",
        ]
    );
    clean("layer Table[N, D]() {\n    param rows: f32[N, D] = init.ones\n}\n");
    clean(
        "layer Table[N, D]() {
    param rows: f32[N, D] = init.ones
    fn forward() -> f32 { 1.0 }
}
model M() {
    table = Table[4, 8]()
    fn forward() -> f32[4, 8] { table.rows * table() }
}
",
    );
}

#[test]
fn unused_dims() {
    let text = "dim Used = 4
dim Spare = 8

fn f[B, C](x: f32[B, Used]) -> f32[B, Used] { x }

layer L[In, Out]() {
    fn forward[..S, E: Float](x: f32[..S, In]) -> f32[..S, In] { x }
}

test \"it\" { assert all(f[1, 1](zeros[1, Used]()) == L[Used, 1]()(ones[1, Used]())) }
";
    assert_eq!(
        check(text),
        [
            "2: W0004 nothing in this file uses `dim Spare`",
            "4: W0004 nothing uses the dim `C`",
            "6: W0004 nothing uses the dim `Out`",
            "7: W0004 nothing uses the element variable `E`",
        ]
    );
    clean("dim Model = 4\ndim Ffn = 4 * Model\n");
    clean("//- main.tri\nuse other.f\ntest \"it\" { assert all(f(zeros[2]()) == 0.0) }\n//- other.tri\nuse main.Two\nfn f(x: f32[2]) -> f32[2] { x * (Two / 2) }\ntest \"f\" { assert all(f(zeros[2]()) == 0.0) }\n//- sizes.tri\n".split("//- other").next().unwrap().replace("use other.f\n", "").replace("f(zeros[2]())", "zeros[2]()").as_str());
    clean(
        "//- main.tri\nuse sizes.Two\ntest \"it\" { assert all(zeros[Two]() == 0.0) }\n//- sizes.tri\ndim Two = 2\ntest \"two\" { assert all(zeros[2]() == 0.0) }\n",
    );
}

#[test]
fn unused_configuration() {
    let text = "layer L[D](eps: float = 1e-6, scale: float = 2.0, on: bool = true, _kept: int = 1) {
    param gain: f32[D] = init.ones if on
    fn forward[B](x: f32[B, D]) -> f32[B, D] { if on { x * gain } else { x + eps } }
}
";
    assert_eq!(check(text), ["1: W0005 this layer never reads its configuration `scale`"]);
}

#[test]
fn hidden_names() {
    let text = "dim Model = 4
const RATE: float = 0.5
fn halve[D](x: f32[D]) -> f32[D] { x * RATE }

layer L[Model](gain: float = 1.0) {
    param weight: f32[Model] = init.ones
    fn forward[B](weight: f32[B, Model]) -> f32[B, Model] {
        let halve = weight * gain
        let mean = halve
        if training {
            let mean = halve + 1.0
            mean
        } else { mean }
    }
    fn plain[B](x: f32[B, Model]) -> f32[B, Model] { x * weight }
}
";
    assert_eq!(
        check(text),
        [
            "5: W0006 the dim `Model` hides the dim `Model`",
            "7: W0006 the parameter `weight` hides the parameter `weight`",
            "8: W0006 the value `halve` hides the function `halve`",
            "11: W0006 the value `mean` hides the value `mean`",
        ]
    );
}

#[test]
fn names_in_the_wrong_case() {
    let text = "dim hidden_size = 4
const rate: float = 0.5
fn halveIt[d](x: f32[d]) -> f32[d] { x * rate }

layer my_layer(Gain: float = 1.0) {
    param Weight: f32[hidden_size] = init.ones
    param W_Q: f32[hidden_size] = init.ones
    fn forward(Input: f32[hidden_size]) -> f32[hidden_size] {
        let Sum = halveIt(Input) * Weight * Gain
        let __Ok = Sum
        let Q = W_Q
        Sum + Sum + Q
    }
}
";
    assert_eq!(
        check(text),
        [
            "1: W0007 dims are written in `UpperCamel`: `HiddenSize`",
            "2: W0007 constants are written in `UPPER_SNAKE`: `RATE`",
            "3: W0007 functions are written in `snake_case`: `halve_it`",
            "3: W0007 dims are written in `UpperCamel`: `D`",
            "5: W0007 layers are written in `UpperCamel`: `MyLayer`",
            "5: W0007 configuration parameters are written in `snake_case`: `gain`",
            "6: W0007 parameters are written in `snake_case`: `weight`",
            "8: W0007 parameters are written in `snake_case`: `input`",
            "9: W0007 values are written in `snake_case`: `sum`",
        ]
    );
    let fixed = fixed(text);
    assert!(fixed.contains("let sum = halveIt(Input)") && fixed.contains("sum + sum + Q\n"), "{fixed}");
    // Not to a keyword, and not to what something else is called.
    let text = "fn f(x: f32) -> f32 {\n    let State = x\n    let Relu = State\n    relu(Relu)\n}\n";
    assert_eq!(check(text).len(), 2);
    assert_eq!(self::fixed(text), text);
}

#[test]
fn constant_conditions() {
    let text = "fn f[B](x: f32[B]) -> f32[B] {
    let y = if true { x } else { relu(x) }
    let z = if 1 < 2 && !false { y } else { x }
    if training {
        if training { z } else { x }
    } else if training || 1.5 > 2.0 {
        x
    } else {
        if 3 != 3 { x } else { z }
    }
}
";
    assert_eq!(
        check(text),
        [
            "2: W0008 this condition is always true",
            "3: W0008 this condition is always true",
            "5: W0008 this condition is always true",
            "6: W0008 this condition is always false",
            "9: W0008 this condition is always false",
        ]
    );
}

#[test]
fn errors_are_not_followed_by_warnings() {
    for text in [
        "use std.nn.RmsNorm\nlayer L[D]() {\n    norm = RmsNrm[D]()\n    param w: f32[D] = init.ones\n    fn forward(x: f32[D]) -> f32[D] { norm(x) }\n}\n",
        "dim A = 2\nfn f(x: f32[A) -> f32 { let y = 1\n 2.0 }\ntest \"t\" { assert true || f() }\n",
        "use std.nn.Linear\nmodel M(n: int) {\n    inner = Linear[2, 2](\n    fn forward(x: f32[2]) -> f32[2] { inner(x) }\n}\n",
    ] {
        let found = check(text);
        assert!(!found.is_empty() && found.iter().all(|line| line.contains(" E")), "{text}: {found:?}");
    }
    assert_eq!(
        check("dim A =\ndim B = A + 1\n"),
        ["1: E0006 expected an expression, found the end of the item"]
    );
    assert_eq!(check("dim A = 1 - 2\ndim B = A + 1\n").len(), 1);
    assert_eq!(check("dim A = B + 1\ndim B = A + 1\ndim C = A + 1\n").len(), 1);
    // An item beside an error has its own warnings.
    let found = check("fn f() -> f32 { missing }\nfn g() -> f32 {\n    let y = 1\n    2.0\n}\n");
    assert_eq!(found, ["1: E1001 there is nothing called `missing` here", "3: W0002 nothing reads `y`"]);
}

#[test]
fn the_library_has_no_warnings() {
    let names: Vec<&str> = tri_db::LIBRARY.iter().map(|(name, _)| *name).collect();
    let db = database("");
    for name in names {
        let file = db.module(&["std", name]).unwrap();
        let found = tri_hir::lint_file(&db, file);
        let shown: Vec<String> = found
            .iter()
            .map(|warning| {
                let line = LineIndex::new(text_of(&db, warning)).line(warning.primary.span.range.start);
                format!("{name}:{line}: {} {}", warning.code, warning.message)
            })
            .collect();
        assert_eq!(shown, [""; 0]);
    }
}

#[test]
fn the_examples_have_no_warnings() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "tri") {
            clean(&std::fs::read_to_string(&path).unwrap());
            seen += 1;
        }
    }
    assert!(seen >= 4);
}

#[test]
fn warnings_are_warnings() {
    let db = database("use std.nn.Linear\n");
    let found = tri_hir::check(&db, db.root());
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].severity, Severity::Warning);
}

/// Would take minutes if each lint looked at the whole file again for every name.
#[test]
fn a_file_of_many_layers_is_linted() {
    const LAYERS: usize = 4_000;
    let layer = |i: usize| {
        format!(
            "layer Part{i}[D](eps: float = 1e-6) {{\n    param gain: f32[D] = init.ones\n    fn forward[B](x: f32[B, D]) -> f32[B, D] {{\n        let spare = x\n        x * gain\n    }}\n}}\n"
        )
    };
    let db = database(&(0..LAYERS).map(layer).collect::<String>());
    assert_eq!(tri_hir::lint_file(&db, db.root()).len(), 2 * LAYERS);
}
