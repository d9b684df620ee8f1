//! Contractions: batch, free and summed axes become outer axes, rows, columns and one sum.

use tri_dims::DimError;
use tri_ir::{BinaryOp, DType, Dim, Encoding, Inst, Op, TensorType, Value};

use super::affine::{Affine, contiguous};
use super::nest::NestBuilder;
use super::{Failure, Scheduler};
use crate::{BufferId, Contraction, ContractionKind, OuterAxis, Product, Scales, StepKind, Store};

/// An operand as the micro-kernel sees it: where it begins and what one step on each of its axes is.
#[derive(Debug)]
pub(super) struct Operand {
    pub(super) buffer: BufferId,
    pub(super) offset: Dim,
    pub(super) strides: Vec<Dim>,
}

impl Operand {
    /// All of a buffer.
    pub(super) fn row_major(buffer: BufferId, shape: &[Dim]) -> Result<Self, DimError> {
        Ok(Operand { buffer, offset: Dim::constant(0), strides: contiguous(shape)? })
    }
}

/// An axis with the steps of left operand, right operand and result.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    pub(super) size: Dim,
    pub(super) strides: [Dim; 3],
}

impl<'m> Scheduler<'m> {
    pub(super) fn contract(
        &mut self,
        inst: &'m Inst,
        batch: &[(u32, u32)],
        pairs: &[(u32, u32)],
    ) -> Result<(), Failure> {
        let (a, b, result) = (inst.args[0], inst.args[1], inst.results[0]);
        let kind = self.contraction_kind(a, b)?;
        let free = |rank: usize, used: &dyn Fn(u32) -> bool| -> Vec<usize> {
            (0..rank).filter(|axis| !used(*axis as u32)).collect()
        };
        let free_a = free(self.shape(a).len(), &|axis| batch.iter().chain(pairs).any(|pair| pair.0 == axis));
        let free_b = free(self.shape(b).len(), &|axis| batch.iter().chain(pairs).any(|pair| pair.1 == axis));
        let sides = |side: fn(&(u32, u32)) -> u32, pairs: &[(u32, u32)]| -> Vec<usize> {
            pairs.iter().map(|pair| side(pair) as usize).collect()
        };
        let (batch_a, batch_b) = (sides(|p| p.0, batch), sides(|p| p.1, batch));
        let (sum_a, sum_b) = (sides(|p| p.0, pairs), sides(|p| p.1, pairs));
        let lhs = self.operand(a, [&batch_a, &free_a, &sum_a])?;
        let packed = kind == ContractionKind::I8T2 || kind == ContractionKind::F32T2;
        let rhs =
            if packed { self.packed_operand(b)? } else { self.operand(b, [&batch_b, &free_b, &sum_b])? };
        let mut steps = contiguous(self.shape(result))?.into_iter();
        let zero = || Dim::constant(0);
        let mut axes = |first: &[usize], second: &[usize]| -> Vec<Axis> {
            let count = first.len().max(second.len());
            let axis = |i: usize| {
                let size = match (first.get(i), second.get(i)) {
                    (Some(axis), _) => self.shape(a)[*axis].clone(),
                    (None, Some(axis)) => self.shape(b)[*axis].clone(),
                    (None, None) => Dim::constant(1),
                };
                let of = |operand: &Operand, axes: &[usize]| {
                    axes.get(i).map_or_else(zero, |axis| operand.strides[*axis].clone())
                };
                let strides = [of(&lhs, first), of(&rhs, second), steps.next().unwrap_or_else(zero)];
                Axis { size, strides }
            };
            (0..count).map(axis).collect()
        };
        let batches = joined(axes(&batch_a, &batch_b))?;
        let mut rows = joined(axes(&free_a, &[]))?;
        let mut columns = joined(axes(&[], &free_b))?;
        let sum = joined(
            sum_a
                .iter()
                .zip(&sum_b)
                .map(|(i, j)| Axis {
                    size: self.shape(a)[*i].clone(),
                    strides: [lhs.strides[*i].clone(), rhs.strides[*j].clone(), zero()],
                })
                .collect(),
        )?;
        let one = || Axis { size: Dim::constant(1), strides: [zero(), zero(), zero()] };
        let row = rows.pop().unwrap_or_else(one);
        let column = columns.pop().unwrap_or_else(one);
        let mut sum = sum.into_iter();
        let (k, rest) = (sum.next().unwrap_or_else(one), sum.next());
        if rest.is_some() {
            return Err(Failure::Unsupported("the summed axes are not one"));
        }
        let outer: Vec<Axis> = batches.into_iter().chain(rows).chain(columns).collect();
        let scaled =
            if kind == ContractionKind::I8T2 && outer.is_empty() { self.scaled(result)? } else { None };
        let (made, scales) = scaled.map_or((result, None), |(made, scales)| (made, Some(scales)));
        let is_plain = outer.is_empty() && free_b.len() == 1;
        let behind = if is_plain { self.behind(made, 1) } else { None };
        if scales.is_some() {
            self.made_at.insert(made, self.steps.len());
        }
        let out = match behind {
            Some(behind) => self.place_of_product(behind),
            None => self.target(made),
        };
        let [lhs_row, _, out_stride] = row.strides;
        let [lhs_k, rhs_k, _] = k.strides;
        let [_, rhs_column, _] = column.strides;
        let step = Contraction {
            kind,
            outer: outer
                .into_iter()
                .map(|axis| OuterAxis { size: axis.size, strides: axis.strides })
                .collect(),
            m: row.size,
            n: column.size,
            k: k.size,
            lhs: lhs.buffer,
            lhs_offset: lhs.offset,
            lhs_strides: [lhs_row, lhs_k],
            rhs: rhs.buffer,
            rhs_offset: rhs.offset,
            rhs_strides: [rhs_k, rhs_column],
            out,
            out_offset: Dim::constant(0),
            out_stride,
            scales,
        };
        match behind {
            Some(behind) => self.epilogue(behind, Product::Contraction(Box::new(step)), 1),
            None => {
                self.step(StepKind::Contraction(Box::new(step)));
                Ok(())
            }
        }
    }

