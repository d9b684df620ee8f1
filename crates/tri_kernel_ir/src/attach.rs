//! What was made of a detached function, put into the function's module: its name, and the module's numbers of callees and origins.

use tri_ir::{FunctionId, Links};

use crate::{Schedule, ScheduleError, ScheduleId, SlotSize, StepKind};

/// The schedule of a detached function as one of its module.
pub fn attach(schedule: &Schedule, links: &Links) -> Schedule {
    let mut attached = schedule.clone();
    attached.name.clone_from(&links.name);
    for size in attached.slots.iter_mut().flat_map(|slot| &mut slot.sizes) {
        if let SlotSize::Workspace { schedule, .. } = size {
            *schedule = callee(*schedule, links);
        }
    }
    for step in &mut attached.steps {
        step.origin = step.origin.and_then(|origin| links.origin(origin));
        match &mut step.kind {
            StepKind::Call(call) => call.schedule = callee(call.schedule, links),
            StepKind::Route(route) => {
                route.tiles.iter_mut().for_each(|tile| tile.schedule = callee(tile.schedule, links));
            }
            _ => {}
        }
    }
    attached
}

/// Why a detached function has no schedule, said of the function in its module.
pub fn attach_error(error: &ScheduleError, links: &Links) -> ScheduleError {
    let mut attached = error.clone();
    match &mut attached {
        ScheduleError::Unsupported { function, origin, .. } => {
            function.clone_from(&links.name);
            *origin = origin.and_then(|origin| links.origin(origin));
        }
        ScheduleError::Unbounded { function, .. } | ScheduleError::Size { function, .. } => {
            function.clone_from(&links.name);
        }
    }
    attached
}

/// A callee that the links do not name cannot come from the same function; the verifier refuses it as it would any other.
fn callee(schedule: ScheduleId, links: &Links) -> ScheduleId {
    ScheduleId(links.callee(FunctionId(schedule.0)).map_or(u32::MAX, |id| id.0))
}
