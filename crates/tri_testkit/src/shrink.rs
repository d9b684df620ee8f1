//! Makes a list of decisions simpler as long as what is generated from it still fails.
//!
//! A list is simpler than another if it is shorter, or as long and smaller in the first number that differs. The methods are those of
//! Hypothesis (MacIver and Donaldson, "Test-case reduction via test-case generation", ECOOP 2020): parts are left out, numbers become 0,
//! then smaller.

use std::time::{Duration, Instant};

use crate::choices::Taken;

/// Looks for the simplest list for which `fails` says so; `fails` gives what the generator took of the list it was given. Stops at
/// the deadline with the best so far.
pub fn shrink(first: Taken, time: Duration, fails: impl FnMut(&[u32]) -> Option<Taken>) -> Taken {
    let mut search = Search { best: first, fails, end: Instant::now() + time };
    loop {
        let before = search.best.numbers.clone();
        search.leave_out_groups();
        for length in [32, 8, 4, 3, 2, 1] {
            search.leave_out(length);
        }
        search.zero_groups();
        search.lower_numbers();
        search.leave_out_after_lowering();
        if search.best.numbers == before || search.is_over() {
            return search.best;
        }
    }
}

/// How far behind a number that says how many follow what follows is looked for.
const REACH: usize = 6;

struct Search<F> {
    best: Taken,
    fails: F,
    end: Instant,
}

impl<F: FnMut(&[u32]) -> Option<Taken>> Search<F> {
    fn is_over(&self) -> bool {
        Instant::now() >= self.end
    }

    /// Keeps the candidate if it is simpler and fails.
    fn attempt(&mut self, candidate: &[u32]) -> bool {
        if self.is_over() || !is_simpler(candidate, &self.best.numbers) {
            return false;
        }
        match (self.fails)(candidate) {
            Some(taken) if is_simpler(&taken.numbers, &self.best.numbers) => {
                self.best = taken;
                true
            }
            _ => false,
        }
    }

    fn without(&self, start: usize, end: usize) -> Vec<u32> {
        [&self.best.numbers[..start], &self.best.numbers[end..]].concat()
    }

    /// From the last to the first, so that what others refer to stays in place longest.
    fn leave_out_groups(&mut self) {
        let mut at = self.best.groups.len();
        while at > 0 {
            at -= 1;
            let Some((start, end)) = self.best.groups.get(at).copied() else { continue };
            if start < end {
                self.attempt(&self.without(start, end));
            }
        }
    }

    fn leave_out(&mut self, length: usize) {
        let mut end = self.best.numbers.len();
        while end >= length {
            self.attempt(&self.without(end - length, end));
            end = (end - 1).min(self.best.numbers.len());
        }
    }

    fn zero_groups(&mut self) {
        for at in 0..self.best.groups.len() {
            let Some((start, end)) = self.best.groups.get(at).copied() else { break };
            let mut candidate = self.best.numbers.clone();
            candidate[start..end].fill(0);
            self.attempt(&candidate);
        }
    }

    fn lower_numbers(&mut self) {
        let mut at = 0;
        while at < self.best.numbers.len() {
            for lower in [0, 1, self.best.numbers[at] / 2] {
                self.lower_to(at, lower);
            }
            while at < self.best.numbers.len() && self.best.numbers[at] > 0 {
                let number = self.best.numbers[at];
                if !self.lower_to(at, number - 1) {
                    break;
                }
            }
            at += 1;
        }
    }

    fn lower_to(&mut self, at: usize, lower: u32) -> bool {
        let mut candidate = self.best.numbers.clone();
        match candidate.get_mut(at) {
            Some(number) if *number > lower => *number = lower,
            _ => return false,
        }
        self.attempt(&candidate)
    }

    /// A number often says how many follow: one fewer, and one group or number less.
    fn leave_out_after_lowering(&mut self) {
        let mut count = 0;
        while count < self.best.numbers.len() {
            let after = |start: usize| start > count && start <= count + REACH;
            let groups = self.best.groups.iter().copied().filter(|(start, end)| after(*start) && start < end);
            let single = (count + 1..=count + REACH).map(|at| (at, at + 1));
            for (start, end) in groups.chain(single).collect::<Vec<_>>() {
                if end > self.best.numbers.len() || self.best.numbers[count] == 0 {
                    break;
                }
                let mut candidate = self.without(start, end);
                candidate[count] -= 1;
                if self.attempt(&candidate) {
                    break;
                }
            }
            count += 1;
        }
    }
}

fn is_simpler(a: &[u32], b: &[u32]) -> bool {
    (a.len(), a) < (b.len(), b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::choices::Choices;

    /// Groups of a size and that many numbers.
    fn lists(choices: &mut Choices) -> Vec<Vec<usize>> {
        let mut lists = Vec::new();
        while choices.chance(80) {
            lists.push(choices.group(|c| (0..c.below(8)).map(|_| c.below(1000)).collect()));
        }
        lists
    }

    #[test]
    fn what_is_left_is_what_matters() {
        let fails = |numbers: &[u32]| {
            let mut choices = Choices::replay(numbers);
            let lists = lists(&mut choices);
            lists.iter().any(|list| list.iter().any(|n| *n > 123)).then(|| choices.into_taken())
        };
        let mut found = 0;
        for seed in 0..40 {
            let mut choices = Choices::random(seed);
            lists(&mut choices);
            let Some(first) = fails(&choices.into_taken().numbers) else { continue };
            found += 1;
            let simplest = shrink(first, Duration::from_secs(60), fails);
            let mut choices = Choices::replay(&simplest.numbers);
            assert_eq!(lists(&mut choices), [[124]], "from seed {seed}");
        }
        assert!(found > 10);
    }
}
