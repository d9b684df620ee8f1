//! What can be proved of sizes: values, equality, divisibility, order.

use tri_db::Db;
use tri_dims::{Atom, DimError};
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
    let is_plain = a.as_constant().is_some() || b.as_constant().is_some();
    if is_plain && let (Some(a), Some(b)) = (numeric(db, a), numeric(db, b)) {
        return a == b;
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
    let not_negative = |dim: &Dim| {
        let dim = by_value(db, dim).unwrap_or_else(|| dim.clone());
        has_no_negative(&dim) || without_quotients(&dim).is_some_and(|dim| has_no_negative(&dim))
    };
    let Ok(room) = b.sub(a) else { return false };
    if not_negative(&room) {
        return true;
    }
    // Whether there is room because `x` is at most `y`.
    let leaves =
        |x: &Dim, y: &Dim| y.sub(x).and_then(|known| room.sub(&known)).is_ok_and(|rest| not_negative(&rest));
    facts.iter().any(|fact| match fact {
        Fact::AtMost(x, y) => leaves(x, y),
        Fact::Equal(x, y) => leaves(x, y) || leaves(y, x),
        Fact::Divides(..) => false,
    })
}

fn has_no_negative(dim: &Dim) -> bool {
    dim.terms().iter().all(|(_, n)| *n >= 0)
}

/// A size at most this one: where a quotient is taken away, its numerator is, since no divisor is below 1.
fn without_quotients(dim: &Dim) -> Option<Dim> {
    let mut least = dim.clone();
    for (monomial, n) in dim.terms().iter().filter(|(_, n)| *n < 0) {
        let (numerator, divisor, quotient) = match monomial.as_slice() {
            [(Atom::Floor(n, d), 1)] => (n, d, n.floor_div(d).ok()?),
            [(Atom::Exact(n, d), 1)] => (n, d, n.exact_div(d).ok()?),
            _ => continue,
        };
        if has_no_negative(numerator) && has_no_negative(divisor) {
            let more = quotient.sub(numerator).ok()?;
            // `n` is negative: `n * numerator` in the place of `n * quotient`.
            least = least.sub(&more.mul(&Dim::constant(*n)).ok()?).ok()?;
        }
    }
    Some(least)
}

/// Whether a fact holds for certain.
pub(crate) fn holds(db: &dyn Db, facts: &[Fact], fact: &Fact) -> bool {
    match fact {
        Fact::Divides(n, d) => divides(db, facts, n, d),
        Fact::Equal(a, b) => equal(db, facts, a, b),
        Fact::AtMost(a, b) => at_most(db, facts, a, b),
    }
}
