//! What people call the steps of a compiled model.

use tri_driver::Program;
use tri_kernel_ir::{Module, ScheduleId, StepKind, kernel_name};

/// What a step is to people.
#[derive(Clone, Debug, Default)]
pub(crate) struct Place {
    /// The kernel that it runs, or the function that it calls.
    pub(crate) kernel: String,
    /// The function whose step it is.
    pub(crate) function: String,
    /// File and line, where the program is at hand.
    pub(crate) line: Option<String>,
}

/// All steps of a model.
#[derive(Debug)]
pub(crate) struct Places(Vec<Vec<Place>>);

impl Places {
    /// Those of these schedules, which were made from a program.
    pub(crate) fn new(module: &Module, program: Option<&Program>) -> Places {
        let schedules = module.schedules.iter().map(|schedule| {
            let steps = schedule.steps.iter().map(|step| Place {
                kernel: match &step.kind {
                    StepKind::Call(call) => module.schedules[call.schedule.index()].name.clone(),
                    kind => kernel_name(kind),
                },
                function: schedule.name.clone(),
                line: step.origin.and_then(|origin| program?.line_of(origin)),
            });
            steps.collect()
        });
        Places(schedules.collect())
    }

    /// A step.
    pub(crate) fn of(&self, schedule: ScheduleId, step: usize) -> &Place {
        &self.0[schedule.index()][step]
    }
}
