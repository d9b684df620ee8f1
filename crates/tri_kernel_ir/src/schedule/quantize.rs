//! The quantisers of numerics.md: what a row's scale is, then its digits. That of activations has a kernel, and so have rows, groups and
//! tensors of weights that are packed in two bits; the others are nests.

use tri_dims::DimError;
use tri_ir::{BinaryOp, DType, Dim, Encoding, Inst, Op, Quantizer, ReduceOp, Scalar, UnaryOp};

use super::affine::Affine;
use super::encode::byte_of_trits;
use super::nest::{NestBuilder, access, guard};
use super::{Failure, Scheduler};
use crate::explain::quantizer_name;
use crate::{Digits, Expr, ExprId, Fold, Nest, QuantizeStep, Stage, StepKind, Store};

impl<'m> Scheduler<'m> {
    pub(super) fn quantize(&mut self, inst: &'m Inst, quantizer: Quantizer) -> Result<(), Failure> {
        if self.packs(inst, quantizer)? {
            return Ok(());
        }
        let x = inst.args[0];
        let shape = self.shape(x).to_vec();
        let (outer, inner, at) = match quantizer {
            Quantizer::QuantizeRows => return self.quantize_rows(inst),
            Quantizer::TernarizeTensor => (Vec::new(), shape.clone(), Affine::indices(0, shape.len())),
            Quantizer::TernarizeAt { .. } => (shape.clone(), Vec::new(), Affine::indices(0, shape.len())),
            Quantizer::TernarizeGroups { group } => self.groups(inst, &shape, group)?,
            _ => {
                let (last, outer) =
                    shape.split_last().ok_or(Failure::Unsupported("its operand has no rows"))?;
                (outer.to_vec(), vec![last.clone()], Affine::indices(0, shape.len()))
            }
        };
        let count = Dim::product(&inner)?;
        let scales = outer.len();
        let mut nest = NestBuilder::new(inst.op.name(), outer, inner);
        let x = self.element(&mut nest, x, &at)?;
        let (digit, scale) = match quantizer {
            Quantizer::TernarizeTwn => ternarize_twn(&mut nest, x, count),
            Quantizer::TernarizeAt { threshold } => {
                let threshold = nest.scalar(threshold);
                (chosen_sign(&mut nest, x, threshold).1, None)
            }
            Quantizer::TernarizeTensor => {
                let scale = scale_of_tensor(&mut nest, x, count);
                ternarize_by(&mut nest, x, scale)
            }
            _ => {
                let scale = mean_magnitude(&mut nest, x, count);
                ternarize_by(&mut nest, x, scale)
            }
        };
        let buffer = self.target(inst.results[0]);
        nest.map(vec![Store { to: self.element_of(buffer, &at)?, value: digit }]);
        if let Some(scale) = scale {
            let buffer = self.target(inst.results[1]);
            nest.store_once(self.element_of(buffer, &Affine::indices(0, scales))?, scale);
        }
        self.nest(nest)
    }

    fn quantize_rows(&mut self, inst: &'m Inst) -> Result<(), Failure> {
        let shape = self.shape(inst.args[0]);
        let (width, rows) = shape.split_last().ok_or(Failure::Unsupported("its operand has no rows"))?;
        let (rows, width) = (Dim::product(rows)?, width.clone());
        let x = self.store(inst.args[0])?;
        let (digits, scales) = (self.target(inst.results[0]), self.target(inst.results[1]));
        self.step(StepKind::QuantizeRows(QuantizeStep { to: Digits::Bytes, rows, width, x, digits, scales }));
        Ok(())
    }

    /// Makes one step of a quantiser and the instruction that packs its trits, if nobody else uses these.
    fn packs(&mut self, inst: &'m Inst, quantizer: Quantizer) -> Result<bool, Failure> {
        let packed = self.used_by[inst.results[0].index()].filter(|user| self.fuses && user.op == Op::Encode);
        let Some(packed) = packed.map(|user| user.results[0]) else { return Ok(false) };
        let shape = self.shape(inst.args[0]);
        let Some(last) = shape.last() else { return Ok(false) };
        // Groups are rows, and a tensor is one, where each row of trits ends with a byte.
        let (to, width) = match quantizer {
            Quantizer::TernarizeRows => (Digits::PackedTrits, last.clone()),
            Quantizer::TernarizeGroups { group } if group % 4 == 0 => {
                (Digits::PackedTrits, Dim::constant(group.into()))
            }
            Quantizer::TernarizeTensor if last.as_constant().is_some_and(|last| last % 4 == 0) => {
                (Digits::PackedTensor, Dim::product(shape)?)
            }
            _ => return Ok(false),
        };
        if self.function.encoding(packed) != Encoding::T2 {
            return Ok(false);
        }
        let rows = Dim::product(self.shape(inst.results[1]))?;
        let x = self.store(inst.args[0])?;
        let (digits, scales) = (self.target(packed), self.target(inst.results[1]));
        self.made_at.insert(packed, self.steps.len());
        self.step(StepKind::QuantizeRows(QuantizeStep { to, rows, width, x, digits, scales }));
        Ok(true)
    }

