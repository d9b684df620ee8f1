//! Elementary functions in a vector loop. Micro-kernels compute them for a strip of the axis at once, in vectors that are wider than those
//! of generated code: their operands are computed into memory of the stack, and what becomes of them is read from there.

use cranelift_codegen::ir::{InstBuilder, StackSlot, Value};
use tri_ir::{DType, UnaryOp};
use tri_kernel_ir::{Expr, ExprId, needed};
use tri_kernels::{KernelTable, RowArgs};

use crate::emitter::Emitter;
use crate::expression::NestContext;

/// Elements of a strip.
pub(crate) const STRIP: i64 = 256;
/// Axes known to be shorter have their functions in the loop: a call costs about as much as so many elements.
pub(crate) const SHORTEST: i64 = 16;
/// Most functions that have memory; further ones are computed in the loop.
const MOST: usize = 4;

/// An elementary function of a loop, and memory for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Function {
    /// The function applied.
    pub(crate) result: ExprId,
    /// What it is applied to.
    pub(crate) operand: ExprId,
    kernel: i32,
    memory: StackSlot,
}

impl Function {
    /// Those that `roots` need, each behind those that it needs.
    pub(crate) fn of(
        e: &mut Emitter<'_>,
        cx: &NestContext<'_>,
        roots: &[ExprId],
        varies: &[bool],
    ) -> Vec<Function> {
        let needed = needed(cx.nest, roots);
        let exprs = cx.nest.exprs.iter().enumerate().filter(|(id, _)| needed[*id] && varies[*id]);
        let functions = exprs.filter_map(|(id, expr)| match expr {
            Expr::Unary(op, operand) if cx.dtype(*operand) == DType::F32 => {
                Some((ExprId(id as u32), *operand, kernel(*op)?))
            }
            _ => None,
        });
        let functions = functions.take(MOST);
        functions
            .map(|(result, operand, kernel)| {
                let memory = e.stack(4 * STRIP as u32);
                Function { result, operand, kernel, memory }
            })
            .collect()
    }

    /// Where the element of index 0 would lie, if that of index `from` is the first.
    pub(crate) fn origin(&self, e: &mut Emitter<'_>, from: Value) -> Value {
        let memory = e.stack_address(self.memory);
        let before = e.builder.ins().imul_imm_s(from, 4);
        e.builder.ins().isub(memory, before)
    }

    /// Replaces operands, of which there are `length`, by results.
    pub(crate) fn call(&self, e: &mut Emitter<'_>, length: Value) {
        let memory = e.stack_address(self.memory);
        let slot = e.argument_stack(RowArgs::BYTES);
        let args = e.stack_address(slot);
        e.store(memory, args, RowArgs::X_OFFSET);
        e.store(length, args, RowArgs::WIDTH_OFFSET);
        e.call_kernel(self.kernel, args);
    }
}

/// The kernel of a function, if it has one.
fn kernel(op: UnaryOp) -> Option<i32> {
    Some(match op {
        UnaryOp::Exp => KernelTable::EXP_ROW_OFFSET,
        UnaryOp::Sigmoid => KernelTable::SIGMOID_ROW_OFFSET,
        UnaryOp::Tanh => KernelTable::TANH_ROW_OFFSET,
        UnaryOp::Erf => KernelTable::ERF_ROW_OFFSET,
        _ => return None,
    })
}
