//! Layers of rows: `forward[..B](x: f32[..B, In]) -> f32[..B, Out]`, which fit everywhere, and into `route`.

use tri_ir::DType;

use super::body::{Body, Origin};
use super::entry::grow;
use super::program::{Layer, Members, Program};
use super::sizes::{Dim, Type};
use crate::choices::Choices;

pub(super) fn layer(program: &mut Program, c: &mut Choices) {
    let name = format!("Layer{}", program.layers.len());
    let keeps = c.chance(50);
    let names: &[&str] = if keeps { &["D"] } else { &["In", "Out"] };
    let dims: Vec<Dim> = names.iter().map(|name| program.sizes.open((*name).to_owned(), 17, 0)).collect();
    let (first, last) = (dims[0].clone(), dims[dims.len() - 1].clone());
    let mut members = Members { dims: dims.clone(), ..Members::default() };
    let mut body = Body::new(program, &mut members, Origin::Members);
    body.dims = dims;
    let rows = |dim: &Dim| Type { dtype: DType::F32, pack: true, axes: vec![dim.clone()] };
    body.add("x", rows(&first));
    grow(&mut body, c);
    let result = result(&mut body, c, &rows(&last));
    let routes = !body.mixes;
    let lines: Vec<String> = body.lines.iter().map(|line| format!("        {line}\n")).collect();
    let head = format!("fn forward[..B](x: {}) -> {}", body.show(&rows(&first)), body.show(&rows(&last)));
    let members: Vec<String> = members.lines.iter().map(|line| format!("    {line}\n")).collect();
    program.items.push(format!(
        "layer {name}[{}]() {{\n{}    {head} {{\n{}        {result}\n    }}\n}}",
        names.join(", "),
        members.concat(),
        lines.concat(),
    ));
    program.layers.push(Layer { name, keeps, routes });
}

/// The last value of the type, or a product that has it.
fn result(body: &mut Body<'_>, c: &mut Choices, ty: &Type) -> String {
    if let Some(at) = body.find(c, |other| other == ty)
        && at > 0
    {
        return body.read(at);
    }
    let is_row = |other: &Type| other.pack && other.rank() == 1 && other.is_f32();
    let at = body.find(c, is_row).unwrap_or(0);
    let (name, inner) = (body.read(at), body.ty(at).axes[0].clone());
    let weight = Type::new(DType::F32, vec![ty.axes[0].clone(), inner]);
    let declared = body.show(&weight);
    let weight = body.members.parameter(c, DType::F32, &declared);
    format!("{name} @ {weight}.T")
}
