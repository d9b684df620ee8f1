//! Builds one nest: equal expressions once, loops over as few axes as the accesses allow.

use rustc_hash::FxHashMap;
use tri_dims::DimError;
use tri_ir::{BinaryOp, DType, Dim, ReduceOp, Scalar, UnaryOp, Value};

use super::affine::Affine;
use crate::{Access, BufferId, Expr, ExprId, Fold, Guard, Index, Nest, Reg, Stage, Store};

/// Factor of each loop variable that occurs.
type Strides = Vec<(Index, Dim)>;

/// A nest under construction. Stages run over the inner axes (all of them the same) or over none.
#[derive(Debug, Default)]
pub(super) struct NestBuilder {
    pub(super) names: Vec<&'static str>,
    outer: Vec<Dim>,
    inner: Vec<Dim>,
    exprs: Vec<Expr>,
    ids: FxHashMap<Expr, ExprId>,
    stages: Vec<(Stage, bool)>,
    regs: u32,
    pub(super) seen: FxHashMap<(Value, Vec<Affine>), ExprId>,
}

impl NestBuilder {
    pub(super) fn new(name: &'static str, outer: Vec<Dim>, inner: Vec<Dim>) -> Self {
        NestBuilder { names: vec![name], outer, inner, ..NestBuilder::default() }
    }

    pub(super) fn push(&mut self, expr: Expr) -> ExprId {
        let next = ExprId(self.exprs.len() as u32);
        let id = *self.ids.entry(expr.clone()).or_insert(next);
        if id == next {
            self.exprs.push(expr);
        }
        id
    }

    pub(super) fn scalar(&mut self, scalar: Scalar) -> ExprId {
        self.push(Expr::Constant(scalar))
    }

    pub(super) fn f32(&mut self, value: f32) -> ExprId {
        self.scalar(Scalar::f32(value))
    }

    pub(super) fn unary(&mut self, op: UnaryOp, a: ExprId) -> ExprId {
        self.push(Expr::Unary(op, a))
    }

    pub(super) fn binary(&mut self, op: BinaryOp, a: ExprId, b: ExprId) -> ExprId {
        self.push(Expr::Binary(op, a, b))
    }

    pub(super) fn select(&mut self, condition: ExprId, a: ExprId, b: ExprId) -> ExprId {
        self.push(Expr::Select(condition, a, b))
    }

    pub(super) fn cast(&mut self, to: DType, a: ExprId) -> ExprId {
        self.push(Expr::Cast(to, a))
    }

    pub(super) fn load(&mut self, access: Access) -> ExprId {
        self.push(Expr::Load(access))
    }

    /// Whether an expression is the element at `access`.
    pub(super) fn is_load(&self, expr: ExprId, access: &Access) -> bool {
        matches!(&self.exprs[expr.index()], Expr::Load(load) if load == access)
    }

    fn reg(&mut self) -> Reg {
        self.regs += 1;
        Reg(self.regs - 1)
    }

    /// Folds over the inner axes; gives the register's value.
    pub(super) fn fold(&mut self, fold: Fold, value: ExprId, only_if: Option<ExprId>) -> ExprId {
        let into = self.reg();
        self.stages.push((Stage::Fold { axes: Vec::new(), fold, value, only_if, into }, true));
        self.push(Expr::Reg(into))
    }

    pub(super) fn reduce(&mut self, op: ReduceOp, value: ExprId) -> ExprId {
        self.fold(Fold::Reduce(op), value, None)
    }

    /// Computes once for each outer point.
    pub(super) fn once(&mut self, value: ExprId) -> ExprId {
        let into = self.reg();
        self.stages.push((Stage::Let { value, into }, false));
        self.push(Expr::Reg(into))
    }

    /// Stores at each inner point.
    pub(super) fn map(&mut self, stores: Vec<Store>) {
        self.stages.push((Stage::Map { axes: Vec::new(), stores }, true));
    }

    /// Replaces what lies along the inner axis by its softmax.
    pub(super) fn softmax(&mut self, row: Access) {
        self.stages.push((Stage::Softmax { axes: Vec::new(), row }, true));
    }

    /// Stores once for each outer point.
    pub(super) fn store_once(&mut self, to: Access, value: ExprId) {
        self.stages.push((Stage::Map { axes: Vec::new(), stores: vec![Store { to, value }] }, false));
    }

    /// The nest. If no axis is inner and nothing is folded, the last outer axis becomes that of the maps.
    pub(super) fn finish(mut self) -> Result<Nest, DimError> {
        self.simplify()?;
        let maps_only = self.inner.is_empty()
            && self.stages.iter().all(|(stage, inner)| *inner && matches!(stage, Stage::Map { .. }));
        if maps_only && let Some(last) = self.outer.pop() {
            self.inner.push(last);
        }
        Ok(self.finish_as_is())
    }

