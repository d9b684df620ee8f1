//! Tables and positions.

use tri_ir::DType;

use super::super::body::Body;
use super::super::sizes::{Dim, Type};
use crate::choices::Choices;

/// `gather`, of indices that are kept within the table.
pub(super) fn gather(b: &mut Body<'_>, c: &mut Choices) -> Option<()> {
    let (table, ty) = table(b, c)?;
    let (ids, ids_ty) = b.find_or(
        c,
        |ty| ty.dtype == DType::I32 && ty.rank() < 3,
        |b, c| {
            let rank = c.below(3);
            Some(Type::new(DType::I32, b.shape(c, rank)))
        },
    )?;
    let rows = b.program.sizes.value(&ty.axes[0])?;
    let ids = match c.chance(40) {
        false => format!("{ids} % {rows}"),
        true => format!("minimum(maximum({ids}, 0), {})", rows - 1),
    };
    let axes = [ids_ty.axes.clone(), ty.axes[1..].to_vec()].concat();
    b.emit(&format!("gather({table}, {ids})"), Type { dtype: ty.dtype, pack: ids_ty.pack, axes })
}

/// A tensor whose first axis has a known length, found or made.
fn table(b: &mut Body<'_>, c: &mut Choices) -> Option<(String, Type)> {
    let sizes = &b.program.sizes;
    let rows = |ty: &Type| !ty.pack && ty.rank() > 0 && sizes.value(&ty.axes[0]).is_some_and(|rows| rows > 0);
    let known = if c.chance(30) { None } else { b.find(c, rows) };
    if let Some(at) = known {
        return Some((b.read(at), b.ty(at)));
    }
    let rank = 1 + c.below(2);
    let mut axes = b.shape(c, rank);
    axes[0] = b.static_dim(c);
    b.program.sizes.value(&axes[0])?;
    let ty = Type::new(DType::F32, axes);
    Some((b.fresh(c, &ty)?, ty))
}

/// Positions along an axis that has a value of its own at run time.
pub(super) fn positions(b: &mut Body<'_>, c: &mut Choices) -> Option<()> {
    let dim: Dim = b.dim(c);
    let text = b.program.sizes.list(false, std::slice::from_ref(&dim));
    b.emit(&format!("iota[{text}]()"), Type::new(DType::I32, vec![dim]))
}
