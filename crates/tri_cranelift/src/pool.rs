//! Poolings: bodies that give planes to the micro-kernel.

use cranelift_codegen::ir::InstBuilder;
use tri_ir::Dim;
use tri_kernel_ir::{Buffer, MaxPool};
use tri_kernels::{KernelTable, PoolArgs};

use crate::emitter::Emitter;

/// Emits the body.
pub(crate) fn emit(e: &mut Emitter<'_>, buffers: &[Buffer], step: &MaxPool) {
    let (input, out) = (&buffers[step.input.index()].shape, &buffers[step.out.index()].shape);
    let slot = e.stack(PoolArgs::BYTES);
    let args = e.stack_address(slot);
    let attributes = step.attributes;
    let numbers = [
        (PoolArgs::KERNEL_HEIGHT_OFFSET, attributes.size[0]),
        (PoolArgs::KERNEL_WIDTH_OFFSET, attributes.size[1]),
        (PoolArgs::STRIDE_HEIGHT_OFFSET, attributes.stride[0]),
        (PoolArgs::STRIDE_WIDTH_OFFSET, attributes.stride[1]),
        (PoolArgs::PADDING_HEIGHT_OFFSET, attributes.padding[0]),
        (PoolArgs::PADDING_WIDTH_OFFSET, attributes.padding[1]),
    ];
    let numbers = numbers.map(|(at, number)| (at, Dim::constant(number.into())));
    let sizes = [
        (PoolArgs::HEIGHT_OFFSET, &input[2]),
        (PoolArgs::WIDTH_OFFSET, &input[3]),
        (PoolArgs::OUT_HEIGHT_OFFSET, &out[2]),
        (PoolArgs::OUT_WIDTH_OFFSET, &out[3]),
    ];
    for (offset, size) in numbers.iter().map(|(at, size)| (*at, size)).chain(sizes) {
        let value = e.size(size);
        e.store(value, args, offset);
    }
    for (offset, buffer) in [(PoolArgs::INPUT_OFFSET, step.input), (PoolArgs::OUT_OFFSET, step.out)] {
        let address = e.buffer(buffer);
        e.store(address, args, offset);
    }
    let (first, last) = (e.start, e.end);
    e.store(first, args, PoolArgs::FIRST_OFFSET);
    e.store(last, args, PoolArgs::LAST_OFFSET);
    e.call_kernel(KernelTable::F32_MAX_POOL2D_OFFSET, args);
    e.builder.ins().return_(&[]);
}
