//! Symbolic dimensions: polynomials with integer coefficients over named atoms, in one normal form, so that
//! equality of two dimensions is equality of two values.
//!
//! `V` is what a caller calls a variable: the checker's nominal and generic dims, or the symbols of a tensor
//! IR function. An [`Atom`] is a variable or a division that does not come out even. Division comes in three
//! kinds: [`Dim::floor_div`], [`Dim::ceil_div`], and [`Dim::exact_div`], whose caller has proved that it leaves
//! no remainder (language.md: a bare `D / H` is legal only where divisibility is proved).
//!
//! Arithmetic is checked: a coefficient that leaves `i64` gives [`DimError::Overflow`], never another number, and a dimension that
//! grows beyond any use gives [`DimError::TooLarge`], so that what source text asks for stays in proportion to its length.

mod decode;
mod display;
mod division;
mod limits;

use serde::{Deserialize, Serialize};
use smallvec::{SmallVec, smallvec};

/// Why a dimension has no value or no normal form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum DimError {
    /// A coefficient or a value does not fit in 64 bits.
    #[error("the size does not fit in 64 bits")]
    Overflow,
    /// The polynomial has too many terms, or too many divisions one in another.
    #[error("the size is too large a formula")]
    TooLarge,
    /// The divisor is zero.
    #[error("division by zero")]
    DivisionByZero,
    /// `n / d` was written as an exact division, and `d` does not divide `n`.
    #[error("{numerator} is not divisible by {divisor}")]
    NotDivisible {
        /// Value of the numerator.
        numerator: i64,
        /// Value of the divisor.
        divisor: i64,
    },
    /// A variable has no value.
    #[error("a variable has no value")]
    Unbound,
}

/// What a monomial multiplies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Atom<V> {
    /// A variable.
    Var(V),
    /// `floor(n / d)`.
    Floor(Box<Dim<V>>, Box<Dim<V>>),
    /// `ceil(n / d)`.
    Ceil(Box<Dim<V>>, Box<Dim<V>>),
    /// `n / d`, where `d` divides `n`.
    Exact(Box<Dim<V>>, Box<Dim<V>>),
    /// `n - d * floor(n / d)`.
    Rem(Box<Dim<V>>, Box<Dim<V>>),
}

/// Product of atoms with positive powers, atoms ascending and distinct. Empty: 1.
pub type Monomial<V> = Vec<(Atom<V>, u32)>;

/// Monomials with their coefficients. Most dimensions are a number or one product, which then need no memory of their own: compilers
/// make and drop dimensions by the hundred thousand.
type Terms<V> = SmallVec<[(Monomial<V>, i64); 1]>;

/// A polynomial in normal form: monomials ascending, coefficients not zero.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound(serialize = "V: Serialize", deserialize = "V: Deserialize<'de>"))]
pub struct Dim<V> {
    #[serde(serialize_with = "decode::as_list", deserialize_with = "decode::terms")]
    terms: Terms<V>,
}

impl<V> Default for Dim<V> {
    fn default() -> Self {
        Dim { terms: SmallVec::new() }
    }
}

impl<V: Clone + Ord> Dim<V> {
    /// The number `n`.
    pub fn constant(n: i64) -> Self {
        Dim { terms: if n == 0 { SmallVec::new() } else { smallvec![(Vec::new(), n)] } }
    }

    /// The variable `v`.
    pub fn var(v: V) -> Self {
        Dim::atom(Atom::Var(v))
    }

    fn atom(atom: Atom<V>) -> Self {
        Dim { terms: smallvec![(vec![(atom, 1)], 1)] }
    }

    /// The monomials with their coefficients, ascending.
    pub fn terms(&self) -> &[(Monomial<V>, i64)] {
        &self.terms
    }

    /// The value, if no variable is in it.
    pub fn as_constant(&self) -> Option<i64> {
        match self.terms.as_slice() {
            [] => Some(0),
            [(monomial, n)] if monomial.is_empty() => Some(*n),
            _ => None,
        }
    }

    /// The variable, if it is one and nothing else.
    pub fn as_var(&self) -> Option<&V> {
        match self.terms.as_slice() {
            [(monomial, 1)] => match monomial.as_slice() {
                [(Atom::Var(v), 1)] => Some(v),
                _ => None,
            },
            _ => None,
        }
    }

    fn from_terms(mut terms: Terms<V>) -> Result<Self, DimError> {
        if terms.len() <= 1 {
            terms.retain(|(_, n)| *n != 0);
            return Dim { terms }.within_limits();
        }
        terms.sort_by(|a, b| a.0.cmp(&b.0));
        let mut merged: Terms<V> = SmallVec::with_capacity(terms.len());
        for (monomial, n) in terms {
            match merged.last_mut() {
                Some(last) if last.0 == monomial => {
                    last.1 = last.1.checked_add(n).ok_or(DimError::Overflow)?
                }
                _ => merged.push((monomial, n)),
            }
        }
        merged.retain(|(_, n)| *n != 0);
        Dim { terms: merged }.within_limits()
    }

