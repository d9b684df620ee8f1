//! Expressions of a nest: their values at a point.

use tri_ir::math;
use tri_ir::{DType, Dim, Scalar, Symbol};
use tri_kernel_ir::{Access, Buffer, BufferId, Expr, ExprId, Guard, Nest, element_types, needed};

use crate::emitter::Emitter;
use crate::value::{Type, Value};

/// A nest with what is known of its expressions.
pub(crate) struct NestContext<'n> {
    pub(crate) buffers: &'n [Buffer],
    pub(crate) nest: &'n Nest,
    /// Holds the word that a failure of this nest stores.
    failure: Symbol,
    dtypes: Vec<DType>,
}

/// Where in the nest code is emitted.
#[derive(Clone, Copy)]
pub(crate) struct Point<'p> {
    /// Values of the indices, `i64`.
    pub(crate) indices: &'p [Value],
    /// Values of the registers, by number.
    pub(crate) regs: &'p [Option<Value>],
}

impl<'n> NestContext<'n> {
    pub(crate) fn new(buffers: &'n [Buffer], nest: &'n Nest, failure: Symbol) -> NestContext<'n> {
        NestContext { buffers, nest, failure, dtypes: element_types(buffers, nest) }
    }

    /// Element type of an expression.
    pub(crate) fn dtype(&self, expr: ExprId) -> DType {
        self.dtypes[expr.index()]
    }

    fn buffer_dtype(&self, buffer: BufferId) -> DType {
        self.buffers[buffer.index()].dtype
    }

    /// Values of `roots` at a point.
    pub(crate) fn evaluate(&self, e: &mut Emitter, point: Point<'_>, roots: &[ExprId]) -> Vec<Value> {
        let needed = needed(self.nest, roots);
        let mut values: Vec<Option<Value>> = vec![None; needed.len()];
        for id in (0..needed.len()).filter(|id| needed[*id]) {
            values[id] = Some(self.compute(e, point, &values, &self.nest.exprs[id], self.dtypes[id]));
        }
        roots.iter().map(|root| operand(&values, *root)).collect()
    }

    fn compute(
        &self,
        e: &mut Emitter,
        point: Point<'_>,
        values: &[Option<Value>],
        expr: &Expr,
        dtype: DType,
    ) -> Value {
        let of = |id: &ExprId| operand(values, *id);
        match expr {
            Expr::Constant(scalar) if scalar.dtype() == DType::I64 => {
                e.size(&Dim::var(Symbol(scalar.bits() as u32)))
            }
            Expr::Constant(scalar) => e.scalar(*scalar),
            Expr::Dim(dim) => {
                let size = e.size(dim);
                e.convert("trunc", size, Type::I32)
            }
            Expr::Affine { offset, strides } => {
                let value = e.affine(offset, strides, point.indices);
                e.convert("trunc", value, Type::I32)
            }
            Expr::Reg(reg) => {
                point.regs[reg.index()].expect("verified: a register is written before it is read")
            }
            Expr::Load(access) => self.load(e, point, access, None),
            Expr::GuardedLoad { access, guards, otherwise } => {
                let result = e.variable(e.scalar(*otherwise));
                let inside = holds(e, point.indices, guards);
                e.when(inside, |e| {
                    let value = self.load(e, point, access, None);
                    e.set(result, value);
                });
                e.get(result)
            }
            Expr::Holds(guards) => holds(e, point.indices, guards),
            Expr::GatherLoad { access, row, rows, stride } => {
                let row = e.convert("sext", of(row), Type::I64);
                self.gather(e, point, access, row, [rows, stride])
            }
            Expr::Random { stream, offset, strides } => {
                let index = e.affine(offset, strides, point.indices);
                math::random(e, of(stream), index)
            }
            Expr::Unary(op, a) => e.unary(*op, self.dtype(*a), of(a)),
            Expr::Binary(op, a, b) => e.elementwise(*op, self.dtype(*a), of(a), of(b)),
            Expr::Select(condition, a, b) => e.choose(of(condition), of(a), of(b)),
            Expr::Cast(_, a) => e.cast(self.dtype(*a), dtype, of(a)),
        }
    }

    /// An element, moved by a number of elements.
    fn load(&self, e: &mut Emitter, point: Point<'_>, access: &Access, moved: Option<Value>) -> Value {
        if let Some(value) = e.held(access.buffer) {
            return value;
        }
        let dtype = self.buffer_dtype(access.buffer);
        let mut at = e.affine(&access.offset, &access.strides, point.indices);
        if let Some(moved) = moved {
            at = e.index_add(at, moved);
        }
        let address = e.element(e.buffer(access.buffer), at, dtype.bytes());
        load(e, dtype, address)
    }

    fn gather(
        &self,
        e: &mut Emitter,
        point: Point<'_>,
        access: &Access,
        row: Value,
        [rows, stride]: [&Dim; 2],
    ) -> Value {
        let zero = e.scalar(Scalar::from_bits(self.buffer_dtype(access.buffer), 0));
        let result = e.variable(zero);
        let rows = e.size(rows);
        let inside = e.compare("icmp ult", row, rows);
        e.when(inside, |e| {
            let stride = e.size(stride);
            let moved = e.index_mul(row, stride);
            let value = self.load(e, point, access, Some(moved));
            e.set(result, value);
        });
        // Nothing is read: the table may have no rows at all.
        let outside = e.binary("xor", inside, Value::int(Type::I1, 1));
        let failure = e.size(&Dim::var(self.failure));
        e.when(outside, |e| e.fail(failure, row));
        e.get(result)
    }

    /// Stores values for one point, after computing all of them.
    pub(crate) fn store(&self, e: &mut Emitter, point: Point<'_>, stores: &[tri_kernel_ir::Store]) {
        let roots: Vec<ExprId> = stores.iter().map(|store| store.value).collect();
        let values = self.evaluate(e, point, &roots);
        for (store, value) in stores.iter().zip(values) {
            let bytes = self.buffer_dtype(store.to.buffer).bytes();
            let address = e.address(&store.to, point.indices, bytes);
            // A truth value is a byte; a packed buffer takes bytes of another type than its own.
            let value = if value.ty == Type::I1 { e.convert("zext", value, Type::I8) } else { value };
            e.store(value, address, bytes);
        }
    }
}

fn operand(values: &[Option<Value>], id: ExprId) -> Value {
    values[id.index()].expect("operands come before users")
}

fn load(e: &mut Emitter, dtype: DType, address: Value) -> Value {
    if dtype == DType::Bool {
        let byte = e.load(Type::I8, address, 1);
        return e.compare("icmp ne", byte, Value::int(Type::I8, 0));
    }
    e.load(Type::of(dtype), address, dtype.bytes())
}

/// Whether all guards hold.
fn holds(e: &mut Emitter, indices: &[Value], guards: &[Guard]) -> Value {
    let mut all = Value::int(Type::I1, 1);
    for guard in guards {
        let value = e.affine(&guard.offset, &guard.strides, indices);
        let size = e.size(&guard.size);
        // No size is negative, so a negative value is beyond it too.
        let one = e.compare("icmp ult", value, size);
        all = e.binary("and", all, one);
    }
    all
}
