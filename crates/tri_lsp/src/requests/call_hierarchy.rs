//! `textDocument/prepareCallHierarchy` and what follows it.

use gen_lsp_types::{
    CallHierarchyIncomingCall, CallHierarchyIncomingCallsParams, CallHierarchyItem,
    CallHierarchyOutgoingCall, CallHierarchyOutgoingCallsParams, CallHierarchyPrepareParams, Range,
    TextDocumentIdentifier, TextDocumentPositionParams,
};
use tri_ide::{Call, NavigationTarget};

use crate::convert;
use crate::snapshot::{Answer, File, Snapshot};

/// The function or layer named at a place.
pub(crate) fn prepare(
    snapshot: &Snapshot,
    params: CallHierarchyPrepareParams,
) -> Answer<Option<Vec<CallHierarchyItem>>> {
    let (file, at) = snapshot.position(&params.text_document_position_params)?;
    let Some(target) = file.analysis.call_target(at)? else { return Ok(None) };
    Ok(Some(vec![item(&file, &target)?]))
}

/// Who calls an item.
pub(crate) fn incoming(
    snapshot: &Snapshot,
    params: CallHierarchyIncomingCallsParams,
) -> Answer<Option<Vec<CallHierarchyIncomingCall>>> {
    let (file, at) = snapshot.position(&place(&params.item))?;
    let call = |call: Call| {
        Ok(CallHierarchyIncomingCall { from: item(&file, &call.target)?, from_ranges: ranges(&file, &call)? })
    };
    file.analysis.incoming_calls(at)?.into_iter().map(call).collect::<Answer<_>>().map(Some)
}

/// What an item calls.
pub(crate) fn outgoing(
    snapshot: &Snapshot,
    params: CallHierarchyOutgoingCallsParams,
) -> Answer<Option<Vec<CallHierarchyOutgoingCall>>> {
    let (file, at) = snapshot.position(&place(&params.item))?;
    let call = |call: Call| {
        Ok(CallHierarchyOutgoingCall { to: item(&file, &call.target)?, from_ranges: ranges(&file, &call)? })
    };
    file.analysis.outgoing_calls(at)?.into_iter().map(call).collect::<Answer<_>>().map(Some)
}

fn place(item: &CallHierarchyItem) -> TextDocumentPositionParams {
    TextDocumentPositionParams {
        text_document: TextDocumentIdentifier { uri: item.uri.clone() },
        position: item.selection_range.start,
    }
}

fn item(file: &File<'_>, target: &NavigationTarget) -> Answer<CallHierarchyItem> {
    let whole = file.snapshot.location(file.analysis, target.full)?;
    let focus = file.snapshot.location(file.analysis, target.focus)?;
    Ok(CallHierarchyItem {
        name: target.name.to_string(),
        kind: convert::symbol_kind(target.kind),
        tags: None,
        detail: target.container.as_ref().map(|container| container.to_string()),
        uri: whole.uri,
        range: whole.range,
        selection_range: focus.range,
        data: None,
    })
}

fn ranges(file: &File<'_>, call: &Call) -> Answer<Vec<Range>> {
    let range = |span: &tri_ide::Span| Ok(file.snapshot.location(file.analysis, *span)?.range);
    call.places.iter().map(range).collect()
}
