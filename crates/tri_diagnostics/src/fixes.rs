//! Fixes as edits of text: which go together, and what a text becomes. Reads and writes no files.

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::{Applicability, Diagnostic, Edit, FileId, Fix};

/// The safe fixes among `diagnostics` that can be applied at once, with what they repair: in order of their places, none of
/// which meets one before it. What is left out is found again in the changed texts, if it is still wrong.
pub fn choose(diagnostics: &[Diagnostic]) -> Vec<(&Diagnostic, &Fix)> {
    let safe = diagnostics.iter().filter_map(|diagnostic| {
        let fix = diagnostic.fix.as_ref()?;
        (fix.applicability == Applicability::Safe && !fix.edits.is_empty()).then_some((diagnostic, fix))
    });
    let mut candidates: Vec<(&Diagnostic, &Fix)> = safe.collect();
    candidates.sort_by_key(|(diagnostic, _)| (diagnostic.primary.span, diagnostic.code));
    let mut taken = Taken::default();
    candidates.retain(|(_, fix)| {
        let free = fix.edits.iter().all(|edit| taken.is_free(edit));
        if free {
            fix.edits.iter().for_each(|edit| taken.take(edit));
        }
        free
    });
    candidates
}

/// Ranges that edits change, by where they begin.
#[derive(Default)]
struct Taken(BTreeMap<(FileId, u32), u32>);

impl Taken {
    /// Whether an edit neither overlaps nor touches what is taken.
    fn is_free(&self, edit: &Edit) -> bool {
        let (file, range) = (edit.span.file, edit.span.range);
        let up_to_end = (Bound::Included((file, 0)), Bound::Included((file, range.end)));
        self.0.range(up_to_end).next_back().is_none_or(|(_, end)| *end < range.start)
    }

    fn take(&mut self, edit: &Edit) {
        let end = self.0.entry((edit.span.file, edit.span.range.start)).or_default();
        *end = edit.span.range.end.max(*end);
    }
}

/// `text` after `edits`, which belong to it and do not overlap; none where one does not fit.
pub fn apply<'a>(text: &str, edits: impl IntoIterator<Item = &'a Edit>) -> Option<String> {
    let mut edits: Vec<&Edit> = edits.into_iter().collect();
    edits.sort_by_key(|edit| edit.span.range);
    let (mut changed, mut copied) = (String::with_capacity(text.len()), 0);
    for edit in edits {
        changed.push_str(text.get(copied..edit.span.range.start as usize)?);
        changed.push_str(&edit.text);
        copied = edit.span.range.end as usize;
    }
    changed.push_str(text.get(copied..)?);
    Some(changed)
}