    #[expect(clippy::type_complexity, reason = "outer axes, inner axes and the index over both")]
    fn groups(
        &self,
        inst: &Inst,
        shape: &[Dim],
        group: u32,
    ) -> Result<(Vec<Dim>, Vec<Dim>, Vec<Affine>), Failure> {
        let outer = self.shape(inst.results[1]).to_vec();
        let last = shape.len().checked_sub(1).ok_or(Failure::Unsupported("its operand has no rows"))?;
        let group = Dim::constant(group.into());
        let mut at = Affine::indices(0, shape.len());
        at[last] = Affine::index(last).scale(&group)?.add(&Affine::index(last + 1))?;
        Ok((outer, vec![group], at))
    }
}

/// A step that packs trits, as a nest.
pub(crate) fn packing_nest(step: &QuantizeStep) -> Result<Nest, DimError> {
    let QuantizeStep { rows, width, x, digits, scales, .. } = step;
    let bytes = width.ceil_div(&4.into())?;
    let name = quantizer_name(step.to);
    let mut nest = NestBuilder::new(name, vec![rows.clone()], vec![width.clone()]);
    let row = Affine::index(0).scale(width)?;
    let element = nest.load(access(*x, row.add(&Affine::index(1))?));
    let of_scale = if step.to == Digits::PackedTensor { scale_of_tensor } else { mean_magnitude };
    let scale = of_scale(&mut nest, element, width.clone());
    let byte = byte_of_trits(&mut nest, |nest, digit| {
        let along = Affine::index(1).scale(&4.into())?.offset_by(&digit.into())?;
        let guards = vec![guard(along.clone(), width.clone())];
        let access = access(*x, row.add(&along)?);
        let element = nest.push(Expr::GuardedLoad { access, guards, otherwise: Scalar::f32(0.0) });
        Ok(ternarize_by(nest, element, scale).0)
    })?;
    let to = access(*digits, Affine::index(0).scale(&bytes)?.add(&Affine::index(1))?);
    nest.store_once(access(*scales, Affine::index(0)), scale);
    let mut nest = nest.finish_as_is();
    nest.stages.push(Stage::Map { axes: vec![bytes], stores: vec![Store { to, value: byte }] });
    Ok(nest)
}

/// The mean magnitude, or what [`tri_ir`]'s `ternarize_tensor` takes where that is less.
fn scale_of_tensor(nest: &mut NestBuilder, x: ExprId, count: Dim) -> ExprId {
    let mean = mean_magnitude(nest, x, count);
    let least = nest.f32(1e-5);
    nest.binary(BinaryOp::Max, mean, least)
}

/// Sum of magnitudes by rule 5, divided by their number.
fn mean_magnitude(nest: &mut NestBuilder, x: ExprId, count: Dim) -> ExprId {
    let magnitude = nest.unary(UnaryOp::Abs, x);
    let sum = nest.reduce(ReduceOp::Sum, magnitude);
    let count = nest.push(Expr::Dim(count));
    let count = nest.cast(DType::F32, count);
    let mean = nest.binary(BinaryOp::Div, sum, count);
    nest.once(mean)
}

/// Digit and scale where the digit is `clamp(rne(x / scale), -1, 1)`.
fn ternarize_by(nest: &mut NestBuilder, x: ExprId, scale: ExprId) -> (ExprId, Option<ExprId>) {
    let ratio = nest.binary(BinaryOp::Div, x, scale);
    let digit = nest.cast(DType::Trit, ratio);
    let zero = nest.f32(0.0);
    let is_zero = nest.binary(BinaryOp::Eq, scale, zero);
    let none = nest.scalar(Scalar::int(DType::Trit, 0));
    (nest.select(is_zero, none, digit), Some(scale))
}

/// Whether `|x| > threshold`, and then its sign, else 0.
fn chosen_sign(nest: &mut NestBuilder, x: ExprId, threshold: ExprId) -> (ExprId, ExprId) {
    let magnitude = nest.unary(UnaryOp::Abs, x);
    let chosen = nest.binary(BinaryOp::Gt, magnitude, threshold);
    let zero = nest.f32(0.0);
    let positive = nest.binary(BinaryOp::Gt, x, zero);
    let [minus, none, plus] = [-1, 0, 1].map(|trit| nest.scalar(Scalar::int(DType::Trit, trit)));
    let sign = nest.select(positive, plus, minus);
    (chosen, nest.select(chosen, sign, none))
}

/// Digit and scale of `ternarize_twn`.
fn ternarize_twn(nest: &mut NestBuilder, x: ExprId, count: Dim) -> (ExprId, Option<ExprId>) {
    let mean = mean_magnitude(nest, x, count);
    let factor = nest.f32(0.7);
    let threshold = nest.binary(BinaryOp::Mul, factor, mean);
    let threshold = nest.once(threshold);
    let (chosen, digit) = chosen_sign(nest, x, threshold);
    let number = nest.fold(Fold::Count, x, Some(chosen));
    let magnitude = nest.unary(UnaryOp::Abs, x);
    let zero = nest.f32(0.0);
    let addend = nest.select(chosen, magnitude, zero);
    let sum = nest.reduce(ReduceOp::Sum, addend);
    let no = nest.scalar(Scalar::int(DType::I32, 0));
    let is_none = nest.binary(BinaryOp::Eq, number, no);
    let number = nest.cast(DType::F32, number);
    let scale = nest.binary(BinaryOp::Div, sum, number);
    (digit, Some(nest.select(is_none, zero, scale)))
}