    /// Where sums become `(sum as f32) * rows * columns`, perhaps times one number, and serve nothing else: that value, and where the
    /// scales lie.
    fn scaled(&self, sums: Value) -> Result<Option<(Value, Scales)>, Failure> {
        let Some(cast) = self.used_by[sums.index()] else { return Ok(None) };
        let number = cast.results[0];
        if cast.op != Op::Cast || self.dtype(number) != DType::F32 || !self.inline[number.index()] {
            return Ok(None);
        }
        let Some((by_rows, rows)) = self.factor(number) else { return Ok(None) };
        if !self.inline[by_rows.index()] {
            return Ok(None);
        }
        let Some((made, columns)) = self.factor(by_rows) else { return Ok(None) };
        let shape = self.shape(made);
        let at = Affine::indices(0, shape.len());
        let Some(last) = shape.len().checked_sub(1) else { return Ok(None) };
        let rows = self.scale(rows, &at, &shape[..last], &at[..last])?;
        let columns = self.scale(columns, &at, &shape[last..], &at[last..])?;
        let Some((rows, columns)) = rows.zip(columns) else { return Ok(None) };
        let scales = Scales { rows, columns, all: None };
        let whole = self.factor(made).filter(|_| self.inline[made.index()]);
        let Some((whole, all)) = whole else { return Ok(Some((made, scales))) };
        Ok(Some(match self.scale(all, &at, &[], &[])? {
            Some(all) => (whole, Scales { all: Some(all), ..scales }),
            None => (made, scales),
        }))
    }

    /// The product that a value becomes and serves alone, and its other factor.
    fn factor(&self, value: Value) -> Option<(Value, Value)> {
        let inst = self.used_by[value.index()].filter(|inst| inst.op == Op::Binary(BinaryOp::Mul))?;
        let other = inst.args.iter().find(|arg| **arg != value)?;
        Some((inst.results[0], *other))
    }

    /// The buffer of a scale that lies there as the axes `shape` of what it scales, and is the same along all others.
    fn scale(
        &self,
        scale: Value,
        at: &[Affine],
        shape: &[Dim],
        along: &[Affine],
    ) -> Result<Option<BufferId>, Failure> {
        let Affine { offset, strides } = Affine::row_major(shape, along)?;
        let access = self.locate(scale, at)?;
        let access = access.filter(|access| access.offset == offset && access.strides == strides);
        let is_f32 = self.dtype(scale) == DType::F32;
        Ok(access.filter(|_| is_f32).map(|access| access.buffer))
    }

