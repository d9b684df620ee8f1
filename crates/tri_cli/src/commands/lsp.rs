//! `triton lsp`: the language server.

use crate::failure::Failure;
use crate::pages;

/// Serves the editor at stdin and stdout until it leaves.
pub(crate) fn run() -> Result<(), Failure> {
    tri_lsp::run(pages::page).map_err(|error| Failure::error(error.to_string()))
}
