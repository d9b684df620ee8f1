//! The tile of each row through its cluster: bodies that give rows to the micro-kernel.

use cranelift_codegen::ir::{InstBuilder, Value};
use tri_ir::Dim;
use tri_kernel_ir::{Buffer, ClusterStep};
use tri_kernels::{ClusterArgs, KernelTable};

use crate::emitter::Emitter;
use crate::quantize;

/// Products that the kernel makes in about a nanosecond.
const PRODUCTS: i64 = 128;

/// Number of units, which are rows, and the cost of one: it is rounded to bytes, then meets clusters, then tiles.
pub(crate) fn units(e: &mut Emitter<'_>, [rows, width, count, each]: [&Dim; 4]) -> (Value, Value) {
    let (rows, rounding) = quantize::units(e, rows, width);
    let [width, count, each] = [width, count, each].map(|dim| e.size(dim));
    let signatures = e.builder.ins().iadd(count, each);
    let products = e.builder.ins().imul(signatures, width);
    let scoring = e.over_power(products, PRODUCTS);
    (rows, e.builder.ins().iadd(rounding, scoring))
}

/// Emits the body.
pub(crate) fn emit(e: &mut Emitter<'_>, buffers: &[Buffer], step: &ClusterStep) {
    let (on, tiles) = (&buffers[step.on.index()].shape, &buffers[step.tiles.index()].shape);
    let slot = e.stack(ClusterArgs::BYTES);
    let args = e.stack_address(slot);
    let operands = [
        (ClusterArgs::ON_OFFSET, step.on),
        (ClusterArgs::CLUSTERS_OFFSET, step.clusters),
        (ClusterArgs::TILES_OFFSET, step.tiles),
        (ClusterArgs::OUT_OFFSET, step.out),
    ];
    for (offset, buffer) in operands {
        let address = e.buffer(buffer);
        e.store(address, args, offset);
    }
    let (first, last) = (e.start, e.end);
    e.store(first, args, ClusterArgs::FIRST_OFFSET);
    e.store(last, args, ClusterArgs::LAST_OFFSET);
    let sizes = [
        (ClusterArgs::WIDTH_OFFSET, &on[1]),
        (ClusterArgs::COUNT_OFFSET, &tiles[0]),
        (ClusterArgs::EACH_OFFSET, &tiles[1]),
    ];
    for (offset, dim) in sizes {
        let size = e.size(dim);
        e.store(size, args, offset);
    }
    e.call_kernel(KernelTable::ARGMAX_CLUSTERS_OFFSET, args);
    e.builder.ins().return_(&[]);
}
