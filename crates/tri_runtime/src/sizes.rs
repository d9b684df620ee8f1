//! Whether generated code stays within its memory when a function runs with given sizes.
//!
//! Generated code does not check slices, padding or writes into states. Their bounds are polynomials over sizes, all known before
//! a call but those that the function binds itself (a position read from a state); these lie within their
//! limits, and obey the comparisons that binding them checks. This module walks a function and its callees with that
//! knowledge and refuses sizes for which some access cannot be shown to be in range.

use std::collections::HashSet;

use tri_dims::{Atom, DimError};
use tri_ir::{Dim, Function, FunctionId, Inst, Module, Op, Symbol, SymbolInfo, TensorType};

/// Most bytes of a tensor: far beyond any memory, and far from where offsets overflow.
const MAX_BYTES: i64 = 1 << 46;

/// Least and greatest value.
type Range = (i64, i64);

/// Checks a function for the sizes of the symbols that callers give.
///
/// # Errors
/// The reason, with the name of the function that it holds for.
pub(crate) fn check(module: &Module, id: FunctionId, symbols: &[i64]) -> Result<(), String> {
    let mut checker = Checker { module, unknown: Vec::new(), known: Vec::new(), done: HashSet::default() };
    checker.function(id, symbols.iter().map(|size| Dim::constant(*size)).collect())
}

struct Checker<'m> {
    module: &'m Module,
    /// Limits of the sizes bound inside; sizes are polynomials over their positions here.
    unknown: Vec<Range>,
    /// Comparisons `left <= right` that hold.
    known: Vec<(Dim, Dim)>,
    /// Functions already checked with these sizes.
    done: HashSet<(FunctionId, Vec<Dim>)>,
}

