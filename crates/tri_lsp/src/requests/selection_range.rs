//! `textDocument/selectionRange`.

use gen_lsp_types::{Position, SelectionRange, SelectionRangeParams};

use crate::snapshot::{Answer, File, Snapshot};

/// What selections grow to: one answer for each place.
pub(crate) fn answer(
    snapshot: &Snapshot,
    params: SelectionRangeParams,
) -> Answer<Option<Vec<SelectionRange>>> {
    let file = snapshot.file(&params.text_document)?;
    let ranges = params.positions.into_iter().map(|position| ranges(&file, position));
    ranges.collect::<Answer<_>>().map(Some)
}

fn ranges(file: &File<'_>, position: Position) -> Answer<SelectionRange> {
    let ranges = file.analysis.selection_ranges(file.position(position))?;
    let outermost_first = ranges.into_iter().rev();
    let nested = outermost_first.fold(None, |parent: Option<SelectionRange>, range| {
        Some(SelectionRange { range: file.lines.range(range), parent: parent.map(Box::new) })
    });
    Ok(nested.unwrap_or_default())
}
