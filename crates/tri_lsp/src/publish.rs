//! Diagnostics: looked for after every change, those of the changed files first, and sent where they differ from what the client has.

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crossbeam_channel::Sender;
use gen_lsp_types::{Diagnostic, DiagnosticSeverity, PublishDiagnosticsParams};
use lsp_server::Notification;
use tri_ide::Cancelled;

use crate::server::{Outcome, Server};
use crate::snapshot::{Answer, RequestError, Snapshot};
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
        let homes = self.workspace.homes();
        let touched = std::mem::take(&mut self.touched);
        let gone: Vec<PathBuf> =
            self.published.keys().filter(|path| !homes.contains_key(*path)).cloned().collect();
        for path in gone {
            self.publish(path, Vec::new());
        }
        let rest = homes.keys().filter(|path| !touched.contains(*path));
        let paths = touched.iter().filter(|path| homes.contains_key(*path)).chain(rest).cloned().collect();
        self.look = Look { paths, ..Look::default() };
        self.look_on();
    }

    /// Looks at the next files: first all are checked, then all are elaborated.
    fn look_on(&mut self) {
        let Look { paths, checked, is_elaborated, .. } = &mut self.look;
        let (paths, kind): (Vec<PathBuf>, Kind) = if *checked < paths.len() {
            let end = paths.len().min(*checked + SLICE);
            let slice = paths[*checked..end].to_vec();
            *checked = end;
            (slice, Work::check)
        } else if !*is_elaborated {
            *is_elaborated = true;
            (paths.clone(), Work::elaborate)
        } else {
            return;
        };
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let work = Arc::new(Work {
            generation: self.generation,
            paths,
            kind,
            next: AtomicUsize::new(0),
            threads: AtomicUsize::new(threads),
        });
        let snapshot = self.snapshot();
        for _ in 0..threads {
            let (snapshot, work, outcomes) = (snapshot.clone(), work.clone(), self.outcomes.0.clone());
            self.background.run(move || work.run(snapshot, &outcomes));
        }
    }

    /// Goes on when some files were looked at.
    pub(crate) fn looked(&mut self, generation: u64) {
        if generation != self.generation || self.is_stale {
            return;
        }
        self.look.waits_for = PATIENCE;
        self.look_when_idle();
    }

    /// Lets go what was not used for long, else all bodies of a large workspace would be known at once, and looks at the next files.
    /// Both wait while something is asked: to let go cancels answers, and somebody waits for those; but not for ever.
    pub(crate) fn look_when_idle(&mut self) {
        if self.look.waits_for == 0 || self.is_stale {
            return;
        }
        self.look.waits_for -= 1;
        if self.answering == 0 {
            self.look.waits_for = 0;
            self.workspace.forget_unused();
        }
        if self.look.waits_for == 0 {
            self.look_on();
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

/// Files that are checked before what was not used for long is let go.
const SLICE: usize = 8;

/// Answers for which the next files wait.
const PATIENCE: u32 = 64;

/// How far all files were looked at.
#[derive(Debug, Default)]
pub(crate) struct Look {
    paths: Vec<PathBuf>,
    /// How many of them are checked, or are being checked.
    checked: usize,
    /// Whether they are elaborated, or are being elaborated.
    is_elaborated: bool,
    /// For how many answers the next files still wait; 0 while files are looked at, and when all were.
    waits_for: u32,
}

/// What is done with a file.
type Kind = fn(&Work, &Snapshot, &Sender<Outcome>, &Path) -> Answer<()>;

/// Files to look at, shared by threads.
struct Work {
    generation: u64,
    paths: Vec<PathBuf>,
    kind: Kind,
    /// The next file.
    next: AtomicUsize,
    /// Threads that are not done.
    threads: AtomicUsize,
}

impl Work {
    fn run(&self, snapshot: Snapshot, outcomes: &Sender<Outcome>) {
        self.each(&snapshot, outcomes);
        drop(snapshot);
        if self.threads.fetch_sub(1, Ordering::AcqRel) == 1 {
            // The main loop may have ended.
            let _ = outcomes.send(Outcome::Looked(self.generation));
        }
    }

    /// Looks at every file that no other thread has taken, until a change makes all of it obsolete. A defect of the compiler in one
    /// file is said at that file, and hides nothing of the others.
    fn each(&self, snapshot: &Snapshot, outcomes: &Sender<Outcome>) {
        while let Some(path) = self.paths.get(self.next.fetch_add(1, Ordering::Relaxed)) {
            let look = || catch_unwind(AssertUnwindSafe(|| (self.kind)(self, snapshot, outcomes, path)));
            let outcome = match look() {
                // Another thread met a defect in what this one waited for; here it says what it is.
                Ok(Err(RequestError::Cancelled(Cancelled::PropagatedPanic))) => look(),
                outcome => outcome,
            };
            let text = match outcome {
                Ok(Ok(())) => continue,
                Ok(Err(RequestError::Cancelled(Cancelled::PropagatedPanic))) => {
                    "what it needs of another file could not be checked".to_owned()
                }
                Ok(Err(RequestError::Cancelled(_))) => return,
                Ok(Err(error)) => error.to_string(),
                Err(panic) => panic_text(&*panic).to_owned(),
            };
            let known = catch_unwind(AssertUnwindSafe(|| checked(snapshot, path)));
            let mut diagnostics = known.unwrap_or(Ok(Vec::new())).unwrap_or_default();
            diagnostics.push(defect(&text));
            self.send(outcomes, path, diagnostics);
        }
    }

    fn check(&self, snapshot: &Snapshot, outcomes: &Sender<Outcome>, path: &Path) -> Answer<()> {
        self.send(outcomes, path, checked(snapshot, path)?);
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
            // A module may lie outside of what the editor has open.
            if !snapshot.homes.contains_key(&path) {
                continue;
            }
            let other = snapshot.file_at(&path)?;
            let mut diagnostics = checked(snapshot, &path)?;
            for error in &errors {
                diagnostics.push(convert::diagnostic(&other, error)?);
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

/// What the checker says of a file.
fn checked(snapshot: &Snapshot, path: &Path) -> Answer<Vec<Diagnostic>> {
    let file = snapshot.file_at(path)?;
    let found = file.analysis.diagnostics(file.id)?;
    found.iter().map(|diagnostic| convert::diagnostic(&file, diagnostic)).collect()
}

/// Says at the beginning of a file that it could not be checked.
fn defect(text: &str) -> Diagnostic {
    let message = format!(
        "this file could not be checked: {text}\nnote: this is a defect of the toolchain: please report it with the program that shows it"
    );
    Diagnostic {
        severity: Some(DiagnosticSeverity::Error),
        source: Some("tri".to_owned()),
        message: message.into(),
        ..Diagnostic::default()
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without a message")
}
