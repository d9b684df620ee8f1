//! Moves statements of a layer's function, with the members that only they use, into a layer of their own. Refused, with the reason,
//! where that would not mean the same. Weights that move get another path, which the title says.

mod head;
mod selection;
mod text;

use tri_diagnostics::{Edit, Span, TextRange};
use tri_hir::BindingKind;
use tri_hir::hir::{Body, BodyOwner, Owner, Type};
use tri_hir::show_type;
use tri_syntax::ast::{Member, NodeId};

use self::head::Head;
use self::selection::Selection;
use super::{Assist, AssistKind, At};
use crate::references::of_symbol;
use crate::symbol::{Symbol, local_type, type_at};

pub(super) fn assist(at: &At<'_>) -> Option<Assist> {
    let title = "extract layer".to_owned();
    let assist = |title, edits, refused| Assist { title, kind: AssistKind::Extract, edits, refused };
    Some(match Selection::of(at)?.and_then(|selection| extract(&selection)) {
        Ok((title, edits)) => assist(title, edits, None),
        Err(reason) => assist(title, Vec::new(), Some(reason)),
    })
}

/// A value that the layer is given, or that it gives.
struct Value {
    name: String,
    ty: Type,
}

/// The title and the edits, or why there can be none.
fn extract(selection: &Selection<'_>) -> Result<(String, Vec<Edit>), String> {
    let db = selection.at.db;
    let members = moved_members(selection)?;
    let owner = BodyOwner::Function(Owner::Method(selection.path.def, selection.method));
    let body = tri_hir::body(db, owner);
    let inputs = inputs(selection, &body)?;
    let outputs = outputs(selection, &body)?;
    let types = inputs.iter().chain(&outputs.values).map(|value| &value.ty);
    let head = Head::new(selection, &members, types, &inputs)?;
    let name = text::fresh(selection, "Part");
    let instance = text::fresh(selection, "part");
    let edits = text::edits(
        selection,
        &members,
        text::Parts {
            layer: layer_text(selection, &members, &head, &name, (&inputs, &outputs))?,
            instance: format!("{instance} = {name}{}", head.arguments()),
            call: call_text(&instance, &inputs, &outputs),
        },
    );
    let id = selection.at.file.id(db);
    let edits = edits.into_iter().map(|(range, text)| Edit { span: Span::new(id, range), text }).collect();
    let paths: Vec<String> = members
        .iter()
        .filter_map(|member| member.name())
        .map(|member| format!("`{instance}.{}`", member.text))
        .collect();
    let title = match paths.is_empty() {
        true => format!("extract layer `{name}`"),
        false => format!("extract layer `{name}`, with {}", paths.join(", ")),
    };
    Ok((title, edits))
}

/// The members that the selection uses, in the order of the layer.
fn moved_members<'a>(selection: &Selection<'a>) -> Result<Vec<&'a Member>, String> {
    let mut members = Vec::new();
    for binding in &selection.uses.bindings {
        if !selection.mentions(binding, selection.range) {
            continue;
        }
        let name = &binding.name.text;
        match binding.kind {
            BindingKind::Method => return Err(format!("it calls `{name}`, a function of the layer")),
            BindingKind::Tensor(_) | BindingKind::Instance => {}
            _ => continue,
        }
        let is_it = |member: &&Member| member.name().is_some_and(|known| known.id == binding.name.id);
        let member = selection.layer.members.iter().find(is_it);
        members.extend(member);
        if member.is_some_and(|member| member.condition.is_some()) {
            return Err(format!("`{name}` is there only under a condition"));
        }
    }
    for member in &members {
        is_alone(selection, member)?;
    }
    Ok(members)
}

/// Whether nothing but the selection uses a member, here and in other files.
fn is_alone(selection: &Selection<'_>, member: &Member) -> Result<(), String> {
    let (Some(name), at) = (member.name(), selection.at) else { return Ok(()) };
    let place = selection.layer.members.iter().position(|known| std::ptr::eq(known, member));
    let symbol = Symbol::Member(selection.path.def, place.unwrap_or_default() as u32);
    let declared = selection.path.range(name.id);
    let is_elsewhere = |span: Span| {
        span.file != at.file.id(at.db) || !(selection.holds(span.range) || span.range == declared)
    };
    match of_symbol(at.db, symbol, at.files).into_iter().find(|found| is_elsewhere(found.span)) {
        Some(_) => Err(format!("`{}` is used outside the selection too", name.text)),
        None => Ok(()),
    }
}

