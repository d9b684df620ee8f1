//! Fold stages, in the canonical orders of numerics.md.
//!
//! A float sum has sixteen partial sums (rule 5). Where neighbours along the only axis can be computed four at a time,
//! they are four vectors, and what is left over at the end is added to them through memory; else they are an array.
//! Folds whose order does not matter to the bits use the same four vectors.

use cranelift_codegen::ir::{InstBuilder, Type, Value, condcodes::IntCC, types};
use tri_ir::math::Arith;
use tri_ir::{BinaryOp, DType, Dim, ReduceOp, Scalar};
use tri_kernel_ir::{ExprId, Fold, Index};

use crate::emitter::Emitter;
use crate::expression::{NestContext, Point};
use crate::lanes::{Lanes, Width};
use crate::memory::element_type;
use crate::nest::{inner_loops, product};

/// Number of partial results.
const PARTIALS: i64 = 16;

/// What is carried after an element, from what was carried before it.
type StepAt<'s> = dyn Fn(&mut Emitter<'_>, &mut Point<'_>, &[Value]) -> Vec<Value> + 's;

/// A fold stage at a point of the outer axes.
pub(crate) struct Folding<'f> {
    pub(crate) cx: &'f NestContext<'f>,
    pub(crate) regs: &'f [Option<Value>],
    pub(crate) fold: Fold,
    pub(crate) value: ExprId,
    pub(crate) only_if: Option<ExprId>,
}

impl Folding<'_> {
    /// Emits the fold over `axes`; gives its result.
    pub(crate) fn emit(&self, e: &mut Emitter<'_>, outer: &[Value], axes: &[Dim]) -> Value {
        match self.fold {
            Fold::Count => self.count(e, outer, axes),
            Fold::ArgMax => self.argmax(e, outer, axes),
            Fold::Reduce(op) => {
                let dtype = self.cx.dtype(self.value);
                if let Some(result) = self.in_lanes(e, op, dtype, outer, axes) {
                    result
                } else if op == ReduceOp::Sum && dtype == DType::F32 {
                    self.strided_sum(e, outer, axes)
                } else {
                    self.one_by_one(e, op, dtype, outer, axes)
                }
            }
        }
    }

    fn value_at(&self, e: &mut Emitter<'_>, point: &mut Point<'_>) -> Value {
        self.cx.evaluate(e, point, &[self.value])[0]
    }

    /// Runs `step` on each element that takes part; elsewhere what is carried stays.
    fn for_each_element(
        &self,
        e: &mut Emitter<'_>,
        outer: &[Value],
        axes: &[Dim],
        carried: &[Value],
        step: &StepAt<'_>,
    ) -> Vec<Value> {
        let mut indices = outer.to_vec();
        inner_loops(e, axes, None, &mut indices, carried, &mut |e, indices, carried| {
            let mut point = Point::new(indices, self.regs, None, self.cx.nest.exprs.len());
            let Some(only_if) = self.only_if else { return step(e, &mut point, carried) };
            let takes_part = self.cx.evaluate(e, &mut point, &[only_if])[0];
            e.value_if(takes_part, |e| step(e, &mut point, carried), carried)
        })
    }

    fn count(&self, e: &mut Emitter<'_>, outer: &[Value], axes: &[Dim]) -> Value {
        if self.only_if.is_none() {
            let all = product(e, axes);
            return e.builder.ins().ireduce(types::I32, all);
        }
        let zero = e.builder.ins().iconst(types::I32, 0);
        self.for_each_element(e, outer, axes, &[zero], &|e, _, carried| {
            vec![e.builder.ins().iadd_imm_s(carried[0], 1)]
        })[0]
    }

    /// The first element that no later one ranks above. Nothing has been seen while the best index is 0 and the best
    /// value is what every other value ranks above, or is equal to.
    fn argmax(&self, e: &mut Emitter<'_>, outer: &[Value], axes: &[Dim]) -> Value {
        let dtype = self.cx.dtype(self.value);
        let wide = if matches!(dtype, DType::F16 | DType::Bf16) { DType::F32 } else { dtype };
        let least = if wide == DType::F32 { Scalar::f32(f32::NAN) } else { ReduceOp::Max.of_nothing(dtype) };
        let mut lanes = Lanes { e, width: Width::One };
        let least = lanes.scalar(least);
        let zero = lanes.i32(0);
        self.for_each_element(e, outer, axes, &[least, zero, zero], &|e, point, carried| {
            let value = self.value_at(e, point);
            let mut lanes = Lanes { e, width: Width::One };
            let value = lanes.cast(dtype, wide, value);
            let (best, index, count) = (carried[0], carried[1], carried[2]);
            let mut above = lanes.binary(BinaryOp::Gt, wide, value, best);
            if wide == DType::F32 {
                let unknown = lanes.unary(tri_ir::UnaryOp::IsNan, wide, best);
                let number = lanes.binary(BinaryOp::Eq, wide, value, value);
                let first = lanes.bool_and(unknown, number);
                above = lanes.bool_or(above, first);
            }
            let best = lanes.choose(above, value, best);
            let index = lanes.choose(above, count, index);
            vec![best, index, e.builder.ins().iadd_imm_s(count, 1)]
        })[1]
    }

    fn one_by_one(
        &self,
        e: &mut Emitter<'_>,
        op: ReduceOp,
        dtype: DType,
        outer: &[Value],
        axes: &[Dim],
    ) -> Value {
        let start = Lanes { e, width: Width::One }.scalar(op.of_nothing(dtype));
        self.for_each_element(e, outer, axes, &[start], &|e, point, carried| {
            let value = self.value_at(e, point);
            vec![Lanes { e, width: Width::One }.binary(op.combining(), dtype, carried[0], value)]
        })[0]
    }

    /// Rule 5 with the partial sums in an array.
    fn strided_sum(&self, e: &mut Emitter<'_>, outer: &[Value], axes: &[Dim]) -> Value {
        let slot = e.stack(4 * PARTIALS as u32);
        let array = e.stack_address(slot);
        let zeros = Lanes { e, width: Width::Four }.f32(0.0);
        store_vectors(e, array, &[zeros; 4]);
        let zero = e.int(0);
        self.for_each_element(e, outer, axes, &[zero], &|e, point, carried| {
            let value = self.value_at(e, point);
            add_to_partial(e, ReduceOp::Sum, DType::F32, array, carried[0], value);
            vec![e.builder.ins().iadd_imm_s(carried[0], 1)]
        });
        let partials = load_vectors(e, array, types::F32X4);
        tree(e, ReduceOp::Sum, DType::F32, partials)
    }

    /// Sixteen partial results in four vectors, if the elements can be computed that way.
    fn in_lanes(
        &self,
        e: &mut Emitter<'_>,
        op: ReduceOp,
        dtype: DType,
        outer: &[Value],
        axes: &[Dim],
    ) -> Option<Value> {
        let [axis] = axes else { return None };
        let index = Index(outer.len() as u32);
        let varies = self.cx.varying(index);
        let short = axis.as_constant().is_some_and(|size| size < PARTIALS);
        let fits = matches!(dtype, DType::F32 | DType::I32) && self.only_if.is_none() && !short;
        if !fits || !self.cx.has_lanes(&[self.value], &varies, index) {
            return None;
        }
        let length = e.size(axis);
        let whole = e.builder.ins().band_imm_s(length, -PARTIALS);
        let zero = e.int(0);
        let start = Lanes { e, width: Width::Four }.scalar(op.of_nothing(dtype));
        let sums = e.for_each(zero, whole, PARTIALS, &[start; 4], |e, i, sums| {
            let add = |(part, sum): (usize, &Value)| {
                let mut indices = outer.to_vec();
                indices.push(e.builder.ins().iadd_imm_s(i, 4 * part as i64));
                let mut point = Point::new(&indices, self.regs, Some(&varies), self.cx.nest.exprs.len());
                let value = self.value_at(e, &mut point);
                Lanes { e, width: Width::Four }.binary(op.combining(), dtype, *sum, value)
            };
            sums.iter().enumerate().map(add).collect()
        });
        let partials = self.add_rest(e, op, dtype, outer, (whole, length), &sums);
        Some(tree(e, op, dtype, partials))
    }

    /// Combines the elements after the last whole group of sixteen with the partial results.
    fn add_rest(
        &self,
        e: &mut Emitter<'_>,
        op: ReduceOp,
        dtype: DType,
        outer: &[Value],
        (whole, length): (Value, Value),
        sums: &[Value],
    ) -> Vec<Value> {
        let slot = e.stack(4 * PARTIALS as u32);
        let more = e.builder.ins().icmp(IntCC::SignedLessThan, whole, length);
        let ty = e.builder.func.dfg.value_type(sums[0]);
        e.value_if(
            more,
            |e| {
                let array = e.stack_address(slot);
                store_vectors(e, array, sums);
                e.for_each(whole, length, 1, &[], |e, i, _| {
                    let mut indices = outer.to_vec();
                    indices.push(i);
                    let mut point = Point::new(&indices, self.regs, None, self.cx.nest.exprs.len());
                    let value = self.value_at(e, &mut point);
                    add_to_partial(e, op, dtype, array, i, value);
                    Vec::new()
                });
                load_vectors(e, array, ty)
            },
            sums,
        )
    }
}

