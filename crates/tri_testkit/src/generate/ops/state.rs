//! States of the model: declared, read, written whole, by rows, and at a place that only the call knows.

use tri_ir::DType;

use super::super::body::{Body, Origin};
use super::super::sizes::{Type, number};
use crate::choices::Choices;

pub(super) fn state(b: &mut Body<'_>, c: &mut Choices) -> Option<()> {
    if !matches!(b.origin, Origin::Inputs(_)) {
        return None;
    }
    if b.members.states.is_empty() || c.chance(25) {
        declare(b, c)?;
    }
    let states = b.members.states.clone();
    let (name, ty) = c.pick_ref(&states).clone();
    match c.below(4) {
        // What is read here stays what it is when the state is written later.
        0 => b.emit(&name, ty),
        1 => {
            let value = b.of_type(c, &ty)?;
            b.lines.push(format!("{name} = {value}"));
            Some(())
        }
        2 => rows(b, c, &name, &ty),
        _ => rows_at(b, c, &name, &ty),
    }
}

fn declare(b: &mut Body<'_>, c: &mut Choices) -> Option<()> {
    let rank = 1 + c.below(2);
    let axes = (0..rank).map(|_| number(c.pick(&[1, 2, 3, 4, 8, 17]))).collect();
    let ty = Type::new(c.pick(&[DType::F32, DType::I32, DType::I8, DType::F16]), axes);
    let name = b.members.name("s");
    let declared = b.show(&ty);
    b.members.lines.push(format!("state {name}: {declared} = {}", c.pick(&["zeros", "ones"])));
    b.members.states.push((name, ty));
    Some(())
}

/// `state[1:3] = rows`.
fn rows(b: &mut Body<'_>, c: &mut Choices, name: &str, ty: &Type) -> Option<()> {
    let size = ty.axes[0].as_constant()?;
    let from = c.below(size as usize + 1) as i64;
    let to = from + c.below((size - from) as usize + 1) as i64;
    let mut axes = ty.axes.clone();
    axes[0] = number(to - from);
    let value = b.of_type(c, &ty.with_axes(axes))?;
    b.lines.push(format!("{name}[{from}:{to}] = {value}"));
    Some(())
}

/// `state[P:P + 2] = rows`, where `P` is a number of the call; some calls stop there.
fn rows_at(b: &mut Body<'_>, c: &mut Choices, name: &str, ty: &Type) -> Option<()> {
    let size = ty.axes[0].as_constant()?;
    let place = b.of_type(c, &Type::new(DType::I32, Vec::new()))?;
    let count = 1 + c.below(size as usize) as i64;
    let mut axes = ty.axes.clone();
    axes[0] = number(count);
    let value = b.of_type(c, &ty.with_axes(axes))?;
    let (index, dim) = (b.name(), b.name().replace('v', "P"));
    let reduced = if c.chance(15) { place } else { format!("{place} % {}", size - count + 1) };
    b.lines.push(format!("let {index} = {reduced}"));
    b.lines.push(format!("let dim {dim} = {index} where {dim} + {count} <= {size}"));
    b.lines.push(format!("{name}[{dim}:{dim} + {count}] = {value}"));
    Some(())
}
