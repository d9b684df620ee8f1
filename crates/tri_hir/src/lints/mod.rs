//! Warnings: what is accepted, but probably not what was meant. One lint, one file.
//!
//! Names that begin with `_` are exempt from all. What an error may have caused is not warned about: an item with errors has no
//! warnings, and a file with errors none about names that another of its items may use.

mod case;
mod condition;
mod hidden;
mod unused_config;
mod unused_dim;
mod unused_import;
mod unused_local;
mod unused_member;
mod uses;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tri_db::{Db, SourceFile, parse};
use tri_diagnostics::{Diagnostic, FileId, Span};
use tri_syntax::ast::{Ast, Item, ItemId, NodeId};

pub(crate) use uses::uses;
pub use uses::{Binding, Kind, Uses};

/// A file whose lints are asked for.
struct Linted<'a> {
    file: FileId,
    text: &'a str,
    ast: &'a Ast,
    /// Whether the whole file is free of errors.
    sound: bool,
    /// Names that any item takes from outside itself, or writes after a dot.
    used: BTreeSet<Arc<str>>,
    /// Names that any item writes after a dot.
    fields: BTreeSet<Arc<str>>,
    /// What items and imports declare: what it is, and where.
    declared: BTreeMap<&'a str, (&'static str, ItemId, NodeId)>,
    found: Vec<Diagnostic>,
}

/// An item that is free of errors.
struct LintedItem<'a> {
    id: ItemId,
    item: &'a Item,
    uses: &'a Uses,
    /// What it declares inside.
    names: BTreeSet<&'a str>,
}

/// The warnings of a file, given its errors.
pub(crate) fn lint(db: &dyn Db, file: SourceFile, errors: &[Diagnostic]) -> Vec<Diagnostic> {
    let ast = &parse(db, file).ast;
    let uses: Vec<Arc<Uses>> = ast.items().map(|(id, _)| crate::queries::item_uses(db, file, id)).collect();
    let mut linted = Linted {
        file: file.id(db),
        text: text(db, file),
        ast,
        sound: errors.is_empty(),
        used: uses.iter().flat_map(|uses| uses.outer.keys().chain(&uses.fields).cloned()).collect(),
        fields: uses.iter().flat_map(|uses| uses.fields.iter().cloned()).collect(),
        declared: hidden::declared(ast),
        found: Vec::new(),
    };
    let wrong: BTreeSet<u32> = errors.iter().map(|error| error.primary.span.range.start).collect();
    unused_import::check(&mut linted);
    unused_dim::check_items(&mut linted);
    for ((id, item), uses) in ast.items().zip(&uses) {
        let range = ast.range(id, item.id);
        if wrong.range(range.start..=range.end).next().is_some() {
            continue;
        }
        let names = uses.bindings.iter().map(|binding| &*binding.name.text).collect();
        let item = LintedItem { id, item, uses, names };
        unused_local::check(&mut linted, &item);
        unused_member::check(&mut linted, &item);
        unused_dim::check(&mut linted, &item);
        unused_config::check(&mut linted, &item);
        hidden::check(&mut linted, &item);
        case::check(&mut linted, &item);
        condition::check(&mut linted, &item);
    }
    linted.found.sort_by_key(|diagnostic| diagnostic.primary.span.range.start);
    linted.found
}

/// The text of a file; empty for one that has none, and no warnings either.
pub(crate) fn text(db: &dyn Db, file: SourceFile) -> &str {
    tri_db::text(db, file).map_or("", |text| &**text)
}

impl Linted<'_> {
    fn span(&self, item: ItemId, node: NodeId) -> Span {
        Span::new(self.file, self.ast.range(item, node))
    }
}

/// Whether the author said that a name is on purpose as it is.
fn exempt(name: &str) -> bool {
    name.starts_with('_')
}

/// What a binding is called in a message.
fn words(kind: Kind) -> &'static str {
    use tri_syntax::ast::Lifetime;
    match kind {
        Kind::Dim => "dim",
        Kind::Pack => "pack",
        Kind::Element => "element variable",
        Kind::Config => "configuration parameter",
        Kind::Tensor(Lifetime::Param) => "parameter",
        Kind::Tensor(Lifetime::Buffer) => "buffer",
        Kind::Tensor(Lifetime::State) => "state",
        Kind::Instance => "member",
        Kind::Method => "function",
        Kind::Param => "parameter",
        Kind::Local => "value",
        Kind::RunTimeDim => "run-time dim",
    }
}
