//! Sizes: their form, and whether their symbols have values.

use tri_dims::{Atom, DimError};

use super::{MAX_RANK, Problem};
use crate::typing::MAX_TERMS;
use crate::{DType, Dim, Encoding, Symbol, TensorType, TypeError};

/// Most monomials and atoms of a size, those inside divisions counted.
const MAX_NODES: usize = 512;
/// Deepest nesting of divisions.
const MAX_DEPTH: usize = 32;
/// Most factors of a monomial.
const MAX_DEGREE: u32 = 16;

/// Whether a size is small, in normal form, and made of symbols that `known` admits.
pub(super) fn dim(dim: &Dim, known: &impl Fn(Symbol) -> bool) -> Result<(), Problem> {
    // Numbers and lone symbols are nearly all there is.
    if let Some(n) = dim.as_constant() {
        return if n < 0 { Err(Problem::Negative) } else { Ok(()) };
    }
    polynomial(dim, known, &mut { MAX_NODES }, MAX_DEPTH)
}

/// The same for a number that may be negative (a bound of a comparison).
pub(super) fn expression(dim: &Dim, known: &impl Fn(Symbol) -> bool) -> Result<(), Problem> {
    polynomial(dim, known, &mut { MAX_NODES }, MAX_DEPTH)
}

fn polynomial(
    dim: &Dim,
    known: &impl Fn(Symbol) -> bool,
    nodes: &mut usize,
    depth: usize,
) -> Result<(), Problem> {
    let depth = depth.checked_sub(1).ok_or(Problem::Size)?;
    let terms = dim.terms();
    if !terms.is_sorted_by(|a, b| a.0 < b.0) {
        return Err(Problem::Size);
    }
    for (monomial, coefficient) in terms {
        *nodes = nodes.checked_sub(1 + monomial.len()).ok_or(Problem::Size)?;
        let degree = monomial.iter().fold(0u32, |sum, (_, power)| sum.saturating_add(*power));
        let positive = monomial.iter().all(|(_, power)| *power > 0);
        if *coefficient == 0 || !positive || degree > MAX_DEGREE || !monomial.is_sorted_by(|a, b| a.0 < b.0) {
            return Err(Problem::Size);
        }
        for (atom, _) in monomial {
            match atom {
                Atom::Var(symbol) if known(*symbol) => {}
                Atom::Var(symbol) => return Err(Problem::Symbol(*symbol)),
                Atom::Floor(n, d) | Atom::Ceil(n, d) | Atom::Exact(n, d) | Atom::Rem(n, d) => {
                    polynomial(n, known, nodes, depth)?;
                    polynomial(d, known, nodes, depth)?;
                }
            }
        }
    }
    Ok(())
}

/// Whether a type is one: few axes, good sizes, packed only if rows of trits.
pub(super) fn tensor_type(ty: &TensorType, known: &impl Fn(Symbol) -> bool) -> Result<(), Problem> {
    if ty.rank() > MAX_RANK {
        return Err(Problem::Rank);
    }
    ty.shape.iter().try_for_each(|size| dim(size, known))?;
    if ty.encoding != Encoding::Plain && (ty.dtype != DType::Trit || ty.rank() == 0) {
        return Err(Problem::Encoding);
    }
    Ok(())
}

/// Whether all sizes of a type are numbers, as those of weights are.
pub(super) fn constant_type(ty: &TensorType) -> Result<(), Problem> {
    tensor_type(ty, &|_| false).map_err(|problem| match problem {
        Problem::Symbol(_) => Problem::Symbolic,
        problem => problem,
    })
}

/// A callee's size in the caller's terms. `None` among `sizes` is a symbol that has no meaning outside the callee.
pub(super) fn substitute(dim: &Dim, sizes: &[Option<&Dim>]) -> Result<Dim, Problem> {
    if dim.as_constant().is_some() {
        return Ok(dim.clone());
    }
    let size_of = |symbol: &Symbol| sizes.get(symbol.index()).copied().flatten();
    if let Some(symbol) = dim.as_var() {
        return size_of(symbol).cloned().ok_or(Problem::Symbol(*symbol));
    }
    let mut missing = None;
    let mut widest = 1usize;
    dim.for_each_var(&mut |symbol| match size_of(symbol) {
        Some(size) => widest = widest.max(size.terms().len()),
        None => missing = Some(*symbol),
    });
    if let Some(symbol) = missing {
        return Err(Problem::Symbol(symbol));
    }
    if cost(dim, widest) > MAX_TERMS {
        return Err(Problem::Type(TypeError::TooComplex));
    }
    let replaced = dim.substitute(&mut |symbol| size_of(symbol).cloned().ok_or(DimError::Unbound));
    replaced.map_err(|error| Problem::Type(TypeError::Dim(error)))
}

/// Most terms that replacing each symbol by `widest` terms can give.
fn cost(dim: &Dim, widest: usize) -> usize {
    let monomial = |factors: &[(Atom<Symbol>, u32)]| {
        factors.iter().fold(1usize, |terms, (atom, power)| {
            let factor = match atom {
                Atom::Var(_) => widest,
                Atom::Floor(n, d) | Atom::Ceil(n, d) | Atom::Exact(n, d) | Atom::Rem(n, d) => {
                    cost(n, widest).saturating_add(cost(d, widest)).saturating_add(1)
                }
            };
            terms.saturating_mul(factor.saturating_pow(*power))
        })
    };
    dim.terms().iter().fold(0usize, |sum, (factors, _)| sum.saturating_add(monomial(factors)))
}
