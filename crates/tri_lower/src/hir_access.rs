//! The queries of the front end that lowering asks.

use std::sync::Arc;

use tri_db::{Db, SourceFile};
use tri_diagnostics::{FileId, Span};
use tri_hir::Roots;
use tri_hir::hir::{Axis, Body, BodyOwner, Def, Layer, Owner, Signature};
use tri_syntax::ast::{ItemKind, NodeId};

use crate::source_map::Place;

/// Access to the typed HIR of a program.
#[derive(Clone, Copy)]
pub(crate) struct Hir<'db> {
    pub(crate) db: &'db dyn Db,
}

impl Hir<'_> {
    pub(crate) fn signature(self, owner: Owner) -> Arc<Signature> {
        tri_hir::signature(self.db, owner)
    }

    pub(crate) fn layer(self, def: Def) -> Arc<Layer> {
        tri_hir::layer(self.db, def)
    }

    pub(crate) fn dim_value(self, def: Def) -> Option<i64> {
        tri_hir::dim_value(self.db, def)
    }

    pub(crate) fn body(self, owner: BodyOwner) -> Arc<Body> {
        tri_hir::body(self.db, owner)
    }

    pub(crate) fn training(self) -> bool {
        self.db.options().training(self.db)
    }

    /// Whether an item is of the standard library.
    pub(crate) fn is_library(self, def: Def) -> bool {
        tri_hir::is_library(self.db, def.file)
    }

    pub(crate) fn roots(self, file: SourceFile) -> Roots {
        tri_hir::roots(self.db, file).clone()
    }

    /// The name of an item, or the item itself if it has none.
    pub(crate) fn item_place(self, def: Def) -> Place {
        let item = tri_hir::item_of(self.db, def);
        let node = item.map_or(NodeId(0), |item| item.name().map_or(item.id, |name| name.id));
        Place { file: def.file, item: def.item, node }
    }

    /// The name of a member.
    pub(crate) fn member_place(self, def: Def, member: u32) -> Place {
        let item = tri_hir::item_of(self.db, def);
        let name = match item.as_ref().map(|item| &item.kind) {
            Some(ItemKind::Layer(layer)) => {
                layer.members.get(member as usize).and_then(|member| member.name())
            }
            _ => None,
        };
        name.map_or_else(
            || self.item_place(def),
            |name| Place { file: def.file, item: def.item, node: name.id },
        )
    }

    pub(crate) fn span(self, place: Place) -> Span {
        place.span(self.db)
    }

    /// An axis as the source writes it.
    pub(crate) fn axis_name(self, axis: &Axis) -> String {
        match axis {
            Axis::Dim(dim) => tri_hir::show_dim(self.db, dim),
            Axis::Pack(..) => "..".to_owned(),
        }
    }
}

impl Place {
    /// The bytes of the source that it is now.
    pub fn span(self, db: &dyn Db) -> Span {
        let place = tri_hir::Place { file: self.file, item: self.item, node: self.node };
        tri_hir::place_span(db, place)
    }
}

/// The place of a file's first byte.
pub(crate) fn file_start(file: FileId) -> Place {
    Place { file, item: tri_syntax::ast::ItemId(0), node: NodeId(0) }
}
