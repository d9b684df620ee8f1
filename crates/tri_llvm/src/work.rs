//! How a nest is shared out among the threads of a GPU.
//!
//! Points of a nest's outer axes are independent; what lies inside one is not, unless it can be seen to be.

use tri_ir::{DType, Dim, ReduceOp};
use tri_kernel_ir::{Access, Buffer, BufferId, Expr, Fold, Nest, Stage, Store, element_types};

/// Lanes that share a row: as many as rule 5 has partial sums.
pub(crate) const LANES: i64 = 16;

/// Folds of no more elements are left to one thread.
const SHORT: i64 = 15;

/// What a thread does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// One element of the only map, with all that it needs.
    Element,
    /// A sixteenth of a point: every sixteenth element of each fold and each map. The sixteen are halves of one warp.
    Lane,
    /// A whole point, in order.
    Point,
}

impl Work {
    /// How the work of a nest is shared out.
    pub(crate) fn of(buffers: &[Buffer], nest: &Nest) -> Work {
        let folds = nest.stages.iter().any(|stage| matches!(stage, Stage::Fold { .. }));
        let maps = nest.stages.iter().filter(|stage| matches!(stage, Stage::Map { .. })).count();
        if !in_place(buffers, nest) {
            return Work::Point;
        }
        if !folds && maps == 1 {
            return Work::Element;
        }
        let dtypes = element_types(buffers, nest);
        let shared = nest.stages.iter().all(|stage| match stage {
            Stage::Fold { axes, fold, value, only_if, .. } => {
                only_if.is_none() && !is_short(axes) && has_lanes(*fold, dtypes[value.index()])
            }
            Stage::Let { .. } | Stage::Map { .. } => true,
            Stage::Softmax { .. } => false,
        });
        if shared { Work::Lane } else { Work::Point }
    }

    /// The axes whose points are the units of the work.
    pub(crate) fn axes(self, nest: &Nest) -> Vec<Dim> {
        let map = nest.stages.iter().find_map(|stage| match stage {
            Stage::Map { axes, .. } => Some(axes.as_slice()),
            _ => None,
        });
        match (self, map) {
            (Work::Element, Some(axes)) => [nest.axes.as_slice(), axes].concat(),
            _ => nest.axes.clone(),
        }
    }

    /// Threads of a unit.
    pub(crate) fn lanes(self) -> i64 {
        if self == Work::Lane { LANES } else { 1 }
    }
}

fn is_short(axes: &[Dim]) -> bool {
    Dim::product(axes).ok().and_then(|elements| elements.as_constant()).is_some_and(|n| n <= SHORT)
}

/// Whether sixteen partial results give the bits of the fold. Sums of 16-bit floats are rounded one after another.
fn has_lanes(fold: Fold, dtype: DType) -> bool {
    fold != Fold::Reduce(ReduceOp::Sum) || !matches!(dtype, DType::F16 | DType::Bf16)
}

fn loads(nest: &Nest) -> impl Iterator<Item = &Access> {
    nest.exprs.iter().filter_map(|expr| match expr {
        Expr::Load(access) | Expr::GuardedLoad { access, .. } | Expr::GatherLoad { access, .. } => {
            Some(access)
        }
        _ => None,
    })
}

fn stores(nest: &Nest) -> impl Iterator<Item = &Store> {
    nest.stages.iter().flat_map(|stage| match stage {
        Stage::Map { stores, .. } => stores.as_slice(),
        _ => &[],
    })
}

/// Whether what is loaded from memory that the nest stores to is the element that is stored there.
fn in_place(buffers: &[Buffer], nest: &Nest) -> bool {
    let memory = |buffer: BufferId| buffers[buffer.index()].place;
    let gathered = |access: &Access| {
        nest.exprs
            .iter()
            .any(|expr| matches!(expr, Expr::GatherLoad { access: gathered, .. } if gathered == access))
    };
    loads(nest).all(|load| {
        stores(nest).all(|store| {
            memory(store.to.buffer) != memory(load.buffer)
                || (store.to.offset == load.offset && store.to.strides == load.strides && !gathered(load))
        })
    })
}

/// Whether a stage of the nest reads what another one stored.
pub(crate) fn reads_back(buffers: &[Buffer], nest: &Nest) -> bool {
    let memory = |buffer: BufferId| buffers[buffer.index()].place;
    loads(nest).any(|load| stores(nest).any(|store| memory(store.to.buffer) == memory(load.buffer)))
}
