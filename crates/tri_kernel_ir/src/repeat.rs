//! Runs of steps that do the same over other buffers become one [`Repeat`]: a stack of blocks that differ only in their weights
//! costs one block.
//!
//! Two steps are alike if they are equal but for their buffers, these are of equal types, and share memory with each other in the
//! same way. A run with period `p` is a sequence in which each step is like the one `p` before it, and the place of each buffer
//! moves by the same number of parameters, results or states every time. Slots do not move; a chain of blocks that
//! takes turns with two slots has period 2. The memory plan was made before and stays as it is.

use rustc_hash::FxHashMap;

use crate::operands::{for_each_buffer, for_each_buffer_mut};
use crate::{Buffer, BufferId, Place, Repeat, Schedule, Step, StepKind};

/// Longest period.
const MAX_PERIOD: usize = 32;

/// A run of fewer turns stays as it is.
const MIN_TIMES: usize = 3;

/// Puts runs into repeats, and drops buffers that nothing names any more.
pub(crate) fn find(schedule: &mut Schedule) {
    if schedule.steps.len() < MIN_TIMES {
        return;
    }
    let runs = Steps::of(schedule).runs();
    if runs.is_empty() {
        return;
    }
    let old = std::mem::take(&mut schedule.steps);
    let (mut old, mut at) = (old.into_iter(), 0);
    for run in runs {
        schedule.steps.extend(old.by_ref().take(run.start - at));
        let start = schedule.steps.len() as u32;
        schedule.steps.extend(old.by_ref().take(run.period));
        let skipped = run.period * (run.times - 1);
        old.by_ref().take(skipped).for_each(drop);
        at = run.start + run.period + skipped;
        let (end, times) = (start + run.period as u32, run.times as u32);
        schedule.repeats.push(Repeat { steps: start..end, times, moving: run.moving });
    }
    schedule.steps.extend(old);
    drop_buffers(schedule);
}

/// For each step that a schedule had before runs of them became repeats, where it stands.
pub(crate) fn positions(folded: &Schedule) -> Vec<usize> {
    let mut positions = Vec::with_capacity(folded.steps.len());
    let (mut repeats, mut at) = (folded.repeats.iter().peekable(), 0);
    while at < folded.steps.len() {
        match repeats.next_if(|repeat| repeat.steps.start as usize == at) {
            Some(repeat) => {
                let turn = repeat.steps.start as usize..repeat.steps.end as usize;
                (0..repeat.times).for_each(|_| positions.extend(turn.clone()));
                at = turn.end;
            }
            None => {
                positions.push(at);
                at += 1;
            }
        }
    }
    positions
}

/// A run of steps to be repeated.
struct Run {
    start: usize,
    period: usize,
    times: usize,
    moving: Vec<(BufferId, i32)>,
}

impl Run {
    /// How many steps it covers.
    fn steps(&self) -> usize {
        self.period * self.times
    }
}

/// A step but for which buffers it names.
#[derive(PartialEq, Eq, Hash)]
struct Shape {
    /// Its buffers are numbered in the order in which it names them.
    step: Step,
    /// Those buffers; of those that lie in one memory, all have the number of the first for a place.
    buffers: Vec<Buffer>,
}

impl Shape {
    fn of(schedule: &Schedule, step: &Step) -> Shape {
        let (mut step, mut buffers) = (step.clone(), Vec::new());
        let (mut numbers, mut memories) = (FxHashMap::default(), FxHashMap::default());
        for_each_buffer_mut(&mut step.kind, &mut |id| {
            let number = *numbers.entry(*id).or_insert_with(|| {
                let number = buffers.len() as u32;
                let first = *memories.entry(schedule.memory(*id)).or_insert(number);
                let buffer = schedule.buffers[id.index()].clone();
                buffers.push(Buffer { place: Place::Alias(BufferId(first)), ..buffer });
                number
            });
            *id = BufferId(number);
        });
        Shape { step, buffers }
    }
}

/// The steps of a schedule as far as runs go.
struct Steps {
    /// Equal numbers for steps that are alike; none for a step that must not be repeated.
    kinds: Vec<Option<u32>>,
    /// For each step, its buffers with the memory that they lie in.
    operands: Vec<Vec<(BufferId, Place)>>,
}

impl Steps {
    fn of(schedule: &Schedule) -> Steps {
        let mut known: FxHashMap<Shape, u32> = FxHashMap::default();
        let mut steps = Steps { kinds: Vec::new(), operands: Vec::new() };
        for step in &schedule.steps {
            let mut operands = Vec::new();
            for_each_buffer(&step.kind, &mut |buffer| operands.push((buffer, schedule.memory(buffer))));
            steps.operands.push(operands);
            // A size is bound once.
            steps.kinds.push((!matches!(step.kind, StepKind::BindDim { .. })).then(|| {
                let next = known.len() as u32;
                *known.entry(Shape::of(schedule, step)).or_insert(next)
            }));
        }
        steps
    }

