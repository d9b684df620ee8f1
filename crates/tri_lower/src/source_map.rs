//! Where instructions come from: the tables that stand beside a module.

use std::ops::Range;

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

/// What a call in the source calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callee {
    /// Path to the instance from the one that calls, `stage1.0`; empty where it calls itself, or a function of no layer.
    pub member: String,
    /// The layer with its sizes, `Block[64]`; none of a function of no layer.
    pub layer: Option<String>,
    /// The function.
    pub function: String,
    /// Names of its parameters, one for each tensor given.
    pub inputs: Vec<String>,
    /// The call.
    pub place: Place,
}

/// The calls that a function makes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// Each call instruction's callee; those of a route's tiles in their order.
    pub callees: Vec<(u32, Callee)>,
    /// Instructions that stand for a call: those of the callee's body. Ranges lie apart or inside each other, inner ones first.
    pub inlined: Vec<(Range<u32>, Callee)>,
}

/// The place of every [`Origin`] of a module, and the callee of every call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceMap {
    places: Vec<Place>,
    known: FxHashMap<Place, Origin>,
    calls: FxHashMap<String, Calls>,
}

impl SourceMap {
    /// Where `origin` is in the source.
    pub fn place(&self, origin: Origin) -> Option<Place> {
        self.places.get(origin.index()).copied()
    }

    /// What the function of this name calls.
    pub fn calls(&self, function: &str) -> Option<&Calls> {
        self.calls.get(function)
    }

    pub(crate) fn calls_mut(&mut self, function: &str) -> &mut Calls {
        self.calls.entry(function.to_owned()).or_default()
    }

    /// The number for a place.
    pub(crate) fn origin(&mut self, place: Place) -> Origin {
        *self.known.entry(place).or_insert_with(|| {
            self.places.push(place);
            Origin(self.places.len() as u32 - 1)
        })
    }
}
