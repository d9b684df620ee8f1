//! Layers: instances, arrays of them, and rows routed through them.

use tri_ir::DType;

use super::super::body::{Body, Origin};
use super::super::program::Layer;
use super::super::sizes::{Dim, Type, number};
use crate::choices::Choices;

/// A layer of the program on rows: one instance, an array one after another, or an array that rows are routed through.
pub(super) fn instance(b: &mut Body<'_>, c: &mut Choices) -> Option<()> {
    // Layers use none of the program's: they are made before.
    if !matches!(b.origin, Origin::Inputs(_)) || b.program.layers.is_empty() {
        return None;
    }
    let sizes = &b.program.sizes;
    let rows = |ty: &Type| ty.is_f32() && ty.last().is_some_and(|last| sizes.value(last).is_some());
    let at = b.find(c, rows)?;
    let (x, ty) = (b.read(at), b.ty(at));
    let layers: Vec<Layer> = b.program.layers.clone();
    let layer = c.pick_ref(&layers);
    let width = ty.last()?.clone();
    let out = if layer.keeps { width.clone() } else { b.static_dim(c) };
    let dims = if layer.keeps { vec![width] } else { vec![width, out.clone()] };
    let mut axes = ty.axes.clone();
    *axes.last_mut()? = out;
    let result = ty.with_axes(axes);
    match c.below(3) {
        1 if layer.keeps => in_turn(b, c, layer, &dims, &x, result),
        2 if layer.routes => routed(b, c, layer, &dims, &x, &ty, result),
        _ => {
            let member = member(b, "l", &instance_text(b, layer, &dims));
            b.emit(&format!("{member}({x})"), result)
        }
    }
}

fn instance_text(b: &Body<'_>, layer: &Layer, dims: &[Dim]) -> String {
    format!("{}[{}]()", layer.name, b.program.sizes.list(false, dims))
}

/// A further member of the model.
fn member(b: &mut Body<'_>, prefix: &str, text: &str) -> String {
    let name = b.members.name(prefix);
    b.members.lines.push(format!("{name} = {text}"));
    name
}

/// An array, whose layers follow each other.
fn in_turn(b: &mut Body<'_>, c: &mut Choices, layer: &Layer, dims: &[Dim], x: &str, ty: Type) -> Option<()> {
    let text = format!("[{}; {}]", instance_text(b, layer, dims), 1 + c.below(4));
    let array = member(b, "a", &text);
    let name = b.name();
    b.lines.push(format!("var {name} = {x}"));
    b.lines.push(format!("for each in {array} {{ {name} = each({name}) }}"));
    b.add(&name, ty);
    Some(())
}

/// An array, of which each row chooses.
fn routed(
    b: &mut Body<'_>,
    c: &mut Choices,
    layer: &Layer,
    dims: &[Dim],
    x: &str,
    ty: &Type,
    result: Type,
) -> Option<()> {
    let tiles = 1 + c.below(6);
    let mut scores = ty.clone();
    *scores.axes.last_mut()? = number(tiles as i64);
    let scores = Type { dtype: DType::F32, ..scores };
    let by = b.of_type(c, &scores)?;
    let top = 1 + c.below(tiles);
    let weight = match c.below(3) {
        0 => String::new(),
        1 => format!(", weight = {}", b.of_type(c, &scores)?),
        _ => format!(", weight = softmax({by})"),
    };
    let text = format!("[{}; {tiles}]", instance_text(b, layer, dims));
    let array = member(b, "t", &text);
    b.emit(&format!("route({x}, through = {array}, by = {by}, top = {top}{weight})"), result)
}
