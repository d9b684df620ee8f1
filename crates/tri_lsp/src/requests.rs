//! One file a request.

pub(crate) mod code_action;
pub(crate) mod formatting;
pub(crate) mod text_document_content;
