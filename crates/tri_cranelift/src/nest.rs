//! Nests: the loops of a body, its map stages, and how a nest is cut into units of work.
//!
//! A unit is a point of the outer axes. A nest that is one map has a further axis of blocks, pieces of the map's
//! first axis, so that an elementwise function of one long vector runs in parallel too.

use cranelift_codegen::ir::{InstBuilder, Value, condcodes::IntCC};
use tri_ir::{DType, Dim};
use tri_kernel_ir::{Expr, ExprId, Index, Nest, Place, Stage, Store, needed, register_count};

use crate::ahead::{self, Ahead};
use crate::emitter::Emitter;
use crate::expression::{NestContext, Point, is_contiguous};
use crate::lanes::{Lanes, Width};
use crate::softmax;
use crate::strips::{Function, SHORTEST, STRIP};

/// Elements of a block.
const BLOCK: i64 = 4096;

/// From where to where an inner loop runs.
pub(crate) type Span = (Value, Value);

/// The first axis of the map that a nest consists of, if it does.
pub(crate) fn split_axis(nest: &Nest) -> Option<&[Dim]> {
    let mut maps = nest.stages.iter().filter_map(|stage| match stage {
        Stage::Map { axes, .. } => Some(axes.as_slice()),
        _ => None,
    });
    let only_map = nest.stages.iter().all(|stage| matches!(stage, Stage::Map { .. } | Stage::Let { .. }));
    let axes = maps.next().filter(|axes| !axes.is_empty())?;
    (only_map && maps.next().is_none()).then_some(axes)
}

/// Product of sizes.
pub(crate) fn product(e: &mut Emitter<'_>, dims: &[Dim]) -> Value {
    let mut product = e.int(1);
    for dim in dims {
        let size = e.size(dim);
        product = e.builder.ins().imul(product, size);
    }
    product
}

/// Length of a block of the first of `axes`, in elements of that axis.
pub(crate) fn block_length(e: &mut Emitter<'_>, axes: &[Dim]) -> Value {
    let rest = product(e, &axes[1..]);
    let rest = e.at_least_one(rest);
    let block = e.int(BLOCK);
    let length = e.builder.ins().sdiv(block, rest);
    e.at_least_one(length)
}

/// What a stage evaluates.
pub(crate) fn roots(stage: &Stage) -> Vec<ExprId> {
    match stage {
        Stage::Fold { value, only_if, .. } => only_if.iter().copied().chain([*value]).collect(),
        Stage::Let { value, .. } => vec![*value],
        Stage::Map { stores, .. } => stores.iter().map(|store| store.value).collect(),
        Stage::Softmax { .. } => Vec::new(),
    }
}

/// Emits the body: all units from `e.start` to `e.end`.
pub(crate) fn emit(e: &mut Emitter<'_>, cx: &NestContext<'_>) {
    let (start, end) = (e.start, e.end);
    let mut sizes: Vec<Value> = cx.nest.axes.iter().map(|dim| e.size(dim)).collect();
    let split = split_axis(cx.nest).map(|axes| {
        let length = block_length(e, axes);
        let size = e.size(&axes[0]);
        (length, size)
    });
    if let Some((length, size)) = split {
        sizes.push(e.blocks(size, length));
    }
    let first = decompose(e, start, &sizes);
    e.for_each(start, end, 1, &first, |e, _, indices| {
        let (outer, span) = match split {
            Some((length, size)) => {
                let (block, outer) = indices.split_last().expect("the axis of blocks was added");
                let from = e.builder.ins().imul(*block, length);
                let to = e.builder.ins().iadd(from, length);
                (outer, Some((from, e.smaller(to, size))))
            }
            None => (indices, None),
        };
        run_stages(e, cx, outer, span);
        advance(e, indices, &sizes)
    });
    e.builder.ins().return_(&[]);
}

