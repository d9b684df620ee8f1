//! How long the stages of a compilation took.

use std::time::{Duration, Instant};

/// Stages in the order in which they ran.
#[derive(Clone, Debug, Default)]
pub struct Timing {
    stages: Vec<(String, Duration)>,
}

impl Timing {
    /// Runs a stage and notes its time; a stage that runs several times adds up.
    pub fn stage<T>(&mut self, name: &str, run: impl FnOnce() -> T) -> T {
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
