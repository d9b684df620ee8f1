//! The decisions that a program is generated from: a list of numbers.
//!
//! A generator asks [`Choices`] for every decision, and the answers are written down. Given the list again it makes the same program; given
//! a shorter or smaller list it makes a simpler one, because 0 is the simplest answer to every question and questions after the end of the
//! list are answered by 0. So whatever shrinks lists of numbers shrinks programs ([`crate::shrink`]), and every program is well typed.

use tri_ir::math::{Native, random};

/// Decisions, and which of them belong together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// The answers, in order.
    pub numbers: Vec<u32>,
    /// Ranges of answers that make one part of the program, outer ones before those within them.
    pub groups: Vec<(usize, usize)>,
}

/// Answers questions of a generator.
#[derive(Debug)]
pub struct Choices {
    source: Source,
    taken: Taken,
}

#[derive(Debug)]
enum Source {
    Random { seed: u64, at: i64 },
    List(Vec<u32>),
}

impl Choices {
    /// Answers that are a pure function of the seed.
    pub fn random(seed: u64) -> Choices {
        Choices { source: Source::Random { seed, at: 0 }, taken: Taken::default() }
    }

    /// The answers of a list, then 0.
    pub fn replay(numbers: &[u32]) -> Choices {
        Choices { source: Source::List(numbers.to_vec()), taken: Taken::default() }
    }

    /// What was answered.
    pub fn into_taken(self) -> Taken {
        self.taken
    }

    /// A number below `count`; 0 where there is nothing to choose.
    pub fn below(&mut self, count: usize) -> usize {
        let count = count.max(1) as u64;
        let number = match &mut self.source {
            Source::Random { seed, at } => {
                *at += 1;
                // Multiples of 2^-24 in [0, 1).
                let uniform = f64::from(random(&mut Native, *seed as i64, *at));
                (uniform * count as f64) as u64
            }
            Source::List(numbers) => numbers.get(self.taken.numbers.len()).map_or(0, |n| u64::from(*n)),
        };
        let number = number.min(count - 1);
        self.taken.numbers.push(number as u32);
        number as usize
    }

    /// One of the items; the first is the simplest.
    pub fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }

    /// One of the items, where they cannot be copied; there is at least one.
    pub fn pick_ref<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    /// True in `part` of 100 cases; false is the simpler answer.
    pub fn chance(&mut self, part: usize) -> bool {
        self.below(100) >= 100 - part
    }

    /// A position, each as often as its weight says; the first is the simplest.
    pub fn weighted(&mut self, weights: &[usize]) -> usize {
        let mut number = self.below(weights.iter().sum());
        for (at, weight) in weights.iter().enumerate() {
            if number < *weight {
                return at;
            }
            number -= weight;
        }
        0
    }

    /// Answers that make one part of the program.
    pub fn group<T>(&mut self, part: impl FnOnce(&mut Choices) -> T) -> T {
        let (start, at) = (self.taken.numbers.len(), self.taken.groups.len());
        self.taken.groups.push((start, start));
        let result = part(self);
        self.taken.groups[at].1 = self.taken.numbers.len();
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(choices: &mut Choices) -> Vec<usize> {
        choices.group(|c| vec![c.below(10), c.weighted(&[1, 0, 7]), usize::from(c.chance(50))])
    }

    #[test]
    fn a_list_gives_what_was_taken() {
        for seed in 0..50 {
            let mut choices = Choices::random(seed);
            let answers = ask(&mut choices);
            let taken = choices.into_taken();
            let mut again = Choices::replay(&taken.numbers);
            assert_eq!(ask(&mut again), answers);
            assert_eq!(again.into_taken(), taken);
        }
    }

    #[test]
    fn after_the_end_of_a_list_everything_is_simple() {
        let mut choices = Choices::replay(&[999]);
        assert_eq!(ask(&mut choices), [9, 0, 0]);
        assert_eq!(choices.into_taken(), Taken { numbers: vec![9, 0, 0], groups: vec![(0, 3)] });
    }
}
