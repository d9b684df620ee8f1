//! What must hold of the front end for every input, as functions from bytes that panic where it does not.
//!
//! `fuzz/` gives them to libFuzzer, which needs a nightly compiler. `tests/corpus.rs` gives them the inputs saved in `corpus/`, and
//! variants of those, with the stable compiler in CI. An input that libFuzzer finds is saved there.

mod mutate;

use std::path::Path;
use std::sync::Arc;

use tri_db::{MemorySystem, RootDatabase};
use tri_diagnostics::render::{self, Sources};
use tri_diagnostics::{Diagnostic, FileId, Span};
use tri_format::FormatError;
use tri_syntax::{decode, lex, parse};

pub use mutate::mutate;

/// A target: its name, and what it does with an input.
pub type Target = (&'static str, fn(&[u8]));

/// The targets, each of which `fuzz/fuzz_targets` has a file for.
pub const TARGETS: [Target; 4] =
    [("lexer", lexer), ("parser", parser), ("formatter", formatter), ("checker", checker)];

/// The file that an input is taken for.
const FILE: FileId = FileId(0);

/// Tokens, joined, are the source, and each is between characters.
pub fn lexer(input: &[u8]) {
    let Ok(text) = decode(FILE, input) else { return };
    let mut end = 0;
    for token in lex(text) {
        assert_eq!(token.range.start as usize, end, "a gap between tokens");
        assert!(!token.range.is_empty() && !token.text(text).is_empty(), "an empty token");
        end = token.range.end as usize;
    }
    assert_eq!(end, text.len(), "the tokens end before the source");
}

/// There is a tree, and what is wrong stands in the file and can be shown.
pub fn parser(input: &[u8]) {
    match decode(FILE, input) {
        Ok(text) => {
            let parsed = parse(FILE, text);
            for (item, _) in parsed.ast.items() {
                assert!(parsed.ast.spans(item).is_some(), "an item without a place");
            }
            show(&parsed.errors, &Input { text });
        }
        Err(diagnostic) => show(&[*diagnostic], &Input { text: "" }),
    }
}

/// The layout is stable, and is refused only for syntax errors.
pub fn formatter(input: &[u8]) {
    let Ok(text) = decode(FILE, input) else { return };
    match tri_format::format(FILE, text) {
        Ok(formatted) => {
            let again = tri_format::format(FILE, &formatted);
            assert!(again.is_ok_and(|again| again == formatted), "a layout that changes:\n{formatted}");
        }
        Err(FormatError::Syntax(errors)) => assert!(!errors.is_empty(), "refused without a reason"),
        Err(FormatError::Changed) => panic!("the layout would change the program"),
    }
}

/// A program is checked, and what is wrong can be shown.
pub fn checker(input: &[u8]) {
    let system = MemorySystem::new([("main.tri", input)]);
    let db = RootDatabase::new(Arc::new(system), Path::new("main.tri"));
    let found = tri_hir::check(&db, db.root());
    let text = decode(FILE, input).unwrap_or_default();
    let here = |span: Span| span.file == db.root().id(&db);
    let found: Vec<Diagnostic> = found.into_iter().filter(|found| here(found.primary.span)).collect();
    show(&found, &Input { text });
}

/// The input as the only file.
struct Input<'a> {
    text: &'a str,
}

impl Sources for Input<'_> {
    fn name(&self, _: FileId) -> String {
        "main.tri".to_owned()
    }

    fn text(&self, _: FileId) -> &str {
        self.text
    }
}

/// Renders diagnostics in every way; each stands between characters of the input, with its labels and the edits of its fix.
fn show(found: &[Diagnostic], input: &Input<'_>) {
    for diagnostic in found {
        let fits = |offset: u32| input.text.is_empty() || input.text.is_char_boundary(offset as usize);
        let labels =
            std::iter::once(&diagnostic.primary).chain(&diagnostic.secondary).map(|label| label.span);
        let edits = diagnostic.fix.iter().flat_map(|fix| &fix.edits).map(|edit| edit.span);
        for span in labels.chain(edits).filter(|span| span.file == diagnostic.primary.span.file) {
            let range = span.range;
            assert!(range.start <= range.end, "{diagnostic:?} ends before it begins");
            assert!(fits(range.start) && fits(range.end), "{diagnostic:?} is not in the file");
        }
        assert!(!diagnostic.message.is_empty());
    }
    for colour in [false, true] {
        assert_eq!(render::text(found, input, colour).is_empty(), found.is_empty());
    }
    assert_eq!(render::concise(found, input).lines().count(), found.len(), "a line for each");
    let _ = render::json(found, input).to_string();
    let _ = render::sarif(found, input, "0", &|_| None).to_string();
}
