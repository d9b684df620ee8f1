//! Times of many short repetitions.

use std::time::{Duration, Instant};

/// Times of repetitions, in seconds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Times(Vec<f64>);

impl Times {
    /// Runs `work` and keeps how long it took.
    pub(crate) fn of(&mut self, work: impl FnOnce()) {
        let start = Instant::now();
        work();
        self.0.push(start.elapsed().as_secs_f64());
    }

    /// The middle one.
    pub(crate) fn median(&self) -> f64 {
        median(&self.0)
    }

    /// The least.
    pub(crate) fn least(&self) -> f64 {
        self.0.iter().copied().fold(f64::INFINITY, f64::min)
    }
}

/// Calls `round` until `budget` is spent, at least three times, after one call that warms up.
pub(crate) fn repeat(budget: Duration, mut round: impl FnMut()) {
    let start = Instant::now();
    let mut rounds = 0;
    while rounds < 3 || start.elapsed() < budget {
        round();
        rounds += 1;
    }
}

/// The middle one of some times.
pub(crate) fn median(times: &[f64]) -> f64 {
    let mut times = times.to_vec();
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::INFINITY)
}
