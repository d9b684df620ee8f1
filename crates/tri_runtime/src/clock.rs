//! When the steps of a call begin and end: what a model that is compiled with [`Instrument::Steps`](crate::Instrument) tells. Its code calls
//! [`mark`] around each step; other code has no trace of it.

#![expect(unsafe_code, reason = "generated code calls in, with its frame")]

use std::sync::{Mutex, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use tri_kernel_ir::ScheduleId;
use tri_kernels::Context;

/// A step that ran.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepRun {
    /// The schedule of the step.
    pub schedule: ScheduleId,
    /// Its position there.
    pub step: usize,
    /// The run of the step that called this one's schedule: its position among all runs.
    pub parent: Option<usize>,
    /// The thread, numbered in the order in which threads ran steps.
    pub thread: usize,
    /// Since the call began.
    pub start: Duration,
    /// From its beginning to its end, with the steps that it called.
    pub time: Duration,
    /// Values of the schedule's symbols; those that are bound inside are meaningless before that.
    pub sizes: Vec<i64>,
}

/// Keeps the time of a call.
#[derive(Debug)]
pub(crate) struct Clock {
    start: Instant,
    /// Number of symbols of each schedule.
    sizes: Vec<usize>,
    marks: Mutex<Marks>,
}

#[derive(Debug, Default)]
struct Marks {
    runs: Vec<StepRun>,
    /// Threads, and the runs that have begun on each but not ended, innermost last.
    threads: Vec<(ThreadId, Vec<usize>)>,
}

impl Clock {
    /// A clock for a call; each schedule has so many symbols.
    pub(crate) fn new(sizes: Vec<usize>) -> Clock {
        Clock { start: Instant::now(), sizes, marks: Mutex::default() }
    }

    /// All runs, in the order in which they began.
    pub(crate) fn into_runs(self) -> Vec<StepRun> {
        self.marks.into_inner().unwrap_or_else(PoisonError::into_inner).runs
    }
}

impl Marks {
    /// The number of a thread.
    fn thread(&mut self, id: ThreadId) -> usize {
        self.threads.iter().position(|(known, _)| *known == id).unwrap_or_else(|| {
            self.threads.push((id, Vec::new()));
            self.threads.len() - 1
        })
    }
}

/// What generated code calls: [`Context::marks`] is a [`Clock`].
///
/// # Safety
/// As [`tri_kernels::Mark`] says; the clock is alive, and was made for the schedules of the code.
pub(crate) unsafe extern "C" fn mark(ctx: *mut Context, frame: *const i64, place: i64, is_end: i64) {
    let at = Instant::now();
    // SAFETY: the session keeps the clock during the call.
    let clock = unsafe { &*(*ctx).marks.cast::<Clock>() };
    let (schedule, step) = ((place >> 32) as usize, (place & 0xffff_ffff) as usize);
    let mut marks = clock.marks.lock().unwrap_or_else(PoisonError::into_inner);
    let thread = marks.thread(thread::current().id());
    if is_end == 0 {
        let run = marks.runs.len();
        let parent = marks.threads[thread].1.last().copied();
        marks.threads[thread].1.push(run);
        let schedule = ScheduleId(schedule as u32);
        let (time, sizes) = (Duration::ZERO, Vec::new());
        // The time is taken last: keeping books is not the step's work.
        marks.runs.push(StepRun {
            schedule,
            step,
            parent,
            thread,
            start: clock.start.elapsed(),
            time,
            sizes,
        });
    } else if let Some(run) = marks.threads[thread].1.pop() {
        let run = &mut marks.runs[run];
        run.time = at.duration_since(clock.start).saturating_sub(run.start);
        // SAFETY: a frame begins with the values of the schedule's symbols.
        run.sizes = unsafe { std::slice::from_raw_parts(frame, clock.sizes[schedule]) }.to_vec();
    }
}
