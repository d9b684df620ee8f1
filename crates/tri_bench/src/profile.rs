//! How long each step of a model takes, beside what the machine would need for it at best.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use tri_kernel_ir::{Module, ScheduleId, StepCost, cost};
use tri_runtime::{RuntimeError, Session, StepRun, TensorView};

use crate::Machine;
use crate::sample::median;

/// Fewest calls.
const CALLS: usize = 5;

/// Where a call spends its time.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Calls that were measured.
    pub calls: usize,
    /// Seconds of a call, the median.
    pub seconds: f64,
    /// The steps that ran, those that take longest first.
    pub steps: Vec<StepProfile>,
    /// Every run of a step in the last call.
    pub last: Vec<StepRun>,
}

/// What a step does in one call.
#[derive(Clone, Debug)]
pub struct StepProfile {
    /// The schedule of the step.
    pub schedule: ScheduleId,
    /// Its position there.
    pub step: usize,
    /// How often it runs.
    pub runs: usize,
    /// Seconds in all of its runs, without the steps that it calls: the median of the calls.
    pub seconds: f64,
    /// Operations of all runs.
    pub operations: f64,
    /// Bytes of all runs' operands and results.
    pub bytes: f64,
    /// Seconds that the machine needs at least for the operations, or to bring the bytes from memory, whichever is more.
    pub limit: f64,
}

/// Seconds of each step in each call, and what its runs in the last call cost.
#[derive(Default)]
struct Times {
    seconds: Vec<f64>,
    last: Vec<StepCost>,
}

/// Calls an entry until `budget` is spent, after a call that warms up, of a model that tells how long steps take
/// ([`tri_runtime::Instrument::Steps`]) and has these schedules.
///
/// # Errors
/// As [`Session::call_timed`].
pub fn profile(
    session: &mut Session,
    schedules: &Module,
    machine: &Machine,
    entry: &str,
    inputs: &[TensorView<'_>],
    budget: Duration,
) -> Result<Profile, RuntimeError> {
    session.call_timed(entry, inputs)?;
    let begin = Instant::now();
    let (mut seconds, mut last) = (Vec::new(), Vec::new());
    let mut steps: BTreeMap<(ScheduleId, usize), Times> = BTreeMap::new();
    while seconds.len() < CALLS || begin.elapsed() < budget {
        let call = Instant::now();
        let (_, runs) = session.call_timed(entry, inputs)?;
        seconds.push(call.elapsed().as_secs_f64());
        for (place, time) in by_step(&runs) {
            steps.entry(place).or_default().seconds.push(time);
        }
        last = runs;
    }
    for run in &last {
        let schedule = &schedules.schedules[run.schedule.index()];
        // A size that has no value belongs to a step that cannot have run.
        let cost = cost(schedule, &schedule.steps[run.step].kind, &run.sizes).unwrap_or_default();
        steps.entry((run.schedule, run.step)).or_default().last.push(cost);
    }
    let mut steps: Vec<StepProfile> = steps
        .into_iter()
        .map(|((schedule, step), times)| {
            let sum = |of: fn(&StepCost) -> f64| times.last.iter().map(of).sum();
            StepProfile {
                schedule,
                step,
                runs: times.last.len(),
                seconds: median(&times.seconds),
                operations: sum(|cost| cost.operations),
                bytes: sum(|cost| cost.bytes),
                limit: times.last.iter().map(|cost| limit(machine, cost)).sum(),
            }
        })
        .collect();
    steps.sort_by(|a, b| b.seconds.total_cmp(&a.seconds));
    Ok(Profile { calls: seconds.len(), seconds: median(&seconds), steps, last })
}

/// Seconds that each step took itself.
fn by_step(runs: &[StepRun]) -> BTreeMap<(ScheduleId, usize), f64> {
    let mut own: Vec<Duration> = runs.iter().map(|run| run.time).collect();
    for run in runs {
        if let Some(parent) = run.parent {
            own[parent] = own[parent].saturating_sub(run.time);
        }
    }
    let mut sums = BTreeMap::new();
    for (run, own) in runs.iter().zip(own) {
        *sums.entry((run.schedule, run.step)).or_default() += own.as_secs_f64();
    }
    sums
}

/// Seconds that the machine needs at least.
fn limit(machine: &Machine, cost: &StepCost) -> f64 {
    let peak = if cost.is_bytewise { machine.dot_product } else { machine.multiply_add };
    (cost.operations / peak).max(cost.bytes / machine.read)
}