/// The values from around that the selection reads.
fn inputs(selection: &Selection<'_>, body: &Body) -> Result<Vec<Value>, String> {
    let mut inputs = Vec::new();
    for binding in &selection.uses.bindings {
        let is_inside = selection.holds(selection.path.range(binding.name.id));
        if is_inside || !selection.mentions(binding, selection.range) {
            continue;
        }
        let name = &binding.name.text;
        match binding.kind {
            BindingKind::RunTimeDim => return Err(format!("it needs the run-time dim `{name}`")),
            BindingKind::Param | BindingKind::Local => {}
            _ => continue,
        }
        if binding.writes.iter().any(|node| selection.has(*node)) {
            return Err(format!("it assigns `{name}`, which is declared outside"));
        }
        let read = binding.reads.iter().find(|node| selection.has(**node));
        let ty = read.and_then(|node| type_at(body, *node)).or_else(|| local_type(body, binding.name.id));
        inputs.push(value(selection, name, ty)?);
    }
    Ok(inputs)
}

/// What the selection gives.
#[derive(Default)]
struct Outputs {
    values: Vec<Value>,
    /// Whether it is the value of the block, and not names that are read later.
    is_value: bool,
}

fn outputs(selection: &Selection<'_>, body: &Body) -> Result<Outputs, String> {
    if let Some(expr) = selection.value {
        let ty = type_at(body, expr.id).filter(|ty| **ty != Type::Unit);
        let values = ty.map(|ty| value(selection, "its value", Some(ty))).transpose()?;
        return Ok(Outputs { values: values.into_iter().collect(), is_value: true });
    }
    let mut values = Vec::new();
    for binding in &selection.uses.bindings {
        if !selection.holds(selection.path.range(binding.name.id)) {
            continue;
        }
        let name = &binding.name.text;
        let is_outside = |node: &&NodeId| !selection.has(**node);
        if binding.writes.iter().any(|node| is_outside(&node)) {
            return Err(format!("`{name}` is assigned after the selection"));
        }
        let later = binding.reads.iter().find(is_outside);
        let Some(read) = later.or_else(|| binding.checks.iter().find(is_outside)) else { continue };
        if binding.kind == BindingKind::RunTimeDim {
            return Err(format!("the run-time dim `{name}` is needed after the selection"));
        }
        values.push(value(selection, name, type_at(body, *read))?);
    }
    Ok(Outputs { values, is_value: false })
}

/// A value whose type can be written in the head of a function.
fn value(selection: &Selection<'_>, name: &str, ty: Option<&Type>) -> Result<Value, String> {
    fn is_dynamic(ty: &Type) -> bool {
        match ty {
            Type::Tensor(..) => true,
            Type::Tuple(parts) => parts.iter().all(is_dynamic),
            _ => false,
        }
    }
    match ty {
        Some(ty) if is_dynamic(ty) => Ok(Value { name: name.to_owned(), ty: ty.clone() }),
        Some(ty) => {
            let shown = show_type(selection.at.db, ty);
            Err(format!("`{name}` is no tensor, but of type {}", shown.trim_matches('`')))
        }
        None => Err(format!("the type of `{name}` is not known")),
    }
}

fn layer_text(
    selection: &Selection<'_>,
    members: &[&Member],
    head: &Head,
    name: &str,
    (inputs, outputs): (&[Value], &Outputs),
) -> Result<String, String> {
    let db = selection.at.db;
    let params: Vec<String> =
        inputs.iter().map(|input| format!("{}: {}", input.name, show_type(db, &input.ty))).collect();
    let types: Vec<String> = outputs.values.iter().map(|output| show_type(db, &output.ty)).collect();
    let result = tuple(&types).map_or_else(String::new, |ty| format!(" -> {ty}"));
    let names: Vec<String> = outputs.values.iter().map(|output| output.name.clone()).collect();
    let value = tuple(&names).filter(|_| !outputs.is_value).unwrap_or_default();
    let moved: String =
        members.iter().map(|member| text::lines(selection, member).of(selection.text)).collect();
    let gap = if moved.is_empty() { "" } else { "\n" };
    let statements = selection.range.of(selection.text);
    let (layer, generics, conditions) = (&head.layer, &head.generics, &head.conditions);
    let params = params.join(", ");
    let whole = format!(
        "layer {name}{layer} {{\n{moved}{gap}fn forward{generics}({params}){result}{conditions} {{\n{statements}\n{value}\n}}\n}}\n"
    );
    tri_format::format(selection.at.file.id(db), &whole).map_err(|_| "it cannot be laid out".to_owned())
}

fn call_text(instance: &str, inputs: &[Value], outputs: &Outputs) -> String {
    let args: Vec<&str> = inputs.iter().map(|input| input.name.as_str()).collect();
    let call = format!("{instance}({})", args.join(", "));
    let names: Vec<String> = outputs.values.iter().map(|output| output.name.clone()).collect();
    match tuple(&names).filter(|_| !outputs.is_value) {
        Some(names) => format!("let {names} = {call}"),
        None => call,
    }
}

/// Nothing, the only part, or all in parentheses.
fn tuple(parts: &[String]) -> Option<String> {
    match parts {
        [] => None,
        [one] => Some(one.clone()),
        parts => Some(format!("({})", parts.join(", "))),
    }
}

/// Bytes from the start of `a` to the end of `b`.
fn between(a: TextRange, b: TextRange) -> TextRange {
    TextRange::new(a.start, b.end)
}
