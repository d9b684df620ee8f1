//! Quantisers, and back to floats.

use tri_ir::DType;

use super::super::body::Body;
use super::super::sizes::{Dim, Type, number};
use crate::choices::Choices;

pub(super) fn quantize(b: &mut Body<'_>, c: &mut Choices) -> Option<()> {
    let (x, ty) = b.find_or(
        c,
        |ty| ty.is_f32() && ty.rank() > 0,
        |b, c| {
            let rank = 1 + c.below(3);
            Some(Type::new(DType::F32, b.shape(c, rank)))
        },
    )?;
    let rows = ty.axes[..ty.rank() - 1].to_vec();
    match c.below(6) {
        0 => pair(b, &format!("quantize_rows({x})"), ty.with(DType::I8), ty.with_axes(rows)),
        1 => pair(b, &format!("ternarize_rows({x})"), ty.with(DType::Trit), ty.with_axes(rows)),
        2 => pair(b, &format!("ternarize_twn({x})"), ty.with(DType::Trit), ty.with_axes(rows)),
        3 => {
            b.mixes |= ty.pack;
            let scale = Type::new(DType::F32, Vec::new());
            pair(b, &format!("ternarize_tensor({x})"), ty.with(DType::Trit), scale)
        }
        4 => groups(b, c, &x, &ty, rows),
        _ => {
            let threshold = c.pick(&["0.5", "0.0", "1.0", "0.1"]);
            b.emit(&format!("ternarize_at({x}, {threshold})"), ty.with(DType::Trit))
        }
    }
}

/// Digits and scales. Nobody reads the scales of every quantiser.
fn pair(b: &mut Body<'_>, expression: &str, digits: Type, scale: Type) -> Option<()> {
    let names = [b.name(), b.name()];
    b.lines.push(format!("let ({}, {}) = {expression}", names[0], names[1]));
    b.add(&names[1], scale);
    b.add(&names[0], digits);
    Some(())
}

fn groups(b: &mut Body<'_>, c: &mut Choices, x: &str, ty: &Type, rows: Vec<Dim>) -> Option<()> {
    let size = ty.last()?.as_constant()?;
    let divisors: Vec<i64> = (1..=size).filter(|n| size % n == 0).collect();
    if divisors.is_empty() {
        return None;
    }
    let group = c.pick(&divisors);
    let scales = [rows, vec![number(size / group)]].concat();
    pair(b, &format!("ternarize_groups[{group}]({x})"), ty.with(DType::Trit), ty.with_axes(scales))
}

/// The arithmetic of a ternary layer, written out: 8-bit rows times trits of a weight, scaled back.
pub(super) fn ternary_product(b: &mut Body<'_>, c: &mut Choices) -> Option<()> {
    let at = b.find(c, |ty| ty.is_f32() && ty.rank() > 0)?;
    let (x, ty) = (b.read(at), b.ty(at));
    let (rows, inner) = (ty.axes[..ty.rank() - 1].to_vec(), ty.last()?.clone());
    let width = b.static_dim(c);
    let cost = [rows.clone(), vec![inner.clone(), width.clone()]].concat();
    if !b.is_cheap(&cost) {
        return None;
    }
    let weight = b.of_type(c, &Type::new(DType::F32, vec![width.clone(), inner]))?;
    let [q, xs, w, ws] = [b.name(), b.name(), b.name(), b.name()];
    let quantizer = c.pick(&["ternarize_rows", "ternarize_twn"]);
    b.lines.push(format!("let ({q}, {xs}) = quantize_rows({x})"));
    b.lines.push(format!("let ({w}, {ws}) = {quantizer}({weight})"));
    let axes = [rows, vec![width]].concat();
    b.emit(&format!("({q} @ {w}.T) as f32 * {xs}[.., _] * {ws}"), ty.with_axes(axes))
}
