//! Operations that move elements and change none.

use super::super::body::Body;
use super::super::sizes::{Dim, Type, number};
use crate::choices::Choices;

pub(super) fn movement(b: &mut Body<'_>, c: &mut Choices) -> Option<()> {
    match c.below(7) {
        0 => slice(b, c),
        1 => permute(b, c),
        2 => reshape(b, c),
        3 => concat(b, c),
        4 => stack(b, c),
        5 => pad(b, c),
        _ => axes(b, c),
    }
}

/// Ranges, indices and `:` of static axes, and of run-time axes that are long enough.
fn slice(b: &mut Body<'_>, c: &mut Choices) -> Option<()> {
    let at = b.find(c, |ty| ty.rank() > 0)?;
    let (name, ty) = (b.read(at), b.ty(at));
    let (mut texts, mut axes) = (Vec::new(), Vec::new());
    for axis in &ty.axes {
        let least = b.program.sizes.least(axis);
        let size = b.program.sizes.value(axis);
        match (c.below(4), size) {
            (1, Some(size)) if size > 0 => {
                let index = c.below(size as usize) as i64;
                texts.push(if c.chance(50) { index } else { index - size }.to_string());
            }
            (1, None) if least > 0 => texts.push(c.pick(&["0", "-1"]).to_owned()),
            (2, Some(size)) => {
                let from = c.below(size as usize + 1) as i64;
                let to = from + c.below((size - from) as usize + 1) as i64;
                texts.push(format!("{from}:{to}"));
                axes.push(number(to - from));
            }
            (2, None) if least > 0 => {
                texts.push(c.pick(&["1:", ":-1"]).to_owned());
                axes.push(axis.sub(&number(1)).ok()?);
            }
            _ => {
                texts.push(":".to_owned());
                axes.push(axis.clone());
            }
        }
    }
    let pack = if ty.pack { ".., " } else { "" };
    b.emit(&format!("{name}[{pack}{}]", texts.join(", ")), ty.with_axes(axes))
}

fn permute(b: &mut Body<'_>, c: &mut Choices) -> Option<()> {
    let at = b.find(c, |ty| ty.rank() > 1)?;
    let (name, ty) = (b.read(at), b.ty(at));
    let mut order: Vec<usize> = (0..ty.rank()).collect();
    if ty.pack || c.chance(40) {
        order.swap(ty.rank() - 2, ty.rank() - 1);
        let axes = order.iter().map(|at| ty.axes[*at].clone()).collect();
        return b.emit(&format!("{name}.T"), ty.with_axes(axes));
    }
    for at in (1..order.len()).rev() {
        let other = at - c.below(at + 1);
        order.swap(at, other);
    }
    let axes: Vec<Dim> = order.iter().map(|at| ty.axes[*at].clone()).collect();
    let names: Vec<String> = order.iter().map(|at| b.axis(c, &ty, *at)).collect();
    b.emit(&format!("permute({name}, [{}])", names.join(", ")), ty.with_axes(axes))
}

/// Axes merged, split, renamed to numbers, flattened.
fn reshape(b: &mut Body<'_>, c: &mut Choices) -> Option<()> {
    let at = b.find(c, |ty| ty.rank() > 0)?;
    let (name, ty) = (b.read(at), b.ty(at));
    let mut axes = ty.axes.clone();
    let at = c.below(axes.len());
    match c.below(4) {
        0 if axes.len() > 1 => {
            let at = at.min(axes.len() - 2);
            let product = axes[at].mul(&axes[at + 1]).ok()?;
            axes.splice(at..at + 2, [product]);
        }
        1 if !ty.pack => axes = vec![Dim::product(&ty.axes).ok()?],
        2 => {
            let size = b.program.sizes.value(&axes[at])?;
            axes[at] = number(size);
        }
        _ => {
            let size = b.program.sizes.value(&axes[at])?;
            let divisors: Vec<i64> = (1..=size).filter(|n| size % n == 0).collect();
            if divisors.is_empty() {
                return None;
            }
            let outer = c.pick(&divisors);
            axes.splice(at..=at, [number(outer), number(size / outer)]);
        }
    }
    let list = b.program.sizes.list(ty.pack, &axes);
    b.emit(&format!("reshape[{list}]({name})"), ty.with_axes(axes))
}

fn concat(b: &mut Body<'_>, c: &mut Choices) -> Option<()> {
    let at = b.find(c, |ty| ty.rank() > 0)?;
    let (name, ty) = (b.read(at), b.ty(at));
    let axis = c.below(ty.rank());
    let written = b.axis(c, &ty, axis);
    let mut names = vec![name];
    let mut axes = ty.axes.clone();
    for _ in 0..1 + c.below(2) {
        let mut other = ty.axes.clone();
        if c.chance(40) {
            other[axis] = number(1 + c.below(4) as i64);
        }
        axes[axis] = axes[axis].add(&other[axis]).ok()?;
        names.push(b.of_type(c, &ty.with_axes(other))?);
    }
    // A name names the axis of every part only where they are the same.
    let written =
        if written.parse::<i64>().is_ok() { written } else { (axis as i64 - ty.rank() as i64).to_string() };
    b.emit(&format!("concat([{}], axis = {written})", names.join(", ")), ty.with_axes(axes))
}

fn stack(b: &mut Body<'_>, c: &mut Choices) -> Option<()> {
    let at = b.find(c, |_| true)?;
    let (name, ty) = (b.read(at), b.ty(at));
    let mut names = vec![name];
    for _ in 0..c.below(3) {
        names.push(b.of_type(c, &ty)?);
    }
    let from_end = c.below(ty.rank() + 1);
    let mut axes = ty.axes.clone();
    axes.insert(ty.rank() - from_end, number(names.len() as i64));
    b.emit(&format!("stack([{}], axis = {})", names.join(", "), -1 - from_end as i64), ty.with_axes(axes))
}

fn pad(b: &mut Body<'_>, c: &mut Choices) -> Option<()> {
    let at = b.find(c, |ty| ty.rank() > 0 && ty.is_f32())?;
    let (name, ty) = (b.read(at), b.ty(at));
    let axis = c.below(ty.rank());
    let (low, high) = (c.below(4) as i64, c.below(4) as i64);
    let written = b.axis(c, &ty, axis);
    let value = super::super::literal::float(c);
    let mut axes = ty.axes.clone();
    axes[axis] = axes[axis].add(&number(low + high)).ok()?;
    b.emit(
        &format!("pad({name}, axis = {written}, low = {low}, high = {high}, value = {value})"),
        ty.with_axes(axes),
    )
}

/// Axes of length 1.
fn axes(b: &mut Body<'_>, c: &mut Choices) -> Option<()> {
    let at = b.find(c, |ty| ty.rank() < 4)?;
    let (name, ty) = (b.read(at), b.ty(at));
    if ty.pack || c.chance(50) {
        let axes = [ty.axes.clone(), vec![number(1)]].concat();
        return b.emit(&format!("{name}[.., _]"), ty.with_axes(axes));
    }
    let axes = [vec![number(1)], ty.axes.clone()].concat();
    let text = if ty.rank() == 0 { format!("{name}[_]") } else { format!("{name}[_, ..]") };
    b.emit(&text, Type { axes, ..ty })
}