/// The indices of a flat unit number, the last axis fastest.
pub(crate) fn decompose(e: &mut Emitter<'_>, unit: Value, sizes: &[Value]) -> Vec<Value> {
    if sizes.len() < 2 {
        return vec![unit; sizes.len()];
    }
    // Few units are never shared out, and begin at 0, which takes no division.
    let is_later = e.builder.ins().icmp_imm_s(IntCC::NotEqual, unit, 0);
    let indices = |e: &mut Emitter<'_>| {
        let mut rest = unit;
        let mut indices = vec![unit; sizes.len()];
        for (axis, size) in sizes.iter().enumerate().skip(1).rev() {
            let size = e.at_least_one(*size);
            let quotient = e.builder.ins().udiv(rest, size);
            let whole = e.builder.ins().imul(quotient, size);
            indices[axis] = e.builder.ins().isub(rest, whole);
            rest = quotient;
        }
        indices[0] = rest;
        indices
    };
    e.value_if(is_later, indices, &vec![unit; sizes.len()])
}

/// The indices of the next unit.
pub(crate) fn advance(e: &mut Emitter<'_>, indices: &[Value], sizes: &[Value]) -> Vec<Value> {
    let mut next = indices.to_vec();
    let mut carry = e.int(1);
    for axis in (0..sizes.len()).rev() {
        let sum = e.builder.ins().iadd(indices[axis], carry);
        if axis == 0 {
            next[0] = sum;
            break;
        }
        let full = e.builder.ins().icmp(IntCC::Equal, sum, sizes[axis]);
        let zero = e.int(0);
        next[axis] = e.builder.ins().select(full, zero, sum);
        carry = e.builder.ins().uextend(cranelift_codegen::ir::types::I64, full);
    }
    next
}

/// Runs the stages at a point of the outer axes.
pub(crate) fn run_stages(e: &mut Emitter<'_>, cx: &NestContext<'_>, outer: &[Value], span: Option<Span>) {
    let mut regs: Vec<Option<Value>> = vec![None; register_count(cx.nest)];
    for stage in &cx.nest.stages {
        match stage {
            Stage::Let { value, into } => {
                let mut point = Point::new(outer, &regs, None, cx.nest.exprs.len());
                let value = cx.evaluate(e, &mut point, &[*value])[0];
                regs[into.index()] = Some(value);
            }
            Stage::Fold { axes, fold, value, only_if, into } => {
                let folding =
                    crate::fold::Folding { cx, regs: &regs, fold: *fold, value: *value, only_if: *only_if };
                let value = folding.emit(e, outer, axes);
                regs[into.index()] = Some(value);
            }
            Stage::Map { axes, stores } => Map { cx, regs: &regs, stores }.emit(e, outer, axes, span),
            Stage::Softmax { axes, row } => softmax::emit(e, outer, axes, row),
        }
    }
}

/// Gets all indices and what is carried; gives what is carried on.
type InnerBody<'b> = dyn FnMut(&mut Emitter<'_>, &mut Vec<Value>, &[Value]) -> Vec<Value> + 'b;

/// Loops over `axes`, the first of them over `span` if there is one.
pub(crate) fn inner_loops(
    e: &mut Emitter<'_>,
    axes: &[Dim],
    span: Option<Span>,
    indices: &mut Vec<Value>,
    carried: &[Value],
    body: &mut InnerBody<'_>,
) -> Vec<Value> {
    let Some((axis, rest)) = axes.split_first() else { return body(e, indices, carried) };
    let (start, end) = span.unwrap_or_else(|| (e.int(0), e.size(axis)));
    e.for_each(start, end, 1, carried, |e, index, carried| {
        indices.push(index);
        let next = inner_loops(e, rest, None, indices, carried, body);
        indices.pop();
        next
    })
}

/// A map stage.
struct Map<'m> {
    cx: &'m NestContext<'m>,
    regs: &'m [Option<Value>],
    stores: &'m [Store],
}

