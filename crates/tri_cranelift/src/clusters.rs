//! The tile of each row through its cluster: one call of the micro-kernel, which all rows share.

use tri_ir::Dim;
use tri_kernel_ir::{BufferId, ClusterStep, Schedule};
use tri_kernels::{ClusterArgs, KernelTable};

use crate::emitter::Emitter;

fn shape(schedule: &Schedule, buffer: BufferId) -> &[Dim] {
    &schedule.buffers[buffer.index()].shape
}

/// Emits the step.
pub(crate) fn emit(e: &mut Emitter<'_>, schedule: &Schedule, step: &ClusterStep) {
    let (on, tiles) = (shape(schedule, step.on), shape(schedule, step.tiles));
    let slot = e.stack(ClusterArgs::BYTES);
    let args = e.stack_address(slot);
    let buffers = [
        (ClusterArgs::ON_OFFSET, step.on),
        (ClusterArgs::CLUSTERS_OFFSET, step.clusters),
        (ClusterArgs::TILES_OFFSET, step.tiles),
        (ClusterArgs::OUT_OFFSET, step.out),
    ];
    for (offset, buffer) in buffers {
        let address = e.buffer(buffer);
        e.store(address, args, offset);
    }
    let sizes = [
        (ClusterArgs::FIRST_OFFSET, &Dim::constant(0)),
        (ClusterArgs::LAST_OFFSET, &on[0]),
        (ClusterArgs::WIDTH_OFFSET, &on[1]),
        (ClusterArgs::COUNT_OFFSET, &tiles[0]),
        (ClusterArgs::EACH_OFFSET, &tiles[1]),
    ];
    for (offset, dim) in sizes {
        let size = e.size(dim);
        e.store(size, args, offset);
    }
    e.call_kernel(KernelTable::ARGMAX_CLUSTERS_OFFSET, args);
}
