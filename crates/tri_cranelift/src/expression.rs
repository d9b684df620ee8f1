//! Expressions of a nest: their types, what they depend on, and their values at a point.

use cranelift_codegen::ir::{BlockArg, InstBuilder, Value, types};
use tri_ir::math::{self, Arith};
use tri_ir::{DType, Dim, Scalar, Symbol};
use tri_kernel_ir::{
    Access, Buffer, BufferId, Expr, ExprId, Guard, Index, Nest, element_types, for_each_operand, needed,
};

use crate::ahead::{Ahead, within_row};
use crate::elementwise::{binary_has_lanes, has_lanes, unary_has_lanes};
use crate::emitter::Emitter;
use crate::lanes::{Lanes, Width};
use crate::memory::element_type;

/// A nest with what is known of its expressions.
pub(crate) struct NestContext<'n> {
    pub(crate) buffers: &'n [Buffer],
    pub(crate) nest: &'n Nest,
    /// Holds the word that a failure of this nest stores.
    pub(crate) failure: Symbol,
    dtypes: Vec<DType>,
}

/// Where in the nest code is emitted, and what has been computed there.
pub(crate) struct Point<'p> {
    /// Values of the indices, `i64`; with [`Width::Four`] the last is that of the first lane.
    pub(crate) indices: &'p [Value],
    /// Values of the registers, by number.
    pub(crate) regs: &'p [Option<Value>],
    width: Width,
    /// For each expression, whether lanes differ in it.
    varies: &'p [bool],
    one: Vec<Option<Value>>,
    four: Vec<Option<Value>>,
    /// For each load whose elements are adjacent along the last index, where its row begins, if that is known.
    rows: &'p [Option<Value>],
}

impl<'p> Point<'p> {
    /// A point whose last index counts lanes, if `varies` is given.
    pub(crate) fn new(
        indices: &'p [Value],
        regs: &'p [Option<Value>],
        varies: Option<&'p [bool]>,
        exprs: usize,
    ) -> Point<'p> {
        let width = if varies.is_some() { Width::Four } else { Width::One };
        let four = if varies.is_some() { vec![None; exprs] } else { Vec::new() };
        Point { indices, regs, width, varies: varies.unwrap_or(&[]), one: vec![None; exprs], four, rows: &[] }
    }

    /// A point of a loop that something was computed ahead of.
    pub(crate) fn after(
        ahead: &'p Ahead,
        indices: &'p [Value],
        regs: &'p [Option<Value>],
        varies: Option<&'p [bool]>,
    ) -> Point<'p> {
        let four = if varies.is_some() { ahead.four.clone() } else { Vec::new() };
        let point = Point::new(indices, regs, varies, 0);
        Point { one: ahead.one.clone(), four, rows: &ahead.rows, ..point }
    }

    /// Gives an expression its value in the point's width.
    pub(crate) fn know(&mut self, expr: ExprId, value: Value) {
        match self.width {
            Width::One => self.one[expr.index()] = Some(value),
            Width::Four => self.four[expr.index()] = Some(value),
        }
    }

    fn knows(&self, expr: ExprId) -> bool {
        let of = |values: &[Option<Value>]| values.get(expr.index()).is_some_and(Option::is_some);
        of(&self.one) || of(&self.four)
    }

    /// What was computed, by expression: scalars and lanes.
    pub(crate) fn into_values(self) -> (Vec<Option<Value>>, Vec<Option<Value>>) {
        (self.one, self.four)
    }

    fn width_of(&self, expr: ExprId) -> Width {
        match self.varies.get(expr.index()) {
            Some(true) => Width::Four,
            _ => Width::One,
        }
    }
}

/// Factor of `index` among `strides`.
fn stride_of(strides: &[(Index, Dim)], index: Index) -> Option<&Dim> {
    strides
        .iter()
        .find(|(other, stride)| *other == index && stride.as_constant() != Some(0))
        .map(|(_, dim)| dim)
}

fn guards_vary(guards: &[Guard], index: Index) -> bool {
    guards.iter().any(|guard| stride_of(&guard.strides, index).is_some())
}

