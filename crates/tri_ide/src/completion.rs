//! What could be written at the cursor.

mod context;
mod scope;

use std::path::Path;
use std::sync::Arc;

use tri_db::{Db, SourceFile};
use tri_diagnostics::{Edit, TextRange};
use tri_hir::hir::{Def, MemberKind, Owner, Type};
use tri_hir::{show_type, signature};

use crate::imports::{Importable, import_edit, importable};
use crate::navigation::{SymbolKind, kind};
use crate::signature_help::{call_around, called_at};
use crate::symbol::{Symbol, owner_def, params_of};
use crate::symbols::is_like;
use context::Context;

/// What an editor draws beside a completion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CompletionKind {
    /// Something declared.
    Symbol(SymbolKind),
    /// A word of the language.
    Keyword,
    /// A dtype or static type.
    Type,
}

/// A word that could be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// What is shown.
    pub label: String,
    /// What it is.
    pub kind: CompletionKind,
    /// Its type or head.
    pub detail: String,
    /// Markdown.
    pub docs: Arc<str>,
    /// What is written instead of the word at the cursor.
    pub insert: String,
    /// Edits elsewhere: an import.
    pub more: Vec<Edit>,
    /// What is nearer to the cursor comes first: a smaller number.
    pub rank: u8,
}

/// The completions at a place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completions {
    /// The word that is replaced; empty before the first letter.
    pub range: TextRange,
    /// In order.
    pub items: Vec<Completion>,
    /// Whether more would be found with more letters.
    pub is_incomplete: bool,
}

/// How many names that would have to be imported are offered at once.
const MAX_IMPORTABLE: usize = 50;

/// The completions at an offset.
pub(crate) fn complete(
    db: &dyn Db,
    file: SourceFile,
    offset: u32,
    files: &[SourceFile],
    folder: &Path,
) -> Completions {
    let Some((context, range)) = context::at(db, file, offset) else { return Completions::default() };
    let mut found = Found { db, items: Vec::new(), is_incomplete: false };
    let typed = tri_db::text(db, file).map_or("", |text| TextRange::new(range.start, offset).of(text));
    match context {
        Context::AfterDot(ty) => found.members(file, &ty),
        Context::InModule(module) => {
            for (name, def) in tri_hir::items(db, module) {
                found.symbol(name, Symbol::Item(*def), 1);
            }
        }
        Context::Import(path) => found.imports(&path, files, file, folder),
        Context::Item => found.words(&["use", "dim", "const", "fn", "layer", "model", "test"]),
        Context::Member => found.words(&["param", "buffer", "state", "fn"]),
        Context::Type => {
            found.types();
            found.scope(file, offset, true);
        }
        Context::Dim => found.scope(file, offset, true),
        Context::Expression { starts_statement } => {
            found.arguments(file, offset);
            found.scope(file, offset, false);
            found.visible(file);
            found.importable(file, files, folder, typed);
            found.words(&["if", "true", "false"]);
            if starts_statement {
                found.words(&["let", "var", "for", "assert"]);
            }
        }
    }
    found.items.sort_by(|a, b| (a.rank, &a.label).cmp(&(b.rank, &b.label)));
    found.items.dedup_by(|a, b| a.label == b.label && a.more.is_empty() && b.more.is_empty());
    Completions { range, items: found.items, is_incomplete: found.is_incomplete }
}

struct Found<'a> {
    db: &'a dyn Db,
    items: Vec<Completion>,
    is_incomplete: bool,
}

