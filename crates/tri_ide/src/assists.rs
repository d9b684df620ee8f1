//! Changes that the cursor offers, one file each: they mean the same program afterwards, unless they say otherwise.

mod add_import;
mod convert_layer;
mod extract_layer;
mod fill_arguments;
mod insert_type;
mod name_arguments;

use std::path::Path;

use tri_db::{Db, SourceFile};
use tri_diagnostics::{Edit, TextRange};

use crate::path::{NodePath, path_to, word_at};

/// A change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assist {
    /// What it does, as a menu shows it.
    pub title: String,
    /// What kind it is.
    pub kind: AssistKind,
    /// The edits.
    pub edits: Vec<Edit>,
    /// Why it cannot be made here, if so.
    pub refused: Option<String>,
}

/// The kinds of change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssistKind {
    /// Mends something.
    Fix,
    /// Writes the same otherwise.
    Rewrite,
    /// Moves code into a declaration of its own.
    Extract,
}

/// Where assists are asked for.
struct At<'a> {
    db: &'a dyn Db,
    file: SourceFile,
    /// What is selected; empty at a cursor.
    range: TextRange,
    path: NodePath<'a>,
    files: &'a [SourceFile],
    folder: &'a Path,
}

/// The changes that a place offers.
pub(crate) fn assists(
    db: &dyn Db,
    file: SourceFile,
    range: TextRange,
    files: &[SourceFile],
    folder: &Path,
) -> Vec<Assist> {
    let word = word_at(db, file, range.start).map_or(range, |word| word.range);
    let Some(path) = path_to(db, file, word) else { return Vec::new() };
    let at = At { db, file, range, path, files, folder };
    let mut found = add_import::assists(&at);
    found.extend(insert_type::assist(&at));
    found.extend(name_arguments::assist(&at));
    found.extend(fill_arguments::assist(&at));
    found.extend(convert_layer::assist(&at));
    found.extend(extract_layer::assist(&at));
    found
}