/// Whether neighbours along `index` are neighbours in memory.
pub(crate) fn is_contiguous(access: &Access, index: Index) -> bool {
    stride_of(&access.strides, index).and_then(Dim::as_constant) == Some(1)
}

impl<'n> NestContext<'n> {
    pub(crate) fn new(buffers: &'n [Buffer], nest: &'n Nest, failure: Symbol) -> NestContext<'n> {
        let dtypes = element_types(buffers, nest);
        NestContext { buffers, nest, failure, dtypes }
    }

    /// Element type of an expression.
    pub(crate) fn dtype(&self, expr: ExprId) -> DType {
        self.dtypes[expr.index()]
    }

    /// Element type of a buffer.
    pub(crate) fn buffer_dtype(&self, buffer: BufferId) -> DType {
        self.buffers[buffer.index()].dtype
    }

    fn expr(&self, id: ExprId) -> &'n Expr {
        &self.nest.exprs[id.index()]
    }

    /// For each expression, whether it has another value where only `index` differs.
    pub(crate) fn varying(&self, index: Index) -> Vec<bool> {
        let mut varies = vec![false; self.nest.exprs.len()];
        for (id, expr) in self.nest.exprs.iter().enumerate() {
            let itself = match expr {
                Expr::Load(access) | Expr::GatherLoad { access, .. } => {
                    stride_of(&access.strides, index).is_some()
                }
                Expr::GuardedLoad { access, guards, .. } => {
                    stride_of(&access.strides, index).is_some() || guards_vary(guards, index)
                }
                Expr::Holds(guards) => guards_vary(guards, index),
                Expr::Affine { strides, .. } | Expr::Random { strides, .. } => {
                    stride_of(strides, index).is_some()
                }
                _ => false,
            };
            let mut operands = false;
            for_each_operand(expr, &mut |operand| operands |= varies[operand.index()]);
            varies[id] = itself || operands;
        }
        varies
    }

    /// Whether the roots can be computed for four neighbours along `index` at once.
    pub(crate) fn has_lanes(&self, roots: &[ExprId], varies: &[bool], index: Index) -> bool {
        let needed = needed(self.nest, roots);
        let exprs = self.nest.exprs.iter().enumerate();
        let mut varying = exprs.filter(|(id, _)| needed[*id] && varies[*id]);
        roots.iter().all(|root| has_lanes(self.dtype(*root)))
            && varying.all(|(id, expr)| self.expr_has_lanes(expr, self.dtypes[id], varies, index))
    }

    fn expr_has_lanes(&self, expr: &Expr, dtype: DType, varies: &[bool], index: Index) -> bool {
        has_lanes(dtype)
            && match expr {
                Expr::Constant(_) | Expr::Dim(_) | Expr::Reg(_) | Expr::Affine { .. } => true,
                Expr::Load(access) => is_contiguous(access, index),
                Expr::GuardedLoad { access, guards, .. } => {
                    is_contiguous(access, index) && !guards_vary(guards, index)
                }
                Expr::GatherLoad { access, row, .. } => is_contiguous(access, index) && !varies[row.index()],
                Expr::Holds(_) | Expr::Random { .. } => false,
                Expr::Unary(op, a) => unary_has_lanes(*op, self.dtype(*a)),
                Expr::Binary(op, a, _) => binary_has_lanes(*op, self.dtype(*a)),
                Expr::Select(..) => true,
                Expr::Cast(_, a) => has_lanes(self.dtype(*a)),
            }
    }

    /// Values of `roots` at a point, in the point's width.
    pub(crate) fn evaluate(
        &self,
        e: &mut Emitter<'_>,
        point: &mut Point<'_>,
        roots: &[ExprId],
    ) -> Vec<Value> {
        let mut needed = vec![false; self.nest.exprs.len()];
        roots.iter().for_each(|root| needed[root.index()] = true);
        let all = || (0..self.nest.exprs.len() as u32).map(ExprId);
        for id in all().rev() {
            if needed[id.index()] && !point.knows(id) {
                for_each_operand(self.expr(id), &mut |operand| needed[operand.index()] = true);
            }
        }
        for id in all().filter(|id| needed[id.index()]) {
            self.evaluate_alone(e, point, id);
        }
        let width = point.width;
        roots.iter().map(|root| self.operand(e, point, *root, width)).collect()
    }

    /// Computes one expression whose operands are computed, unless it is.
    pub(crate) fn evaluate_alone(&self, e: &mut Emitter<'_>, point: &mut Point<'_>, id: ExprId) {
        if point.knows(id) {
            return;
        }
        let width = point.width_of(id);
        let value = self.compute(e, point, id, width);
        match width {
            Width::One => point.one[id.index()] = Some(value),
            Width::Four => point.four[id.index()] = Some(value),
        }
    }

    /// A computed value in a width.
    pub(crate) fn operand(
        &self,
        e: &mut Emitter<'_>,
        point: &mut Point<'_>,
        id: ExprId,
        width: Width,
    ) -> Value {
        let at = id.index();
        let known = if width == Width::One { point.one[at] } else { point.four[at] };
        known.unwrap_or_else(|| {
            let scalar = point.one[at].expect("operands come before users, and lanes never become scalars");
            let value = Lanes { e, width }.broadcast(self.dtype(id), scalar);
            point.four[at] = Some(value);
            value
        })
    }

    fn compute(&self, e: &mut Emitter<'_>, point: &mut Point<'_>, id: ExprId, width: Width) -> Value {
        match self.expr(id) {
            Expr::Constant(scalar) if scalar.dtype() == DType::I64 => {
                e.size(&Dim::var(Symbol(scalar.bits() as u32)))
            }
            Expr::Constant(scalar) => Lanes { e, width }.scalar(*scalar),
            Expr::Dim(dim) => {
                let value = e.size(dim);
                e.builder.ins().ireduce(types::I32, value)
            }
            Expr::Affine { offset, strides } => self.affine(e, point, offset, strides, width),
            Expr::Reg(reg) => {
                point.regs[reg.index()].expect("verified: a register is written before it is read")
            }
            Expr::Load(access) => self.load(e, point, id, access, width),
            Expr::GuardedLoad { access, guards, otherwise } => {
                self.guarded_load(e, point, access, guards, *otherwise, width)
            }
            Expr::Holds(guards) => holds(e, point.indices, guards),
            Expr::GatherLoad { access, row, rows, stride } => {
                let row = self.operand(e, point, *row, Width::One);
                let row = e.builder.ins().sextend(types::I64, row);
                let rows = e.size(rows);
                self.gather(e, point, access, [row, rows], stride, width)
            }
            Expr::Random { stream, offset, strides } => {
                let index = e.affine(offset, strides, point.indices, 1);
                let stream = self.operand(e, point, *stream, Width::One);
                math::random(&mut Lanes { e, width }, stream, index)
            }
            Expr::Unary(op, a) => {
                let value = self.operand(e, point, *a, width);
                Lanes { e, width }.unary(*op, self.dtype(*a), value)
            }
            Expr::Binary(op, a, b) => {
                let (left, right) = (self.operand(e, point, *a, width), self.operand(e, point, *b, width));
                Lanes { e, width }.binary(*op, self.dtype(*a), left, right)
            }
            Expr::Select(condition, a, b) => {
                let condition = self.operand(e, point, *condition, width);
                let (a, b) = (self.operand(e, point, *a, width), self.operand(e, point, *b, width));
                Lanes { e, width }.choose(condition, a, b)
            }
            Expr::Cast(to, a) => {
                let value = self.operand(e, point, *a, width);
                Lanes { e, width }.cast(self.dtype(*a), *to, value)
            }
        }
    }

    fn affine(
        &self,
        e: &mut Emitter<'_>,
        point: &Point<'_>,
        offset: &Dim,
        strides: &[(Index, Dim)],
        width: Width,
    ) -> Value {
        let first = e.affine(offset, strides, point.indices, 1);
        let first = e.builder.ins().ireduce(types::I32, first);
        if width == Width::One {
            return first;
        }
        let lane = Index(point.indices.len() as u32 - 1);
        let stride = stride_of(strides, lane).map(|stride| e.size(stride));
        let stride = stride.unwrap_or_else(|| e.int(0));
        let stride = e.builder.ins().ireduce(types::I32, stride);
        let mut sum = e.builder.ins().splat(types::I32X4, first);
        let mut value = first;
        for lane in 1..4u8 {
            value = e.builder.ins().iadd(value, stride);
            sum = e.builder.ins().insertlane(sum, value, lane);
        }
        sum
    }

    fn load(
        &self,
        e: &mut Emitter<'_>,
        point: &Point<'_>,
        id: ExprId,
        access: &Access,
        width: Width,
    ) -> Value {
        let dtype = self.buffer_dtype(access.buffer);
        let address = match (point.rows.get(id.index()), point.indices.last()) {
            (Some(Some(row)), Some(index)) => within_row(e, *row, *index, dtype.bytes()),
            _ => e.address(access, point.indices, dtype.bytes()),
        };
        Lanes { e, width }.load(dtype, address)
    }

    fn guarded_load(
        &self,
        e: &mut Emitter<'_>,
        point: &Point<'_>,
        access: &Access,
        guards: &[Guard],
        otherwise: Scalar,
        width: Width,
    ) -> Value {
        let condition = holds(e, point.indices, guards);
        let otherwise = Lanes { e, width }.scalar(otherwise);
        e.value_if(
            condition,
            |e| {
                let dtype = self.buffer_dtype(access.buffer);
                let address = e.address(access, point.indices, dtype.bytes());
                vec![Lanes { e, width }.load(dtype, address)]
            },
            &[otherwise],
        )[0]
    }

    fn gather(
        &self,
        e: &mut Emitter<'_>,
        point: &Point<'_>,
        access: &Access,
        [row, rows]: [Value; 2],
        stride: &Dim,
        width: Width,
    ) -> Value {
        let dtype = self.buffer_dtype(access.buffer);
        let ty = element_type(dtype);
        let zero = Lanes { e, width }.scalar(Scalar::from_bits(dtype, 0));
        let ty = if width == Width::One { ty } else { e.builder.func.dfg.value_type(zero) };
        let inside = Lanes { e, width: Width::One }.within(row, rows);
        let outside = e.builder.ins().bxor_imm_s(inside, 1);
        let done = e.builder.create_block();
        let result = e.builder.append_block_param(done, ty);
        let (rare, usual) = e.rarely(outside);

        // Nothing is read: the table may have no rows at all.
        e.builder.switch_to_block(rare);
        let failure = e.size(&Dim::var(self.failure));
        e.fail(failure, row);
        e.builder.ins().jump(done, &[BlockArg::Value(zero)]);

        e.builder.switch_to_block(usual);
        e.builder.seal_block(usual);
        let address = e.address(access, point.indices, dtype.bytes());
        let stride = e.scaled_size(stride, dtype.bytes() as i64);
        let moved = e.builder.ins().imul(row, stride);
        let address = e.builder.ins().iadd(address, moved);
        let value = Lanes { e, width }.load(dtype, address);
        e.builder.ins().jump(done, &[BlockArg::Value(value)]);

        e.builder.switch_to_block(done);
        e.builder.seal_block(done);
        result
    }
}

/// Whether all guards hold.
fn holds(e: &mut Emitter<'_>, indices: &[Value], guards: &[Guard]) -> Value {
    let mut all: Option<Value> = None;
    for guard in guards {
        let value = e.affine(&guard.offset, &guard.strides, indices, 1);
        let size = e.size(&guard.size);
        let mut lanes = Lanes { e, width: Width::One };
        let one = lanes.within(value, size);
        all = Some(match all {
            Some(all) => lanes.bool_and(all, one),
            None => one,
        });
    }
    all.unwrap_or_else(|| e.builder.ins().iconst(types::I8, 1))
}
