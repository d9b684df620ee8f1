//! The salsa queries: thin wrappers over plain functions, one place for every attribute.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tri_db::{Db, SourceFile, parse};
use tri_diagnostics::{Code, Diagnostic, FileId};
use tri_syntax::ast::{Function, Item, ItemId, ItemKind, MemberKind as AstMember};

use crate::hir::{Body, BodyOwner, Def, Dim, DimVar, ExprKind, Layer, MemberKind, Owner, Signature};
use crate::report::{Place, Report};
use crate::resolve::{Circles, Ways};
use crate::scope::{self, Named, Scope};
use crate::{dims, infer, lints, outline, resolve};

/// A body with what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedBody {
    /// The body.
    pub body: Arc<Body>,
    pub(crate) reports: Vec<Report>,
}

/// A head with what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CheckedSignature {
    pub(crate) signature: Arc<Signature>,
    pub(crate) reports: Vec<Report>,
}

/// A layer's head with what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CheckedLayer {
    pub(crate) layer: Arc<Layer>,
    pub(crate) reports: Vec<Report>,
}

/// Sets how many bodies of functions, and uses of items, are remembered when something changes. All can be made again. Items themselves
/// are remembered for good: everything asks for them, by the thousand at once.
pub fn set_capacity(db: &mut dyn Db, capacity: usize) {
    item_uses::set_lru_capacity(db, capacity);
    function_body_query::set_lru_capacity(db, capacity);
}

/// An item as written; equal to its former self if only white space or other items changed.
#[salsa::tracked(returns(clone))]
pub(crate) fn item(db: &dyn Db, file: SourceFile, id: ItemId) -> Option<Arc<Item>> {
    parse(db, file).ast.item(id).cloned()
}

/// An item without bodies and documentation.
#[salsa::tracked(returns(clone))]
fn item_outline(db: &dyn Db, file: SourceFile, id: ItemId) -> Option<Arc<Item>> {
    item(db, file, id).map(|item| outline::outline(&item).into())
}

/// What a file has for elaboration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roots {
    /// Its models with their names, in order.
    pub models: Vec<(Def, Arc<str>)>,
    /// Its tests with theirs.
    pub tests: Vec<(Def, Arc<str>)>,
}

/// The models and tests of a file.
#[salsa::tracked(returns(ref))]
pub fn roots(db: &dyn Db, file: SourceFile) -> Roots {
    let mut roots = Roots::default();
    for (id, item) in parse(db, file).ast.items() {
        let def = Def { file: file.id(db), item: id };
        match &item.kind {
            ItemKind::Layer(layer) if layer.is_model => roots.models.push((def, layer.name.text.clone())),
            ItemKind::Test(test) => roots.tests.push((def, test.name.clone())),
            _ => {}
        }
    }
    roots
}

/// Names of the items of a file.
#[salsa::tracked(returns(ref))]
pub fn items(db: &dyn Db, file: SourceFile) -> BTreeMap<Arc<str>, Def> {
    scope::items(db, file)
}

/// Names of the items and imports of a file.
#[salsa::tracked(returns(ref))]
pub(crate) fn file_scope(db: &dyn Db, file: SourceFile) -> Scope {
    scope::scope(db, file)
}

/// The names that every file sees.
#[salsa::tracked(returns(ref))]
pub(crate) fn prelude(db: &dyn Db) -> BTreeMap<Arc<str>, Named> {
    scope::prelude(db)
}

/// All names that a file sees, for suggestions.
#[salsa::tracked(returns(ref))]
pub fn visible(db: &dyn Db, file: SourceFile) -> Vec<Arc<str>> {
    scope::visible(db, file)
}

/// Layers and functions of library modules that are no part of the prelude, with their modules.
#[salsa::tracked(returns(ref))]
pub fn library_items(db: &dyn Db) -> Vec<(&'static str, Arc<str>)> {
    scope::library_items(db)
}