    /// The runs, in order, apart from each other.
    fn runs(&self) -> Vec<Run> {
        let (mut runs, mut at) = (Vec::new(), 0);
        while at < self.kinds.len() {
            // The shortest period of those that cover most; a multiple of one that goes covers no more than it.
            let mut best: Option<Run> = None;
            for period in 1..=MAX_PERIOD {
                if best.as_ref().is_none_or(|best| period % best.period != 0)
                    && let Some(run) = self.run(at, period)
                    && best.as_ref().is_none_or(|best| run.steps() > best.steps())
                {
                    best = Some(run);
                }
            }
            at += best.as_ref().map_or(1, Run::steps);
            runs.extend(best);
        }
        runs
    }

    /// The run of a period from `start` on.
    fn run(&self, start: usize, period: usize) -> Option<Run> {
        let times = self.times(start, period);
        if times < MIN_TIMES {
            return None;
        }
        Some(Run { start, period, times, moving: self.moving(start, period)? })
    }

    /// How many turns of `period` steps there are from `start` on.
    fn times(&self, start: usize, period: usize) -> usize {
        let mut end = start;
        while end + period < self.kinds.len() && self.continues(start, end, period) {
            end += 1;
        }
        // Steps up to `end` have a successor one turn later.
        (end - start) / period + 1
    }

    /// Whether the step at `at` of a run goes on one turn later, moved as far as in the turn before.
    fn continues(&self, start: usize, at: usize, period: usize) -> bool {
        let (Some(kind), Some(next)) = (self.kinds[at], self.kinds[at + period]) else { return false };
        if kind != next {
            return false;
        }
        let before = at.checked_sub(period).filter(|before| *before >= start);
        self.operands[at].iter().zip(&self.operands[at + period]).enumerate().all(|(i, (from, to))| {
            let step = stride(from.1, to.1);
            let earlier = before.map(|before| stride(self.operands[before][i].1, from.1));
            step.is_some() && earlier.is_none_or(|earlier| earlier == step)
        })
    }

    /// The buffers of a turn that lie elsewhere in the next, and how far; none if one buffer would have to move in two ways.
    fn moving(&self, start: usize, period: usize) -> Option<Vec<(BufferId, i32)>> {
        let mut strides: FxHashMap<BufferId, i32> = FxHashMap::default();
        for at in start..start + period {
            for (from, to) in self.operands[at].iter().zip(&self.operands[at + period]) {
                let by = stride(from.1, to.1)?;
                if *strides.entry(from.0).or_insert(by) != by {
                    return None;
                }
            }
        }
        let mut moving: Vec<(BufferId, i32)> = strides.into_iter().filter(|(_, by)| *by != 0).collect();
        moving.sort_unstable();
        Some(moving)
    }
}

/// How far a place lies behind another of its kind.
fn stride(from: Place, to: Place) -> Option<i32> {
    match (from, to) {
        (Place::Param(from), Place::Param(to))
        | (Place::Result(from), Place::Result(to))
        | (Place::State(from), Place::State(to)) => i32::try_from(i64::from(to) - i64::from(from)).ok(),
        _ => (from == to).then_some(0),
    }
}

/// Drops buffers that nothing names, and numbers the others anew.
fn drop_buffers(schedule: &mut Schedule) {
    let mut used = vec![false; schedule.buffers.len()];
    for buffer in schedule.params.iter().chain(&schedule.results).chain(&schedule.states) {
        used[buffer.index()] = true;
    }
    for step in &schedule.steps {
        for_each_buffer(&step.kind, &mut |buffer| used[buffer.index()] = true);
    }
    for at in 0..used.len() {
        let mut at = at;
        while used[at]
            && let Place::Alias(of) = schedule.buffers[at].place
        {
            at = of.index();
            used[at] = true;
        }
    }
    let mut next = 0;
    let numbers: Vec<BufferId> = used
        .iter()
        .map(|used| {
            next += u32::from(*used);
            BufferId(next.saturating_sub(1))
        })
        .collect();
    let mut kept = used.iter();
    schedule.buffers.retain(|_| kept.next() == Some(&true));
    let renumber = |id: &mut BufferId| *id = numbers[id.index()];
    for buffer in &mut schedule.buffers {
        if let Place::Alias(of) = &mut buffer.place {
            renumber(of);
        }
    }
    [&mut schedule.params, &mut schedule.results, &mut schedule.states]
        .into_iter()
        .flatten()
        .for_each(renumber);
    schedule.steps.iter_mut().for_each(|step| for_each_buffer_mut(&mut step.kind, &mut |id| renumber(id)));
    schedule.repeats.iter_mut().flat_map(|repeat| &mut repeat.moving).for_each(|(id, _)| renumber(id));
}