impl Map<'_> {
    fn emit(&self, e: &mut Emitter<'_>, outer: &[Value], axes: &[Dim], span: Option<Span>) {
        let mut indices = outer.to_vec();
        let Some((last, rest)) = axes.split_last() else { return self.store(e, &indices) };
        let innermost = Index((outer.len() + rest.len()) as u32);
        let varies = self.cx.varying(innermost);
        let short = last.as_constant().is_some_and(|size| size < 4);
        let lanes = (!short && self.has_lanes(&varies, innermost)).then_some(varies.as_slice());
        // The span is that of the first axis, which may be the last too.
        let (outer_span, inner_span) = if rest.is_empty() { (None, span) } else { (span, None) };
        inner_loops(e, rest, outer_span, &mut indices, &[], &mut |e, indices, _| {
            let (start, end) = inner_span.unwrap_or_else(|| (e.int(0), e.size(last)));
            self.innermost(e, indices, (start, end), last.as_constant(), lanes);
            Vec::new()
        });
    }

    fn innermost(
        &self,
        e: &mut Emitter<'_>,
        indices: &mut Vec<Value>,
        (start, end): Span,
        length: Option<i64>,
        lanes: Option<&[bool]>,
    ) {
        let Some(varies) = lanes else {
            e.for_each(start, end, 1, &[], |e, index, _| {
                indices.push(index);
                self.store(e, indices);
                indices.pop();
                Vec::new()
            });
            return;
        };
        let functions = match length {
            Some(length) if length < SHORTEST => Vec::new(),
            _ => Function::of(e, self.cx, &self.roots(), varies),
        };
        let is_some = e.builder.ins().icmp(IntCC::SignedLessThan, start, end);
        let (inside, done) = (e.builder.create_block(), e.builder.create_block());
        e.builder.ins().brif(is_some, inside, &[], done, &[]);
        e.builder.switch_to_block(inside);
        e.builder.seal_block(inside);
        self.vector_loop(e, indices, (start, end), varies, &functions);
        e.builder.ins().jump(done, &[]);
        e.builder.switch_to_block(done);
        e.builder.seal_block(done);
    }

    /// The elements of a row, of which there is at least one: all in one loop, or strip by strip where kernels compute functions of it.
    fn vector_loop(
        &self,
        e: &mut Emitter<'_>,
        outer: &[Value],
        (start, end): Span,
        varies: &[bool],
        functions: &[Function],
    ) {
        let innermost = Index(outer.len() as u32);
        let zero = e.int(0);
        let at_zero: Vec<Value> = outer.iter().copied().chain([zero]).collect();
        let ahead = Ahead::of(e, self.cx, self.regs, outer, &self.roots(), varies);
        let rows: Vec<Value> =
            self.stores.iter().map(|store| ahead::row(e, self.cx, &store.to, &at_zero, innermost)).collect();
        let row = Row { map: self, outer, varies, ahead, stores: rows };
        if functions.is_empty() {
            return row.store(e, (start, end), &[]);
        }
        e.for_each(start, end, STRIP, &[], |e, from, _| {
            let to = e.builder.ins().iadd_imm_s(from, STRIP);
            let to = e.smaller(to, end);
            let length = e.builder.ins().isub(to, from);
            let mut known: Vec<(ExprId, Value)> = Vec::with_capacity(functions.len());
            for function in functions {
                let origin = function.origin(e, from);
                row.fours(e, (from, to), &known, |e, point, index, width| {
                    let value = self.cx.evaluate(e, point, &[function.operand])[0];
                    let address = ahead::within_row(e, origin, index, 4);
                    Lanes { e, width }.store(DType::F32, value, address);
                });
                function.call(e, length);
                known.push((function.result, origin));
            }
            row.store(e, (from, to), &known);
            Vec::new()
        });
    }

    /// Stores one element of each store, after computing all of them.
    fn store(&self, e: &mut Emitter<'_>, indices: &[Value]) {
        let mut point = Point::new(indices, self.regs, None, self.cx.nest.exprs.len());
        let values = self.cx.evaluate(e, &mut point, &self.roots());
        for (store, value) in self.stores.iter().zip(values) {
            let dtype = self.cx.buffer_dtype(store.to.buffer);
            let address = e.address(&store.to, indices, dtype.bytes());
            Lanes { e, width: Width::One }.store(self.cx.dtype(store.value), value, address);
        }
    }

    fn roots(&self) -> Vec<ExprId> {
        self.stores.iter().map(|store| store.value).collect()
    }

    /// Whether four neighbours can be computed before any of them is stored.
    fn has_lanes(&self, varies: &[bool], innermost: Index) -> bool {
        let roots = self.roots();
        let needed = needed(self.cx.nest, &roots);
        let exprs = self.cx.nest.exprs.iter().zip(&needed).filter(|(_, needed)| **needed);
        let mut accesses = exprs.filter_map(|(expr, _)| match expr {
            Expr::Load(access) | Expr::GuardedLoad { access, .. } | Expr::GatherLoad { access, .. } => {
                Some(access)
            }
            _ => None,
        });
        let in_place = accesses.all(|access| {
            self.stores.iter().all(|store| {
                self.memory(store.to.buffer) != self.memory(access.buffer)
                    || (store.to.offset == access.offset && store.to.strides == access.strides)
            })
        });
        in_place
            && self.stores.iter().all(|store| is_contiguous(&store.to, innermost))
            && self.cx.has_lanes(&roots, varies, innermost)
    }

    fn memory(&self, buffer: tri_kernel_ir::BufferId) -> Place {
        self.cx.buffers[buffer.index()].place
    }
}

