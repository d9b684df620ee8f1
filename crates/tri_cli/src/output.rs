//! Where the binary writes: the only place that prints.

use std::io::{ErrorKind, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

/// Whether something could not be written to stdout.
static IS_LOST: AtomicBool = AtomicBool::new(false);

/// Prints text to stdout. A reader that has gone away (`triton ... | head`) is not an error; a full disk is.
pub(crate) fn result(text: impl std::fmt::Display) {
    let mut stdout = std::io::stdout().lock();
    if let Err(error) = write!(stdout, "{text}").and_then(|()| stdout.flush())
        && error.kind() != ErrorKind::BrokenPipe
        && !IS_LOST.swap(true, Ordering::Relaxed)
    {
        note(format_args!("error: cannot write to stdout: {error}"));
    }
}

/// Whether results were lost, which has been told.
pub(crate) fn is_lost() -> bool {
    IS_LOST.load(Ordering::Relaxed)
}

/// Prints JSON to stdout, one document a command.
pub(crate) fn json(value: &Value) {
    result(format_args!("{value:#}\n"));
}

/// Prints a remark to stderr. There is nobody left to tell if that is closed.
pub(crate) fn note(text: impl std::fmt::Display) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}
