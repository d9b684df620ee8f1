//! From grouped words to a document: which words belong on a line of their own, and where else a line may end. One module
//! for each thing that has a layout. Spaces are decided in [`expression`], comments in [`gap`].

mod block;
mod branches;
mod expression;
mod gap;
mod list;
mod signature;

use crate::document::Document;
use crate::tree::Statement;
use crate::words::{Word, Words};

/// The words that the documents are made of.
#[derive(Clone, Copy)]
struct Layout<'a> {
    words: &'a [Word<'a>],
}

/// The document of a file.
pub(crate) fn file<'a>(words: &'a Words<'a>, items: &[Statement]) -> Document<'a> {
    Layout { words: &words.words }.lines(items, &words.end, block::Place::File)
}
