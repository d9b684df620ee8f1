//! `textDocument/foldingRange`.

use gen_lsp_types::{FoldingRange, FoldingRangeKind, FoldingRangeParams};
use tri_ide::FoldKind;

use crate::snapshot::{Answer, Snapshot};

/// What can be folded away; a closing bracket stays.
pub(crate) fn answer(snapshot: &Snapshot, params: FoldingRangeParams) -> Answer<Option<Vec<FoldingRange>>> {
    let file = snapshot.file(&params.text_document)?;
    let fold = |fold: tri_ide::Fold| {
        let range = file.lines.range(fold.range);
        let (end_line, kind) = match fold.kind {
            FoldKind::Code => (range.end.line.saturating_sub(1).max(range.start.line), None),
            FoldKind::Comment => (range.end.line, Some(FoldingRangeKind::Comment)),
            FoldKind::Imports => (range.end.line, Some(FoldingRangeKind::Imports)),
        };
        FoldingRange { start_line: range.start.line, end_line, kind, ..FoldingRange::default() }
    };
    let folds = file.analysis.folds(file.id)?.into_iter().map(fold);
    Ok(Some(folds.filter(|fold| fold.start_line < fold.end_line).collect()))
}
