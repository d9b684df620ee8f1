//! What a vector loop over the innermost axis needs of the points outside it, computed once ahead of the loop: values that do not vary along
//! the axis, and where rows begin whose elements do.

use cranelift_codegen::ir::{InstBuilder, Value};
use tri_kernel_ir::{Access, Expr, ExprId, Index, for_each_operand, needed};

use crate::emitter::Emitter;
use crate::expression::{NestContext, Point};
use crate::lanes::Width;

/// Values and addresses that hold for all of a loop.
#[derive(Clone, Debug)]
pub(crate) struct Ahead {
    /// By expression, as [`Point`] keeps them.
    pub(crate) one: Vec<Option<Value>>,
    pub(crate) four: Vec<Option<Value>>,
    /// By expression that is a load: the address of its element where the innermost index is 0.
    pub(crate) rows: Vec<Option<Value>>,
}

impl Ahead {
    /// Emits what `roots` need. The loop must run at least once: what is loaded here is not there for an axis without elements.
    pub(crate) fn of(
        e: &mut Emitter<'_>,
        cx: &NestContext<'_>,
        regs: &[Option<Value>],
        outer: &[Value],
        roots: &[ExprId],
        varies: &[bool],
    ) -> Ahead {
        let (needed, innermost) = (needed(cx.nest, roots), Index(outer.len() as u32));
        let zero = e.int(0);
        let indices: Vec<Value> = outer.iter().copied().chain([zero]).collect();
        let mut point = Point::new(&indices, regs, Some(varies), cx.nest.exprs.len());
        // A row that is looked up may not be there, and is left to its turn.
        let mut is_fixed = vec![false; cx.nest.exprs.len()];
        let mut rows = vec![None; cx.nest.exprs.len()];
        for (id, expr) in cx.nest.exprs.iter().enumerate().filter(|(id, _)| needed[*id]) {
            let mut operands = true;
            for_each_operand(expr, &mut |operand| operands &= is_fixed[operand.index()]);
            let looks = matches!(expr, Expr::GatherLoad { .. } | Expr::GuardedLoad { .. });
            is_fixed[id] = operands && !looks && !varies[id];
            if is_fixed[id] {
                cx.evaluate_alone(e, &mut point, ExprId(id as u32));
            } else if let Expr::Load(access) = expr {
                rows[id] = Some(row(e, cx, access, &indices, innermost));
            }
            if varies[id] {
                for_each_operand(expr, &mut |operand| {
                    if is_fixed[operand.index()] {
                        cx.operand(e, &mut point, operand, Width::Four);
                    }
                });
            }
        }
        let (one, four) = point.into_values();
        Ahead { one, four, rows }
    }
}

/// The address of an access where the innermost index is 0.
pub(crate) fn row(
    e: &mut Emitter<'_>,
    cx: &NestContext<'_>,
    access: &Access,
    indices: &[Value],
    innermost: Index,
) -> Value {
    let mut access = access.clone();
    access.strides.retain(|(index, _)| *index != innermost);
    e.address(&access, indices, cx.buffer_dtype(access.buffer).bytes())
}

/// The address of an element of a row of adjacent ones.
pub(crate) fn within_row(e: &mut Emitter<'_>, row: Value, index: Value, bytes: usize) -> Value {
    let distance = e.builder.ins().imul_imm_s(index, bytes as i64);
    e.builder.ins().iadd(row, distance)
}
