//! Nests: the units of work of a kernel's threads, and the stages of each.

use tri_ir::Dim;
use tri_kernel_ir::{Nest, Stage, register_count};

use crate::emitter::Emitter;
use crate::expression::{NestContext, Point};
use crate::fold::Folding;
use crate::value::{Type, Value};
use crate::work::{LANES, Work, reads_back};

/// Why no stage is a softmax.
pub(crate) const SPELLED_OUT: &str = "softmax is folds and maps in steps that are lowered";

/// One of the sixteen threads that share a point.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lane {
    /// Its number, `i64` 0 to 15.
    pub(crate) number: Value,
    /// The threads of its warp that share its point, a bit each.
    mask: Value,
}

impl Lane {
    /// The lane of a thread. Blocks are whole warps, and sixteen threads share a point or none of them has one.
    pub(crate) fn of(e: &mut Emitter, thread: Value) -> Lane {
        let number = e.binary("and", thread, e.int(LANES - 1));
        let half = e.binary("and", thread, e.int(LANES));
        let half = e.convert("trunc", half, Type::I32);
        let mask = e.binary("shl", Value::int(Type::I32, 0xffff), half);
        Lane { number, mask }
    }

    /// The value that the lane whose number differs in the bit `distance` has.
    pub(crate) fn exchange(self, e: &mut Emitter, value: Value, distance: i64) -> Value {
        match value.ty {
            Type::I64 => {
                let high = e.binary("lshr", value, e.int(32));
                let (low, high) = (e.convert("trunc", value, Type::I32), e.convert("trunc", high, Type::I32));
                let (low, high) = (self.exchange(e, low, distance), self.exchange(e, high, distance));
                let (low, high) = (e.convert("zext", low, Type::I64), e.convert("zext", high, Type::I64));
                let high = e.binary("shl", high, e.int(32));
                e.binary("or", low, high)
            }
            Type::I1 | Type::I8 | Type::I16 => {
                let wide = e.convert("zext", value, Type::I32);
                let other = self.exchange(e, wide, distance);
                e.convert("trunc", other, value.ty)
            }
            Type::F32 => {
                let bits = e.convert("bitcast", value, Type::I32);
                let other = self.exchange(e, bits, distance);
                e.convert("bitcast", other, Type::F32)
            }
            _ => {
                let (distance, clamp) = (Value::int(Type::I32, distance), Value::int(Type::I32, 31));
                e.call(Type::I32, "llvm.nvvm.shfl.sync.bfly.i32", &[self.mask, value, distance, clamp])
            }
        }
    }

    /// Waits until the others have come here too, and lets each see what the others stored.
    fn meet(self, e: &mut Emitter) {
        e.call_for_effect("llvm.nvvm.bar.warp.sync", &[self.mask]);
    }
}

/// What a thread does in its unit: the thread's number in the block and the unit's indices are given.
type UnitBody<'b> = dyn FnMut(&mut Emitter, Value, &[Value]) + 'b;

/// Runs `body` in the threads that have a unit: a point of axes of these sizes for `lanes` threads each.
pub(crate) fn unit(e: &mut Emitter, lanes: i64, threads: u32, sizes: &[Value], body: &mut UnitBody<'_>) {
    let thread = e.special("tid.x");
    let block = e.block();
    let first = e.index_mul(block, e.int(threads.into()));
    let global = e.index_add(first, thread);
    let unit = if lanes == 1 { global } else { e.binary("udiv", global, e.int(lanes)) };
    let mut total = e.int(1);
    for size in sizes {
        total = e.index_mul(total, *size);
    }
    let inside = e.compare("icmp slt", unit, total);
    e.when(inside, |e| {
        let indices = decompose(e, unit, sizes);
        body(e, thread, &indices);
    });
}

/// Emits a kernel of a nest.
pub(crate) fn emit(e: &mut Emitter, cx: &NestContext<'_>, work: Work, threads: u32) {
    let sizes: Vec<Value> = work.axes(cx.nest).iter().map(|dim| e.size(dim)).collect();
    unit(e, work.lanes(), threads, &sizes, &mut |e, thread, indices| match work {
        Work::Element => element(e, cx, indices),
        Work::Lane => {
            let lane = Lane::of(e, thread);
            stages(e, cx, indices, Some(lane));
        }
        Work::Point => stages(e, cx, indices, None),
    });
}

