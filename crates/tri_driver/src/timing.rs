//! How long the stages of a compilation took, and the functions in them.

use std::fmt;
use std::time::{Duration, Instant};

use tri_cranelift::FunctionRun;
use tri_db::PartTime;

/// Told the name of every stage that begins.
type OnStart = Box<dyn FnMut(&str)>;

/// One run of a stage.
#[derive(Clone, Debug)]
pub struct StageRun {
    /// The stage.
    pub name: String,
    /// When it began.
    pub start: Instant,
    /// How long it took.
    pub time: Duration,
}

/// Stages in the order in which they ran.
pub struct Timing {
    start: Instant,
    runs: Vec<StageRun>,
    functions: Vec<FunctionRun>,
    on_start: Option<OnStart>,
}

impl Default for Timing {
    fn default() -> Self {
        Timing { start: Instant::now(), runs: Vec::new(), functions: Vec::new(), on_start: None }
    }
}

impl fmt::Debug for Timing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timing").field("runs", &self.runs).finish_non_exhaustive()
    }
}

impl Timing {
    /// Tells `on_start` the name of every stage that begins.
    pub fn telling(on_start: impl FnMut(&str) + 'static) -> Timing {
        Timing { on_start: Some(Box::new(on_start)), ..Timing::default() }
    }

    /// Runs a stage and notes its time.
    pub fn stage<T>(&mut self, name: &str, run: impl FnOnce() -> T) -> T {
        if let Some(on_start) = &mut self.on_start {
            on_start(name);
        }
        let start = Instant::now();
        let result = run();
        self.runs.push(StageRun { name: name.to_owned(), start, time: start.elapsed() });
        result
    }

    /// Notes stages that ran elsewhere.
    pub fn extend(&mut self, stages: impl IntoIterator<Item = PartTime>) {
        let run =
            |part: PartTime| StageRun { name: part.name.to_owned(), start: part.start, time: part.time };
        self.runs.extend(stages.into_iter().map(run));
    }

    /// Notes what was done for functions.
    pub(crate) fn functions(&mut self, runs: Vec<FunctionRun>) {
        self.functions.extend(runs);
    }

    /// Names and times; a stage that ran several times has their sum.
    pub fn stages(&self) -> Vec<(&str, Duration)> {
        let mut stages: Vec<(&str, Duration)> = Vec::new();
        for run in &self.runs {
            match stages.iter_mut().find(|stage| stage.0 == run.name) {
                Some(stage) => stage.1 += run.time,
                None => stages.push((&run.name, run.time)),
            }
        }
        stages
    }

    /// When the clock began to run.
    pub fn start(&self) -> Instant {
        self.start
    }

    /// Every run of a stage.
    pub fn runs(&self) -> &[StageRun] {
        &self.runs
    }

    /// Every function that was compiled or reused.
    pub fn function_runs(&self) -> &[FunctionRun] {
        &self.functions
    }

    /// Time of all stages.
    pub fn total(&self) -> Duration {
        self.runs.iter().map(|run| run.time).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_add_up_in_the_order_in_which_they_first_ran() {
        let mut timing = Timing::default();
        let lex = |start, millis| PartTime { name: "lex", start, time: Duration::from_millis(millis) };
        timing.extend([lex(timing.start(), 2)]);
        assert_eq!(timing.stage("parse", || 7), 7);
        timing.extend([lex(timing.start(), 3)]);
        let stages = timing.stages();
        assert_eq!((stages[0], stages[1].0, stages.len()), (("lex", Duration::from_millis(5)), "parse", 2));
        assert_eq!(timing.runs().len(), 3);
        assert!(timing.total() >= Duration::from_millis(5));
    }

    #[test]
    fn the_observer_hears_of_a_stage_before_it_runs() {
        let heard = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
        let ear = heard.clone();
        let mut timing = Timing::telling(move |name| ear.borrow_mut().push(name.to_owned()));
        timing.stage("codegen", || assert_eq!(*heard.borrow(), ["codegen"]));
    }
}
