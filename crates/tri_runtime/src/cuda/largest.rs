//! What a workspace is needed for: an error of too little memory tells the step whose memory is the largest.

use tri_gpu::Site;
use tri_kernel_ir::{BufferId, Place, Schedule, ScheduleId, StepKind, slot_offsets};

use super::loaded::{Launch, Loaded};

/// The first kernel that works on the largest part of a workspace of so many bytes; none if sizes have no value.
pub(super) fn largest(loaded: &Loaded, id: ScheduleId, symbols: &[i64], bytes: u64) -> Option<Launch> {
    let schedule = loaded.kernels.schedules.get(id.index())?;
    let mut ends = slot_offsets(&loaded.kernels, id, symbols).ok()?;
    ends.push(bytes);
    let sizes = ends.windows(2).map(|pair| pair[1].saturating_sub(pair[0]));
    let (slot, bytes) = sizes.enumerate().max_by_key(|(_, bytes)| *bytes)?;
    schedule.steps.iter().enumerate().find_map(|(at, step)| match &step.kind {
        // Callees come before callers, so this ends.
        StepKind::Call(call) if call.workspace as usize == slot => {
            let value = |dim: &tri_ir::Dim| dim.evaluate(&mut |symbol| symbols.get(symbol.index()).copied());
            let symbols: Option<Vec<i64>> = call.symbols.iter().map(|dim| value(dim).ok()).collect();
            largest(loaded, call.schedule, &symbols?, bytes)
        }
        _ => {
            let runs = &loaded.code.runs[id.index()][at];
            let run = runs.iter().find(|run| run.buffers.iter().any(|it| lies_in(schedule, *it, slot)))?;
            let site = Site { schedule: id.0, step: at as u32 };
            Some(Launch { kernel: run.kernel as usize, site })
        }
    })
}

fn lies_in(schedule: &Schedule, buffer: BufferId, slot: usize) -> bool {
    matches!(schedule.memory(buffer), Place::Slot(found) if found as usize == slot)
}
