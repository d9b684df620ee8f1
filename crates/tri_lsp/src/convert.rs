//! Plain data of `tri_ide` as the protocol writes it.

use std::collections::HashMap;

use gen_lsp_types as lsp;
use tri_ide::{Diagnostic, Edit, Severity, SymbolKind};

use crate::snapshot::{Answer, File};
use crate::uri;

/// A diagnostic of `file`, with other places as related information.
pub(crate) fn diagnostic(file: &File<'_>, from: &Diagnostic) -> Answer<lsp::Diagnostic> {
    let mut related = Vec::new();
    for label in &from.secondary {
        let location = file.snapshot.location(file.analysis, label.span)?;
        related.push(lsp::DiagnosticRelatedInformation { location, message: label.text.clone() });
    }
    let code = from.code.as_str();
    let is_unused = matches!(code, "W0001" | "W0002" | "W0003" | "W0004" | "W0005");
    Ok(lsp::Diagnostic {
        range: file.lines.range(from.primary.span.range),
        severity: Some(match from.severity {
            Severity::Error => lsp::DiagnosticSeverity::Error,
            Severity::Warning => lsp::DiagnosticSeverity::Warning,
        }),
        code: Some(code.to_owned().into()),
        code_description: Some(lsp::CodeDescription { href: uri::of_page(code) }),
        source: Some("tri".to_owned()),
        message: message(from).into(),
        tags: is_unused.then(|| vec![lsp::DiagnosticTag::Unnecessary]),
        related_information: (!related.is_empty()).then_some(related),
        data: None,
    })
}

/// The message with all that a terminal shows below the source.
fn message(from: &Diagnostic) -> String {
    let mut message = from.message.clone();
    if !from.primary.text.is_empty() {
        message.push_str(&format!("\n{}", from.primary.text));
    }
    for note in &from.notes {
        message.push_str(&format!("\nnote: {note}"));
    }
    for help in &from.helps {
        message.push_str(&format!("\nhelp: {help}"));
    }
    message
}

/// Edits of one file.
pub(crate) fn text_edits(file: &File<'_>, edits: &[Edit]) -> Vec<lsp::TextEdit> {
    let edit =
        |edit: &Edit| lsp::TextEdit { range: file.lines.range(edit.span.range), new_text: edit.text.clone() };
    edits.iter().map(edit).collect()
}

/// Edits of any files.
pub(crate) fn workspace_edit(file: &File<'_>, edits: &[Edit]) -> Answer<lsp::WorkspaceEdit> {
    let mut changes: HashMap<lsp::Uri, Vec<lsp::TextEdit>> = HashMap::new();
    for edit in edits {
        let lsp::Location { uri, range } = file.snapshot.location(file.analysis, edit.span)?;
        changes.entry(uri).or_default().push(lsp::TextEdit { range, new_text: edit.text.clone() });
    }
    Ok(lsp::WorkspaceEdit { changes: Some(changes), ..lsp::WorkspaceEdit::default() })
}

/// What an editor draws beside a name.
pub(crate) fn symbol_kind(kind: SymbolKind) -> lsp::SymbolKind {
    match kind {
        SymbolKind::Module => lsp::SymbolKind::Module,
        SymbolKind::Model | SymbolKind::Layer => lsp::SymbolKind::Class,
        SymbolKind::Function | SymbolKind::Intrinsic | SymbolKind::Test => lsp::SymbolKind::Function,
        SymbolKind::Dim | SymbolKind::Constant => lsp::SymbolKind::Constant,
        SymbolKind::Parameter | SymbolKind::Buffer | SymbolKind::State => lsp::SymbolKind::Field,
        SymbolKind::Instance => lsp::SymbolKind::Object,
        SymbolKind::Method => lsp::SymbolKind::Method,
        SymbolKind::GenericDim | SymbolKind::Pack | SymbolKind::Element => lsp::SymbolKind::TypeParameter,
        SymbolKind::Config | SymbolKind::Argument | SymbolKind::Local => lsp::SymbolKind::Variable,
    }
}
