//! Inputs made to hurt: each is read with a diagnostic, and never a panic. They are so long that a test would not end if reading took
//! more than linear time.

use tri_diagnostics::{Code, FileId};
use tri_syntax::{MAX_FILE, Parsed, decode, parse};

fn read(text: &str) -> Parsed {
    let parsed = parse(FileId(0), text);
    let head: String = text.chars().take(20).collect();
    assert!(parsed.errors.len() <= 2000, "{} errors for {head:?}", parsed.errors.len());
    parsed
}

fn codes(text: &str) -> Vec<Code> {
    let mut codes: Vec<Code> = read(text).errors.iter().map(|error| error.code).collect();
    codes.dedup();
    codes
}

#[test]
fn nothing_at_all() {
    for text in ["", "\u{feff}", "\n", "\r\n\r\n", "// only a remark", "//! only docs\n"] {
        let parsed = read(text);
        assert_eq!((parsed.errors.len(), parsed.ast.items.len()), (0, 0), "{text:?}");
    }
}

#[test]
fn odd_bytes() {
    assert_eq!(codes("dim A = 1\0"), [Code::E0001]);
    assert_eq!(codes("dim A\u{a0}= 1"), [Code::E0001]);
    assert_eq!(codes("dim Größe = 1"), [Code::E0001]);
    assert_eq!(codes("\u{feff}dim A = 1\r\ndim B = 2\r\n"), []);
}

#[test]
fn not_utf8() {
    assert_eq!(decode(FileId(0), b"dim A = 1"), Ok("dim A = 1"));
    let error = decode(FileId(0), b"dim A\n= \xff1").unwrap_err();
    assert_eq!((error.code, error.primary.span.range.start), (Code::E0012, 8));
    assert!(error.notes[0].contains("line 2"));
}

#[test]
fn nesting() {
    for (open, close) in
        [("(", ")"), ("[", "]"), ("-", ""), ("!", ""), ("f(", ")"), ("if a { ", " }"), ("x[", "]")]
    {
        let deep = format!("const X = {}1{}\ndim A = 1", open.repeat(100_000), close.repeat(100_000));
        assert_eq!(codes(&deep), [Code::E0008], "{open}");
        assert_eq!(read(&deep).ast.items.len(), 2, "{open}");
        assert!(
            codes(&format!("const X = {}", open.repeat(100_000))).contains(&Code::E0008),
            "{open} cut off"
        );
        let shallow = format!("const X = {}1{}", open.repeat(50), close.repeat(50));
        assert_eq!(codes(&shallow), [], "{open}");
    }
}

#[test]
fn nested_blocks_and_lines() {
    for line in
        ["if a {\n", "for x in y {\n", "f(if a {\n", "{\n", "fn f() {\n", "else {\n", "a.b(\n", "x = [\n"]
    {
        read(&format!("fn f() {{\n{}", line.repeat(100_000)));
    }
    let blocks = format!("fn f() {{\n{}{}}}", "if a {\n".repeat(100_000), "}\n".repeat(100_000));
    assert_eq!(codes(&blocks), [Code::E0008]);
}

#[test]
fn long_chains() {
    for link in [" + x", ".x", " as f32", "()", "[0]", " @ x", " && x", "\n+ x"] {
        assert_eq!(codes(&format!("const X = x{}", link.repeat(100_000))), [Code::E0008], "{link}");
        assert_eq!(codes(&format!("const X = x{}", link.repeat(200))), [], "{link}");
    }
    let ladder = format!("const X = if a {{ 1 }}{}", " else if a { 1 }".repeat(100_000));
    assert_eq!(codes(&ladder), [Code::E0008]);
}

#[test]
fn the_deepest_tree_fits_a_small_stack() {
    let nest =
        |open: &str, close: &str, times| format!("const X = {}1{}", open.repeat(times), close.repeat(times));
    let texts = [
        nest("f(", ")", 85),
        nest("[", "]", 85),
        nest("-", "", 254),
        nest("if a { ", " }", 60),
        nest("f(x, if a { g[", "] })", 24),
        format!("const X = x{}", ".x".repeat(254)),
    ];
    for text in texts {
        assert_eq!(codes(&text), [], "{text}");
        let walk = move || {
            let parsed = read(&text);
            let copy = parsed.clone();
            assert!(copy == parsed && !tri_syntax::ast::dump(&copy.ast).is_empty());
            std::hash::Hash::hash(&copy, &mut std::hash::DefaultHasher::new());
            format!("{copy:?}").len()
        };
        let walked = std::thread::Builder::new().stack_size(512 << 10).spawn(walk).unwrap().join();
        assert!(walked.unwrap() > 0);
    }
}

#[test]
fn long_files() {
    let megabytes = 10 << 20;
    for unit in
        ["x + ", "(", "a ", "\"s\" ", "1,", "{", ";", "}", "?", "é", " ", "// x\n", "dim A = 1\n", "\n"]
    {
        let text = unit.repeat(megabytes / unit.len());
        let parsed = read(&text);
        assert!(parsed.errors.iter().any(|error| error.code == Code::E0014), "{unit}");
    }
}

#[test]
fn long_files_within_the_limit() {
    for unit in
        ["x + ", "a b ", "1,", "f(a b), ", "? ", "dim A = 1\n", "dim A = \n", "let x = = 1; ", "'s' ", "/*"]
    {
        for head in ["", "const X = [", "fn f() { "] {
            let text = format!("{head}{}", unit.repeat((MAX_FILE / 8) / unit.len()));
            read(&text);
        }
    }
}

#[test]
fn unterminated() {
    assert_eq!(codes("const A = \"abc"), [Code::E0002]);
    assert_eq!(codes("const A = \"abc\\"), [Code::E0002]);
    assert_eq!(codes("dim A = 1 /* /* */"), [Code::E0004]);
    assert_eq!(codes("fn f() { /*"), [Code::E0004]);
    assert_eq!(codes("const A = f(\"abc"), [Code::E0002]);
    assert_eq!(codes("const A = \"\\u{110000}\""), [Code::E0003]);
    assert_eq!(codes("const A = \"\\u{\""), [Code::E0003]);
    for text in ["@", "@name(", "fn", "fn f[", "layer L() {", "use a.{", "test \"", "test", "dim", "model M("]
    {
        assert!(!read(text).errors.is_empty(), "{text}");
    }
}
