//! One file a request.

pub(crate) mod code_action;
pub(crate) mod definition;
pub(crate) mod document_highlight;
pub(crate) mod document_link;
pub(crate) mod document_symbol;
pub(crate) mod formatting;
pub(crate) mod hover;
pub(crate) mod inlay_hint;
pub(crate) mod references;
pub(crate) mod rename;
pub(crate) mod signature_help;
pub(crate) mod text_document_content;
pub(crate) mod type_definition;
pub(crate) mod workspace_symbol;
