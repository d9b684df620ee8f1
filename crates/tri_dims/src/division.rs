//! Division of polynomials: what comes out even is divided, the rest becomes an atom.

use smallvec::smallvec;

use crate::{Atom, Dim, DimError, Monomial, Terms};

/// The monomial `a * b` times `coefficient`, where a factor `d` beside an atom `n / d` cancels it.
pub(crate) fn multiply_monomials<V: Clone + Ord>(
    a: &Monomial<V>,
    b: &Monomial<V>,
    coefficient: i64,
) -> Result<Dim<V>, DimError> {
    let mut product: Monomial<V> = a.clone();
    for (atom, power) in b {
        match product.binary_search_by(|(other, _)| other.cmp(atom)) {
            Ok(at) => product[at].1 = product[at].1.saturating_add(*power),
            Err(at) => product.insert(at, (atom.clone(), *power)),
        }
    }
    for (at, (atom, power)) in product.iter().enumerate() {
        let Atom::Exact(numerator, divisor) = atom else { continue };
        let [(factor, n)] = divisor.terms() else { continue };
        let mut rest = product.clone();
        if *power == 1 {
            rest.remove(at);
        } else {
            rest[at].1 -= 1;
        }
        if coefficient.checked_rem(*n) == Some(0)
            && let Some(rest) = divide_monomial(&rest, factor)
        {
            return Dim { terms: smallvec![(rest, coefficient / n)] }.mul(numerator);
        }
    }
    Dim { terms: smallvec![(product, coefficient)] }.within_limits()
}

/// `a / b` if every atom of `b` is in `a` at least as often.
fn divide_monomial<V: Clone + Ord>(a: &Monomial<V>, b: &Monomial<V>) -> Option<Monomial<V>> {
    let mut quotient = a.clone();
    for (atom, power) in b {
        let at = quotient.iter().position(|(other, _)| other == atom)?;
        match quotient[at].1.checked_sub(*power)? {
            0 => drop(quotient.remove(at)),
            left => quotient[at].1 = left,
        }
    }
    Some(quotient)
}

impl<V: Clone + Ord> Dim<V> {
    /// Quotient and remainder such that `self = quotient * divisor + remainder`, as far as whole terms divide.
    fn split(&self, divisor: &Self) -> Result<(Self, Self), DimError> {
        if divisor.terms.is_empty() {
            return Err(DimError::DivisionByZero);
        }
        if self == divisor {
            return Ok((Dim::constant(1), Dim::default()));
        }
        let [(monomial, n)] = divisor.terms.as_slice() else {
            return Ok((Dim::default(), self.clone()));
        };
        let (mut quotient, mut remainder) = (Terms::new(), Terms::new());
        for (term, m) in &self.terms {
            match divide_monomial(term, monomial) {
                Some(rest) if m.checked_rem(*n).ok_or(DimError::Overflow)? == 0 => {
                    quotient.push((rest, m / n))
                }
                _ => remainder.push((term.clone(), *m)),
            }
        }
        Ok((Dim::from_terms(quotient)?, Dim::from_terms(remainder)?))
    }

    /// `self / divisor` if it comes out even for every value of the variables, else `None`.
    pub fn try_exact_div(&self, divisor: &Self) -> Result<Option<Self>, DimError> {
        let (quotient, remainder) = self.split(divisor)?;
        Ok(remainder.terms.is_empty().then_some(quotient))
    }

    /// `self / divisor`, which the caller has proved to leave no remainder.
    pub fn exact_div(&self, divisor: &Self) -> Result<Self, DimError> {
        if let Some(quotient) = self.try_exact_div(divisor)? {
            return Ok(quotient);
        }
        if let (Some(numerator), Some(divisor)) = (self.as_constant(), divisor.as_constant()) {
            return Err(DimError::NotDivisible { numerator, divisor });
        }
        Dim::atom(Atom::Exact(Box::new(self.clone()), Box::new(divisor.clone()))).within_limits()
    }

    /// `floor(self / divisor)`.
    pub fn floor_div(&self, divisor: &Self) -> Result<Self, DimError> {
        self.rounded_div(divisor, |n, d| n.div_euclid(d), Atom::Floor)
    }

    /// `ceil(self / divisor)`.
    pub fn ceil_div(&self, divisor: &Self) -> Result<Self, DimError> {
        self.rounded_div(divisor, |n, d| -(-n).div_euclid(d), Atom::Ceil)
    }

    fn rounded_div(
        &self,
        divisor: &Self,
        value: impl Fn(i128, i128) -> i128,
        atom: impl Fn(Box<Dim<V>>, Box<Dim<V>>) -> Atom<V>,
    ) -> Result<Self, DimError> {
        let (quotient, remainder) = self.split(divisor)?;
        if remainder.terms.is_empty() {
            return Ok(quotient);
        }
        let rest = match (remainder.as_constant(), divisor.as_constant()) {
            (Some(n), Some(d)) => {
                // Euclidean division rounds down only for a positive divisor.
                let (n, d) = (i128::from(n) * i128::from(d.signum()), i128::from(d.unsigned_abs()));
                Dim::constant(i64::try_from(value(n, d)).map_err(|_| DimError::Overflow)?)
            }
            _ => Dim::atom(atom(Box::new(remainder), Box::new(divisor.clone()))).within_limits()?,
        };
        quotient.add(&rest)
    }

    /// `self - divisor * floor(self / divisor)`: the remainder, with the divisor's sign.
    pub fn rem(&self, divisor: &Self) -> Result<Self, DimError> {
        let (_, remainder) = self.split(divisor)?;
        match (remainder.as_constant(), divisor.as_constant()) {
            (Some(0), _) => Ok(Dim::default()),
            (Some(_), Some(_)) => remainder.sub(&remainder.floor_div(divisor)?.mul(divisor)?),
            _ => Dim::atom(Atom::Rem(Box::new(remainder), Box::new(divisor.clone()))).within_limits(),
        }
    }
}