#[salsa::tracked(returns(clone))]
pub(crate) fn checked_signature(db: &dyn Db, file: SourceFile, owner: Owner) -> CheckedSignature {
    let _ = file;
    resolve::signature(db, owner)
}

#[salsa::tracked(returns(clone))]
pub(crate) fn checked_layer(db: &dyn Db, file: SourceFile, def: Def) -> CheckedLayer {
    let _ = file;
    resolve::layer(db, def)
}

#[salsa::tracked(returns(clone))]
fn layer_head_query(db: &dyn Db, file: SourceFile, def: Def) -> CheckedLayer {
    let _ = file;
    resolve::layer_head(db, def)
}

/// The head of a layer without its members.
pub(crate) fn checked_layer_head(db: &dyn Db, def: Def) -> CheckedLayer {
    match db.file(def.file) {
        Some(file) => layer_head_query(db, file, def),
        None => CheckedLayer { layer: Arc::new(resolve::empty_layer()), reports: Vec::new() },
    }
}

#[salsa::tracked(returns(copy), cycle_result = dim_cycle)]
pub(crate) fn dim_value_query(db: &dyn Db, file: SourceFile, def: Def) -> Option<i64> {
    let _ = file;
    dims::dim_value(db, def)
}

/// A dim that is computed from itself has no value; `check_file` says so.
fn dim_cycle(_: &dyn Db, _: salsa::Id, _: SourceFile, _: Def) -> Option<i64> {
    None
}

/// The value of a `const` that is a static int.
#[salsa::tracked(returns(clone), cycle_result = const_cycle)]
pub(crate) fn const_dim(db: &dyn Db, file: SourceFile, def: Def) -> Option<Dim> {
    let _ = file;
    resolve::const_dim(db, def)
}

fn const_cycle(_: &dyn Db, _: salsa::Id, _: SourceFile, _: Def) -> Option<Dim> {
    None
}

/// The body of a function. No type depends on it, so it is in no circle and may be let go: salsa takes a value of a circle that was let
/// go for one that a panic prevented.
#[salsa::tracked(returns(clone), lru = 256)]
fn function_body_query(db: &dyn Db, file: SourceFile, owner: Owner) -> CheckedBody {
    let _ = file;
    unremembered_body(db, BodyOwner::Function(owner))
}

/// Any other body: the value of a member, a default, a constant.
#[salsa::tracked(returns(clone), cycle_result = body_cycle)]
fn value_body_query(db: &dyn Db, file: SourceFile, owner: BodyOwner) -> CheckedBody {
    let _ = file;
    unremembered_body(db, owner)
}

fn unremembered_body(db: &dyn Db, owner: BodyOwner) -> CheckedBody {
    let (body, reports) = infer::body(db, owner);
    CheckedBody { body: Arc::new(body), reports }
}

/// A constant that is computed from itself.
fn body_cycle(db: &dyn Db, _: salsa::Id, _: SourceFile, owner: BodyOwner) -> CheckedBody {
    let def = body_def(owner);
    let name = item_of(db, def).and_then(|item| item.name().map(|name| (name.id, name.text.clone())));
    let reports = name.map(|(node, name)| {
        let message = format!("`{name}` is computed from itself");
        Report::error(Code::E2010, Place::new(def, node), message)
    });
    CheckedBody { body: Arc::default(), reports: reports.into_iter().collect() }
}

/// The items of a file, in order.
#[salsa::tracked(returns(ref))]
fn item_ids(db: &dyn Db, file: SourceFile) -> Vec<ItemId> {
    parse(db, file).ast.items().map(|(id, _)| id).collect()
}

/// Where an item leads in its file: what may lead back to it. Few edits change that.
#[salsa::tracked(returns(ref))]
fn ways(db: &dyn Db, file: SourceFile, id: ItemId) -> Ways {
    resolve::ways(db, Def { file: file.id(db), item: id })
}

