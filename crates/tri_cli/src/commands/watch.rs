//! `triton compile --watch`: compiles again whenever a file of the program or its weights are saved, and says what was redone.
//!
//! Nothing but Ctrl-C ends it once the program could be read: what is wrong is told, and the next change awaited. Folders are
//! watched rather than files, since many editors save by renaming another file into place; what an event stands for does not
//! matter, because every file is then read again and compared.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use serde_json::json;
use tri_driver::{Recompiler, Source, Timing, Work};

use crate::args::{CompileArgs, Format};
use crate::commands::compile::{self, Caches};
use crate::failure::Failure;
use crate::output;
use crate::program;
use crate::progress::Progress;
use crate::table::bytes_text;
use crate::timing;

/// A save is over when nothing happened for this long.
const QUIET: Duration = Duration::from_millis(30);

/// Whoever writes without pause is not waited for any longer.
const PATIENCE: Duration = Duration::from_secs(1);

/// Compiles, and again after every change.
pub(crate) fn run(args: &CompileArgs, format: Format) -> Result<(), Failure> {
    let options = program::options(&args.source);
    let mut recompiler = Recompiler::open(&args.source.file, &options, args.weights.as_deref())?;
    let caches = Caches::of(args)?;
    let mut folders = Folders::new()?;
    loop {
        if let Err(failure) = round(args, &mut recompiler, &caches, format) {
            failure.print(format);
            output::note("nothing was written; waiting for a change");
        }
        loop {
            folders.watch(&recompiler.paths())?;
            // What was saved while nobody watched is found by the first look.
            if recompiler.refresh() {
                break;
            }
            folders.wait()?;
        }
    }
}

/// One compilation, told in a line.
fn round(
    args: &CompileArgs,
    recompiler: &mut Recompiler,
    caches: &Caches,
    format: Format,
) -> Result<(), Failure> {
    let start = Instant::now();
    let (progress, mut timing) = Progress::start();
    let compiled = recompiler.compile(&caches.request(args), &mut timing);
    progress.finish();
    let work = recompiler.take_work();
    let mut compiled = compiled.map_err(|error| program::told(recompiler.program(), error, format))?;
    let (path, bytes) = compile::write(args, &mut compiled, recompiler.program(), format, &mut timing)?;
    let seconds = start.elapsed().as_secs_f64();
    match format {
        Format::Json => output::result(format_args!(
            "{}\n",
            json!({
                "artifact": path.display().to_string(),
                "bytes": bytes,
                "files_parsed": work.parsed,
                "bodies_checked": work.checked,
                "functions_scheduled": work.scheduled,
                "cache": timing::cache(&timing, &compiled.source),
                "seconds": seconds,
            })
        )),
        Format::Text | Format::Concise | Format::Sarif => {
            let bytes = bytes_text(bytes);
            let redone = redone(&work, &compiled.source, &timing);
            output::result(format_args!("{} ({bytes}): {redone}; {:.1} ms\n", path.display(), 1e3 * seconds));
        }
    }
    compile::tell_time(args, Some(path), Some(&compiled.source), &timing)
}

/// What a round worked out anew.
fn redone(work: &Work, source: &Source, timing: &Timing) -> String {
    let front = format!("{} parsed, {} checked", many(work.parsed, "file"), many(work.checked, "body"));
    match source {
        Source::Cache(tier) => format!("{front}, taken from the cache ({})", timing::tier_name(*tier)),
        Source::Compiler { reason } => {
            let (compiled, reused) = timing::counts(timing);
            let reason = reason.as_deref().map_or_else(String::new, |reason| format!(": {reason}"));
            format!("{front}, {compiled} of {} compiled{reason}", many(compiled + reused, "function"))
        }
    }
}

/// `1 file`, `2 bodies`.
fn many(count: usize, what: &str) -> String {
    match (count, what.strip_suffix('y')) {
        (1, _) => format!("1 {what}"),
        (_, Some(stem)) => format!("{count} {stem}ies"),
        (_, None) => format!("{count} {what}s"),
    }
}

/// The folders under watch.
struct Folders {
    watcher: RecommendedWatcher,
    changes: Receiver<()>,
    watched: BTreeSet<PathBuf>,
}

impl Folders {
    fn new() -> Result<Folders, Failure> {
        let (sender, changes) = mpsc::channel();
        let tell = move |event: notify::Result<notify::Event>| {
            // Reading is no change, and this process reads. An event that was lost may have been one.
            if event.map_or(true, |event| is_change(event.kind)) {
                // Nobody listens while the process ends.
                let _ = sender.send(());
            }
        };
        let watcher = notify::recommended_watcher(tell).map_err(|error| unwatchable(&error))?;
        Ok(Folders { watcher, changes, watched: BTreeSet::new() })
    }

    /// Watches the folders that these files are in, or would be in.
    fn watch(&mut self, files: &[PathBuf]) -> Result<(), Failure> {
        let folders: BTreeSet<PathBuf> = files.iter().filter_map(|file| folder_of(file)).collect();
        for folder in folders.difference(&self.watched) {
            let watching = self.watcher.watch(folder, RecursiveMode::NonRecursive);
            watching.map_err(|error| unwatchable(&error))?;
        }
        for folder in self.watched.difference(&folders) {
            // A folder that is gone is watched no longer anyway.
            let _ = self.watcher.unwatch(folder);
        }
        self.watched = folders;
        Ok(())
    }

    /// Waits for a change, and until those that follow it are over.
    fn wait(&self) -> Result<(), Failure> {
        let gone = || Failure::error("files are watched no longer");
        self.changes.recv().map_err(|_| gone())?;
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            match self.changes.recv_timeout(QUIET) {
                Ok(()) => {}
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => return Err(gone()),
            }
        }
        Ok(())
    }
}

fn is_change(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(access) => access == AccessKind::Close(AccessMode::Write),
        _ => true,
    }
}

/// The nearest folder above a file that is there.
fn folder_of(file: &Path) -> Option<PathBuf> {
    let folders = file.ancestors().skip(1);
    folders.map(|folder| if folder == Path::new("") { Path::new(".") } else { folder }).find_map(|folder| {
        let real = folder.canonicalize().ok()?;
        real.is_dir().then_some(real)
    })
}

fn unwatchable(error: &notify::Error) -> Failure {
    Failure::error(format!("the program's folders cannot be watched: {error}"))
}
