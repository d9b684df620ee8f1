//! Softmax: a row at a point of a nest's outer axes goes to the micro-kernel.

use cranelift_codegen::ir::Value;
use tri_ir::Dim;
use tri_kernel_ir::Access;
use tri_kernels::{KernelTable, RowArgs};

use crate::emitter::Emitter;
use crate::nest::product;

/// What an element costs, in about nanoseconds.
pub(crate) const ELEMENT: i64 = 1;

/// Emits the call for a row.
pub(crate) fn emit(e: &mut Emitter<'_>, outer: &[Value], axes: &[Dim], row: &Access) {
    let first = vec![e.int(0); axes.len()];
    let x = e.address(row, &[outer, &first].concat(), 4);
    let width = product(e, axes);
    let slot = e.argument_stack(RowArgs::BYTES);
    let args = e.stack_address(slot);
    e.store(x, args, RowArgs::X_OFFSET);
    e.store(width, args, RowArgs::WIDTH_OFFSET);
    e.call_kernel(KernelTable::SOFTMAX_ROW_OFFSET, args);
}
