//! Rows to digits with a scale each: bodies that give rows to the micro-kernel.

use cranelift_codegen::ir::{InstBuilder, Value};
use tri_ir::Dim;
use tri_kernel_ir::{Digits, QuantizeStep};
use tri_kernels::{KernelTable, QuantizeArgs};

use crate::emitter::Emitter;

/// Elements that the kernel quantises in about a nanosecond.
const ELEMENTS: i64 = 12;

/// Number of units, which are rows, and the cost of one.
pub(crate) fn units(e: &mut Emitter<'_>, rows: &Dim, width: &Dim) -> (Value, Value) {
    let (rows, width, rate) = (e.size(rows), e.size(width), e.int(ELEMENTS));
    let cost = e.builder.ins().sdiv(width, rate);
    (rows, e.builder.ins().iadd_imm_s(cost, 1))
}

/// Emits the body.
pub(crate) fn emit(e: &mut Emitter<'_>, step: &QuantizeStep) {
    let (range, none) = ([e.start, e.end], e.int(0));
    call(e, step, none, range);
    e.builder.ins().return_(&[]);
}

/// Calls the kernel for rows `first..last`, which lie in `order`.
pub(crate) fn call(e: &mut Emitter<'_>, step: &QuantizeStep, order: Value, [first, last]: [Value; 2]) {
    let slot = e.argument_stack(QuantizeArgs::BYTES);
    let args = e.stack_address(slot);
    let buffers = [
        (QuantizeArgs::X_OFFSET, step.x),
        (QuantizeArgs::DIGITS_OFFSET, step.digits),
        (QuantizeArgs::SCALES_OFFSET, step.scales),
    ];
    for (offset, buffer) in buffers {
        let address = e.buffer(buffer);
        e.store(address, args, offset);
    }
    let width = e.size(&step.width);
    e.store(order, args, QuantizeArgs::ORDER_OFFSET);
    e.store(first, args, QuantizeArgs::FIRST_OFFSET);
    e.store(last, args, QuantizeArgs::LAST_OFFSET);
    e.store(width, args, QuantizeArgs::WIDTH_OFFSET);
    let kernel = match step.to {
        Digits::Bytes => KernelTable::QUANTIZE_ROWS_OFFSET,
        Digits::PackedTrits => KernelTable::TERNARIZE_ROWS_OFFSET,
        Digits::PackedTensor => KernelTable::TERNARIZE_TENSOR_OFFSET,
    };
    e.call_kernel(kernel, args);
}
