//! `textDocument/codeLens`. What a lens does is a command of the client: `tri.runTest` and `tri.compile`, each with the URI and the name.

use gen_lsp_types::{CodeLens, CodeLensParams, Command};
use serde_json::json;
use tri_ide::LensAction;

use crate::snapshot::{Answer, Snapshot};

/// What stands above declarations.
pub(crate) fn answer(snapshot: &Snapshot, params: CodeLensParams) -> Answer<Option<Vec<CodeLens>>> {
    let file = snapshot.file(&params.text_document)?;
    let lens = |lens: tri_ide::CodeLens| {
        let (command, name) = match lens.action {
            LensAction::Tell => (String::new(), None),
            LensAction::RunTest(name) => ("tri.runTest".to_owned(), Some(name)),
            LensAction::Compile(name) => ("tri.compile".to_owned(), Some(name)),
        };
        let arguments = name.map(|name| vec![json!(params.text_document.uri), json!(name)]);
        let command = Command { title: lens.title, command, arguments, ..Command::default() };
        CodeLens { range: file.lines.range(lens.range), command: Some(command), data: None }
    };
    Ok(Some(file.analysis.lenses(file.id)?.into_iter().map(lens).collect()))
}
