//! What a name stands for, and what is known of it.

use std::sync::Arc;

use tri_db::{Db, SourceFile};
use tri_diagnostics::Span;
use tri_hir::hir::{Body, Def, Layer, Member, MemberKind, Owner, Type};
use tri_hir::{BindingKind, Place, item_of, place_span};
use tri_syntax::ast::{self, Item, ItemKind, NodeId};

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Symbol {
    /// An item.
    Item(Def),
    /// A member of a layer, by its number.
    Member(Def, u32),
    /// A name that an item declares inside: a dim in brackets, a parameter, a local value. The node is its declaration.
    Local(Def, NodeId),
    /// A file.
    Module(SourceFile),
}

impl Symbol {
    /// Where its name is declared; the beginning of a module.
    pub(crate) fn declaration(self, db: &dyn Db) -> Option<Span> {
        match self {
            Symbol::Item(def) => {
                let item = item_of(db, def)?;
                Some(span(db, def, item.name()?.id))
            }
            Symbol::Member(def, at) => {
                let name = member_syntax(db, def, at, |member| Some(member.name()?.id))?;
                Some(span(db, def, name))
            }
            Symbol::Local(def, node) => Some(span(db, def, node)),
            Symbol::Module(file) => Some(Span::new(file.id(db), tri_diagnostics::TextRange::empty(0))),
        }
    }

    /// All of what declares it.
    pub(crate) fn whole(self, db: &dyn Db) -> Option<Span> {
        match self {
            Symbol::Item(def) => Some(span(db, def, item_of(db, def)?.id)),
            Symbol::Member(def, at) => {
                Some(span(db, def, member_syntax(db, def, at, |member| Some(member.id))?))
            }
            Symbol::Local(..) | Symbol::Module(_) => self.declaration(db),
        }
    }

    /// Its name where it is declared.
    pub(crate) fn name(self, db: &dyn Db) -> Option<Arc<str>> {
        match self {
            Symbol::Item(def) => item_of(db, def)?.name().map(|name| name.text.clone()),
            Symbol::Member(def, at) => {
                member_syntax(db, def, at, |member| member.name().map(|name| name.text.clone()))
            }
            Symbol::Local(def, node) => {
                let file = db.file(def.file)?;
                let range = span(db, def, node).range;
                Some(range.of(tri_db::text(db, file).ok()?).into())
            }
            Symbol::Module(file) => {
                file.path(db).file_stem().map(|stem| stem.to_string_lossy().into_owned().into())
            }
        }
    }

    /// Its documentation; empty without.
    pub(crate) fn docs(self, db: &dyn Db) -> Arc<str> {
        let docs = match self {
            Symbol::Item(def) => item_of(db, def).map(|item| item.docs.clone()),
            Symbol::Member(def, at) => member_syntax(db, def, at, |member| Some(member.docs.clone())),
            Symbol::Local(..) => None,
            Symbol::Module(file) => Some(tri_db::parse(db, file).ast.docs.clone()),
        };
        docs.unwrap_or_default()
    }

    /// Whether it is of the standard library.
    pub(crate) fn is_library(self, db: &dyn Db) -> bool {
        match self {
            Symbol::Item(def) | Symbol::Member(def, _) | Symbol::Local(def, _) => {
                tri_hir::is_library(db, def.file)
            }
            Symbol::Module(file) => file.is_library(db),
        }
    }

    /// What declares a local name.
    pub(crate) fn binding(self, db: &dyn Db) -> Option<BindingKind> {
        let Symbol::Local(def, node) = self else { return None };
        let uses = tri_hir::item_uses(db, db.file(def.file)?, def.item);
        uses.bindings.iter().find(|binding| binding.name.id == node).map(|binding| binding.kind)
    }

    /// The member of a layer.
    pub(crate) fn member(self, db: &dyn Db) -> Option<(Arc<Layer>, Member)> {
        let Symbol::Member(def, at) = self else { return None };
        let layer = tri_hir::layer(db, def);
        let member = layer.members.get(at as usize)?.clone();
        Some((layer, member))
    }

    /// Whose parameters a call of it fills: those of a function, of a layer, or of the `forward` of an instance.
    pub(crate) fn called(self, db: &dyn Db) -> Option<Owner> {
        match self {
            Symbol::Item(def) => match &item_of(db, def)?.kind {
                ItemKind::Function(_) => Some(Owner::Function(def)),
                ItemKind::Layer(_) => Some(Owner::Layer(def)),
                _ => None,
            },
            Symbol::Member(def, at) => match self.member(db)?.1.kind {
                MemberKind::Function(_) => Some(Owner::Method(def, at)),
                MemberKind::Instance(ty) => forward_of(db, &ty),
                _ => None,
            },
            Symbol::Local(..) | Symbol::Module(_) => None,
        }
    }
}

/// What `read` takes of the member of a layer as it is written.
fn member_syntax<T>(
    db: &dyn Db,
    def: Def,
    at: u32,
    read: impl FnOnce(&ast::Member) -> Option<T>,
) -> Option<T> {
    match &item_of(db, def)?.kind {
        ItemKind::Layer(layer) => read(layer.members.get(at as usize)?),
        _ => None,
    }
}

/// The function that a call of an instance calls.
pub(crate) fn forward_of(db: &dyn Db, ty: &Type) -> Option<Owner> {
    let Type::Layer(def, _) = ty else { return None };
    let is_forward =
        |member: &Member| &*member.name == "forward" && matches!(member.kind, MemberKind::Function(_));
    let at = tri_hir::layer(db, *def).members.iter().position(is_forward)?;
    Some(Owner::Method(*def, at as u32))
}

/// The bytes of a node.
pub(crate) fn span(db: &dyn Db, def: Def, node: NodeId) -> Span {
    place_span(db, Place { file: def.file, item: def.item, node })
}

/// The parameters of an owner as they are written.
pub(crate) fn params_of(item: &Item, owner: Owner) -> &[ast::Param] {
    match (owner, &item.kind) {
        (Owner::Layer(_), ItemKind::Layer(layer)) => &layer.config,
        _ => tri_hir::function_of(item, owner).map_or(&[], |function| &function.params),
    }
}

/// The item that an owner is, or is in.
pub(crate) fn owner_def(owner: Owner) -> Def {
    match owner {
        Owner::Layer(def) | Owner::Function(def) | Owner::Method(def, _) | Owner::Test(def) => def,
    }
}

/// The type of an expression of a body, by its node.
pub(crate) fn type_at(body: &Body, node: NodeId) -> Option<&Type> {
    let known = |ty: &&Type| **ty != Type::Error;
    body.exprs.iter().filter(|expr| expr.node == node).map(|expr| &expr.ty).find(known)
}

/// The type of a name that a body declares, by its node.
pub(crate) fn local_type(body: &Body, node: NodeId) -> Option<&Type> {
    body.locals.iter().find(|local| local.node == node).map(|local| &local.ty)
}
