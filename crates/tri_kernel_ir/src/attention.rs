//! Attention as one step: the scores of a block of queries, what a nest makes of them, and its product with the values, without a matrix of
//! all scores. Each part computes what it would compute as a step of its own, so the bits are the same; only where scores lie differs.

use tri_ir::Dim;

use crate::{BufferId, Contraction, ContractionKind, Expr, Nest, Stage};

/// `out = rows(queries @ keys) @ values`, where `rows` makes each row of scores another one (softmax with scale and mask).
///
/// The three parts run over the same points: those of the first `outer` axes of the nest, and rows, which are its other axes flattened. The
/// scores of a row lie at `row * n` of the scratch, from the row at which a block begins; no two blocks that run at a time share memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Attention {
    /// How many axes of the nest are outside rows.
    pub outer: u32,
    /// Queries by keys, to the scratch.
    pub scores: Contraction,
    /// Makes rows of the scratch others, in their place.
    pub rows: Nest,
    /// The scratch by values.
    pub mix: Contraction,
}

impl Attention {
    /// Most rows of a block: enough to reuse what a kernel has loaded of keys and values, few enough for their scores to stay in the cache.
    pub const ROWS: i64 = 64;
    /// Most threads that run blocks at a time: each has memory for a block of its own.
    pub const LANES: i64 = 16;

    /// `f32`, memory for a block of scores for each lane.
    pub fn scratch(&self) -> BufferId {
        self.scores.out
    }

    /// Sizes of the axes outside rows.
    pub fn outer_axes(&self) -> &[Dim] {
        self.rows.axes.get(..self.outer as usize).unwrap_or_default()
    }

    /// Sizes of the axes that are rows together, the last one fastest.
    pub fn row_axes(&self) -> &[Dim] {
        self.rows.axes.get(self.outer as usize..).unwrap_or_default()
    }

    /// What is wrong with how the parts go together, if anything is.
    pub(crate) fn defect(&self) -> Option<&'static str> {
        let Attention { scores, rows, mix, .. } = self;
        let outer = |step: &Contraction| step.outer.iter().map(|axis| axis.size.clone()).collect::<Vec<_>>();
        let over = self.outer as usize <= rows.axes.len()
            && outer(scores) == self.outer_axes()
            && outer(mix) == self.outer_axes();
        let rows_agree = Dim::product(self.row_axes()).is_ok_and(|m| m == scores.m && m == mix.m);
        let (zero, one) = (Dim::constant(0), Dim::constant(1));
        let lies = |strides: [&Dim; 2], offset: &Dim| strides == [&scores.n, &one] && *offset == zero;
        let in_place = scores.out == mix.lhs
            && lies([&scores.out_stride, &one], &scores.out_offset)
            && lies([&mix.lhs_strides[0], &mix.lhs_strides[1]], &mix.lhs_offset)
            && scores.outer.iter().all(|axis| axis.strides[2] == zero)
            && mix.outer.iter().all(|axis| axis.strides[0] == zero);
        let is_float =
            matches!(scores.kind, ContractionKind::F32 | ContractionKind::Bf16 | ContractionKind::F16);
        let gathers = rows.exprs.iter().any(|expr| matches!(expr, Expr::GatherLoad { .. }));
        let stored = rows.stages.iter().all(|stage| match stage {
            Stage::Map { stores, .. } => stores.iter().all(|store| store.to.buffer == scores.out),
            Stage::Softmax { row, .. } => row.buffer == scores.out,
            Stage::Fold { .. } | Stage::Let { .. } => true,
        });
        let rules = [
            (over, "parts of attention run over other axes"),
            (rows_agree && scores.n == mix.k, "parts of attention have other rows or keys"),
            (in_place, "scores of attention lie elsewhere"),
            (is_float && mix.kind == ContractionKind::F32, "attention is not of floats"),
            (scores.scales.is_none() && mix.scales.is_none(), "sums of attention are scaled"),
            (!gathers, "rows of attention gather"),
            (stored, "rows of attention go elsewhere"),
        ];
        rules.into_iter().find(|(holds, _)| !holds).map(|(_, defect)| defect)
    }
}