/// What leads back to itself in a file.
#[salsa::tracked(returns(ref))]
fn circles(db: &dyn Db, file: SourceFile) -> Circles {
    resolve::circles(db, item_ids(db, file).iter().map(|id| ways(db, file, *id)))
}

/// Everything that is wrong with a file.
#[salsa::tracked(returns(clone))]
pub fn check_file(db: &dyn Db, file: SourceFile) -> Arc<[Diagnostic]> {
    let mut diagnostics = parse(db, file).errors.clone();
    let mut reports: Vec<Report> = file_scope(db, file).reports.clone();
    let circles = circles(db, file);
    reports.extend(circles.reports.iter().cloned());
    for (id, item) in parse(db, file).ast.items() {
        let def = Def { file: file.id(db), item: id };
        // A circle is one mistake, however many stand in it.
        if circles.circular.contains(&def) {
            continue;
        }
        reports.extend(head_reports(db, def, item));
        for owner in body_owners(db, def) {
            reports.extend(checked_body(db, owner).reports);
        }
    }
    reports.extend(scope::import_cycle(db, file));
    let mut seen = BTreeSet::new();
    reports.sort_by_key(|report| report.span(db).range.start);
    let first = reports.iter().filter(|report| seen.insert(report.mistake()));
    diagnostics.extend(first.map(|report| report.diagnostic(db)));
    diagnostics.sort_by_key(|diagnostic| diagnostic.primary.span.range.start);
    diagnostics.into()
}

/// The names that an item declares inside, reads, and takes from outside.
#[salsa::tracked(returns(clone), lru = 256)]
pub fn item_uses(db: &dyn Db, file: SourceFile, id: ItemId) -> Arc<lints::Uses> {
    item(db, file, id).map(|item| lints::uses(&item)).unwrap_or_default().into()
}

/// Everything that is accepted in a file, but probably not meant.
#[salsa::tracked(returns(clone))]
pub fn lint_file(db: &dyn Db, file: SourceFile) -> Arc<[Diagnostic]> {
    lints::lint(db, file, &check_file(db, file)).into()
}

