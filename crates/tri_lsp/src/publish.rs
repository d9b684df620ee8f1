//! Diagnostics: looked for after every change, those of the changed files first, and sent where they differ from what the client has.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crossbeam_channel::Sender;
use gen_lsp_types::{Diagnostic, PublishDiagnosticsParams};
use lsp_server::Notification;

use crate::server::{Outcome, Server};
use crate::snapshot::{Answer, Snapshot};
use crate::{convert, uri};

/// What is wrong with a file.
#[derive(Debug)]
pub(crate) struct Found {
    generation: u64,
    path: PathBuf,
    diagnostics: Vec<Diagnostic>,
}

impl Server<'_> {
    /// Notes that a file changed.
    pub(crate) fn touch(&mut self, path: &Path) {
        self.generation += 1;
        self.touched.insert(path.to_owned());
        self.is_stale = true;
    }

    /// Starts looking at every file of the workspace. What was not changed costs little: its results are remembered.
    pub(crate) fn look_for_diagnostics(&mut self) {
        self.is_stale = false;
        let snapshot = self.snapshot();
        let touched = std::mem::take(&mut self.touched);
        let homes = snapshot.homes.clone();
        let gone: Vec<PathBuf> =
            self.published.keys().filter(|path| !homes.contains_key(*path)).cloned().collect();
        for path in gone {
            self.publish(path, Vec::new());
        }
        let rest = homes.keys().filter(|path| !touched.contains(*path));
        let paths: Vec<PathBuf> =
            touched.iter().filter(|path| homes.contains_key(*path)).chain(rest).cloned().collect();
        let work = Arc::new(Work {
            generation: self.generation,
            paths,
            next: AtomicUsize::new(0),
            elaborate: AtomicUsize::new(0),
        });
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        for _ in 0..threads {
            let (snapshot, work, outcomes) = (snapshot.clone(), work.clone(), self.outcomes.0.clone());
            self.background.run(move || {
                // A change unwinds this, and starts it again. A defect in one question is told of by nobody; the next change asks again.
                let _ = catch_unwind(AssertUnwindSafe(|| work.run(&snapshot, &outcomes)));
            });
        }
    }

    /// Sends what was found, unless the file changed meanwhile.
    pub(crate) fn found(&mut self, found: Found) {
        if found.generation == self.generation {
            self.publish(found.path, found.diagnostics);
        }
    }

    fn publish(&mut self, path: PathBuf, diagnostics: Vec<Diagnostic>) {
        let document = self.documents.get(&path);
        let version = document.map(|document| document.version);
        let is_same = match self.published.get(&path) {
            Some(known) => *known == (version, diagnostics.clone()),
            None => diagnostics.is_empty() && document.is_none(),
        };
        if is_same {
            return;
        }
        let params = PublishDiagnosticsParams {
            uri: document.map_or_else(|| uri::of_path(&path), |document| document.uri.clone()),
            version,
            diagnostics: diagnostics.clone(),
        };
        self.send(Notification::new("textDocument/publishDiagnostics".to_owned(), params));
        self.published.insert(path, (version, diagnostics));
    }
}

/// Files to look at, shared by threads.
struct Work {
    generation: u64,
    paths: Vec<PathBuf>,
    /// The next file to check.
    next: AtomicUsize,
    /// The next file to elaborate, when all are checked.
    elaborate: AtomicUsize,
}

impl Work {
    fn run(&self, snapshot: &Snapshot, outcomes: &Sender<Outcome>) -> Answer<()> {
        while let Some(path) = self.paths.get(self.next.fetch_add(1, Ordering::Relaxed)) {
            self.check(snapshot, outcomes, path)?;
        }
        while let Some(path) = self.paths.get(self.elaborate.fetch_add(1, Ordering::Relaxed)) {
            self.elaborate(snapshot, outcomes, path)?;
        }
        Ok(())
    }

    fn check(&self, snapshot: &Snapshot, outcomes: &Sender<Outcome>, path: &Path) -> Answer<()> {
        let file = snapshot.file_at(path)?;
        let mut diagnostics = Vec::new();
        for diagnostic in file.analysis.diagnostics(file.id)? {
            diagnostics.push(convert::diagnostic(&file, &diagnostic)?);
        }
        self.send(outcomes, path, diagnostics);
        Ok(())
    }

    /// Errors that only elaboration finds: they replace what a check said of each file that they are about.
    fn elaborate(&self, snapshot: &Snapshot, outcomes: &Sender<Outcome>, path: &Path) -> Answer<()> {
        let file = snapshot.file_at(path)?;
        let mut found = BTreeMap::<_, Vec<_>>::new();
        for error in file.analysis.elaboration_errors(file.id)?.iter() {
            found.entry(error.primary.span.file).or_default().push(error.clone());
        }
        for (id, errors) in found {
            let Some((path, false)) = file.analysis.path(id)? else { continue };
            let other = snapshot.file_at(&path)?;
            let mut all = other.analysis.diagnostics(other.id)?;
            all.extend(errors);
            let mut diagnostics = Vec::new();
            for diagnostic in &all {
                diagnostics.push(convert::diagnostic(&other, diagnostic)?);
            }
            self.send(outcomes, &path, diagnostics);
        }
        Ok(())
    }

    fn send(&self, outcomes: &Sender<Outcome>, path: &Path, diagnostics: Vec<Diagnostic>) {
        let found = Found { generation: self.generation, path: path.to_owned(), diagnostics };
        // The main loop may have ended.
        let _ = outcomes.send(Outcome::Found(found));
    }
}
