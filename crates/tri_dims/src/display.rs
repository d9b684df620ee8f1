//! Text of a dimension, in the language's own notation: `4 * Model + 1`, `floor((H + 1) / 2)`.

use std::cmp::Reverse;
use std::fmt;

use crate::{Atom, Dim, Monomial};

/// A dimension with the names of its variables, ready to print.
pub struct Named<'a, V, N> {
    dim: &'a Dim<V>,
    name: &'a N,
}

impl<V: Clone + Ord> Dim<V> {
    /// The dimension as text, where `name` writes a variable.
    pub fn display<'a, N>(&'a self, name: &'a N) -> Named<'a, V, N>
    where
        N: Fn(&V, &mut fmt::Formatter<'_>) -> fmt::Result,
    {
        Named { dim: self, name }
    }
}

impl<V, N> fmt::Debug for Named<'_, V, N>
where
    V: Clone + Ord,
    N: Fn(&V, &mut fmt::Formatter<'_>) -> fmt::Result,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<V, N> fmt::Display for Named<'_, V, N>
where
    V: Clone + Ord,
    N: Fn(&V, &mut fmt::Formatter<'_>) -> fmt::Result,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.dim.terms().is_empty() {
            return f.write_str("0");
        }
        // Products before single variables before the number, and what is added before what is taken away, as people write them.
        let mut ordered: Vec<_> = self.dim.terms().iter().collect();
        ordered.sort_by_key(|(monomial, n)| {
            let degree: u64 = monomial.iter().map(|(_, power)| u64::from(*power)).sum();
            (Reverse(degree), *n < 0)
        });
        for (i, (monomial, n)) in ordered.into_iter().enumerate() {
            match (i, *n < 0) {
                (0, true) => f.write_str("-")?,
                (0, false) => {}
                (_, true) => f.write_str(" - ")?,
                (_, false) => f.write_str(" + ")?,
            }
            let size = n.unsigned_abs();
            if monomial.is_empty() {
                write!(f, "{size}")?;
                continue;
            }
            if size != 1 {
                write!(f, "{size} * ")?;
            }
            self.write_monomial(monomial, f)?;
        }
        Ok(())
    }
}

impl<V, N> Named<'_, V, N>
where
    V: Clone + Ord,
    N: Fn(&V, &mut fmt::Formatter<'_>) -> fmt::Result,
{
    fn write_monomial(&self, monomial: &Monomial<V>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let factors = monomial.iter().flat_map(|(atom, power)| std::iter::repeat_n(atom, *power as usize));
        for (i, atom) in factors.enumerate() {
            if i > 0 {
                f.write_str(" * ")?;
            }
            match atom {
                Atom::Var(v) => (self.name)(v, f)?,
                Atom::Floor(n, d) => self.write_division("floor(", n, " / ", d, ")", f)?,
                Atom::Ceil(n, d) => self.write_division("ceil(", n, " / ", d, ")", f)?,
                Atom::Exact(n, d) => self.write_division("(", n, " / ", d, ")", f)?,
                Atom::Rem(n, d) => self.write_division("(", n, " % ", d, ")", f)?,
            }
        }
        Ok(())
    }

    fn write_division(
        &self,
        open: &str,
        n: &Dim<V>,
        operator: &str,
        d: &Dim<V>,
        close: &str,
        f: &mut fmt::Formatter<'_>,
    ) -> fmt::Result {
        f.write_str(open)?;
        for (i, side) in [n, d].into_iter().enumerate() {
            if i > 0 {
                f.write_str(operator)?;
            }
            let single = |(monomial, n): &(Monomial<V>, i64)| match monomial.as_slice() {
                [] => *n >= 0,
                // A division has its own parentheses.
                [(_, 1)] => *n == 1,
                _ => false,
            };
            if side.terms().len() <= 1 && side.terms().iter().all(single) {
                write!(f, "{}", side.display(self.name))?;
            } else {
                write!(f, "({})", side.display(self.name))?;
            }
        }
        f.write_str(close)
    }
}
