//! Where the binary writes: the only place that prints.

#![expect(clippy::print_stderr, reason = "the command line prints here and nowhere else")]

use serde_json::Value;

/// Prints text to stdout. A reader that has gone away (`triton ... | head`) is not an error.
pub(crate) fn result(text: impl std::fmt::Display) {
    use std::io::Write as _;
    let _ = write!(std::io::stdout().lock(), "{text}");
}

/// Prints JSON to stdout, one document a command.
pub(crate) fn json(value: &Value) {
    result(format_args!("{value:#}\n"));
}

/// Prints a remark to stderr.
pub(crate) fn note(text: impl std::fmt::Display) {
    eprintln!("{text}");
}
