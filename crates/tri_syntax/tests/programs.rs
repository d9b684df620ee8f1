//! Whole programs: they parse without errors, keep every byte in their tokens, and survive any cut.

use tri_diagnostics::{FileId, TextRange};
use tri_syntax::{Parsed, TokenKind, ast, lex, parse};

const PROGRAMS: &[(&str, &str)] = &[
    ("digits", include_str!("programs/digits.tri")),
    ("mnist_cnn", include_str!("programs/mnist_cnn.tri")),
    ("tiny_llama", include_str!("programs/tiny_llama.tri")),
    ("routed_digits", include_str!("programs/routed_digits.tri")),
    ("ternary_linear", include_str!("programs/ternary_linear.tri")),
    ("sparse_trix_ffn", include_str!("programs/sparse_trix_ffn.tri")),
    ("everything", include_str!("programs/everything.tri")),
];

fn joined(text: &str) -> String {
    lex(text).iter().map(|token| token.text(text)).collect()
}

fn program(text: &str) -> Parsed {
    parse(FileId(0), text)
}

#[test]
fn programs_parse_without_errors() {
    for (name, text) in PROGRAMS {
        let parsed = program(text);
        assert_eq!(parsed.errors, [], "{name}");
        assert!(!ast::dump(&parsed.ast).contains("error"), "{name}");
    }
}

#[test]
fn tokens_joined_are_the_text() {
    for (name, text) in PROGRAMS {
        assert_eq!(joined(text), *text, "{name}");
        let crlf = text.replace('\n', "\r\n");
        assert_eq!(joined(&crlf), crlf, "{name} with CRLF");
    }
}

#[test]
fn the_tree_of_every_form() {
    let actual = ast::dump(&program(include_str!("programs/everything.tri")).ast);
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/programs/everything.ast");
    if std::env::var_os("TRI_BLESS").is_some() {
        std::fs::write(path, &actual).unwrap();
    }
    assert_eq!(actual, std::fs::read_to_string(path).unwrap());
}

#[test]
fn crlf_and_a_byte_order_mark_change_nothing() {
    for (name, text) in PROGRAMS {
        let other = format!("\u{feff}{}", text.replace('\n', "\r\n"));
        assert_eq!(ast::dump(&program(&other).ast), ast::dump(&program(text).ast), "{name}");
    }
}

#[test]
fn white_space_and_comments_leave_items_equal() {
    for (name, text) in PROGRAMS {
        let mut spaced = String::new();
        let mut documented = false;
        for token in lex(text) {
            match token.kind {
                TokenKind::Space => spaced.push_str("  /* here */ "),
                TokenKind::Newline if !documented => spaced.push_str(" // remark\n\n"),
                _ => spaced.push_str(token.text(text)),
            }
            documented = matches!(token.kind, TokenKind::Doc | TokenKind::FileDoc | TokenKind::Comment);
        }
        assert_eq!(program(&spaced).ast.items, program(text).ast.items, "{name}");
    }
}

#[test]
fn an_edit_above_leaves_relative_spans_equal() {
    let (_, text) = PROGRAMS[0];
    let (before, after) = (program(text), program(&format!("// one more line\n{text}")));
    assert_eq!(before.ast.items, after.ast.items);
    let last = before.ast.items().last().unwrap().0;
    let shift = "// one more line\n".len() as u32;
    let node = before.ast.item(last).unwrap().id;
    let (was, is) = (before.ast.range(last, node), after.ast.range(last, node));
    assert_eq!(TextRange::new(was.start + shift, was.end + shift), is);
    assert!(was.of(text).starts_with("test \"a blank image"));
}

#[test]
fn every_cut_of_every_program_is_read() {
    for (name, text) in PROGRAMS {
        for cut in (0..text.len()).filter(|&cut| text.is_char_boundary(cut)) {
            let part = &text[..cut];
            let parsed = program(part);
            let tokens: String = parsed.tokens.iter().map(|token| token.text(part)).collect();
            assert_eq!(tokens, part, "{name} cut at {cut}");
            for error in &parsed.errors {
                assert!(error.primary.span.range.end as usize <= cut, "{name} cut at {cut}: {error:?}");
            }
        }
    }
}

#[test]
fn one_missing_token_is_rarely_more_than_one_error() {
    let (mut several, mut all) = (0, 0);
    for (name, text) in PROGRAMS {
        for token in lex(text) {
            let mut other = (*text).to_owned();
            other.replace_range(token.range.start as usize..token.range.end as usize, "");
            let parsed = program(&other);
            let messages: Vec<_> = parsed.errors.iter().map(|error| &error.message).collect();
            let at = token.range.start;
            assert!(messages.len() <= 4, "{name} without {:?} at {at}: {messages:#?}", token.text(text));
            several += usize::from(messages.len() > 1);
            all += 1;
        }
    }
    assert!(several * 50 < all, "{several} of {all}");
}

proptest::proptest! {
    #[test]
    fn any_text_is_tokens(text in "\\PC*") {
        proptest::prop_assert_eq!(joined(&text), text.clone());
        program(&text);
    }

    #[test]
    fn any_sequence_of_tokens_is_read(words in proptest::collection::vec(proptest::sample::select(WORDS), 0..80)) {
        let text = words.join(" ");
        proptest::prop_assert_eq!(joined(&text), text.clone());
        program(&text);
    }
}

const WORDS: &[&str] = &[
    "use",
    "dim",
    "const",
    "fn",
    "layer",
    "model",
    "test",
    "intrinsic",
    "param",
    "buffer",
    "state",
    "let",
    "var",
    "for",
    "in",
    "if",
    "else",
    "where",
    "as",
    "assert",
    "\n",
    "\n",
    "\n",
    "x",
    "y",
    "D",
    "1",
    ".5",
    "1e-5",
    "\"s\"",
    "\"open",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ";",
    ":",
    ".",
    "..",
    "->",
    "=",
    "@",
    "*",
    "/",
    "+",
    "-",
    "!",
    "<",
    "==",
    "&&",
    "_",
    "?",
    "$",
    "é",
    "\0",
    "// c\n",
    "/* c */",
    "/* open",
    "/// d\n",
    "return",
    "not",
    "and",
    "mut",
    "# c\n",
    "'s'",
];

#[test]
fn the_library_and_the_examples_parse_without_errors() {
    for folder in ["../../stdlib", "../../examples", "../../examples/zoo"] {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "tri") {
                let parsed = program(&std::fs::read_to_string(&path).unwrap());
                assert_eq!(parsed.errors, [], "{}", path.display());
            }
        }
    }
}

#[test]
fn conditions_with_an_if_leave_the_body_a_body() {
    for head in ["where if a { b } else { c } {", "where if a { b } else if c { d } else { e } {"] {
        let parsed = program(&format!("layer L() {head}\n    x = Y() if z\n    param w: f32\n}}\n"));
        assert_eq!(parsed.errors, [], "{head}");
    }
}
