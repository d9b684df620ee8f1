//! Normal form, division and text of dimensions.

use tri_dims::{Dim, DimError};

type D = Dim<&'static str>;

fn v(name: &'static str) -> D {
    Dim::var(name)
}

fn n(value: i64) -> D {
    Dim::constant(value)
}

fn text(dim: &D) -> String {
    dim.display(&|name: &&str, f: &mut std::fmt::Formatter<'_>| f.write_str(name)).to_string()
}

#[test]
fn equal_polynomials_have_one_form() -> Result<(), DimError> {
    let left = v("a").add(&v("b"))?.mul(&v("a").sub(&v("b"))?)?;
    let right = v("a").mul(&v("a"))?.sub(&v("b").mul(&v("b"))?)?;
    assert_eq!(left, right);
    assert_eq!(left.sub(&right)?, n(0));
    Ok(())
}

#[test]
fn a_factor_cancels_its_exact_division() -> Result<(), DimError> {
    let head = v("D").exact_div(&v("H"))?;
    assert_eq!(text(&head), "(D / H)");
    assert_eq!(head.mul(&v("H"))?, v("D"));
    assert_eq!(Dim::product(&[v("B"), v("H"), head.clone()])?, v("B").mul(&v("D"))?);
    assert_eq!(head.mul(&head)?.mul(&v("H"))?.mul(&v("H"))?, v("D").mul(&v("D"))?);
    Ok(())
}

#[test]
fn what_divides_leaves_a_rounded_division() -> Result<(), DimError> {
    let size = v("H").mul(&n(2))?.add(&n(3))?.floor_div(&n(2))?;
    assert_eq!(size, v("H").add(&n(1))?);
    assert_eq!(n(-7).floor_div(&n(2))?, n(-4));
    assert_eq!(n(-7).ceil_div(&n(2))?, n(-3));
    assert_eq!(n(7).rem(&n(4))?, n(3));
    assert_eq!(text(&v("H").add(&n(1))?.floor_div(&n(2))?), "floor((H + 1) / 2)");
    Ok(())
}

#[test]
fn evaluation_substitutes_inside_divisions() -> Result<(), DimError> {
    let size = v("H").add(&n(1))?.floor_div(&v("s"))?.add(&v("H").exact_div(&v("s"))?)?;
    let at = |h, s| size.evaluate(&mut |name| Some(if *name == "H" { h } else { s }));
    assert_eq!(at(28, 2), Ok(28));
    assert_eq!(at(7, 2), Err(DimError::NotDivisible { numerator: 7, divisor: 2 }));
    assert_eq!(at(7, 0), Err(DimError::DivisionByZero));
    assert_eq!(size.evaluate(&mut |_| None), Err(DimError::Unbound));
    Ok(())
}

#[test]
fn overflow_is_an_error_and_not_a_number() -> Result<(), DimError> {
    assert_eq!(n(i64::MAX).add(&n(1)), Err(DimError::Overflow));
    assert_eq!(n(i64::MAX).mul(&v("a").mul(&n(2))?), Err(DimError::Overflow));
    assert_eq!(n(i64::MIN).neg(), Err(DimError::Overflow));
    assert_eq!(n(i64::MIN).floor_div(&n(-1)), Err(DimError::Overflow));
    Ok(())
}

#[test]
fn formulas_stay_small() -> Result<(), DimError> {
    // Each factor doubles the terms.
    let sums = (0..60).map(|at| v(NAMES[at % 4]).add(&v(NAMES[at % 4 + 4])));
    let sums: Vec<D> = sums.collect::<Result<_, _>>()?;
    assert_eq!(Dim::product(&sums), Err(DimError::TooLarge));
    // Each division holds the one before it, some twice.
    let mut chain = v("a");
    let deep = (0..100_000).try_for_each(|_| {
        chain = chain.add(&n(1))?.floor_div(&n(2))?;
        Ok(())
    });
    assert_eq!(deep, Err(DimError::TooLarge));
    let mut tree = v("a");
    let wide = (0..60).try_for_each(|_| {
        tree = tree.add(&tree.floor_div(&v("b"))?)?.ceil_div(&n(3))?;
        Ok(())
    });
    assert_eq!(wide, Err(DimError::TooLarge));
    // Squares of squares.
    let mut power = v("a");
    let high = (0..40).try_for_each(|_| {
        power = power.mul(&power)?;
        Ok(())
    });
    assert_eq!(high, Err(DimError::TooLarge));
    Ok(())
}

const NAMES: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];
