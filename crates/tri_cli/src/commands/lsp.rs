//! `triton lsp`: the language server.

use std::panic;

use crate::failure::Failure;
use crate::{output, pages};

/// Serves the editor at stdin and stdout until it leaves.
pub(crate) fn run() -> Result<(), Failure> {
    // A panic ends one question and not the server. Editors keep what a server writes to stderr.
    panic::set_hook(Box::new(|info| output::note(format_args!("internal error: {info}"))));
    tri_lsp::run(pages::page).map_err(|error| Failure::error(error.to_string()))
}
