//! `x[...]`: slices, single elements of an axis, axes of length 1.

use tri_hir::hir::{self, ViewItem};
use tri_ir::{Dim, Op};

use crate::error::Result;
use crate::eval::Frame;
use crate::lowering::Lowering;
use crate::value::Value;

/// The part of a tensor that view items choose.
#[derive(Debug)]
pub(crate) struct Window {
    /// First element on each axis of the tensor.
    pub(crate) starts: Vec<Dim>,
    /// Number of elements on each axis of the tensor.
    pub(crate) sizes: Vec<Dim>,
    /// The sizes as the expression has them: without indexed axes, with added ones.
    pub(crate) shape: Vec<Dim>,
}

impl Lowering<'_> {
    /// `x[...]`.
    pub(crate) fn view(&mut self, frame: &Frame, operand: Value, items: &[ViewItem]) -> Result<Value> {
        let operand = self.tensor(&operand)?;
        let ty = self.type_of(operand)?;
        let window = self.window(frame, &ty.shape, items)?;
        let mut part = operand;
        if ty.shape != window.sizes || window.starts.iter().any(|start| *start != Dim::default()) {
            let steps = vec![1; ty.rank()];
            let op = Op::Slice { starts: window.starts, steps };
            part = self.emit_as(op, vec![operand], ty.with_shape(window.sizes))?;
        }
        self.reshape(part, window.shape).map(Value::Tensor)
    }

    /// What `items` choose of a tensor with these sizes.
    pub(crate) fn window(&mut self, frame: &Frame, sizes: &[Dim], items: &[ViewItem]) -> Result<Window> {
        let named = items.iter().filter(|item| matches!(item, ViewItem::At(_) | ViewItem::Slice(..))).count();
        let Some(others) = sizes.len().checked_sub(named) else {
            return Err(self.invalid(format!("{named} indices into {} axes", sizes.len())));
        };
        let mut window = Window { starts: Vec::new(), sizes: Vec::new(), shape: Vec::new() };
        let has_rest = items.iter().any(|item| matches!(item, ViewItem::Rest));
        for item in items.iter().chain((!has_rest).then_some(&ViewItem::Rest)) {
            let axis = window.sizes.len();
            match item {
                ViewItem::NewAxis => window.shape.push(Dim::constant(1)),
                ViewItem::Rest => sizes[axis..axis + others].iter().for_each(|size| window.whole(size)),
                ViewItem::At(index) => {
                    let start = self.bound(frame, index, &sizes[axis])?;
                    self.check_range(&start, &Dim::constant(1), &sizes[axis])?;
                    window.starts.push(start);
                    window.sizes.push(Dim::constant(1));
                }
                ViewItem::Slice(None, None) => window.whole(&sizes[axis]),
                ViewItem::Slice(lo, hi) => {
                    let whole = &sizes[axis];
                    let start = lo.as_ref().map_or(Ok(Dim::default()), |lo| self.bound(frame, lo, whole))?;
                    let end = hi.as_ref().map_or(Ok(whole.clone()), |hi| self.bound(frame, hi, whole))?;
                    let size = end.sub(&start).map_err(|error| self.dim_error(error))?;
                    self.check_range(&start, &size, whole)?;
                    window.starts.push(start);
                    window.sizes.push(size.clone());
                    window.shape.push(size);
                }
            }
        }
        Ok(window)
    }

    /// An index; a negative number counts from the end.
    fn bound(&self, frame: &Frame, index: &hir::Dim, size: &Dim) -> Result<Dim> {
        let index = self.dim(frame, index)?;
        match index.as_constant() {
            Some(n) if n < 0 => size.add(&index).map_err(|error| self.dim_error(error)),
            _ => Ok(index),
        }
    }

    fn check_range(&self, start: &Dim, size: &Dim, whole: &Dim) -> Result<()> {
        let end = start.add(size).map_err(|error| self.dim_error(error))?;
        let room = whole.sub(&end).map_err(|error| self.dim_error(error))?;
        let negative = |dim: &Dim| dim.as_constant().is_some_and(|n| n < 0);
        if negative(start) || negative(size) || negative(&room) {
            return Err(self.invalid("this index leaves its axis"));
        }
        Ok(())
    }
}

impl Window {
    fn whole(&mut self, size: &Dim) {
        self.starts.push(Dim::default());
        self.sizes.push(size.clone());
        self.shape.push(size.clone());
    }
}
