//! `test/corpus`: programs and their trees, in the format of `tree-sitter test`. With `UPDATE=1` the trees are written.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fmt::Write;
use std::path::{Path, PathBuf};

use tree_sitter::{Node, Parser};

const RULE: &str = "==================";

struct Case<'a> {
    name: &'a str,
    program: &'a str,
    tree: &'a str,
}

fn cases(text: &str) -> Vec<Case<'_>> {
    let parts: Vec<&str> = text.split(RULE).skip(1).collect();
    let pairs = parts.chunks_exact(2);
    pairs
        .map(|pair| {
            let (program, tree) = pair[1].split_once("\n---\n").unwrap();
            Case { name: pair[0].trim(), program: program.trim_start_matches('\n'), tree: tree.trim() }
        })
        .collect()
}

/// The tree, a named node a line.
fn tree_of(program: &str) -> String {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_tri::LANGUAGE.into()).unwrap();
    let mut shown = String::new();
    let tree = parser.parse(program, None).unwrap();
    show(tree.root_node(), None, 0, &mut shown);
    shown
}

fn show(node: Node<'_>, field: Option<&str>, depth: usize, shown: &mut String) {
    let break_line = if depth > 0 { "\n" } else { "" };
    let field = field.map_or_else(String::new, |name| format!("{name}: "));
    let missing = if node.is_missing() { "MISSING " } else { "" };
    write!(shown, "{break_line}{:1$}{field}({missing}{2}", "", depth * 2, node.kind()).unwrap();
    let mut cursor = node.walk();
    let mut more = cursor.goto_first_child();
    while more {
        if cursor.node().is_named() || cursor.node().is_missing() {
            show(cursor.node(), cursor.field_name(), depth + 1, shown);
        }
        more = cursor.goto_next_sibling();
    }
    shown.push(')');
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("test/corpus");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn update(file: &Path, cases: &[Case<'_>]) {
    let texts = cases.iter().map(|Case { name, program, .. }| {
        let tree = tree_of(program);
        format!("{RULE}\n{name}\n{RULE}\n\n{program}\n---\n\n{tree}\n")
    });
    std::fs::write(file, texts.collect::<Vec<_>>().join("\n")).unwrap();
}

#[test]
fn programs_have_their_trees() {
    let mut count = 0;
    for file in files() {
        let text = std::fs::read_to_string(&file).unwrap();
        let cases = cases(&text);
        if std::env::var_os("UPDATE").is_some() {
            update(&file, &cases);
            continue;
        }
        for Case { name, program, tree } in &cases {
            assert_eq!(tree_of(program), *tree, "{}: {name}", file.display());
        }
        count += cases.len();
    }
    assert!(count > 15 || std::env::var_os("UPDATE").is_some(), "{count} cases");
}