/// A row of a map: what its points share.
struct Row<'m> {
    map: &'m Map<'m>,
    outer: &'m [Value],
    varies: &'m [bool],
    ahead: Ahead,
    /// Where each store's elements are, from index 0 on.
    stores: Vec<Value>,
}

impl Row<'_> {
    /// Fours of neighbours, then what is left, one after the other. `known` are expressions in memory, by the address for index 0.
    fn fours(
        &self,
        e: &mut Emitter<'_>,
        (start, end): Span,
        known: &[(ExprId, Value)],
        body: impl Fn(&mut Emitter<'_>, &mut Point<'_>, Value, Width),
    ) {
        let length = e.builder.ins().isub(end, start);
        let fours = e.builder.ins().band_imm_s(length, -4);
        let middle = e.builder.ins().iadd(start, fours);
        for (from, to, step, width) in [(start, middle, 4, Width::Four), (middle, end, 1, Width::One)] {
            let varies = (width == Width::Four).then_some(self.varies);
            e.for_each(from, to, step, &[], |e, index, _| {
                let indices: Vec<Value> = self.outer.iter().copied().chain([index]).collect();
                let mut point = Point::after(&self.ahead, &indices, self.map.regs, varies);
                for (expr, origin) in known {
                    let address = ahead::within_row(e, *origin, index, 4);
                    let value = Lanes { e, width }.load(DType::F32, address);
                    point.know(*expr, value);
                }
                body(e, &mut point, index, width);
                Vec::new()
            });
        }
    }

    /// Computes what is stored.
    fn store(&self, e: &mut Emitter<'_>, span: Span, known: &[(ExprId, Value)]) {
        let Map { cx, stores, .. } = self.map;
        self.fours(e, span, known, |e, point, index, width| {
            let values = cx.evaluate(e, point, &self.map.roots());
            for ((store, row), value) in stores.iter().zip(&self.stores).zip(values) {
                let bytes = cx.buffer_dtype(store.to.buffer).bytes();
                let address = ahead::within_row(e, *row, index, bytes);
                // A packed buffer takes bytes of another type than its own.
                Lanes { e, width }.store(cx.dtype(store.value), value, address);
            }
        });
    }
}
