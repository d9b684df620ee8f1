//! How long the stages of a compilation took.

use std::fmt;
use std::time::{Duration, Instant};

/// Told the name of every stage that begins.
type OnStart = Box<dyn FnMut(&str)>;

/// Stages in the order in which they ran.
#[derive(Default)]
pub struct Timing {
    stages: Vec<(String, Duration)>,
    on_start: Option<OnStart>,
}

impl fmt::Debug for Timing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timing").field("stages", &self.stages).finish_non_exhaustive()
    }
}

impl Timing {
    /// Tells `on_start` the name of every stage that begins.
    pub fn telling(on_start: impl FnMut(&str) + 'static) -> Timing {
        Timing { stages: Vec::new(), on_start: Some(Box::new(on_start)) }
    }

    /// Runs a stage and notes its time; a stage that runs several times adds up.
    pub fn stage<T>(&mut self, name: &str, run: impl FnOnce() -> T) -> T {
        if let Some(on_start) = &mut self.on_start {
            on_start(name);
        }
        let start = Instant::now();
        let result = run();
        self.add(name, start.elapsed());
        result
    }

    /// Notes time that a stage took.
    pub fn add(&mut self, name: &str, time: Duration) {
        match self.stages.iter_mut().find(|stage| stage.0 == name) {
            Some(stage) => stage.1 += time,
            None => self.stages.push((name.to_owned(), time)),
        }
    }

    /// Names and times.
    pub fn stages(&self) -> impl Iterator<Item = (&str, Duration)> {
        self.stages.iter().map(|(name, time)| (name.as_str(), *time))
    }

    /// Time of all stages.
    pub fn total(&self) -> Duration {
        self.stages.iter().map(|(_, time)| *time).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_add_up_in_the_order_in_which_they_first_ran() {
        let mut timing = Timing::default();
        timing.add("lex", Duration::from_millis(2));
        assert_eq!(timing.stage("parse", || 7), 7);
        timing.add("lex", Duration::from_millis(3));
        let names: Vec<&str> = timing.stages().map(|(name, _)| name).collect();
        assert_eq!(names, ["lex", "parse"]);
        assert_eq!(timing.stages().next(), Some(("lex", Duration::from_millis(5))));
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
