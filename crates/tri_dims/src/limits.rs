//! How large a dimension may grow. Products of sums grow exponentially with the text that writes them, and chains of divisions as deep
//! as the text is long; no size of a network comes near these limits.

use crate::{Atom, Dim, DimError};

/// Most monomials and factors, those inside divisions included.
pub(crate) const MAX_WEIGHT: usize = 1000;
/// Deepest nesting of divisions, the dimension itself included.
pub(crate) const MAX_DEPTH: u32 = 64;
/// Highest power of an atom: two to the 64th does not fit in 64 bits.
pub(crate) const MAX_POWER: u32 = 64;

impl<V> Dim<V> {
    /// The dimension, unless it is larger than the limits.
    pub(crate) fn within_limits(self) -> Result<Self, DimError> {
        let mut left = MAX_WEIGHT;
        if self.takes(&mut left, MAX_DEPTH) { Ok(self) } else { Err(DimError::TooLarge) }
    }

    /// Whether `left` suffices for this dimension, which is taken from it, and no division is nested deeper than `depth`.
    fn takes(&self, left: &mut usize, depth: u32) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        self.terms.iter().all(|(monomial, _)| {
            let Some(rest) = left.checked_sub(1 + monomial.len()) else { return false };
            *left = rest;
            monomial.iter().all(|(atom, power)| {
                *power <= MAX_POWER
                    && match atom {
                        Atom::Var(_) => true,
                        Atom::Floor(n, d) | Atom::Ceil(n, d) | Atom::Exact(n, d) | Atom::Rem(n, d) => {
                            n.takes(left, depth) && d.takes(left, depth)
                        }
                    }
            })
        })
    }
}
