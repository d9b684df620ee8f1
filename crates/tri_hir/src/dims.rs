//! What can be proved of sizes: values, equality, divisibility, order.

use tri_db::Db;
use tri_dims::DimError;
use tri_syntax::ast::ItemKind;

use crate::hir::{Def, Dim, DimVar, Fact};
use crate::queries::{dim_value as query, item_of};
use crate::resolve::Names;

/// The size of a `dim` item: what the user gave, or its expression.
pub(crate) fn dim_value(db: &dyn Db, def: Def) -> Option<i64> {
    let item = item_of(db, def)?;
    let ItemKind::Dim(dim) = &item.kind else { return None };
    let file = db.file(def.file)?;
    if !file.is_library(db)
        && let Some(size) = db.options().dims(db).get(dim.name.as_str())
    {
        return Some(*size);
    }
    let mut names = Names::of_item(db, def);
    let value = names.dim(&dim.value)?;
    numeric(db, &value).filter(|size| *size >= 0)
}

/// The value, where only numbers and named dims are in it.
pub(crate) fn numeric(db: &dyn Db, dim: &Dim) -> Option<i64> {
    dim.evaluate(&mut |var| match var {
        DimVar::Nominal(def) => query(db, *def),
        _ => None,
    })
    .ok()
}

/// The polynomial with named dims replaced by their sizes.
pub(crate) fn by_value(db: &dyn Db, dim: &Dim) -> Option<Dim> {
    dim.substitute(&mut |var| match var {
        DimVar::Nominal(def) => query(db, *def).map(Dim::constant).ok_or(DimError::Unbound),
        other => Ok(Dim::var(*other)),
    })
    .ok()
}

/// Whether two sizes are the same: the same polynomial, or a plain number and something of that value, or equal by a fact.
pub(crate) fn equal(db: &dyn Db, facts: &[Fact], a: &Dim, b: &Dim) -> bool {
    if a == b {
        return true;
    }
    if a.as_constant().is_some() || b.as_constant().is_some() {
        return numeric(db, a).is_some_and(|value| numeric(db, b) == Some(value));
    }
    let Ok(difference) = a.sub(b) else { return false };
    facts.iter().any(|fact| match fact {
        Fact::Equal(x, y) => x.sub(y) == Ok(difference.clone()) || y.sub(x) == Ok(difference.clone()),
        _ => false,
    })
}

/// Whether `d` divides `n` for certain.
pub(crate) fn divides(db: &dyn Db, facts: &[Fact], n: &Dim, d: &Dim) -> bool {
    if matches!(n.try_exact_div(d), Ok(Some(_))) {
        return true;
    }
    if let (Some(n), Some(d)) = (numeric(db, n), numeric(db, d)) {
        return d != 0 && n % d == 0;
    }
    facts.iter().any(|fact| match fact {
        Fact::Divides(m, e) => e == d && (m == n || matches!(n.try_exact_div(m), Ok(Some(_)))),
        _ => false,
    })
}

/// Whether `a <= b` for certain: sizes are not negative.
pub(crate) fn at_most(db: &dyn Db, facts: &[Fact], a: &Dim, b: &Dim) -> bool {
    let not_negative = |dim: &Dim| match by_value(db, dim) {
        Some(dim) => dim.terms().iter().all(|(_, n)| *n >= 0),
        None => dim.terms().iter().all(|(_, n)| *n >= 0),
    };
    let Ok(room) = b.sub(a) else { return false };
    if not_negative(&room) {
        return true;
    }
    facts.iter().any(|fact| match fact {
        Fact::AtMost(x, y) | Fact::Equal(x, y) => {
            y.sub(x).and_then(|known| room.sub(&known)).is_ok_and(|rest| not_negative(&rest))
        }
        Fact::Divides(..) => false,
    })
}

/// Whether a fact holds for certain.
pub(crate) fn holds(db: &dyn Db, facts: &[Fact], fact: &Fact) -> bool {
    match fact {
        Fact::Divides(n, d) => divides(db, facts, n, d),
        Fact::Equal(a, b) => equal(db, facts, a, b),
        Fact::AtMost(a, b) => at_most(db, facts, a, b),
    }
}
