//! `textDocument/signatureHelp`.

use gen_lsp_types::{
    MarkupContent, MarkupKind, ParameterInformation, SignatureHelp, SignatureHelpParams, SignatureInformation,
};
use tri_ide::TextRange;

use crate::snapshot::{Answer, Snapshot};

/// The parameters of the call around a place.
pub(crate) fn answer(snapshot: &Snapshot, params: SignatureHelpParams) -> Answer<Option<SignatureHelp>> {
    let (file, at) = snapshot.position(&params.text_document_position_params)?;
    let Some(help) = file.analysis.signature_help(at)? else { return Ok(None) };
    // Offsets in labels are of UTF-16, whatever was agreed upon for positions.
    let units = |end: u32| TextRange::new(0, end).of(&help.label).encode_utf16().count() as u32;
    let parameter = |range: &TextRange| ParameterInformation {
        label: (units(range.start), units(range.end)).into(),
        documentation: None,
    };
    let active = help.active.map(|at| (at as u32).into());
    let signature = SignatureInformation {
        parameters: Some(help.params.iter().map(parameter).collect()),
        documentation: Some(MarkupContent { kind: MarkupKind::Markdown, value: help.docs.clone() }.into()),
        label: help.label.clone(),
        active_parameter: active,
    };
    Ok(Some(SignatureHelp {
        signatures: vec![signature],
        active_signature: Some(0),
        active_parameter: active,
    }))
}
