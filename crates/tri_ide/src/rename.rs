//! Another name for something, everywhere at once; refused where it would mean something else afterwards.

use tri_db::{Db, SourceFile, text};
use tri_diagnostics::{Edit, Span, TextRange};
use tri_hir::hir::Def;
use tri_hir::{BindingKind, lookup};
use tri_syntax::TokenKind;
use tri_syntax::ast::{ItemKind, Node};

use crate::occurrences::symbol_at;
use crate::path::path_to;
use crate::references::{of_symbol, reach};
use crate::symbol::Symbol;

/// Where the name at an offset is, if it can be given another.
pub(crate) fn prepare(db: &dyn Db, file: SourceFile, offset: u32) -> Result<TextRange, String> {
    let Some((symbol, range)) = symbol_at(db, file, offset) else {
        return Err("there is no name here that could be changed".to_owned());
    };
    if is_alias(db, file, symbol, range) {
        return Ok(range);
    }
    match symbol {
        Symbol::Module(_) => Err("a module is named by its file".to_owned()),
        _ if symbol.is_library(db) => Err("the standard library cannot be changed".to_owned()),
        _ if &*symbol.name(db).unwrap_or_default() == "forward" && matches!(symbol, Symbol::Member(..)) => {
            Err("`forward` is what a call of an instance calls".to_owned())
        }
        _ => Ok(range),
    }
}

/// The edits that call what the word at an offset names `to`.
pub(crate) fn rename(
    db: &dyn Db,
    file: SourceFile,
    offset: u32,
    to: &str,
    files: &[SourceFile],
) -> Result<Vec<Edit>, String> {
    let range = prepare(db, file, offset)?;
    let Some((symbol, _)) = symbol_at(db, file, offset) else { return Ok(Vec::new()) };
    is_name(to)?;
    let old = range.of(text(db, file).map_or("", |text| text)).to_owned();
    let alias = is_alias(db, file, symbol, range);
    let files = if alias { vec![file] } else { reach(db, symbol, file, files) };
    let mut edits = Vec::new();
    for reference in of_symbol(db, symbol, &files) {
        let Some(of) = db.file(reference.span.file) else { continue };
        // What is imported by another name keeps that.
        if reference.span.range.of(text(db, of).map_or("", |text| text)) != old {
            continue;
        }
        capture(db, of, reference.span, symbol, to)?;
        edits.push(Edit { span: reference.span, text: to.to_owned() });
    }
    Ok(edits)
}

/// Whether the word is another name that a `use` of this file gives the symbol.
fn is_alias(db: &dyn Db, file: SourceFile, symbol: Symbol, range: TextRange) -> bool {
    let here = range.of(text(db, file).map_or("", |text| text));
    symbol.name(db).is_some_and(|name| &*name != here)
}

fn is_name(to: &str) -> Result<(), String> {
    match tri_syntax::lex(to).as_slice() {
        [token] if token.kind == TokenKind::Ident => Ok(()),
        [token] if token.kind.spelling().is_some() => Err(format!("`{to}` is a word of the language")),
        _ => Err(format!("`{to}` is not a name: names are made of letters, digits and `_`")),
    }
}

/// Refuses where `to` stands for something else at a place, or is declared beside what is renamed.
fn capture(db: &dyn Db, file: SourceFile, at: Span, symbol: Symbol, to: &str) -> Result<(), String> {
    let Some(path) = path_to(db, file, at.range) else { return Ok(()) };
    let line = |offset: u32| {
        let text = text(db, file).map_or("", |text| text);
        text.get(..offset as usize).map_or(1, |before| before.matches('\n').count() + 1)
    };
    let place = |offset: u32| format!("{}:{}", file.path(db).display(), line(offset));
    let uses = tri_hir::item_uses(db, file, path.def.item);
    let after_dot = is_after_dot(&path.nodes) || is_argument_name(&path.nodes);
    // A name that is declared in the same item.
    for binding in uses.bindings.iter().filter(|binding| &*binding.name.text == to) {
        let declared = path.range(binding.name.id);
        if !after_dot && is_seen(binding.kind, &path.nodes, path.def, file, db, declared) {
            let place = place(declared.start);
            return Err(format!(
                "`{to}` is already declared at {place}, and would be meant at {}",
                self::place(db, at)
            ));
        }
    }
    match symbol {
        Symbol::Item(_) | Symbol::Module(_) if !after_dot => match lookup(db, file, to) {
            Some(_) => Err(format!("`{to}` already stands for something in `{}`", file.path(db).display())),
            None => Ok(()),
        },
        Symbol::Member(def, _) => {
            let layer = tri_hir::layer(db, def);
            let names = layer.members.iter().map(|member| &member.name);
            match names.chain(layer.config.iter().map(|param| &param.name)).any(|name| &**name == to) {
                true => Err(format!("`{}` already has `{to}`", layer.name)),
                false => outer_capture(db, file, path.def, to),
            }
        }
        Symbol::Local(..) => outer_capture(db, file, path.def, to),
        _ => Ok(()),
    }
}

/// Refuses where the item reads `to` from outside: a local of that name would take its place.
fn outer_capture(db: &dyn Db, file: SourceFile, def: Def, to: &str) -> Result<(), String> {
    let uses = tri_hir::item_uses(db, file, def.item);
    match uses.outer.get(to).and_then(|nodes| nodes.first()) {
        Some(node) => {
            let at = crate::symbol::span(db, def, *node);
            Err(format!("`{to}` at {} would then mean this", place(db, at)))
        }
        None => Ok(()),
    }
}

fn place(db: &dyn Db, at: Span) -> String {
    let Some(file) = db.file(at.file) else { return String::new() };
    let before = text(db, file).ok().and_then(|text| text.get(..at.range.start as usize));
    format!("{}:{}", file.path(db).display(), before.map_or(1, |before| before.matches('\n').count() + 1))
}

fn is_after_dot(nodes: &[Node<'_>]) -> bool {
    matches!(nodes, [.., Node::Expr(around), Node::Name(_)] if matches!(around.kind, tri_syntax::ast::ExprKind::Field { .. }))
}

fn is_argument_name(nodes: &[Node<'_>]) -> bool {
    matches!(nodes, [.., Node::Arg(_), Node::Name(_)])
}

/// Whether a declaration can be seen from the nodes at hand: what a layer declares is seen in all of it, what a function
/// declares in that function.
fn is_seen(
    kind: BindingKind,
    nodes: &[Node<'_>],
    def: Def,
    file: SourceFile,
    db: &dyn Db,
    declared: TextRange,
) -> bool {
    let is_layer =
        matches!(&tri_hir::item_of(db, def).map(|item| item.kind.clone()), Some(ItemKind::Layer(_)));
    if is_layer
        && matches!(
            kind,
            BindingKind::Config | BindingKind::Tensor(_) | BindingKind::Instance | BindingKind::Method
        )
    {
        return true;
    }
    let around = path_to(db, file, declared);
    let member = |nodes: &[Node<'_>]| {
        nodes.iter().find_map(|node| match node {
            Node::Member(member) => Some(member.id),
            _ => None,
        })
    };
    let theirs = around.and_then(|path| member(&path.nodes));
    theirs.is_none() || theirs == member(nodes) || member(nodes).is_none()
}
