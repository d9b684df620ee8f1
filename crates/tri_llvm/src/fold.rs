//! Fold stages, in the canonical orders of numerics.md: by one thread, or by sixteen that have a partial result each.

use tri_ir::math::Arith;
use tri_ir::{BinaryOp, DType, Dim, ReduceOp, Scalar, UnaryOp};
use tri_kernel_ir::{ExprId, Fold};

use crate::emitter::{Emitter, Variable};
use crate::expression::{NestContext, Point};
use crate::nest::{Lane, inner_loops, shared_loop};
use crate::value::{Type, Value};

/// Number of partial results.
const PARTIALS: usize = 16;

/// A fold stage at a point of the outer axes.
pub(crate) struct Folding<'f> {
    pub(crate) cx: &'f NestContext<'f>,
    pub(crate) point: Point<'f>,
    pub(crate) axes: &'f [Dim],
    pub(crate) fold: Fold,
    pub(crate) value: ExprId,
    pub(crate) only_if: Option<ExprId>,
    /// Which sixteenth of the elements this thread folds, if not all.
    pub(crate) lane: Option<Lane>,
}

impl Folding<'_> {
    /// Emits the fold; gives its result.
    pub(crate) fn emit(&self, e: &mut Emitter) -> Value {
        match self.fold {
            Fold::Count => self.count(e),
            Fold::ArgMax => self.argmax(e),
            Fold::Reduce(op) => {
                let dtype = self.cx.dtype(self.value);
                if self.lane.is_none() && op == ReduceOp::Sum && dtype == DType::F32 {
                    self.strided_sum(e)
                } else {
                    self.reduce(e, op, dtype)
                }
            }
        }
    }

    /// Runs `step` on each element that takes part and falls to this thread, with its place among them.
    fn for_each_element(&self, e: &mut Emitter, step: &mut dyn FnMut(&mut Emitter, Point<'_>, Value)) {
        if let Some(lane) = self.lane {
            return shared_loop(e, self.point.indices, self.axes, lane, &mut |e, indices, at| {
                step(e, Point { indices, regs: self.point.regs }, at);
            });
        }
        let count = e.variable(e.int(0));
        let mut indices = self.point.indices.to_vec();
        inner_loops(e, self.axes, &mut indices, &mut |e, indices| {
            let point = Point { indices, regs: self.point.regs };
            let mut take = |e: &mut Emitter| {
                let at = e.get(count);
                step(e, point, at);
                let next = e.index_add(at, e.int(1));
                e.set(count, next);
            };
            match self.only_if {
                None => take(e),
                Some(only_if) => {
                    let takes_part = self.cx.evaluate(e, point, &[only_if])[0];
                    e.when(takes_part, take);
                }
            }
        });
    }

    fn value_at(&self, e: &mut Emitter, point: Point<'_>) -> Value {
        self.cx.evaluate(e, point, &[self.value])[0]
    }

    fn count(&self, e: &mut Emitter) -> Value {
        if self.only_if.is_none() {
            let all = e.product(self.axes);
            return e.convert("trunc", all, Type::I32);
        }
        let count = e.variable(Value::int(Type::I32, 0));
        self.for_each_element(e, &mut |e, _, _| {
            let before = e.get(count);
            let after = e.binary("add", before, Value::int(Type::I32, 1));
            e.set(count, after);
        });
        e.get(count)
    }

    fn reduce(&self, e: &mut Emitter, op: ReduceOp, dtype: DType) -> Value {
        let result = e.variable(e.scalar(op.of_nothing(dtype)));
        self.for_each_element(e, &mut |e, point, _| {
            let value = self.value_at(e, point);
            let before = e.get(result);
            let after = e.elementwise(op.combining(), dtype, before, value);
            e.set(result, after);
        });
        let mut own = e.get(result);
        if let Some(lane) = self.lane {
            for distance in [8, 4, 2, 1] {
                let other = lane.exchange(e, own, distance);
                own = e.elementwise(op.combining(), dtype, own, other);
            }
        }
        own
    }

    /// Rule 5 by one thread, with the partial sums in registers.
    fn strided_sum(&self, e: &mut Emitter) -> Value {
        let partials: Vec<Variable> = (0..PARTIALS).map(|_| e.variable(Value::f32(0.0))).collect();
        self.for_each_element(e, &mut |e, point, at| {
            let value = self.value_at(e, point);
            let part = e.binary("and", at, e.int(PARTIALS as i64 - 1));
            for (number, partial) in partials.iter().enumerate() {
                let before = e.get(*partial);
                let after = Arith::add(e, before, value);
                let is_it = e.compare("icmp eq", part, e.int(number as i64));
                let after = e.choose(is_it, after, before);
                e.set(*partial, after);
            }
        });
        let mut sums: Vec<Value> = partials.iter().map(|partial| e.get(*partial)).collect();
        while sums.len() > 1 {
            let (low, high) = sums.split_at(sums.len() / 2);
            sums = low.iter().zip(high).map(|(low, high)| Arith::add(e, *low, *high)).collect();
        }
        sums[0]
    }

    /// The first element that no later one ranks above. Nothing has been seen while the best index is 0 and the best
    /// value is what every other value ranks above, or is equal to.
    fn argmax(&self, e: &mut Emitter) -> Value {
        let dtype = self.cx.dtype(self.value);
        let wide = if matches!(dtype, DType::F16 | DType::Bf16) { DType::F32 } else { dtype };
        let least = if wide == DType::F32 { Scalar::f32(f32::NAN) } else { ReduceOp::Max.of_nothing(dtype) };
        let best = e.variable(e.scalar(least));
        let index = e.variable(Value::int(Type::I32, 0));
        self.for_each_element(e, &mut |e, point, at| {
            let value = self.value_at(e, point);
            let value = e.cast(dtype, wide, value);
            let at = e.convert("trunc", at, Type::I32);
            let (best_value, best_index) = (e.get(best), e.get(index));
            let above = ranks_above(e, wide, value, best_value);
            let (value, at) = (e.choose(above, value, best_value), e.choose(above, at, best_index));
            e.set(best, value);
            e.set(index, at);
        });
        let (mut value, mut at) = (e.get(best), e.get(index));
        if let Some(lane) = self.lane {
            for distance in [8, 4, 2, 1] {
                let (other, other_at) = (lane.exchange(e, value, distance), lane.exchange(e, at, distance));
                let above = ranks_above(e, wide, other, value);
                let below = ranks_above(e, wide, value, other);
                let not_below = e.bool_not(below);
                let earlier = e.compare("icmp slt", other_at, at);
                let first = e.binary("and", not_below, earlier);
                let taken = e.binary("or", above, first);
                (value, at) = (e.choose(taken, other, value), e.choose(taken, other_at, at));
            }
        }
        at
    }
}

/// Whether `a` ranks above `b`: NaN ranks below every number (rule 6).
pub(crate) fn ranks_above(e: &mut Emitter, dtype: DType, a: Value, b: Value) -> Value {
    let greater = e.elementwise(BinaryOp::Gt, dtype, a, b);
    if dtype != DType::F32 {
        return greater;
    }
    let unknown = e.unary(UnaryOp::IsNan, dtype, b);
    let number = e.elementwise(BinaryOp::Eq, dtype, a, a);
    let first = e.binary("and", unknown, number);
    e.binary("or", greater, first)
}
