//! What calls a function, layer or instance, and what it calls.

use std::collections::BTreeMap;

use tri_db::{Db, SourceFile};
use tri_diagnostics::{Span, TextRange};
use tri_hir::hir::{Def, MemberKind, Owner, Type};
use tri_syntax::ast::{Expr, ExprKind, ItemKind, Node};

use crate::navigation::{NavigationTarget, target};
use crate::occurrences::{occurrences, symbol_at};
use crate::path::path_to;
use crate::references::{of_symbol, reach};
use crate::signature_help::called_at;
use crate::symbol::{Symbol, span};

/// One side of calls: who calls or is called, and where that is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The function or layer at the other end.
    pub target: NavigationTarget,
    /// The calls.
    pub places: Vec<Span>,
}

/// The function or layer that the word at an offset names.
pub(crate) fn prepare(db: &dyn Db, file: SourceFile, offset: u32) -> Option<NavigationTarget> {
    let (symbol, _) = symbol_at(db, file, offset)?;
    target(db, of_owner(symbol.called(db)?))
}

fn of_owner(owner: Owner) -> Symbol {
    match owner {
        Owner::Layer(def) | Owner::Function(def) | Owner::Test(def) => Symbol::Item(def),
        Owner::Method(def, at) => Symbol::Member(def, at),
    }
}

/// Who calls what is declared at an offset.
pub(crate) fn incoming(db: &dyn Db, file: SourceFile, offset: u32, files: &[SourceFile]) -> Vec<Call> {
    let Some((symbol, _)) = symbol_at(db, file, offset) else { return Vec::new() };
    let mut found: BTreeMap<Span, Call> = BTreeMap::new();
    let mut add = |at: Span| {
        let caller = db.file(at.file).and_then(|file| caller(db, file, at.range));
        if let Some(target) = caller.and_then(|caller| target(db, caller)) {
            found.entry(target.focus).or_insert(Call { target, places: Vec::new() }).places.push(at);
        }
    };
    let files = reach(db, symbol, file, files);
    for reference in of_symbol(db, symbol, &files).iter().filter(|reference| !reference.is_write) {
        let of = db.file(reference.span.file);
        let in_import = of.and_then(|of| path_to(db, of, reference.span.range));
        if !in_import.is_some_and(|path| path.nodes.iter().any(|node| matches!(node, Node::Use(_)))) {
            add(reference.span);
        }
    }
    // Calls of instances call `forward` without its name.
    if let Symbol::Member(def, at) = symbol
        && symbol.name(db).is_some_and(|name| &*name == "forward")
    {
        for place in calls_of(db, Owner::Method(def, at), &files) {
            add(place);
        }
    }
    found.into_values().collect()
}

/// The callees of calls that call a function through an instance.
fn calls_of(db: &dyn Db, owner: Owner, files: &[SourceFile]) -> Vec<Span> {
    let mut places = Vec::new();
    for file in files {
        for (id, item) in tri_db::parse(db, *file).ast.items() {
            let def = Def { file: file.id(db), item: id };
            Node::Item(item).each(&mut |node| {
                if let Node::Expr(call @ Expr { kind: ExprKind::Call { callee, .. }, .. }) = node
                    && called_at(db, *file, def, call).is_some_and(|(called, _)| called == owner)
                {
                    places.push(span(db, def, callee.id));
                }
            });
        }
    }
    places
}

/// The function, layer or item that a place is in.
fn caller(db: &dyn Db, file: SourceFile, range: TextRange) -> Option<Symbol> {
    let path = path_to(db, file, range)?;
    Some(path.member().map_or(Symbol::Item(path.def), |(at, _)| Symbol::Member(path.def, at)))
}

/// What the function or layer that is declared at an offset calls.
pub(crate) fn outgoing(db: &dyn Db, file: SourceFile, offset: u32) -> Vec<Call> {
    let Some((symbol, _)) = symbol_at(db, file, offset) else { return Vec::new() };
    let (Symbol::Item(def) | Symbol::Member(def, _)) = symbol else { return Vec::new() };
    let (Some(whole), Some(of)) = (symbol.whole(db), db.file(def.file)) else { return Vec::new() };
    let mut found: BTreeMap<Span, Call> = BTreeMap::new();
    for occurrence in occurrences(db, of, def).iter().filter(|occurrence| !occurrence.is_write) {
        let at = span(db, def, occurrence.node);
        let is_inside = whole.range.start <= at.range.start && at.range.end <= whole.range.end;
        let callee = is_inside.then(|| callee(db, occurrence.symbol)).flatten();
        if let Some(target) = callee.and_then(|callee| target(db, callee)) {
            found.entry(target.focus).or_insert(Call { target, places: Vec::new() }).places.push(at);
        }
    }
    found.into_values().collect()
}

/// What a name calls: a function, a layer that is instantiated, or the `forward` of an instance.
fn callee(db: &dyn Db, symbol: Symbol) -> Option<Symbol> {
    match symbol {
        Symbol::Item(def) => {
            let kind = tri_hir::item_of(db, def)?.kind.clone();
            matches!(kind, ItemKind::Function(_) | ItemKind::Layer(_)).then_some(symbol)
        }
        Symbol::Member(..) => match symbol.member(db)?.1.kind {
            MemberKind::Function(_) => Some(symbol),
            MemberKind::Instance(Type::Array(element, _)) => {
                crate::symbol::forward_of(db, &element).map(of_owner)
            }
            MemberKind::Instance(_) => symbol.called(db).map(of_owner),
            _ => None,
        },
        _ => None,
    }
}
