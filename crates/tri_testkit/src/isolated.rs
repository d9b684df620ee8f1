//! Programs examined in processes of their own: wrong machine code may take its process down, or never end.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::finding::{Claim, Finding};
use crate::{Case, Plan, examine, generated};

/// Time that a program may take; most take a tenth of a second.
const LIMIT: Duration = Duration::from_secs(60);

/// The `tri_testkit` binary, whose processes examine programs.
#[derive(Clone, Debug)]
pub struct Examiner {
    binary: PathBuf,
}

impl Examiner {
    /// The binary at a path.
    pub fn new(binary: impl Into<PathBuf>) -> Examiner {
        Examiner { binary: binary.into() }
    }

    /// [`examine`] in a process of its own.
    ///
    /// # Errors
    /// The first thing that does not hold, the end of the process included.
    pub fn examine(&self, case: &Case, plan: &Plan) -> Result<(), Finding> {
        let fail =
            |error: std::io::Error| Claim::Survives.broken(format!("the examiner cannot run: {error}"));
        let mut child =
            self.child(&["examine", &plan.to_string()]).stdin(Stdio::piped()).spawn().map_err(fail)?;
        if let Some(mut input) = child.stdin.take() {
            // A process that is gone by then says why by its status.
            let _ = input.write_all(case.to_file().as_bytes());
        }
        let status = wait(&mut child).map_err(fail)?;
        let mut output = String::new();
        if let Some(mut pipe) = child.stdout.take() {
            pipe.read_to_string(&mut output).map_err(fail)?;
        }
        match (status, output.split_once('\n')) {
            (None, _) => Err(Claim::Ends.broken(format!("not after {} seconds", LIMIT.as_secs()))),
            (Some(status), _) if status.success() => Ok(()),
            (Some(_), Some((claim, details))) if Claim::of_name(claim).is_some() => {
                Err(Claim::of_name(claim).unwrap_or(Claim::Survives).broken(details.trim_end()))
            }
            (Some(status), _) => Err(Claim::Survives.broken(status)),
        }
    }

    /// Examines the programs of seeds `first`, `first + step`, ... below `end`, each by its turn, in one process and after an unexpected end of it
    /// in another. Gives the seeds that fail, as they are found, as long as `wanted` wants more.
    pub(crate) fn run(
        &self,
        first: u64,
        end: u64,
        step: u64,
        wanted: &dyn Fn() -> bool,
        found: &mut dyn FnMut(u64),
    ) -> std::io::Result<()> {
        let mut next = first;
        while next < end && wanted() {
            let range = [next, end, step].map(|number| number.to_string());
            let mut child = self.child(&["run", &range[0], &range[1], &range[2]]).spawn()?;
            let Some(output) = child.stdout.take() else { return Ok(()) };
            let mut current = None;
            for line in BufReader::new(output).lines() {
                let line = line?;
                match line.split_once(' ').map(|(word, seed)| (word, seed.parse::<u64>())) {
                    Some(("begins", Ok(seed))) => {
                        current = Some(seed);
                        next = seed + step;
                    }
                    Some(("holds", _)) => current = None,
                    Some(("fails", Ok(seed))) => {
                        current = None;
                        found(seed);
                    }
                    _ => {}
                }
                if !wanted() {
                    child.kill()?;
                }
            }
            child.wait()?;
            match current.take() {
                Some(seed) if wanted() => found(seed),
                Some(_) => {}
                None => next = end,
            }
        }
        Ok(())
    }

    fn child(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::null());
        command
    }
}

/// The status of the process; none if it had to be ended.
fn wait(child: &mut Child) -> std::io::Result<Option<std::process::ExitStatus>> {
    let end = Instant::now() + LIMIT;
    let mut pause = Duration::from_millis(1);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() > end {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

/// What a process of [`Examiner::run`] does; it tells each step in a line. Ends the process if a program takes too long.
pub fn run(first: u64, end: u64, step: u64, tell: &mut dyn FnMut(&str)) {
    let watched = std::sync::Arc::new(std::sync::Mutex::new(Instant::now()));
    let watcher = watched.clone();
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(Duration::from_secs(1));
            if watcher.lock().is_ok_and(|begin| begin.elapsed() > LIMIT) {
                std::process::abort();
            }
        }
    });
    let mut seed = first;
    while seed < end {
        if let Ok(mut begin) = watched.lock() {
            *begin = Instant::now();
        }
        tell(&format!("begins {seed}"));
        let holds = examine(&generated(seed), &Plan::turn(seed)).is_ok();
        tell(&format!("{} {seed}", if holds { "holds" } else { "fails" }));
        seed += step;
    }
}