/// The indices of a flat number, the last axis fastest.
pub(crate) fn decompose(e: &mut Emitter, flat: Value, sizes: &[Value]) -> Vec<Value> {
    let mut rest = flat;
    let mut indices = vec![flat; sizes.len()];
    for (axis, size) in sizes.iter().enumerate().rev() {
        if axis == 0 {
            indices[0] = rest;
            break;
        }
        let quotient = e.binary("udiv", rest, *size);
        indices[axis] = e.binary("urem", rest, *size);
        rest = quotient;
    }
    indices
}

/// One element of the only map; what the nest computes before it, it computes for itself.
fn element(e: &mut Emitter, cx: &NestContext<'_>, indices: &[Value]) {
    let outer = &indices[..cx.nest.axes.len()];
    let mut regs: Vec<Option<Value>> = vec![None; register_count(cx.nest)];
    for stage in &cx.nest.stages {
        match stage {
            Stage::Let { value, into } => {
                let value = cx.evaluate(e, Point { indices: outer, regs: &regs }, &[*value])[0];
                regs[into.index()] = Some(value);
            }
            Stage::Map { stores, .. } => cx.store(e, Point { indices, regs: &regs }, stores),
            Stage::Fold { .. } => unreachable!("a nest with folds is not shared out by element"),
            Stage::Softmax { .. } => unreachable!("{SPELLED_OUT}"),
        }
    }
}

fn stages(e: &mut Emitter, cx: &NestContext<'_>, outer: &[Value], lane: Option<Lane>) {
    let meets = lane.filter(|_| reads_back(cx.buffers, cx.nest));
    let mut regs: Vec<Option<Value>> = vec![None; register_count(cx.nest)];
    for (number, stage) in cx.nest.stages.iter().enumerate() {
        if let Some(lane) = meets.filter(|_| number > 0) {
            lane.meet(e);
        }
        let point = Point { indices: outer, regs: &regs };
        match stage {
            Stage::Let { value, into } => {
                let value = cx.evaluate(e, point, &[*value])[0];
                regs[into.index()] = Some(value);
            }
            Stage::Fold { axes, fold, value, only_if, into } => {
                let (fold, value, only_if) = (*fold, *value, *only_if);
                let value = Folding { cx, point, axes, fold, value, only_if, lane }.emit(e);
                regs[into.index()] = Some(value);
            }
            Stage::Map { axes, stores } => match lane {
                Some(lane) => shared_loop(e, outer, axes, lane, &mut |e, indices, _| {
                    cx.store(e, Point { indices, regs: &regs }, stores);
                }),
                None => inner_loops(e, axes, &mut outer.to_vec(), &mut |e, indices| {
                    cx.store(e, Point { indices, regs: &regs }, stores);
                }),
            },
            Stage::Softmax { .. } => unreachable!("{SPELLED_OUT}"),
        }
    }
}

/// Loops over `axes`, all of them in this thread.
pub(crate) fn inner_loops(
    e: &mut Emitter,
    axes: &[Dim],
    indices: &mut Vec<Value>,
    body: &mut dyn FnMut(&mut Emitter, &[Value]),
) {
    let Some((axis, rest)) = axes.split_first() else { return body(e, indices) };
    let range = [e.int(0), e.size(axis), e.int(1)];
    e.for_each(range, &mut |e, index| {
        indices.push(index);
        inner_loops(e, rest, indices, body);
        indices.pop();
    });
}

/// Loops over every sixteenth point of `axes`; the body gets its flat number as well.
pub(crate) fn shared_loop(
    e: &mut Emitter,
    outer: &[Value],
    axes: &[Dim],
    lane: Lane,
    body: &mut dyn FnMut(&mut Emitter, &[Value], Value),
) {
    let sizes: Vec<Value> = axes.iter().map(|dim| e.size(dim)).collect();
    let range = [lane.number, e.product(axes), e.int(LANES)];
    e.for_each(range, &mut |e, at| {
        let mut indices = outer.to_vec();
        indices.extend(decompose(e, at, &sizes));
        body(e, &indices, at);
    });
}

/// Whether a nest can meet a row out of range.
pub(crate) fn gathers(nest: &Nest) -> bool {
    nest.exprs.iter().any(|expr| matches!(expr, tri_kernel_ir::Expr::GatherLoad { .. }))
}