impl Checker<'_> {
    fn function(&mut self, id: FunctionId, given: Vec<Dim>) -> Result<(), String> {
        if !self.done.insert((id, given.clone())) {
            return Ok(());
        }
        let module = self.module;
        let function = module.function(id);
        let mut sizes = given;
        for info in function.symbols.iter().skip(sizes.len()) {
            let size = self.fresh(limits(info));
            sizes.push(size);
        }
        let at = |reason: String| format!("in `{}`, {reason}", function.name);
        for param in &function.params {
            self.tensor(function.ty(*param), &sizes).map_err(at)?;
        }
        for inst in &function.insts {
            for result in &inst.results {
                self.tensor(function.ty(*result), &sizes).map_err(at)?;
            }
            self.inst(function, inst, &sizes).map_err(at)?;
            for (callee, given) in self.callees(function, inst, &sizes).map_err(at)? {
                self.function(callee, given)?;
            }
        }
        Ok(())
    }

    fn fresh(&mut self, range: Range) -> Dim {
        self.unknown.push(range);
        Dim::var(Symbol(self.unknown.len() as u32 - 1))
    }

    /// No size is negative, and the tensor is not absurdly large.
    fn tensor(&self, ty: &TensorType, sizes: &[Dim]) -> Result<(), String> {
        let mut bytes = ty.dtype.bytes() as i64;
        for dim in &ty.shape {
            let (low, high) = self.range(&in_sizes(dim, sizes)?)?;
            if low < 0 {
                return Err(format!("a size can be {low}"));
            }
            bytes = bytes
                .checked_mul(high.max(1))
                .filter(|bytes| *bytes <= MAX_BYTES)
                .ok_or("a tensor is larger than any memory")?;
        }
        Ok(())
    }

    fn inst(&mut self, function: &Function, inst: &Inst, sizes: &[Dim]) -> Result<(), String> {
        let operand = |i: usize| function.ty(inst.args[i]).shape.iter().map(|dim| in_sizes(dim, sizes));
        let result = |i: usize| function.ty(inst.results[i]).shape.iter().map(|dim| in_sizes(dim, sizes));
        match &inst.op {
            Op::DimValue(dim) => {
                let (_, high) = self.range(&in_sizes(dim, sizes)?)?;
                if high > i64::from(i32::MAX) {
                    return Err(format!("a size can be {high}, which is no i32"));
                }
            }
            Op::Slice { starts, steps } => {
                for (axis, ((start, step), (whole, part))) in
                    starts.iter().zip(steps).zip(operand(0).zip(result(0))).enumerate()
                {
                    let (start, part) = (in_sizes(start, sizes)?, part?);
                    // One past the last element taken.
                    let last = part.sub(&1.into()).and_then(|n| n.mul(&i64::from(*step).into()));
                    let end = last.and_then(|last| start.add(&last)?.add(&1.into())).map_err(text)?;
                    let empty = part.as_constant() == Some(0);
                    self.part("slice", axis, &start, if empty { &start } else { &end }, &whole?)?;
                }
            }
            Op::Pad { low, .. } => {
                for (axis, (low, (part, whole))) in low.iter().zip(operand(0).zip(result(0))).enumerate() {
                    let low = in_sizes(low, sizes)?;
                    let end = low.add(&part?).map_err(text)?;
                    self.part("padded tensor", axis, &low, &end, &whole?)?;
                }
            }
            Op::StateWrite { state, starts } => {
                let whole = function.states[state.index()].shape.iter().map(|dim| in_sizes(dim, sizes));
                for (axis, (start, (part, whole))) in starts.iter().zip(operand(0).zip(whole)).enumerate() {
                    let start = in_sizes(start, sizes)?;
                    let end = start.add(&part?).map_err(text)?;
                    self.part("part written to a state", axis, &start, &end, &whole?)?;
                }
            }
            Op::BindDim { at_most, .. } => {
                for (left, right) in at_most {
                    self.known.push((in_sizes(left, sizes)?, in_sizes(right, sizes)?));
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Functions that an instruction calls, with the sizes it gives them.
    fn callees(
        &mut self,
        function: &Function,
        inst: &Inst,
        sizes: &[Dim],
    ) -> Result<Vec<(FunctionId, Vec<Dim>)>, String> {
        let all = |dims: &[Dim]| dims.iter().map(|dim| in_sizes(dim, sizes)).collect::<Result<Vec<_>, _>>();
        match &inst.op {
            Op::Call { function, symbols, .. } => Ok(vec![(*function, all(symbols)?)]),
            Op::Route { tiles, .. } => {
                let rows = function.ty(inst.args[0]).shape.first().map(|dim| in_sizes(dim, sizes));
                let rows = rows.transpose()?.unwrap_or_default();
                let most = self.range(&rows)?.1;
                let taken = self.fresh((0, most));
                let callee = |tile: &tri_ir::Tile| {
                    let mut given = vec![taken.clone()];
                    given.extend(all(&tile.symbols)?);
                    Ok((tile.function, given))
                };
                tiles.iter().map(callee).collect()
            }
            _ => Ok(Vec::new()),
        }
    }

    /// `0 <= start` and `end <= whole`.
    fn part(&self, what: &str, axis: usize, start: &Dim, end: &Dim, whole: &Dim) -> Result<(), String> {
        if self.at_most(&Dim::constant(0), start)? && self.at_most(end, whole)? {
            return Ok(());
        }
        let value = |dim: &Dim| match self.range(dim) {
            Ok((low, high)) if low == high => low.to_string(),
            Ok((low, high)) => format!("{low}..={high}"),
            Err(reason) => reason,
        };
        Err(format!(
            "a {what} goes from {} to {} on axis {axis}, which is {} long",
            value(start),
            value(end),
            value(whole)
        ))
    }

    /// Whether `left <= right` whatever the unknown sizes are, as far as limits or one known comparison show it.
    fn at_most(&self, left: &Dim, right: &Dim) -> Result<bool, String> {
        let room = right.sub(left).map_err(text)?;
        if self.range(&room)?.0 >= 0 {
            return Ok(true);
        }
        for (smaller, larger) in &self.known {
            let rest = larger.sub(smaller).and_then(|known| room.sub(&known)).map_err(text)?;
            if self.range(&rest)?.0 >= 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Limits of a polynomial over unknown sizes.
    fn range(&self, dim: &Dim) -> Result<Range, String> {
        let mut sum = (0i64, 0i64);
        for (monomial, coefficient) in dim.terms() {
            let mut product = (*coefficient, *coefficient);
            for (atom, power) in monomial {
                let atom = self.atom(atom)?;
                for _ in 0..*power {
                    product = corners(product, atom, i64::checked_mul)?;
                }
            }
            sum = (add(sum.0, product.0)?, add(sum.1, product.1)?);
        }
        Ok(sum)
    }

    fn atom(&self, atom: &Atom<Symbol>) -> Result<Range, String> {
        let (n, d) = match atom {
            Atom::Var(unknown) => return Ok(self.unknown[unknown.index()]),
            Atom::Floor(n, d) | Atom::Ceil(n, d) | Atom::Exact(n, d) | Atom::Rem(n, d) => (n, d),
        };
        let (n, d) = (self.range(n)?, self.range(d)?);
        if d.0 < 1 {
            return Err(text(DimError::DivisionByZero));
        }
        match atom {
            Atom::Rem(..) => Ok((0, d.1 - 1)),
            Atom::Ceil(..) => corners(n, d, |n, d| n.checked_neg()?.div_euclid(d).checked_neg()),
            _ => corners(n, d, |n, d| Some(n.div_euclid(d))),
        }
    }
}

fn limits(info: &SymbolInfo) -> Range {
    (info.min.max(0), info.max.unwrap_or(i64::from(i32::MAX)))
}

fn text(error: DimError) -> String {
    error.to_string()
}

fn add(a: i64, b: i64) -> Result<i64, String> {
    a.checked_add(b).ok_or_else(|| text(DimError::Overflow))
}

fn corners(a: Range, b: Range, op: impl Fn(i64, i64) -> Option<i64>) -> Result<Range, String> {
    let mut range = (i64::MAX, i64::MIN);
    for (x, y) in [(a.0, b.0), (a.0, b.1), (a.1, b.0), (a.1, b.1)] {
        let value = op(x, y).ok_or_else(|| text(DimError::Overflow))?;
        range = (range.0.min(value), range.1.max(value));
    }
    Ok(range)
}

/// A function's size with its symbols replaced by their values.
fn in_sizes(dim: &Dim, sizes: &[Dim]) -> Result<Dim, String> {
    dim.substitute(&mut |symbol: &Symbol| sizes.get(symbol.index()).cloned().ok_or(DimError::Unbound))
        .map_err(text)
}
