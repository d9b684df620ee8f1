//! Sizes as instructions: polynomials evaluated in 64-bit arithmetic.
//!
//! The runtime has checked every size of a call before the call, so nothing overflows here; but code must not trap when
//! a symbol is 0, so a division whose divisor may be 0 divides by 1 instead.
//!
//! Memory is planned before sizes bound inside a call are known, by interval arithmetic over their limits, as
//! [`tri_kernel_ir::workspace_bytes`] does: [`emit_limits`].

use cranelift_codegen::{
    cursor::FuncCursor,
    ir::{InstBuilder, Value, condcodes::IntCC, types},
};
use tri_dims::Atom;
use tri_ir::{Dim, Symbol};

/// Emits the value of `dim` at the cursor; `symbol` emits the value of a symbol.
pub(crate) fn emit(
    at: &mut FuncCursor<'_>,
    dim: &Dim,
    symbol: &mut dyn FnMut(&mut FuncCursor<'_>, Symbol) -> Value,
) -> Value {
    let mut sum: Option<Value> = None;
    for (monomial, coefficient) in dim.terms() {
        let mut product =
            (*coefficient != 1 || monomial.is_empty()).then(|| at.ins().iconst(types::I64, *coefficient));
        for (atom, power) in monomial {
            let value = emit_atom(at, atom, symbol);
            for _ in 0..*power {
                product = Some(match product {
                    Some(product) => at.ins().imul(product, value),
                    None => value,
                });
            }
        }
        sum = match (sum, product) {
            (Some(sum), Some(product)) => Some(at.ins().iadd(sum, product)),
            (sum, product) => sum.or(product),
        };
    }
    sum.unwrap_or_else(|| at.ins().iconst(types::I64, 0))
}

fn emit_atom(
    at: &mut FuncCursor<'_>,
    atom: &Atom<Symbol>,
    symbol: &mut dyn FnMut(&mut FuncCursor<'_>, Symbol) -> Value,
) -> Value {
    let (n, d) = match atom {
        Atom::Var(name) => return symbol(at, *name),
        Atom::Floor(n, d) | Atom::Ceil(n, d) | Atom::Exact(n, d) | Atom::Rem(n, d) => (n, d),
    };
    let numerator = emit(at, n, symbol);
    let divisor = match d.as_constant() {
        Some(constant) if constant > 0 => at.ins().iconst(types::I64, constant),
        _ => {
            let value = emit(at, d, symbol);
            nonzero(at, value)
        }
    };
    let quotient = at.ins().sdiv(numerator, divisor);
    if matches!(atom, Atom::Exact(..)) {
        return quotient;
    }
    let whole = at.ins().imul(quotient, divisor);
    let remainder = at.ins().isub(numerator, whole);
    let uneven = at.ins().icmp_imm_s(IntCC::NotEqual, remainder, 0);
    // The remainder has the numerator's sign; the quotient was rounded up where that is not the divisor's.
    let signs = at.ins().bxor(remainder, divisor);
    let opposite = at.ins().icmp_imm_s(IntCC::SignedLessThan, signs, 0);
    let rounded_up = at.ins().band(uneven, opposite);
    match atom {
        Atom::Rem(..) => {
            let moved = at.ins().iadd(remainder, divisor);
            at.ins().select(rounded_up, moved, remainder)
        }
        Atom::Ceil(..) => {
            let same = at.ins().bxor_imm_s(opposite, 1);
            let rounded_down = at.ins().band(uneven, same);
            let step = at.ins().uextend(types::I64, rounded_down);
            at.ins().iadd(quotient, step)
        }
        _ => {
            let step = at.ins().uextend(types::I64, rounded_up);
            at.ins().isub(quotient, step)
        }
    }
}

/// The value, or 1 where dividing by it would trap: by 0, and by -1 (no size has a negative divisor).
fn nonzero(at: &mut FuncCursor<'_>, value: Value) -> Value {
    let next = at.ins().iadd_imm_s(value, 1);
    let traps = at.ins().icmp_imm_s(IntCC::UnsignedLessThan, next, 2);
    let one = at.ins().iconst(types::I64, 1);
    at.ins().select(traps, one, value)
}

/// Least and greatest value of a size; the same value twice if it is known.
pub(crate) type Limits = (Value, Value);

/// Emits the limits of `dim` for symbols within their limits, which `symbol` emits.
pub(crate) fn emit_limits(
    at: &mut FuncCursor<'_>,
    dim: &Dim,
    symbol: &mut dyn FnMut(&mut FuncCursor<'_>, Symbol) -> Limits,
) -> Limits {
    let zero = at.ins().iconst(types::I64, 0);
    let mut sum = (zero, zero);
    for (monomial, coefficient) in dim.terms() {
        let coefficient = at.ins().iconst(types::I64, *coefficient);
        let mut product = (coefficient, coefficient);
        for (atom, power) in monomial {
            let atom = atom_limits(at, atom, symbol);
            for _ in 0..*power {
                product = corners(at, product, atom, |at, a, b| at.ins().imul(a, b));
            }
        }
        let low = at.ins().iadd(sum.0, product.0);
        let known = sum.0 == sum.1 && product.0 == product.1;
        sum = (low, if known { low } else { at.ins().iadd(sum.1, product.1) });
    }
    sum
}

fn atom_limits(
    at: &mut FuncCursor<'_>,
    atom: &Atom<Symbol>,
    symbol: &mut dyn FnMut(&mut FuncCursor<'_>, Symbol) -> Limits,
) -> Limits {
    let (n, d) = match atom {
        Atom::Var(name) => return symbol(at, *name),
        Atom::Floor(n, d) | Atom::Ceil(n, d) | Atom::Exact(n, d) | Atom::Rem(n, d) => (n, d),
    };
    let (n, d) = (emit_limits(at, n, symbol), emit_limits(at, d, symbol));
    let low = at_least_one(at, d.0);
    let d = (low, if d.0 == d.1 { low } else { at_least_one(at, d.1) });
    match atom {
        Atom::Rem(..) => (at.ins().iconst(types::I64, 0), at.ins().iadd_imm_s(d.1, -1)),
        // Rounded up: the negated quotient of the negated numerator, rounded down.
        Atom::Ceil(..) => corners(at, n, d, |at, n, d| {
            let negated = at.ins().ineg(n);
            let quotient = floor_quotient(at, negated, d);
            at.ins().ineg(quotient)
        }),
        _ => corners(at, n, d, floor_quotient),
    }
}

/// `floor(n / d)` for a positive divisor.
fn floor_quotient(at: &mut FuncCursor<'_>, n: Value, d: Value) -> Value {
    let quotient = at.ins().sdiv(n, d);
    let remainder = at.ins().srem(n, d);
    let negative = at.ins().icmp_imm_s(IntCC::SignedLessThan, remainder, 0);
    let step = at.ins().uextend(types::I64, negative);
    at.ins().isub(quotient, step)
}

fn at_least_one(at: &mut FuncCursor<'_>, value: Value) -> Value {
    let one = at.ins().iconst(types::I64, 1);
    larger(at, value, one)
}

fn larger(at: &mut FuncCursor<'_>, a: Value, b: Value) -> Value {
    let greater = at.ins().icmp(IntCC::SignedGreaterThan, a, b);
    at.ins().select(greater, a, b)
}

/// Limits of an operation that takes its extremes at the ends of its operands' ranges.
fn corners(
    at: &mut FuncCursor<'_>,
    a: Limits,
    b: Limits,
    op: impl Fn(&mut FuncCursor<'_>, Value, Value) -> Value,
) -> Limits {
    let first = op(at, a.0, b.0);
    if a.0 == a.1 && b.0 == b.1 {
        return (first, first);
    }
    let (mut low, mut high) = (first, first);
    for (a, b) in [(a.0, b.1), (a.1, b.0), (a.1, b.1)] {
        let value = op(at, a, b);
        high = larger(at, value, high);
        let less = at.ins().icmp(IntCC::SignedLessThan, value, low);
        low = at.ins().select(less, value, low);
    }
    (low, high)
}