    /// The nest with all of its axes as they were given.
    pub(super) fn finish_as_is(self) -> Nest {
        let NestBuilder { names, outer, inner, exprs, stages, .. } = self;
        let mut stages = stages;
        for (stage, over_inner) in &mut stages {
            if *over_inner
                && let Stage::Fold { axes, .. } | Stage::Map { axes, .. } | Stage::Softmax { axes, .. } =
                    stage
            {
                axes.clone_from(&inner);
            }
        }
        let stages = stages.into_iter().map(|(stage, _)| stage).collect();
        Nest { name: names.join("+"), axes: outer, exprs, stages }
    }

    /// Drops axes of length 1 and joins neighbours that every access runs through as if they were one.
    fn simplify(&mut self) -> Result<(), DimError> {
        let mut axis = 0;
        while axis < self.outer.len() + self.inner.len() {
            if self.size(axis).as_constant() == Some(1) {
                self.for_each_form(&mut |strides| remove(strides, axis));
                self.remove_axis(axis);
            } else {
                axis += 1;
            }
        }
        let mut axis = 0;
        while axis + 1 < self.outer.len() + self.inner.len() {
            let same_group = (axis + 1 < self.outer.len()) || axis >= self.outer.len();
            if same_group && self.joins(axis)? {
                let size = self.size(axis).mul(self.size(axis + 1))?;
                self.for_each_form(&mut |strides| remove(strides, axis));
                self.remove_axis(axis);
                *self.size_mut(axis) = size;
                axis = axis.saturating_sub(1);
            } else {
                axis += 1;
            }
        }
        Ok(())
    }

    fn size(&self, axis: usize) -> &Dim {
        let outer = self.outer.len();
        if axis < outer { &self.outer[axis] } else { &self.inner[axis - outer] }
    }

    fn size_mut(&mut self, axis: usize) -> &mut Dim {
        let outer = self.outer.len();
        if axis < outer { &mut self.outer[axis] } else { &mut self.inner[axis - outer] }
    }

    fn remove_axis(&mut self, axis: usize) {
        let outer = self.outer.len();
        if axis < outer {
            self.outer.remove(axis);
        } else {
            self.inner.remove(axis - outer);
        }
    }

    fn joins(&mut self, axis: usize) -> Result<bool, DimError> {
        let size = self.size(axis + 1).clone();
        let (mut joins, mut error) = (true, None);
        self.for_each_form(&mut |strides| {
            let of = |axis: usize| {
                let found = strides.iter().find(|(index, _)| index.index() == axis);
                found.map_or(Dim::constant(0), |(_, stride)| stride.clone())
            };
            match of(axis + 1).mul(&size) {
                Ok(whole) => joins &= whole == of(axis),
                Err(e) => error = Some(e),
            }
        });
        error.map_or(Ok(joins), Err)
    }

    /// Calls `visit` with the strides of each affine form.
    fn for_each_form(&mut self, visit: &mut dyn FnMut(&mut Strides)) {
        for expr in &mut self.exprs {
            match expr {
                Expr::Affine { strides, .. } | Expr::Random { strides, .. } => visit(strides),
                Expr::Load(access) | Expr::GatherLoad { access, .. } => visit(&mut access.strides),
                Expr::GuardedLoad { access, guards, .. } => {
                    visit(&mut access.strides);
                    guards.iter_mut().for_each(|guard| visit(&mut guard.strides));
                }
                Expr::Holds(guards) => guards.iter_mut().for_each(|guard| visit(&mut guard.strides)),
                Expr::Constant(_) | Expr::Dim(_) | Expr::Reg(_) | Expr::Unary(..) => {}
                Expr::Binary(..) | Expr::Select(..) | Expr::Cast(..) => {}
            }
        }
        for (stage, _) in &mut self.stages {
            match stage {
                Stage::Map { stores, .. } => {
                    stores.iter_mut().for_each(|store| visit(&mut store.to.strides));
                }
                Stage::Softmax { row, .. } => visit(&mut row.strides),
                Stage::Fold { .. } | Stage::Let { .. } => {}
            }
        }
    }
}

/// Removes a loop variable and renumbers those after it. If it is joined with its successor, that keeps its own stride.
fn remove(strides: &mut Vec<(Index, Dim)>, axis: usize) {
    strides.retain(|(index, _)| index.index() != axis);
    for (index, _) in strides {
        if index.index() > axis {
            index.0 -= 1;
        }
    }
}

/// The element of `buffer` at a position.
pub(super) fn access(buffer: BufferId, at: Affine) -> Access {
    Access { buffer, offset: at.offset, strides: at.strides }
}

/// `0 <= at < size`.
pub(super) fn guard(at: Affine, size: Dim) -> Guard {
    Guard { offset: at.offset, strides: at.strides, size }
}
