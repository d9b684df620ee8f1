//! The names that a file declares, as an outline, and those of a package by a part of the name.

use tri_db::{Db, SourceFile, parse};
use tri_diagnostics::{FileId, Span, TextRange};
use tri_hir::hir::Def;
use tri_syntax::ast::{ItemKind, NodeId};

use crate::navigation::{NavigationTarget, SymbolKind, target};
use crate::symbol::Symbol;

/// An entry of an outline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutlineEntry {
    /// The declaration.
    pub target: NavigationTarget,
    /// The head as it is written, on one line.
    pub detail: String,
    /// What it holds.
    pub children: Vec<OutlineEntry>,
}

/// The outline of a file.
pub(crate) fn outline(db: &dyn Db, file: SourceFile) -> Vec<OutlineEntry> {
    let ast = &parse(db, file).ast;
    let text = tri_db::text(db, file).map_or("", |text| text);
    let mut entries = Vec::new();
    for (id, item) in ast.items() {
        let def = Def { file: file.id(db), item: id };
        let line = |node: NodeId| one_line(ast.range(id, node).of(text));
        let mut children = Vec::new();
        let detail = match &item.kind {
            ItemKind::Layer(layer) => {
                for at in 0..layer.members.len() as u32 {
                    let symbol = Symbol::Member(def, at);
                    let member = &layer.members[at as usize];
                    children.extend(target(db, symbol).map(|target| {
                        let detail = member_detail(&line, member);
                        OutlineEntry { target, detail, children: Vec::new() }
                    }));
                }
                line(layer.head)
            }
            ItemKind::Function(function) => line(function.head),
            ItemKind::Test(test) => {
                let name = test.name.clone();
                let span = |node| Span::new(def.file, ast.range(id, node));
                let (full, focus) = (span(item.id), span(test.name_id));
                let target = NavigationTarget { name, kind: SymbolKind::Test, full, focus, container: None };
                entries.push(OutlineEntry { target, detail: String::new(), children });
                continue;
            }
            _ => line(item.id),
        };
        entries.extend(target(db, Symbol::Item(def)).map(|target| OutlineEntry { target, detail, children }));
    }
    entries
}

fn member_detail(line: &impl Fn(NodeId) -> String, member: &tri_syntax::ast::Member) -> String {
    match &member.kind {
        tri_syntax::ast::MemberKind::Function(function) => line(function.head),
        _ => line(member.id),
    }
}

/// The text with white space as single spaces, cut where it is long.
pub(crate) fn one_line(text: &str) -> String {
    const LONGEST: usize = 120;
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = words.join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{} ...", &line[..end]),
        None => line,
    }
}

/// How many symbols a search gives.
const MAX_FOUND: usize = 256;

/// The declarations in `files` whose names have the letters of `query` in their order.
pub(crate) fn search(db: &dyn Db, files: &[SourceFile], query: &str) -> Vec<NavigationTarget> {
    let mut found = Vec::new();
    for file in files {
        for entry in outline(db, *file) {
            let members = entry.children.into_iter().map(|child| child.target);
            let all = std::iter::once(entry.target).chain(members);
            found.extend(all.filter(|target| is_like(&target.name, query)));
            if found.len() >= MAX_FOUND {
                found.truncate(MAX_FOUND);
                return found;
            }
        }
    }
    found
}

/// Whether the letters of `query` occur in `name` in their order, in either case.
pub(crate) fn is_like(name: &str, query: &str) -> bool {
    let mut letters = name.chars().map(|c| c.to_ascii_lowercase());
    query.chars().all(|c| letters.any(|known| known == c.to_ascii_lowercase()))
}

/// A link of a `use` to the module that it reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// The path of the module.
    pub range: TextRange,
    /// The file.
    pub target: FileId,
}

/// The links of a file.
pub(crate) fn links(db: &dyn Db, file: SourceFile) -> Vec<Link> {
    let ast = &parse(db, file).ast;
    let mut links = Vec::new();
    for (id, item) in ast.items() {
        let ItemKind::Use(import) = &item.kind else { continue };
        let path: Vec<&str> = import.module.iter().map(|part| part.as_str()).collect();
        let (Some(first), Some(last)) = (import.module.first(), import.module.last()) else { continue };
        if let Ok(module) = db.module(&path) {
            let range = ast.range(id, first.id).cover(ast.range(id, last.id));
            links.push(Link { range, target: module.id(db) });
        }
    }
    links
}
