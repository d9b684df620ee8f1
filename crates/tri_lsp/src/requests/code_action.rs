//! `textDocument/codeAction`: the compiler's fixes of what is wrong at a place, and other changes.

use gen_lsp_types::{CodeAction, CodeActionDisabled, CodeActionKind, CodeActionParams, CodeActionResponse};
use tri_diagnostics::Applicability;
use tri_ide::{AssistKind, FileRange};

use crate::convert;
use crate::snapshot::{Answer, File, Snapshot};

/// The actions.
pub(crate) fn answer(
    snapshot: &Snapshot,
    params: CodeActionParams,
) -> Answer<Option<Vec<CodeActionResponse>>> {
    let file = snapshot.file(&params.text_document)?;
    let range = file.lines.range_of(params.range);
    let mut actions = Vec::new();
    for diagnostic in file.analysis.diagnostics(file.id)? {
        let at = diagnostic.primary.span.range;
        let Some(fix) = diagnostic.fix.as_ref().filter(|_| at.start <= range.end && range.start <= at.end)
        else {
            continue;
        };
        actions.push(fix_action(&file, &diagnostic, fix)?);
    }
    for assist in file.analysis.assists(FileRange { file: file.id, range })? {
        if assist.refused.is_some() && !snapshot.shows_refused {
            continue;
        }
        let edit = match assist.refused {
            None => Some(convert::workspace_edit(&file, &assist.edits)?),
            Some(_) => None,
        };
        actions.push(CodeActionResponse::CodeAction(CodeAction {
            title: assist.title,
            kind: Some(match assist.kind {
                AssistKind::Fix => CodeActionKind::QuickFix,
                AssistKind::Rewrite => CodeActionKind::RefactorRewrite,
                AssistKind::Extract => CodeActionKind::RefactorExtract,
            }),
            edit,
            disabled: assist.refused.map(|reason| CodeActionDisabled { reason }),
            ..CodeAction::default()
        }));
    }
    Ok(Some(actions))
}

fn fix_action(
    file: &File<'_>,
    diagnostic: &tri_ide::Diagnostic,
    fix: &tri_ide::Fix,
) -> Answer<CodeActionResponse> {
    Ok(CodeActionResponse::CodeAction(CodeAction {
        title: fix.title.clone(),
        kind: Some(CodeActionKind::QuickFix),
        diagnostics: Some(vec![convert::diagnostic(file, diagnostic)?]),
        is_preferred: Some(fix.applicability == Applicability::Safe),
        edit: Some(convert::workspace_edit(file, &fix.edits)?),
        ..CodeAction::default()
    }))
}
