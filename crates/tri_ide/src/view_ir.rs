//! The tensor IR that the function under the cursor becomes, with spans both ways.

use tri_db::{Db, SourceFile};
use tri_diagnostics::{Span, TextRange};
use tri_hir::{Place, place_span};
use tri_ir::FunctionId;

use crate::elaboration::lowered;
use crate::path::path_to;

/// IR as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IrView {
    /// The functions, one after another.
    pub text: String,
    /// Lines of the text, from 0, with what they come from.
    pub lines: Vec<(u32, Span)>,
}

/// The IR of what is under the cursor: the functions that have instructions from the function or item there. Of a model in `file`.
pub(crate) fn view(db: &dyn Db, file: SourceFile, offset: u32) -> Result<IrView, String> {
    let Some(path) = path_to(db, file, TextRange::empty(offset)) else {
        return Err("there is no function here".to_owned());
    };
    let around = match path.member() {
        Some((_, member)) => member.id,
        None => path.nodes.first().and_then(|item| item.id()).unwrap_or(tri_syntax::ast::NodeId(0)),
    };
    let wanted = Span::new(file.id(db), path.range(around));
    let Some(lowered) = lowered(db, file) else {
        return Err("the file has no model, or errors; only models become IR".to_owned());
    };
    let place = |origin| {
        let place = lowered.source_map.place(origin)?;
        Some(place_span(db, Place { file: place.file, item: place.item, node: place.node }))
    };
    let mut view = IrView { text: String::new(), lines: Vec::new() };
    for (at, function) in lowered.module.functions.iter().enumerate() {
        let spans: Vec<Option<Span>> = function.insts.iter().map(|inst| place(inst.origin?)).collect();
        let is_wanted = |span: &Span| {
            span.file == wanted.file
                && wanted.range.start <= span.range.start
                && span.range.end <= wanted.range.end
        };
        if !spans.iter().flatten().any(is_wanted) {
            continue;
        }
        let text = tri_ir::print_function(&lowered.module, FunctionId(at as u32));
        let before = view.text.lines().count();
        // Instructions are one a line, the last ones before the closing brace.
        let first = before + text.lines().count().saturating_sub(1 + spans.len());
        view.text.push_str(&text);
        let lines = spans.into_iter().enumerate().filter_map(|(at, span)| Some(((first + at) as u32, span?)));
        view.lines.extend(lines);
    }
    if view.text.is_empty() {
        return Err("nothing of what is here is computed by the model".to_owned());
    }
    Ok(view)
}