    pub(super) fn contraction_kind(&self, a: Value, b: Value) -> Result<ContractionKind, Failure> {
        self.plain(a)?;
        Ok(match (self.dtype(a), self.dtype(b), self.function.encoding(b)) {
            (DType::F32, DType::F32, _) => ContractionKind::F32,
            (DType::Bf16, DType::Bf16, _) => ContractionKind::Bf16,
            (DType::F16, DType::F16, _) => ContractionKind::F16,
            (DType::I8, DType::I8, _) | (DType::I8, DType::Trit, Encoding::Plain) => ContractionKind::I8,
            (DType::I8, DType::Trit, Encoding::T2) => ContractionKind::I8T2,
            (DType::F32, DType::Trit, Encoding::Plain) => ContractionKind::F32Trit,
            (DType::F32, DType::Trit, Encoding::T2) => ContractionKind::F32T2,
            _ => return Err(Failure::Unsupported("these element types have no contraction")),
        })
    }

    fn packed_operand(&mut self, value: Value) -> Result<Operand, Failure> {
        let buffer = self.store(value)?;
        Ok(Operand::row_major(buffer, self.shape(value))?)
    }

    /// An operand where it lies if its summed axes are one there, else copied: batch, free, summed.
    pub(super) fn operand(&mut self, value: Value, groups: [&[usize]; 3]) -> Result<Operand, Failure> {
        let shape = self.shape(value);
        let at = Affine::indices(0, shape.len());
        if self.locate(value, &at)?.is_none() {
            self.store(value)?;
        }
        let access = self.locate(value, &at)?.ok_or(Failure::Unsupported("an operand has no memory"))?;
        let stride = |axis: usize| {
            let found = access.strides.iter().find(|(index, _)| index.index() == axis);
            found.map_or(Dim::constant(0), |(_, stride)| stride.clone())
        };
        let strides: Vec<Dim> = (0..shape.len()).map(stride).collect();
        let sum = groups[2].iter().map(|axis| {
            let strides = [strides[*axis].clone(), Dim::constant(0), Dim::constant(0)];
            Axis { size: shape[*axis].clone(), strides }
        });
        if joined(sum.collect())?.len() <= 1 {
            return Ok(Operand { buffer: access.buffer, offset: access.offset, strides });
        }
        self.arranged(value, groups.concat())
    }

    /// A copy of an operand with its axes in another order.
    pub(super) fn arranged(&mut self, value: Value, order: Vec<usize>) -> Result<Operand, Failure> {
        let shape = self.shape(value);
        let sizes: Vec<Dim> = order.iter().map(|axis| shape[*axis].clone()).collect();
        let mut at = vec![Affine::zero(); shape.len()];
        for (index, axis) in order.iter().enumerate() {
            at[*axis] = Affine::index(index);
        }
        let mut nest = NestBuilder::new("arrange", sizes.clone(), Vec::new());
        let element = self.element(&mut nest, value, &at)?;
        let buffer = self.workspace(&TensorType::new(self.dtype(value), sizes.clone()));
        let to = self.element_of(buffer, &Affine::indices(0, sizes.len()))?;
        nest.map(vec![Store { to, value: element }]);
        self.nest(nest)?;
        let mut strides = vec![Dim::constant(0); shape.len()];
        for (axis, stride) in order.into_iter().zip(contiguous(&sizes)?) {
            strides[axis] = stride;
        }
        Ok(Operand { buffer, offset: Dim::constant(0), strides })
    }
}

/// The axes without those of length 1, neighbours joined where all strides allow.
pub(super) fn joined(axes: Vec<Axis>) -> Result<Vec<Axis>, DimError> {
    let mut result: Vec<Axis> = Vec::with_capacity(axes.len());
    for axis in axes.into_iter().filter(|axis| axis.size.as_constant() != Some(1)) {
        if let Some(last) = result.last_mut() {
            let mut joins = true;
            for (outer, inner) in last.strides.iter().zip(&axis.strides) {
                joins &= *outer == inner.mul(&axis.size)?;
            }
            if joins {
                *last = Axis { size: last.size.mul(&axis.size)?, strides: axis.strides };
                continue;
            }
        }
        result.push(axis);
    }
    Ok(result)
}
