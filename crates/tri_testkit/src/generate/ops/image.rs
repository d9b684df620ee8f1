//! Convolutions and pooling.

use tri_ir::DType;

use super::super::body::Body;
use super::super::sizes::{Dim, Type, number};
use super::product::PRODUCTS;
use crate::choices::Choices;

/// `floor((size + 2 padding - reach - 1) / stride) + 1`.
fn windows(size: &Dim, padding: i64, reach: i64, stride: i64) -> Option<Dim> {
    let room = size.add(&number(2 * padding - reach - 1)).ok()?;
    room.floor_div(&number(stride)).ok()?.add(&number(1)).ok()
}

/// An image with static height and width, found or made.
fn image(b: &mut Body<'_>, c: &mut Choices, dtypes: &[DType]) -> Option<(String, Type)> {
    let sizes = &b.program.sizes;
    let known = |ty: &Type| {
        let is_static = |axis: &Dim| sizes.value(axis).is_some_and(|size| size > 0);
        !ty.pack && ty.rank() == 4 && dtypes.contains(&ty.dtype) && ty.axes[1..].iter().all(is_static)
    };
    let known = if c.chance(20) { None } else { b.find(c, known) };
    if let Some(at) = known {
        return Some((b.read(at), b.ty(at)));
    }
    let batch = match b.dims.first() {
        Some(dim) if c.chance(70) => dim.clone(),
        _ => number(1 + c.below(3) as i64),
    };
    let channels = number(c.pick(&[1, 2, 3, 4, 6, 8, 16]));
    let side = |c: &mut Choices| number(c.pick(&[1, 2, 3, 4, 5, 7, 8, 9]));
    let (height, width) = (side(c), side(c));
    let ty = Type::new(c.pick(dtypes), vec![batch, channels, height, width]);
    Some((b.fresh(c, &ty)?, ty))
}

pub(super) fn convolution(b: &mut Body<'_>, c: &mut Choices) -> Option<()> {
    let (x, ty) = image(b, c, &[DType::F32, DType::I8])?;
    let products: Vec<_> = PRODUCTS.into_iter().filter(|(dtype, ..)| *dtype == ty.dtype).collect();
    let (_, dtype, sum) = c.pick(&products);
    let value = |b: &Body<'_>, dim: &Dim| b.program.sizes.value(dim);
    let (channels, height, width) = (value(b, &ty.axes[1])?, value(b, &ty.axes[2])?, value(b, &ty.axes[3])?);
    let groups: Vec<i64> = (1..=channels.min(8)).filter(|n| channels % n == 0).collect();
    let groups = if c.chance(30) { c.pick(&groups) } else { 1 };
    let (stride, padding, dilation) =
        (1 + c.weighted(&[5, 3, 1]) as i64, c.weighted(&[4, 4, 1]) as i64, 1 + c.weighted(&[6, 2]) as i64);
    let kernel = |c: &mut Choices, size: i64| {
        let most = (size + 2 * padding - 1) / dilation + 1;
        c.pick(&[1, 3, 2, 5]).min(most).max(1)
    };
    let (rows, columns) = (kernel(c, height), kernel(c, width));
    let out = groups * (1 + c.below(5) as i64);
    let weight = [out, channels / groups, rows, columns].map(number).to_vec();
    let axes = vec![
        ty.axes[0].clone(),
        number(out),
        windows(&ty.axes[2], padding, dilation * (rows - 1), stride)?,
        windows(&ty.axes[3], padding, dilation * (columns - 1), stride)?,
    ];
    if !b.is_cheap(&[axes.clone(), weight[1..].to_vec()].concat()) {
        return None;
    }
    let w = b.of_type(c, &Type::new(dtype, weight))?;
    let options =
        [("stride", stride, 1), ("padding", padding, 0), ("dilation", dilation, 1), ("groups", groups, 1)];
    let options = options.into_iter().filter(|(_, value, usual)| value != usual);
    let options: String = options.map(|(name, value, _)| format!(", {name} = {value}")).collect();
    b.emit(&format!("conv2d({x}, {w}{options})"), Type::new(sum, axes))
}

pub(super) fn pooling(b: &mut Body<'_>, c: &mut Choices) -> Option<()> {
    let maximum = c.chance(50);
    let dtypes: &[DType] = if maximum { &[DType::F32, DType::I8, DType::I32] } else { &[DType::F32] };
    let (x, ty) = image(b, c, dtypes)?;
    let side = b.program.sizes.value(&ty.axes[2])?.min(b.program.sizes.value(&ty.axes[3])?);
    let size = (1 + c.below(3) as i64).min(side);
    let (stride, padding) = (1 + c.below(3) as i64, c.below(1 + size as usize / 2) as i64);
    let axes = vec![
        ty.axes[0].clone(),
        ty.axes[1].clone(),
        windows(&ty.axes[2], padding, size - 1, stride)?,
        windows(&ty.axes[3], padding, size - 1, stride)?,
    ];
    let function = if maximum { "max_pool2d" } else { "avg_pool2d" };
    b.emit(
        &format!("{function}({x}, size = {size}, stride = {stride}, padding = {padding})"),
        ty.with_axes(axes),
    )
}
