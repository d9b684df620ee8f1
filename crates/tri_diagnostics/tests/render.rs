//! The three renderings of the same diagnostics, and spans that fit no text.

use tri_diagnostics::render::{Sources, concise, json, text};
use tri_diagnostics::{Code, Diagnostic, FileId, Fix, LineIndex, Span, TextRange};

struct Two;

impl Sources for Two {
    fn name(&self, file: FileId) -> String {
        ["down.tri", "block.tri"].get(file.0 as usize).map_or("unknown", |name| name).to_owned()
    }

    fn text(&self, file: FileId) -> &str {
        ["let é = h @ down.T\n", "dim Ffn = 6900\r\nlet a = 1\r\n"]
            .get(file.0 as usize)
            .map_or("", |text| text)
    }
}

fn span(file: u32, start: u32, end: u32) -> Span {
    Span::new(FileId(file), TextRange::new(start, end))
}

fn conflict() -> Diagnostic {
    let fix = Fix::replace("change `6900` to `6912`", span(1, 10, 14), "6912");
    Diagnostic::error(Code::E2003, span(0, 9, 10), "`Ffn` is 6912 here but 6900 where it was bound")
        .label("this is f32[B, Ffn]")
        .secondary(span(0, 13, 19), "this contracts over `Ffn`")
        .secondary(span(1, 4, 7), "bound here")
        .note("both are named `Ffn`")
        .fix(fix)
}

#[test]
fn for_people() {
    let expected = "\
error[E2003]: `Ffn` is 6912 here but 6900 where it was bound
   ╭─[ down.tri:1:9 ]
   │
 1 │ let é = h @ down.T
   │         ┬   ───┬──
   │         ╰─────────── this is f32[B, Ffn]
   │                │
   │                ╰──── this contracts over `Ffn`
   │
   ├─[ block.tri:1:5 ]
   │
 1 │ dim Ffn = 6900
   │     ─┬─
   │      ╰─── bound here
   │
   │ Help: change `6900` to `6912`
   │
   │ Note: both are named `Ffn`
───╯

";
    let actual = text(&[conflict()], &Two, false);
    assert_eq!(
        actual.lines().map(str::trim_end).collect::<Vec<_>>(),
        expected.lines().collect::<Vec<_>>(),
        "{actual}"
    );
    assert!(text(&[conflict()], &Two, true).contains("\u{1b}["));
    assert!(!actual.contains('\u{1b}'));
}

#[test]
fn for_problem_matchers() {
    let warning = Diagnostic::warning(Code::E2003, span(1, 20, 21), "odd");
    let expected = "down.tri:1:9: error[E2003]: `Ffn` is 6912 here but 6900 where it was bound\n\
                    block.tri:2:5: warning[E2003]: odd\n";
    assert_eq!(concise(&[conflict(), warning], &Two), expected);
}

#[test]
fn for_tools() {
    let value = json(&[conflict()], &Two);
    let place = |file: &str, text: &str, start: [u32; 3], end: [u32; 3]| {
        let point = |[offset, line, column]: [u32; 3]| serde_json::json!({ "offset": offset, "line": line, "column": column });
        serde_json::json!({ "file": file, "text": text, "start": point(start), "end": point(end) })
    };
    let expected = serde_json::json!([{
        "code": "E2003",
        "title": "two sizes or dims that must agree do not",
        "severity": "error",
        "message": "`Ffn` is 6912 here but 6900 where it was bound",
        "primary": place("down.tri", "this is f32[B, Ffn]", [9, 1, 9], [10, 1, 10]),
        "secondary": [
            place("down.tri", "this contracts over `Ffn`", [13, 1, 13], [19, 1, 19]),
            place("block.tri", "bound here", [4, 1, 5], [7, 1, 8]),
        ],
        "notes": ["both are named `Ffn`"],
        "helps": [],
        "fix": {
            "title": "change `6900` to `6912`",
            "safe": true,
            "edits": [place("block.tri", "6912", [10, 1, 11], [14, 1, 15])],
        },
    }]);
    assert_eq!(value, expected);
}

#[test]
fn spans_that_fit_no_text_are_cut() {
    for file in 0..3 {
        for (start, end) in
            [(0, 0), (5, 6), (19, 19), (18, 20), (20, 20), (500, 600), (0, u32::MAX), (u32::MAX, u32::MAX)]
        {
            let diagnostic = Diagnostic::error(Code::E0006, span(file, start, end), "what")
                .label("here")
                .secondary(span(2, 7, 9), "there");
            for colour in [false, true] {
                assert!(text(std::slice::from_ref(&diagnostic), &Two, colour).contains("what"));
            }
            assert!(concise(std::slice::from_ref(&diagnostic), &Two).contains("what"));
            assert_eq!(json(&[diagnostic], &Two)[0]["message"], "what");
        }
    }
}

#[test]
fn a_very_long_line_is_not_printed() {
    struct Long(String);
    impl Sources for Long {
        fn name(&self, _: FileId) -> String {
            "long.tri".to_owned()
        }
        fn text(&self, _: FileId) -> &str {
            &self.0
        }
    }
    let long = Long("x".repeat(1 << 20));
    let shown = text(&[Diagnostic::error(Code::E0006, span(0, 9, 10), "what").help("do that")], &long, false);
    assert_eq!(shown, "long.tri:1:10: error[E0006]: what\n  = help: do that\n\n");
}

#[test]
fn lines_and_columns() {
    let text = "a\r\né!\n";
    let index = LineIndex::new(text);
    let at = |offset| {
        let position = index.line_column(text, offset);
        (position.line, position.column)
    };
    assert_eq!([at(0), at(1), at(3), at(5), at(7), at(99)], [(1, 1), (1, 2), (2, 1), (2, 2), (3, 1), (3, 1)]);
    assert_eq!(
        (index.line_count(), index.line_start(2), index.line_start(4), index.line_start(0)),
        (3, Some(3), None, None)
    );
}

#[test]
fn codes_have_names_titles_and_order() {
    assert_eq!(Code::parse("E2003"), Some(Code::E2003));
    assert_eq!(Code::parse("E9999"), None);
    assert!(Code::ALL.is_sorted(), "the table is in order of the numbers");
    let numbers: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert!(numbers.is_sorted(), "{numbers:?}");
}

struct Hostile;

impl Sources for Hostile {
    fn name(&self, _: FileId) -> String {
        "a\u{1b}]0;x\u{7}.tri".to_owned()
    }

    fn text(&self, _: FileId) -> &str {
        "let a = 1 // \u{1b}[2J\u{85}\u{202e}b\tc\n"
    }
}

#[test]
fn no_source_steers_the_terminal() {
    let diagnostic = Diagnostic::error(Code::E2003, span(0, 0, 26), "a \u{1b}[31mred\u{7f} name")
        .label("label \u{8}")
        .note("note \u{9b}2J")
        .help("help \u{2066}x");
    for rendered in
        [text(std::slice::from_ref(&diagnostic), &Hostile, false), concise(&[diagnostic], &Hostile)]
    {
        let steers = |c: &char| (c.is_control() && *c != '\n') || matches!(c, '\u{202e}' | '\u{2066}');
        assert_eq!(rendered.chars().find(steers), None, "{rendered:?}");
        assert!(rendered.contains("a ?[31mred? name"), "{rendered}");
    }
}
