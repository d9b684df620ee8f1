//! Operations along an axis.

use tri_ir::DType;

use super::super::body::Body;
use crate::choices::Choices;

pub(super) fn reduction(b: &mut Body<'_>, c: &mut Choices) -> Option<()> {
    let at = b.find(c, |ty| ty.rank() > 0 && !matches!(ty.dtype, DType::Trit | DType::F16 | DType::Bf16))?;
    let (name, ty) = (b.read(at), b.ty(at));
    if ty.dtype == DType::Bool {
        b.mixes |= ty.pack;
        let function = c.pick(&["any", "all"]);
        let scalar = super::super::sizes::Type::new(DType::Bool, Vec::new());
        return b.emit(&format!("{function}({name})"), scalar);
    }
    // The last axis is what kernels are made for.
    let axis = if c.chance(40) { c.below(ty.rank()) } else { ty.rank() - 1 };
    let written = b.axis(c, &ty, axis);
    let functions: &[&str] = match ty.is_float() {
        true => &["sum", "max", "min", "mean", "softmax", "variance", "argmax"],
        false => &["sum", "max", "min", "argmax"],
    };
    let function = c.pick(functions);
    let expression = format!("{function}({name}, axis = {written})");
    if function == "softmax" {
        return b.emit(&expression, ty);
    }
    let mut axes = ty.axes.clone();
    axes.remove(axis);
    let dtype = if function == "argmax" { DType::I32 } else { ty.dtype };
    b.emit(&expression, ty.with_axes(axes).with(dtype))
}
