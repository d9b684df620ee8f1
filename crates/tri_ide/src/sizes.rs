//! How large parameters are, as formulas of dims and as numbers where those are known.

use tri_db::Db;
use tri_hir::hir::{Axis, Def, Dim, DimVar, GenericArg, MemberKind, Owner, Type};
use tri_hir::{dim_value, layer, show_dim};

/// The number of elements of a tensor type; none of one with packs.
pub(crate) fn elements(ty: &Type) -> Option<Dim> {
    let Type::Tensor(_, shape) = ty else { return None };
    shape.iter().try_fold(Dim::constant(1), |product, axis| match axis {
        Axis::Dim(dim) => product.mul(dim).ok(),
        Axis::Pack(..) => None,
    })
}

/// The value of a size whose dims are all numbers.
pub(crate) fn number(db: &dyn Db, dim: &Dim) -> Option<i64> {
    let value = dim.evaluate(&mut |var| match var {
        DimVar::Nominal(def) => dim_value(db, *def),
        _ => None,
    });
    value.ok()
}

/// What a parameter takes: in f32, and as trits of 2 bits, four a byte.
pub(crate) fn storage(db: &dyn Db, ty: &Type) -> Option<String> {
    let count = elements(ty)?;
    Some(match number(db, &count) {
        Some(n) => {
            let packed = n.checked_add(3)? / 4;
            format!("{} values: {} in f32, {} packed", grouped(n), bytes(n.checked_mul(4)?), bytes(packed))
        }
        None => {
            let wide = show_dim(db, &count.mul(&Dim::constant(4)).ok()?);
            format!("`{}` values: `{wide}` bytes in f32, a sixteenth of it packed", show_dim(db, &count))
        }
    })
}

/// How deep layers in layers are counted.
const MAX_DEPTH: u32 = 64;

/// How many parameters an instance of a layer has, and whether it may have more under conditions.
pub(crate) fn parameters(db: &dyn Db, def: Def) -> Option<(Dim, bool)> {
    count(db, def, MAX_DEPTH)
}

fn count(db: &dyn Db, def: Def, depth: u32) -> Option<(Dim, bool)> {
    let depth = depth.checked_sub(1)?;
    let (mut sum, mut more) = (Dim::constant(0), false);
    for member in &layer(db, def).members {
        if member.conditional {
            more |= !matches!(member.kind, MemberKind::Function(_));
            continue;
        }
        match &member.kind {
            MemberKind::Param(ty) => sum = sum.add(&elements(ty)?).ok()?,
            MemberKind::Instance(ty) => {
                let (inner, inner_more) = instance(db, ty, depth)?;
                sum = sum.add(&inner).ok()?;
                more |= inner_more;
            }
            _ => {}
        }
    }
    Some((sum, more))
}

fn instance(db: &dyn Db, ty: &Type, depth: u32) -> Option<(Dim, bool)> {
    match ty {
        Type::Array(element, length) => {
            let (each, more) = instance(db, element, depth)?;
            Some((each.mul(length).ok()?, more))
        }
        Type::Layer(def, args) => {
            let (count, more) = count(db, *def, depth)?;
            Some((substitute(db, *def, args, &count)?, more))
        }
        _ => None,
    }
}

/// A size of a layer in terms of an instance: its dims and static ints as they were given.
pub(crate) fn substitute(db: &dyn Db, def: Def, args: &[GenericArg], size: &Dim) -> Option<Dim> {
    let head = layer(db, def);
    let (generics, ints) = args.split_at(head.generics.len().min(args.len()));
    let is_int = |(_, param): &(usize, &tri_hir::hir::Param)| matches!(param.ty, Type::Int(_));
    let positions: Vec<usize> = head.config.iter().enumerate().filter(is_int).map(|(at, _)| at).collect();
    let given = |arg: Option<&GenericArg>| match arg {
        Some(GenericArg::Dim(dim)) => Ok(dim.clone()),
        _ => Err(tri_dims::DimError::Unbound),
    };
    let value = size.substitute(&mut |var| match var {
        DimVar::Generic(Owner::Layer(owner), at) if *owner == def => given(generics.get(*at as usize)),
        DimVar::Param(Owner::Layer(owner), at) if *owner == def => {
            given(positions.iter().position(|known| *known == *at as usize).and_then(|at| ints.get(at)))
        }
        other => Ok(Dim::var(*other)),
    });
    value.ok()
}

/// `1,234,567`.
pub(crate) fn grouped(n: i64) -> String {
    let digits = n.unsigned_abs().to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if n < 0 { format!("-{text}") } else { text }
}

/// `1.5 MiB`.
pub(crate) fn bytes(n: i64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    let mut value = n as f64;
    let mut unit = "bytes";
    for larger in UNITS {
        if value < 1024.0 {
            break;
        }
        (value, unit) = (value / 1024.0, larger);
    }
    if unit == "bytes" { format!("{n} bytes") } else { format!("{value:.1} {unit}") }
}