/// Combines a value with partial result `i mod 16`.
fn add_to_partial(e: &mut Emitter<'_>, op: ReduceOp, dtype: DType, array: Value, i: Value, value: Value) {
    let part = e.builder.ins().band_imm_s(i, PARTIALS - 1);
    let offset = e.builder.ins().ishl_imm_u(part, 2);
    let address = e.builder.ins().iadd(array, offset);
    let before = e.load(element_type(dtype), address, 0);
    let after = Lanes { e, width: Width::One }.binary(op.combining(), dtype, before, value);
    e.store(after, address, 0);
}

fn store_vectors(e: &mut Emitter<'_>, array: Value, vectors: &[Value]) {
    for (part, vector) in vectors.iter().enumerate() {
        e.store(*vector, array, 16 * part as i32);
    }
}

fn load_vectors(e: &mut Emitter<'_>, array: Value, ty: Type) -> Vec<Value> {
    (0..4).map(|part| e.load(ty, array, 16 * part)).collect()
}

/// `p_j += p_{j+8}`, then +4, +2, +1.
fn tree(e: &mut Emitter<'_>, op: ReduceOp, dtype: DType, partials: Vec<Value>) -> Value {
    let mut four = Lanes { e, width: Width::Four };
    let op = op.combining();
    let low = four.binary(op, dtype, partials[0], partials[2]);
    let high = four.binary(op, dtype, partials[1], partials[3]);
    let sums = four.binary(op, dtype, low, high);
    let lanes: Vec<Value> = (0..4u8).map(|lane| e.builder.ins().extractlane(sums, lane)).collect();
    let mut one = Lanes { e, width: Width::One };
    let even = one.binary(op, dtype, lanes[0], lanes[2]);
    let odd = one.binary(op, dtype, lanes[1], lanes[3]);
    one.binary(op, dtype, even, odd)
}
