//! Where instructions come from: the table that stands beside a module.

use rustc_hash::FxHashMap;
use tri_diagnostics::FileId;
use tri_ir::Origin;
use tri_syntax::ast::{ItemId, NodeId};

/// A node of a source file. Its bytes are found through the syntax tree, so moving text changes nothing here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file.
    pub file: FileId,
    /// The item in it.
    pub item: ItemId,
    /// The node in the item.
    pub node: NodeId,
}

/// The place of every [`Origin`] of a module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceMap {
    places: Vec<Place>,
    known: FxHashMap<Place, Origin>,
}

impl SourceMap {
    /// Where `origin` is in the source.
    pub fn place(&self, origin: Origin) -> Option<Place> {
        self.places.get(origin.index()).copied()
    }

    /// The number for a place.
    pub(crate) fn origin(&mut self, place: Place) -> Origin {
        *self.known.entry(place).or_insert_with(|| {
            self.places.push(place);
            Origin(self.places.len() as u32 - 1)
        })
    }
}