fn head_reports(db: &dyn Db, def: Def, item: &Item) -> Vec<Report> {
    let Some(file) = db.file(def.file) else { return Vec::new() };
    match &item.kind {
        ItemKind::Function(_) => checked_signature(db, file, Owner::Function(def)).reports,
        ItemKind::Layer(_) => {
            let mut reports = checked_layer(db, file, def).reports;
            for (at, member) in layer(db, def).members.iter().enumerate() {
                if matches!(member.kind, MemberKind::Function(_)) {
                    reports.extend(checked_signature(db, file, Owner::Method(def, at as u32)).reports);
                }
            }
            reports
        }
        ItemKind::Dim(dim) => match dim_value(db, def) {
            Some(_) => Vec::new(),
            None if !follows(db, def) => {
                let place = Place::new(def, dim.name.id);
                let message = format!(
                    "`{}` has no size: it must be a number that is not negative, or made of other dims",
                    dim.name.text
                );
                vec![Report::error(Code::E2011, place, message)]
            }
            None => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// Whether a `dim` has no size because what it is computed from was reported: it cannot be read, or is another dim without
/// a size. The dims of a circle do not follow from each other.
fn follows(db: &dyn Db, dim: Def) -> bool {
    let (mut open, mut seen) = (vec![dim], BTreeSet::new());
    while let Some(def) = open.pop() {
        let checked = checked_body(db, BodyOwner::Dim(def));
        let Some(value) = checked.body.root.value else { return true };
        if let ExprKind::Dim(size) = &checked.body.expr(value).kind {
            size.for_each_var(&mut |var| match var {
                DimVar::Nominal(other) if dim_value(db, *other).is_none() && seen.insert(*other) => {
                    open.push(*other);
                }
                _ => {}
            });
        }
    }
    !seen.is_empty() && !seen.contains(&dim)
}

/// Everything that is wrong with a program, and what was probably not meant: of the main file, and of every file that it imports.
pub fn check(db: &dyn Db, root: SourceFile) -> Vec<Diagnostic> {
    check_together(db, &[root])
}

/// The same of several programs and modules of one package, each file once.
pub fn check_together(db: &dyn Db, roots: &[SourceFile]) -> Vec<Diagnostic> {
    let files = files(db, roots);
    files.iter().flat_map(|file| diagnose(db, *file, &files)).collect()
}

/// What [`check_together`] says of one file among the `files` of its package, which may import from it.
pub fn diagnose(db: &dyn Db, file: SourceFile, files: &[SourceFile]) -> Vec<Diagnostic> {
    let mut diagnostics = check_file(db, file).to_vec();
    let is_exported = |warning: &Diagnostic| {
        let name = warning.primary.span.range.of(lints::text(db, file));
        let item = (file.id(db), Arc::from(name));
        files.iter().any(|other| imported_names(db, *other).contains(&item))
    };
    let warnings = lint_file(db, file);
    let unused = warnings.iter().filter(|warning| warning.code != Code::W0004 || !is_exported(warning));
    diagnostics.extend(unused.cloned());
    diagnostics.sort_by_key(|diagnostic| diagnostic.primary.span.range.start);
    diagnostics
}

/// The files of programs besides the library's, a main file before what it imports.
pub fn files(db: &dyn Db, roots: &[SourceFile]) -> Vec<SourceFile> {
    let mut done = BTreeSet::new();
    let mut open: Vec<SourceFile> = roots.iter().rev().copied().collect();
    let mut files = Vec::new();
    while let Some(file) = open.pop() {
        if !done.insert(file.id(db)) || file.is_library(db) {
            continue;
        }
        files.push(file);
        for item in &parse(db, file).ast.items {
            if let ItemKind::Use(import) = &item.kind {
                open.extend(scope::imported(db, import));
            }
        }
    }
    files
}

/// The names that a file imports, with the files that they are of.
#[salsa::tracked(returns(ref))]
fn imported_names(db: &dyn Db, file: SourceFile) -> BTreeSet<(FileId, Arc<str>)> {
    let mut imported = BTreeSet::new();
    for item in &parse(db, file).ast.items {
        let ItemKind::Use(import) = &item.kind else { continue };
        let path: Vec<&str> = import.module.iter().map(|part| part.as_str()).collect();
        let Ok(module) = db.module(&path) else { continue };
        imported.extend(import.imports.iter().map(|import| (module.id(db), import.name.text.clone())));
    }
    imported
}

/// The item that a file sees by the path: `Linear`, or `init.zeros` for an item of a module that it sees by name.
pub fn item_named(db: &dyn Db, file: SourceFile, path: &[&str]) -> Option<Def> {
    let (name, rest) = path.split_first()?;
    match (scope::lookup(db, file, name)?, rest) {
        (Named::Item(def), []) => Some(def),
        (Named::Module(module), [item]) => items(db, module).get(*item).copied(),
        _ => None,
    }
}

/// The head of a function.
pub fn signature(db: &dyn Db, owner: Owner) -> Arc<Signature> {
    match db.file(owner_def(owner).file) {
        Some(file) => checked_signature(db, file, owner).signature,
        None => Arc::new(resolve::empty_signature()),
    }
}

/// The head of a layer.
pub fn layer(db: &dyn Db, def: Def) -> Arc<Layer> {
    match db.file(def.file) {
        Some(file) => checked_layer(db, file, def).layer,
        None => Arc::new(resolve::empty_layer()),
    }
}

/// The size of a `dim`, overrides included; none if it has an error.
pub fn dim_value(db: &dyn Db, def: Def) -> Option<i64> {
    dim_value_query(db, db.file(def.file)?, def)
}

/// A body.
pub fn body(db: &dyn Db, owner: BodyOwner) -> Arc<Body> {
    checked_body(db, owner).body
}

/// A body with its reports.
pub fn checked_body(db: &dyn Db, owner: BodyOwner) -> CheckedBody {
    match (db.file(body_def(owner).file), owner) {
        (Some(file), BodyOwner::Function(function)) => function_body_query(db, file, function),
        (Some(file), _) => value_body_query(db, file, owner),
        (None, _) => CheckedBody { body: Arc::default(), reports: Vec::new() },
    }
}

/// Every body of an item.
pub fn body_owners(db: &dyn Db, def: Def) -> Vec<BodyOwner> {
    let Some(item) = item_of(db, def) else { return Vec::new() };
    let mut owners = Vec::new();
    let defaults = |owner: Owner, params: &[tri_syntax::ast::Param], owners: &mut Vec<BodyOwner>| {
        let defaults = params.iter().enumerate().filter(|(_, param)| param.default.is_some());
        owners.extend(defaults.map(|(at, _)| BodyOwner::Default(owner, at as u32)));
    };
    match &item.kind {
        ItemKind::Dim(_) => owners.push(BodyOwner::Dim(def)),
        ItemKind::Const(_) => owners.push(BodyOwner::Const(def)),
        ItemKind::Test(_) => owners.push(BodyOwner::Function(Owner::Test(def))),
        ItemKind::Function(function) => {
            defaults(Owner::Function(def), &function.params, &mut owners);
            if function.body.is_some() {
                owners.push(BodyOwner::Function(Owner::Function(def)));
            }
        }
        ItemKind::Layer(layer) => {
            defaults(Owner::Layer(def), &layer.config, &mut owners);
            for (at, member) in layer.members.iter().enumerate() {
                let at = at as u32;
                if member.condition.is_some() {
                    owners.push(BodyOwner::MemberCondition(def, at));
                }
                match &member.kind {
                    AstMember::Function(function) => {
                        defaults(Owner::Method(def, at), &function.params, &mut owners);
                        owners.push(BodyOwner::Function(Owner::Method(def, at)));
                    }
                    AstMember::Tensor { init: Some(_), .. } | AstMember::Instance { .. } => {
                        owners.push(BodyOwner::MemberValue(def, at));
                    }
                    _ => {}
                }
            }
        }
        _ => {}
    }
    owners
}

/// The item of a definition.
pub fn item_of(db: &dyn Db, def: Def) -> Option<Arc<Item>> {
    item(db, db.file(def.file)?, def.item)
}

/// What others may know of the item of a definition.
pub(crate) fn outline_of(db: &dyn Db, def: Def) -> Option<Arc<Item>> {
    item_outline(db, db.file(def.file)?, def.item)
}

/// The function that an owner is.
pub fn function_of(item: &Item, owner: Owner) -> Option<&Function> {
    match (owner, &item.kind) {
        (Owner::Function(_), ItemKind::Function(function)) => Some(function),
        (Owner::Method(_, at), ItemKind::Layer(layer)) => match &layer.members.get(at as usize)?.kind {
            AstMember::Function(function) => Some(function),
            _ => None,
        },
        _ => None,
    }
}

/// The name of an item.
pub fn def_name(db: &dyn Db, def: Def) -> Arc<str> {
    let name = outline_of(db, def).and_then(|item| item.name().map(|name| name.text.clone()));
    name.unwrap_or_else(|| "?".into())
}

/// Whether an item is of the standard library.
pub fn is_library(db: &dyn Db, file: FileId) -> bool {
    db.file(file).is_some_and(|file| file.is_library(db))
}

pub(crate) fn owner_def(owner: Owner) -> Def {
    match owner {
        Owner::Layer(def) | Owner::Function(def) | Owner::Method(def, _) | Owner::Test(def) => def,
    }
}

pub(crate) fn body_def(owner: BodyOwner) -> Def {
    match owner {
        BodyOwner::Function(owner) | BodyOwner::Default(owner, _) => owner_def(owner),
        BodyOwner::MemberValue(def, _)
        | BodyOwner::MemberCondition(def, _)
        | BodyOwner::Const(def)
        | BodyOwner::Dim(def) => def,
    }
}
