//! Instances of the library's layers of rows.

use super::super::body::{Body, Origin};
use super::super::sizes::Type;
use crate::choices::Choices;

pub(super) fn library(b: &mut Body<'_>, c: &mut Choices) -> Option<()> {
    if !matches!(b.origin, Origin::Inputs(_)) {
        return None;
    }
    let sizes = &b.program.sizes;
    let rows = |ty: &Type| ty.is_f32() && ty.last().is_some_and(|last| sizes.value(last).is_some());
    let at = b.find(c, rows)?;
    let (x, ty) = (b.read(at), b.ty(at));
    let width = b.program.sizes.text(ty.last()?);
    let mut axes = ty.axes.clone();
    let (import, instance) = match c.below(4) {
        0 => ("nn.RmsNorm", format!("RmsNorm[{width}]()")),
        1 => ("nn.LayerNorm", format!("LayerNorm[{width}]()")),
        kind => {
            let out = b.static_dim(c);
            let text = b.program.sizes.text(&out);
            *axes.last_mut()? = out;
            let bias = c.pick(&["true", "false"]);
            match kind {
                2 => ("nn.Linear", format!("Linear[{width}, {text}](bias = {bias})")),
                _ => ("nn.TernaryLinear", format!("TernaryLinear[{width}, {text}](bias = {bias})")),
            }
        }
    };
    b.program.imports.insert(import);
    let member = b.members.name("n");
    b.members.lines.push(format!("{member} = {instance}"));
    b.emit(&format!("{member}({x})"), ty.with_axes(axes))
}
