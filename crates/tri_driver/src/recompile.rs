//! A program that is compiled again after every change, in one process that keeps what it worked out: `triton compile --watch`.
//!
//! Salsa keeps everything up to kernel IR, a pool keeps compiled functions. The cache on disk is asked as in any other compilation.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use tri_cranelift::FunctionPool;
use tri_db::DiskSystem;

use crate::compile::compile_after;
use crate::recipe::stamp;
use crate::{Compiled, DriverError, ElaborateError, Program, Request, SourceOptions, Timing};

/// What a compilation worked out anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Files parsed, those of the library included.
    pub parsed: usize,
    /// Bodies checked: of functions, and values of members, defaults and constants.
    pub checked: usize,
    /// Functions scheduled.
    pub scheduled: usize,
}

/// A program with what earlier compilations of it made.
#[derive(Debug)]
pub struct Recompiler {
    program: Program,
    weights: Option<Weights>,
    pool: FunctionPool,
    work: Arc<Mutex<Work>>,
}

/// A file of weights with its length and time.
#[derive(Debug)]
struct Weights {
    path: PathBuf,
    stamp: Option<(u64, SystemTime)>,
}

impl Recompiler {
    /// Reads the program at `path` from disk; `weights` is watched with it.
    ///
    /// # Errors
    /// As [`Program::open`].
    pub fn open(
        path: &Path,
        options: &SourceOptions,
        weights: Option<&Path>,
    ) -> Result<Recompiler, DriverError> {
        let work = Arc::new(Mutex::new(Work::default()));
        let counts = work.clone();
        let count = move |query: &str| {
            let mut work = counts.lock().unwrap_or_else(PoisonError::into_inner);
            match query.split('(').next() {
                Some("parse") => work.parsed += 1,
                Some("function_body_query" | "value_body_query") => work.checked += 1,
                Some("scheduled") => work.scheduled += 1,
                _ => {}
            }
        };
        let program = Program::open_observed(Arc::new(DiskSystem), path, options, Some(Box::new(count)))?;
        let weights = weights.map(|path| Weights { path: path.to_owned(), stamp: stamp(path) });
        Ok(Recompiler { program, weights, pool: FunctionPool::default(), work })
    }

    /// The program.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// Reads what changed on disk: whether anything did.
    pub fn refresh(&mut self) -> bool {
        let mut is_changed = self.program.refresh();
        if let Some(weights) = &mut self.weights {
            let stamp = stamp(&weights.path);
            is_changed |= stamp != weights.stamp;
            weights.stamp = stamp;
        }
        is_changed
    }

    /// Every path that a compilation depends on.
    pub fn paths(&self) -> Vec<PathBuf> {
        let weights = self.weights.iter().map(|weights| weights.path.clone());
        self.program.paths().into_iter().chain(weights).collect()
    }

    /// Compiles the program as it is now.
    ///
    /// # Errors
    /// As [`compile`](crate::compile); and what opening the program holds no longer does.
    pub fn compile<'a>(
        &mut self,
        request: &Request<'a>,
        timing: &mut Timing,
    ) -> Result<Compiled<'a>, ElaborateError> {
        self.program.hold()?;
        let compiled = compile_after(&self.pool, &self.program, request, timing)?;
        if !compiled.pool.is_empty() {
            self.pool.clone_from(&compiled.pool);
        }
        Ok(compiled)
    }

    /// What was worked out since this was asked last.
    pub fn take_work(&self) -> Work {
        std::mem::take(&mut *self.work.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
