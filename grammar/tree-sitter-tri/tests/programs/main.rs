//! The programs of the repository: what the compiler can read, the grammar reads without ERROR and MISSING nodes.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod repository;

use std::collections::HashSet;
use std::time::{Duration, Instant};

use repository::Program;
use tree_sitter::{InputEdit, Node, Parser, Point, Tree};
use tri_diagnostics::FileId;
use tri_syntax::ast;

fn parse(text: &str) -> Tree {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_tri::LANGUAGE.into()).unwrap();
    parser.parse(text, None).unwrap()
}

/// The first ERROR or MISSING node below `node`.
fn first_error(node: Node<'_>) -> Option<Node<'_>> {
    if node.is_error() || node.is_missing() {
        return Some(node);
    }
    let mut cursor = node.walk();
    let broken = node.children(&mut cursor).find(Node::has_error);
    broken.and_then(first_error)
}

fn is_read_by_compiler(program: &Program) -> bool {
    tri_syntax::parse(FileId(0), &program.text).errors.is_empty()
}

#[test]
fn what_the_compiler_reads_has_no_errors() {
    let programs: Vec<Program> = repository::programs().into_iter().filter(is_read_by_compiler).collect();
    assert!(programs.len() > 450, "{} programs", programs.len());
    let mut failures = Vec::new();
    for program in &programs {
        let tree = parse(&program.text);
        if let Some(error) = first_error(tree.root_node()) {
            let line = error.start_position().row;
            let shown = program.text.lines().nth(line).unwrap_or_default();
            failures.push(format!("{}:{}: {} in `{shown}`", program.name, line + 1, error.to_sexp()));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// The bytes of every named node.
fn ranges(tree: &Tree) -> HashSet<(usize, usize)> {
    let mut ranges = HashSet::new();
    let mut open = vec![tree.root_node()];
    while let Some(node) = open.pop() {
        ranges.insert((node.start_byte(), node.end_byte()));
        let mut cursor = node.walk();
        open.extend(node.named_children(&mut cursor));
    }
    ranges
}

/// The nodes of the compiler's tree that no node of the grammar covers exactly.
fn disagreements(program: &Program) -> Vec<String> {
    let ranges = ranges(&parse(&program.text));
    let ast = tri_syntax::parse(FileId(0), &program.text).ast;
    let mut found = Vec::new();
    for (id, item) in ast.items() {
        ast::Node::Item(item).each(&mut |node| {
            let Some(range) = node.id().map(|node| ast.range(id, node)) else { return };
            if !ranges.contains(&(range.start as usize, range.end as usize)) {
                found.push(format!("{}: `{}`", program.name, range.of(&program.text)));
            }
        });
    }
    found
}

#[test]
fn trees_have_the_nodes_of_the_compiler() {
    let programs = repository::programs();
    let right = programs.iter().filter(|program| is_read_by_compiler(program));
    let found: Vec<String> = right.flat_map(disagreements).collect();
    assert!(found.is_empty(), "{} nodes\n{}", found.len(), found.join("\n"));
}

/// Where an edit is, in the terms of the parser.
fn edit(text: &str, at: usize, removed: usize) -> InputEdit {
    let point = |byte: usize| {
        let before = &text.as_bytes()[..byte];
        let row = before.iter().filter(|&&byte| byte == b'\n').count();
        let column = before.iter().rev().take_while(|&&byte| byte != b'\n').count();
        Point { row, column }
    };
    InputEdit {
        start_byte: at,
        old_end_byte: at + removed,
        new_end_byte: at,
        start_position: point(at),
        old_end_position: point(at + removed),
        new_end_position: point(at),
    }
}

#[test]
fn any_text_is_read_to_its_end_and_edits_read_as_the_whole_text() {
    for program in repository::programs().iter().filter(|program| program.text.is_ascii()) {
        let text = &program.text;
        let (at, removed) = (text.len() / 3, text.len() / 7);
        let edited = format!("{}{}", &text[..at], &text[at + removed..]);
        let mut tree = parse(text);
        assert_eq!(tree.root_node().end_byte(), text.len());
        tree.edit(&edit(text, at, removed));
        let mut parser = Parser::new();
        parser.set_language(&tree_sitter_tri::LANGUAGE.into()).unwrap();
        let again = parser.parse(&edited, Some(&tree)).unwrap();
        // How errors are recovered from may differ; a right program has one tree.
        let whole = parse(&edited);
        if !whole.root_node().has_error() {
            assert_eq!(again.root_node().to_sexp(), whole.root_node().to_sexp(), "{}", program.name);
        }
        assert_eq!(again.root_node().end_byte(), edited.len(), "{}", program.name);
    }
}

#[test]
fn many_comments_take_time_in_proportion() {
    let comments = "    // Not in proportion, these would take minutes.\n".repeat(30_000);
    let text = format!("fn f() {{\n    let x = 1\n{comments}    x\n{comments}}}\n{comments}");
    let start = Instant::now();
    assert!(!parse(&text).root_node().has_error());
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}
