//! `textDocument/inlayHint`.

use gen_lsp_types::{InlayHint, InlayHintKind, InlayHintParams, TextEdit};
use tri_ide::{FileRange, InlayKind, TextRange};

use crate::snapshot::{Answer, Snapshot};

/// The hints in a range; types can be written where they are shown.
pub(crate) fn answer(snapshot: &Snapshot, params: InlayHintParams) -> Answer<Option<Vec<InlayHint>>> {
    let file = snapshot.file(&params.text_document)?;
    let range = file.lines.range_of(params.range);
    let hints = file.analysis.inlay_hints(FileRange { file: file.id, range })?;
    let hint = |hint: tri_ide::InlayHint| {
        let can_be_written = hint.kind == InlayKind::Type && !hint.text.contains('`');
        InlayHint {
            position: file.lines.position(hint.offset),
            kind: match hint.kind {
                InlayKind::Type => Some(InlayHintKind::Type),
                InlayKind::Parameter => Some(InlayHintKind::Parameter),
                InlayKind::Fact => None,
            },
            text_edits: can_be_written.then(|| {
                let range = file.lines.range(TextRange::empty(hint.offset));
                vec![TextEdit { range, new_text: hint.text.clone() }]
            }),
            label: hint.text.into(),
            tooltip: None,
            padding_left: None,
            padding_right: None,
            data: None,
        }
    };
    Ok(Some(hints.into_iter().map(hint).collect()))
}
