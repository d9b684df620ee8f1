//! A product with elementwise work behind it as one step: each block of results is worked on while it is in the cache, before the next block,
//! and sums have no memory of their own. The bits are those of the two as steps of their own.

use tri_ir::Dim;

use crate::{Buffer, BufferId, Contraction, Convolution, Expr, Index, Nest, Place, Stage, StepKind};

/// `out = nest(product)`, element by element.
///
/// The product writes where the result will lie, as its own element type. The nest is one map without conditions: for contractions its outer
/// axes are rows and its inner axis is columns, for convolutions outer axes are planes and inner axes the elements of a plane. What it
/// reads of the product is the element that it writes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Epilogue {
    /// Sums, to the memory of the result.
    pub product: Product,
    /// What becomes of each, in its place.
    pub nest: Nest,
}

/// What an epilogue is behind.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Product {
    /// One without outer axes, whose rows are adjacent in the result.
    Contraction(Box<Contraction>),
    /// Any.
    Convolution(Convolution),
}

impl Product {
    /// Where its results lie.
    pub fn out(&self) -> BufferId {
        match self {
            Product::Contraction(step) => step.out,
            Product::Convolution(step) => step.out,
        }
    }

    /// As a step of its own.
    pub fn step(&self) -> StepKind {
        match self {
            Product::Contraction(step) => StepKind::Contraction(step.clone()),
            Product::Convolution(step) => StepKind::Convolution(step.clone()),
        }
    }
}

impl Epilogue {
    /// The axes of the nest that are outside what a block has of a row or plane, and those that are along it.
    pub fn axes(&self) -> (&[Dim], &[Dim]) {
        let inner = self.nest.stages.iter().find_map(|stage| match stage {
            Stage::Map { axes, .. } => Some(axes.as_slice()),
            _ => None,
        });
        (&self.nest.axes, inner.unwrap_or_default())
    }

    /// The product, if it is a contraction.
    pub fn contraction(&self) -> Option<&Contraction> {
        match &self.product {
            Product::Contraction(step) => Some(step),
            Product::Convolution(_) => None,
        }
    }

    /// What is wrong with how the parts go together, if anything is. `memory` says where a buffer lies.
    pub(crate) fn defect(
        &self,
        buffers: &[Buffer],
        memory: impl Fn(BufferId) -> Place,
    ) -> Option<&'static str> {
        let [Stage::Map { axes, stores }] = self.nest.stages.as_slice() else {
            return Some("an epilogue is not one map");
        };
        let [store] = stores.as_slice() else { return Some("an epilogue stores several results") };
        let place = memory(self.product.out());
        let in_place = |buffer| memory(buffer) == place;
        let same_size =
            |a: BufferId, b: BufferId| buffers[a.index()].dtype.bytes() == buffers[b.index()].dtype.bytes();
        let loads = self.nest.exprs.iter().all(|expr| match expr {
            Expr::Load(access) if in_place(access.buffer) => {
                (&access.offset, &access.strides) == (&store.to.offset, &store.to.strides)
            }
            Expr::GuardedLoad { access, .. } => !in_place(access.buffer),
            Expr::GatherLoad { .. } => false,
            _ => true,
        });
        let all: Vec<Dim> = self.nest.axes.iter().chain(axes).cloned().collect();
        let row_major = store.to.offset.as_constant() == Some(0) && is_row_major(&all, &store.to.strides);
        let same =
            |a: &[Dim], b: &[Dim]| matches!((Dim::product(a), Dim::product(b)), (Ok(a), Ok(b)) if a == b);
        let covers = match &self.product {
            Product::Contraction(step) => {
                step.outer.is_empty()
                    && same(&self.nest.axes, std::slice::from_ref(&step.m))
                    && axes.as_slice() == std::slice::from_ref(&step.n)
                    && step.out_offset.as_constant() == Some(0)
                    && (step.out_stride == step.n || step.m.as_constant() == Some(1))
            }
            Product::Convolution(step) => {
                let shape = &buffers[step.out.index()].shape;
                matches!(axes.len(), 1 | 2) && same(&self.nest.axes, &shape[..2]) && same(axes, &shape[2..])
            }
        };
        let rules = [
            (in_place(store.to.buffer), "an epilogue stores elsewhere"),
            (same_size(store.to.buffer, self.product.out()), "an epilogue makes elements of another size"),
            (loads, "an epilogue reads other elements of the product, or looks rows up"),
            (row_major && covers, "an epilogue runs over other elements than the product has"),
        ];
        rules.into_iter().find(|(holds, _)| !holds).map(|(_, defect)| defect)
    }
}

/// Whether these are the steps from index to index of a row-major tensor.
fn is_row_major(shape: &[Dim], strides: &[(Index, Dim)]) -> bool {
    let (mut step, mut rest) = (Dim::constant(1), strides);
    for (axis, size) in shape.iter().enumerate().rev() {
        let Some(((index, stride), before)) = rest.split_last() else { return false };
        if index.index() != axis || *stride != step {
            return false;
        }
        let Ok(next) = step.mul(size) else { return false };
        (step, rest) = (next, before);
    }
    rest.is_empty()
}
