//! The model under the cursor as a picture, with the places in the source that its boxes stand for.

use std::collections::BTreeMap;

use tri_db::{Db, SourceFile, parse};
use tri_diagnostics::{Diagnostic, LineIndex, Span, TextRange};
use tri_graph::{Weights, build, entry_of, html, stored_bytes, svg};
use tri_hir::{Place, place_span};
use tri_lower::Lowered;
use tri_passes::OptLevel;
use tri_syntax::ast::{ItemKind, Layer, MemberKind};

use crate::path::path_to;

/// How a picture is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GraphShape {
    /// An SVG file.
    Svg,
    /// A page with buttons.
    Html,
}

/// A picture of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphView {
    /// Model and entry point, `Digits.forward`.
    pub title: String,
    /// The file.
    pub text: String,
    /// Places of boxes: the box `n7` has the number 7.
    pub places: Vec<(usize, Span)>,
}

/// The picture of the entry point around an offset; elsewhere of the first model of the file that is at or after it, or else of the last.
pub(crate) fn view(
    db: &dyn Db,
    file: SourceFile,
    offset: u32,
    shape: GraphShape,
) -> Result<GraphView, String> {
    let (model, function) = wanted(db, file, offset).ok_or("there is no model in this file")?;
    let lowered = lowered(db, file, &model)?;
    let Lowered { module, source_map } = &lowered;
    let span = |place: tri_lower::Place| {
        place_span(db, Place { file: place.file, item: place.item, node: place.node })
    };
    let entry = function.filter(|name| module.entry(name).is_some());
    let weights = Weights { stored: stored(&lowered, entry.as_deref()), ..Weights::default() };
    let graph = build(module, source_map, entry.as_deref(), &weights).map_err(|error| error.to_string())?;
    let line = |place: tri_lower::Place| line_text(db, span(place));
    let draw = match shape {
        GraphShape::Svg => svg,
        GraphShape::Html => html,
    };
    let places = graph.nodes.iter().enumerate();
    let places = places.filter_map(|(at, node)| Some((at, span(node.place?)))).collect();
    Ok(GraphView { title: graph.root().name.clone(), text: draw(&graph, 1, &line), places })
}

/// The model and its function around an offset, or the model that is nearest.
fn wanted(db: &dyn Db, file: SourceFile, offset: u32) -> Option<(String, Option<String>)> {
    let ast = &parse(db, file).ast;
    let models = || {
        ast.items().filter_map(|(id, item)| match &item.kind {
            ItemKind::Layer(layer) if layer.is_model => Some((ast.range(id, item.id), layer)),
            _ => None,
        })
    };
    let (_, layer) = models().find(|(range, _)| offset <= range.end).or_else(|| models().last())?;
    Some((layer.name.text.to_string(), function(db, file, offset, layer)))
}

/// The function of a layer around an offset.
fn function(db: &dyn Db, file: SourceFile, offset: u32, layer: &Layer) -> Option<String> {
    let path = path_to(db, file, TextRange::empty(offset))?;
    let (_, member) = path.member()?;
    let is_of_it = layer.members.iter().any(|known| std::ptr::eq(known, member));
    match &member.kind {
        MemberKind::Function(function) if is_of_it => Some(function.name.text.to_string()),
        _ => None,
    }
}

/// A model as tensor IR, where the checker and elaboration find no errors.
fn lowered(db: &dyn Db, file: SourceFile, model: &str) -> Result<Lowered, String> {
    let files = tri_hir::files(db, &[file]);
    let is_wrong = |file: &SourceFile| tri_hir::check_file(db, *file).iter().any(Diagnostic::is_error);
    if files.iter().any(is_wrong) {
        return Err("the program has errors; a model is drawn when there are none".to_owned());
    }
    let options = tri_lower::Options { model: Some(model.to_owned()), ..tri_lower::Options::default() };
    tri_lower::lower(db, file, &options).map_err(|errors| {
        errors.first().map_or_else(|| "the model has errors".to_owned(), |error| error.message.clone())
    })
}

/// What an artifact stores for each parameter of an entry point; nothing is known where the passes fail, which is a defect that compiling
/// tells of.
fn stored(lowered: &Lowered, entry: Option<&str>) -> BTreeMap<String, u64> {
    let Ok(module) = tri_ir::verify(lowered.module.clone()) else { return BTreeMap::new() };
    let Ok(module) = tri_passes::optimize(&module, OptLevel::default(), &mut |_, _| {}) else {
        return BTreeMap::new();
    };
    entry_of(&module, entry).map(|entry| stored_bytes(&module, entry)).unwrap_or_default()
}

/// File and line of a span.
fn line_text(db: &dyn Db, span: Span) -> Option<String> {
    let file = db.file(span.file)?;
    let index = LineIndex::new(tri_db::text(db, file).ok()?);
    let name = file.path(db).file_name()?.to_string_lossy();
    Some(format!("{name}:{}", index.line(span.range.start) + 1))
}