impl Found<'_> {
    fn word(&mut self, word: &str, kind: CompletionKind, rank: u8) {
        self.items.push(Completion {
            label: word.to_owned(),
            kind,
            detail: String::new(),
            docs: Arc::default(),
            insert: word.to_owned(),
            more: Vec::new(),
            rank,
        });
    }

    fn words(&mut self, words: &[&str]) {
        for word in words {
            self.word(word, CompletionKind::Keyword, 5);
        }
    }

    fn types(&mut self) {
        for name in
            ["f32", "f16", "bf16", "i8", "u8", "i32", "i64", "trit", "bool", "int", "float", "str", "axis"]
        {
            self.word(name, CompletionKind::Type, 2);
        }
    }

    fn symbol(&mut self, name: &str, symbol: Symbol, rank: u8) {
        let Some(kind) = kind(self.db, symbol) else { return };
        self.items.push(Completion {
            label: name.to_owned(),
            kind: CompletionKind::Symbol(kind),
            detail: detail(self.db, symbol).unwrap_or_default(),
            docs: symbol.docs(self.db),
            insert: name.to_owned(),
            more: Vec::new(),
            rank,
        });
    }

    /// What may stand after a value and a dot.
    fn members(&mut self, file: SourceFile, ty: &Type) {
        match ty {
            Type::Layer(def, _) => {
                for (at, member) in tri_hir::layer(self.db, *def).members.iter().enumerate() {
                    self.symbol(&member.name, Symbol::Member(*def, at as u32), 1);
                }
            }
            Type::Tensor(_, shape) => {
                if shape.len() >= 2 {
                    self.word("T", CompletionKind::Keyword, 1);
                }
                // Functions whose first argument is a tensor.
                for name in tri_hir::visible(self.db, file) {
                    if let Some(tri_hir::Named::Item(def)) = tri_hir::lookup(self.db, file, name)
                        && matches!(Symbol::Item(def).called(self.db), Some(Owner::Function(_)))
                    {
                        let head = signature(self.db, Owner::Function(def));
                        if matches!(head.params.first().map(|param| &param.ty), Some(Type::Tensor(..))) {
                            self.symbol(name, Symbol::Item(def), 2);
                        }
                    }
                }
            }
            _ => {}
        }
    }

    fn imports(&mut self, path: &[String], files: &[SourceFile], file: SourceFile, folder: &Path) {
        let parts: Vec<&str> = path.iter().map(String::as_str).collect();
        if let Ok(module) = self.db.module(&parts) {
            for (name, def) in tri_hir::items(self.db, module) {
                self.symbol(name, Symbol::Item(*def), 1);
            }
        }
        let mut next: Vec<String> = Vec::new();
        let library = tri_db::LIBRARY.iter().map(|(name, _)| format!("std.{name}"));
        let own = files.iter().filter(|other| **other != file);
        let own = own.filter_map(|other| crate::imports::module_path(self.db, *other, folder));
        for module in library.chain(own) {
            let module: Vec<&str> = module.split('.').collect();
            if module.len() > parts.len() && module[..parts.len()] == parts[..] {
                next.push(module[parts.len()].to_owned());
            }
        }
        next.sort();
        next.dedup();
        for name in next {
            self.word(&name, CompletionKind::Symbol(SymbolKind::Module), 1);
        }
    }

    /// Names of the parameters of the call around, those that are not given.
    fn arguments(&mut self, file: SourceFile, offset: u32) {
        let Some(path) = crate::path::path_to(self.db, file, TextRange::empty(offset)) else { return };
        let Some(call) = call_around(&path, offset) else { return };
        let Some((owner, given)) = called_at(self.db, file, path.def, call) else { return };
        let Some(item) = tri_hir::item_of(self.db, owner_def(owner)) else { return };
        let tri_syntax::ast::ExprKind::Call { args, .. } = &call.kind else { return };
        let is_unnamed =
            |arg: &&tri_syntax::ast::Arg| arg.name.is_none() && path.range(arg.value.id).end < offset;
        let positional = args.iter().filter(is_unnamed).count();
        for param in params_of(&item, owner).iter().skip(given + positional) {
            let is_given =
                args.iter().any(|arg| arg.name.as_ref().is_some_and(|name| name.text == param.name.text));
            if !is_given {
                self.symbol(&param.name.text, Symbol::Local(owner_def(owner), param.name.id), 0);
                if let Some(last) = self.items.last_mut() {
                    last.label.push_str(" =");
                    last.insert.push_str(" = ");
                }
            }
        }
    }

    /// What is declared around the cursor.
    fn scope(&mut self, file: SourceFile, offset: u32, only_dims: bool) {
        for (name, symbol) in scope::around(self.db, file, offset) {
            if !only_dims || self.is_dim(symbol) {
                self.symbol(&name, symbol, 1);
            }
        }
        if only_dims {
            for name in tri_hir::visible(self.db, file) {
                if let Some(tri_hir::Named::Item(def)) = tri_hir::lookup(self.db, file, name)
                    && self.is_dim(Symbol::Item(def))
                {
                    self.symbol(name, Symbol::Item(def), 2);
                }
            }
        }
    }

    fn is_dim(&self, symbol: Symbol) -> bool {
        use SymbolKind::{Config, Dim, Element, GenericDim, Pack};
        match kind(self.db, symbol) {
            Some(Dim | GenericDim | Pack | Element) => true,
            Some(Config) => detail(self.db, symbol).is_some_and(|detail| detail.contains(": int")),
            _ => false,
        }
    }

    /// What the file and the prelude declare.
    fn visible(&mut self, file: SourceFile) {
        for name in tri_hir::visible(self.db, file) {
            match tri_hir::lookup(self.db, file, name) {
                Some(tri_hir::Named::Item(def)) => {
                    let rank = if tri_hir::is_library(self.db, def.file) { 3 } else { 2 };
                    self.symbol(name, Symbol::Item(def), rank);
                }
                Some(tri_hir::Named::Module(module)) => self.symbol(name, Symbol::Module(module), 3),
                Some(tri_hir::Named::Error) | None => {}
            }
        }
    }

    /// What would have to be imported, with the edit that does: names that have the letters `typed`, nothing before the first letter.
    fn importable(&mut self, file: SourceFile, files: &[SourceFile], folder: &Path, typed: &str) {
        if typed.is_empty() {
            self.is_incomplete = true;
            return;
        }
        let mut items = importable(self.db, file, files, folder, |name| is_like(name, typed));
        let is_library = |item: &Importable| tri_hir::is_library(self.db, item.def.file);
        items.sort_by_cached_key(|item| (!item.name.starts_with(typed), is_library(item), item.name.len()));
        self.is_incomplete = items.len() > MAX_IMPORTABLE;
        for item in items.into_iter().take(MAX_IMPORTABLE) {
            let Some(kind) = kind(self.db, Symbol::Item(item.def)) else { continue };
            let rank = if tri_hir::is_library(self.db, item.def.file) { 5 } else { 4 };
            self.items.push(Completion {
                label: item.name.to_string(),
                kind: CompletionKind::Symbol(kind),
                detail: format!("use {}.{}", item.module, item.name),
                docs: Symbol::Item(item.def).docs(self.db),
                insert: item.name.to_string(),
                more: vec![import_edit(self.db, file, &item.module, &item.name)],
                rank,
            });
        }
    }
}

