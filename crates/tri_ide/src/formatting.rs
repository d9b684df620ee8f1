//! The canonical layout of a file, as edits of the lines that differ.

use std::time::Duration;

use similar::{DiffOp, TextDiff};
use tri_db::{RootDatabase, SourceFile, text};
use tri_diagnostics::{Edit, Span, TextRange};

/// How long smaller edits are looked for.
const PATIENCE: Duration = Duration::from_millis(50);

/// The edits that bring a file into its canonical layout; none for a file with syntax errors.
pub(crate) fn format(db: &RootDatabase, file: SourceFile) -> Option<Vec<Edit>> {
    let id = file.id(db);
    let before = text(db, file).ok()?;
    let after = tri_format::format(id, before).ok()?;
    let changes = changes(before, &after).into_iter();
    Some(changes.map(|(range, text)| Edit { span: Span::new(id, range), text }).collect())
}

/// Replacements of whole lines that turn `before` into `after`.
fn changes(before: &str, after: &str) -> Vec<(TextRange, String)> {
    let diff = TextDiff::configure().timeout(PATIENCE).diff_lines(before, after);
    let old: Vec<&str> = before.split_inclusive('\n').collect();
    let new: Vec<&str> = after.split_inclusive('\n').collect();
    let mut changes = Vec::new();
    let mut offset = 0;
    for op in diff.ops() {
        let removed = old.get(op.old_range()).unwrap_or_default();
        let length: u32 = removed.iter().map(|line| line.len() as u32).sum();
        if !matches!(op, DiffOp::Equal { .. }) {
            let text = new.get(op.new_range()).unwrap_or_default().concat();
            changes.push((TextRange::new(offset, offset + length), text));
        }
        offset += length;
    }
    changes
}