    /// `self + other`.
    pub fn add(&self, other: &Self) -> Result<Self, DimError> {
        match (self.as_constant(), other.as_constant()) {
            (Some(a), Some(b)) => return a.checked_add(b).map(Dim::constant).ok_or(DimError::Overflow),
            (_, Some(0)) => return Ok(self.clone()),
            (Some(0), _) => return Ok(other.clone()),
            _ => {}
        }
        Dim::from_terms(self.terms.iter().chain(&other.terms).cloned().collect())
    }

    /// `-self`.
    pub fn neg(&self) -> Result<Self, DimError> {
        self.scale(-1)
    }

    /// `self - other`.
    pub fn sub(&self, other: &Self) -> Result<Self, DimError> {
        self.add(&other.neg()?)
    }

    fn scale(&self, by: i64) -> Result<Self, DimError> {
        if by == 0 {
            return Ok(Dim::default());
        }
        let mut scaled = self.clone();
        for (_, n) in &mut scaled.terms {
            *n = n.checked_mul(by).ok_or(DimError::Overflow)?;
        }
        Ok(scaled)
    }

    /// Whether a factor may cancel a division in it.
    fn divides(&self) -> bool {
        let mut atoms = self.terms.iter().flat_map(|(monomial, _)| monomial);
        atoms.any(|(atom, _)| matches!(atom, Atom::Exact(..)))
    }

    /// `self * other`.
    pub fn mul(&self, other: &Self) -> Result<Self, DimError> {
        match (self.as_constant(), other.as_constant()) {
            (_, Some(by)) if !self.divides() => return self.scale(by),
            (Some(by), _) if !other.divides() => return other.scale(by),
            _ => {}
        }
        if self.terms.len() * other.terms.len() > limits::MAX_WEIGHT {
            return Err(DimError::TooLarge);
        }
        let mut terms = Terms::new();
        for (a, n) in &self.terms {
            for (b, m) in &other.terms {
                let coefficient = n.checked_mul(*m).ok_or(DimError::Overflow)?;
                terms.extend(division::multiply_monomials(a, b, coefficient)?.terms);
            }
        }
        Dim::from_terms(terms)
    }

    /// Product of all of `dims`; 1 if there are none.
    pub fn product<'a>(dims: impl IntoIterator<Item = &'a Self>) -> Result<Self, DimError>
    where
        V: 'a,
    {
        dims.into_iter().try_fold(Dim::constant(1), |product, dim| product.mul(dim))
    }

    /// The same polynomial with every variable replaced by what `to` gives for it.
    pub fn substitute<W: Clone + Ord>(
        &self,
        to: &mut impl FnMut(&V) -> Result<Dim<W>, DimError>,
    ) -> Result<Dim<W>, DimError> {
        if let Some(n) = self.as_constant() {
            return Ok(Dim::constant(n));
        }
        let mut sum = Dim::default();
        for (monomial, n) in &self.terms {
            let mut product = Dim::constant(*n);
            for (atom, power) in monomial {
                let value = match atom {
                    Atom::Var(v) => to(v)?,
                    Atom::Floor(n, d) => n.substitute(to)?.floor_div(&d.substitute(to)?)?,
                    Atom::Ceil(n, d) => n.substitute(to)?.ceil_div(&d.substitute(to)?)?,
                    Atom::Exact(n, d) => n.substitute(to)?.exact_div(&d.substitute(to)?)?,
                    Atom::Rem(n, d) => n.substitute(to)?.rem(&d.substitute(to)?)?,
                };
                for _ in 0..*power {
                    product = product.mul(&value)?;
                }
            }
            sum = sum.add(&product)?;
        }
        Ok(sum)
    }

    /// The value where `value` gives the value of each variable.
    pub fn evaluate(&self, value: &mut impl FnMut(&V) -> Option<i64>) -> Result<i64, DimError> {
        let constant = self.substitute::<V>(&mut |v| value(v).map(Dim::constant).ok_or(DimError::Unbound))?;
        constant.as_constant().ok_or(DimError::Unbound)
    }

    /// Calls `visit` with every variable, also those inside divisions.
    pub fn for_each_var(&self, visit: &mut impl FnMut(&V)) {
        for (atom, _) in self.terms.iter().flat_map(|(monomial, _)| monomial) {
            match atom {
                Atom::Var(v) => visit(v),
                Atom::Floor(n, d) | Atom::Ceil(n, d) | Atom::Exact(n, d) | Atom::Rem(n, d) => {
                    n.for_each_var(visit);
                    d.for_each_var(visit);
                }
            }
        }
    }
}

impl<V: Clone + Ord> From<i64> for Dim<V> {
    fn from(n: i64) -> Self {
        Dim::constant(n)
    }
}
