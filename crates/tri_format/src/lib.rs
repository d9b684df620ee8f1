//! The canonical layout of a file: `docs/formatting.md` says what it looks like.
//!
//! The formatter reads a file as words with the comments before them ([`words`]), groups them by brackets and statements
//! ([`tree`]), says where lines may break ([`document`], built by the modules under `layout`), and chooses the breaks
//! ([`printer`]). It neither adds, drops nor reorders words, apart from commas before a closing bracket and semicolons at
//! the end of a line, and proves so before it returns. It knows no paths and no meaning.

mod document;
mod layout;
mod printer;
mod tree;
mod words;

use tri_diagnostics::{Diagnostic, FileId};
use tri_syntax::{Parsed, parse};

/// The longest line, in characters, where the text has a place to break it.
pub const WIDTH: usize = 110;

/// Why a file was not formatted.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// The file has syntax errors, so what belongs together is not known.
    #[error("the file has syntax errors")]
    Syntax(Vec<Diagnostic>),
    /// The layout would have changed the program: a defect of this crate.
    #[error("the layout would have changed the program")]
    Changed,
}

/// `source`, the text of `file`, in the canonical layout. It ends in one line end, unless it is empty.
pub fn format(file: FileId, source: &str) -> Result<String, FormatError> {
    let before = parse(file, source);
    if !before.errors.is_empty() {
        return Err(FormatError::Syntax(before.errors));
    }
    let words = words::read(source, &before.tokens);
    let tree = tree::build(&words);
    let text = printer::print(&layout::file(&words, &tree));
    let after = parse(file, &text);
    if is_same(&words, &before, &text, &after) { Ok(text) } else { Err(FormatError::Changed) }
}

/// Whether `text` is the same program as the one that was read: words, comments and tree.
fn is_same(words: &words::Words<'_>, before: &Parsed, text: &str, after: &Parsed) -> bool {
    after.errors.is_empty()
        && before.ast.docs == after.ast.docs
        && before.ast.items == after.ast.items
        && words.is_same(&words::read(text, &after.tokens))
}
