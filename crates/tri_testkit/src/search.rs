//! Many programs, and for each that fails the smallest that fails like it.

use std::ops::Range;
use std::sync::Mutex;
use std::time::Duration;

use crate::isolated::Examiner;
use crate::{Case, Choices, Finding, Plan, generate, shrink};

/// Time to make a failing program smaller.
const SHRINKING: Duration = Duration::from_secs(90);

/// A program of which something does not hold.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The seed that it was found with.
    pub seed: u64,
    /// The program, as small as it could be made.
    pub case: Case,
    /// What does not hold of it.
    pub finding: Finding,
}

impl Failure {
    /// The name of its file.
    pub fn file_name(&self) -> String {
        format!("seed_{}.tri", self.seed)
    }

    /// The case as a file that [`Case::from_file`] reads, with what was found in front.
    pub fn to_file(&self) -> String {
        let found: String = self.finding.to_string().lines().map(|line| format!("// {line}\n")).collect();
        format!("// Found with seed {}.\n{found}{}", self.seed, self.case.to_file())
    }
}

/// The case of a seed.
pub fn generated(seed: u64) -> Case {
    generate(&mut Choices::random(seed))
}

/// Examines the programs of seeds on all cores until so many have failed; each program takes its turn at the ways to run it. Failures are told
/// as soon as they are small.
///
/// # Errors
/// Processes that cannot be started.
pub fn search(
    examiner: &Examiner,
    seeds: Range<u64>,
    enough: usize,
    tell: &(dyn Fn(&Failure) + Sync),
) -> std::io::Result<Vec<Failure>> {
    let workers = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let failures = Mutex::new(Vec::new());
    let count = || failures.lock().map_or(0, |failures| failures.len());
    let work = |worker: u64| {
        let mut found = |seed| {
            if let (Some(failure), Ok(mut failures)) = (smallest(examiner, seed), failures.lock()) {
                tell(&failure);
                failures.push(failure);
            }
        };
        examiner.run(seeds.start + worker, seeds.end, workers, &|| count() < enough, &mut found)
    };
    let work = &work;
    std::thread::scope(|scope| {
        let handles: Vec<_> = (0..workers).map(|worker| scope.spawn(move || work(worker))).collect();
        let ended = |handle: std::thread::ScopedJoinHandle<'_, std::io::Result<()>>| match handle.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        handles.into_iter().try_for_each(ended)
    })?;
    Ok(failures.into_inner().unwrap_or_default())
}

/// The smallest program that fails as that of the seed does. A program that fails no longer is a failure all the same.
fn smallest(examiner: &Examiner, seed: u64) -> Option<Failure> {
    let plan = Plan::turn(seed);
    let mut choices = Choices::random(seed);
    let case = generate(&mut choices);
    let finding = examiner.examine(&case, &plan).err()?;
    let again = |numbers: &[u32]| {
        let mut choices = Choices::replay(numbers);
        let found = examiner.examine(&generate(&mut choices), &plan).err()?;
        (found.claim == finding.claim).then(|| choices.into_taken())
    };
    let smallest = shrink(choices.into_taken(), SHRINKING, again);
    let case = generate(&mut Choices::replay(&smallest.numbers));
    let finding = examiner.examine(&case, &plan).err().unwrap_or(finding);
    Some(Failure { seed, case, finding })
}