/// The type of a value, or the head of what has one.
fn detail(db: &dyn Db, symbol: Symbol) -> Option<String> {
    match symbol {
        Symbol::Member(def, at) => match symbol.member(db)?.1.kind {
            MemberKind::Param(ty)
            | MemberKind::Buffer(ty)
            | MemberKind::State(ty)
            | MemberKind::Instance(ty) => Some(show_type(db, &ty)),
            MemberKind::Function(_) => Some(function_type(db, Owner::Method(def, at))),
            MemberKind::Error => None,
        },
        Symbol::Item(def) => match symbol.called(db)? {
            owner @ Owner::Function(_) => Some(function_type(db, owner)),
            _ => Some(config_type(db, def)),
        },
        Symbol::Local(def, node) => {
            let file = db.file(def.file)?;
            let path = crate::path::path_to(db, file, crate::symbol::span(db, def, node).range)?;
            let around = path.nodes.iter().rev().nth(1).and_then(|node| node.id())?;
            let written = || path.range(around).of(tri_db::text(db, file).map_or("", |text| text)).to_owned();
            let body = path.body_owner().map(|owner| tri_hir::body(db, owner));
            let ty = body.and_then(|body| crate::symbol::local_type(&body, node).map(|ty| show_type(db, ty)));
            Some(ty.unwrap_or_else(|| crate::symbols::one_line(&written())))
        }
        Symbol::Module(_) => None,
    }
}

fn function_type(db: &dyn Db, owner: Owner) -> String {
    let head = signature(db, owner);
    let params: Vec<String> =
        head.params.iter().map(|param| format!("{}: {}", param.name, show_type(db, &param.ty))).collect();
    format!("({}) -> {}", params.join(", "), show_type(db, &head.result))
}

fn config_type(db: &dyn Db, def: Def) -> String {
    let layer = tri_hir::layer(db, def);
    let dims: Vec<&str> = layer.generics.iter().map(|generic| &*generic.name).collect();
    let config: Vec<String> =
        layer.config.iter().map(|param| format!("{}: {}", param.name, show_type(db, &param.ty))).collect();
    let dims = if dims.is_empty() { String::new() } else { format!("[{}]", dims.join(", ")) };
    format!("{dims}({})", config.join(", "))
}
