//! One function: declarations, then instructions in order.

use super::{Place, Problem, VerifyError, calls, sizes};
use crate::typing::{self, TypeError};
use crate::{Function, Inst, Module, Op, StateId, Symbol, TensorType, Value};

/// What is known on the way through a function.
pub(super) struct Walk<'m> {
    pub(super) module: &'m Module,
    pub(super) function: &'m Function,
    /// How deep calls nest in each function before this one, which are those that may be called.
    depths: &'m [usize],
    depth: usize,
    defined: Vec<bool>,
    bound: Vec<bool>,
}

/// Checks function `id`, whose predecessors nest calls as `depths` says; gives the function's own depth.
pub(super) fn check(module: &Module, id: usize, depths: &[usize]) -> Result<usize, VerifyError> {
    let function = &module.functions[id];
    let at_function = |problem| VerifyError { place: Place::Function(function.name.clone()), problem };
    let mut walk = Walk {
        module,
        function,
        depths,
        depth: 0,
        defined: vec![false; function.values.len()],
        bound: function.symbols.iter().map(|symbol| !symbol.bound_inside).collect(),
    };
    walk.declarations().map_err(at_function)?;
    for (index, inst) in function.insts.iter().enumerate() {
        walk.inst(inst).map_err(|problem| {
            let place = Place::Inst { function: function.name.clone(), index, op: inst.op.name() };
            VerifyError { place, problem }
        })?;
    }
    walk.end().map_err(at_function)?;
    Ok(walk.depth)
}

impl<'m> Walk<'m> {
    fn declarations(&mut self) -> Result<(), Problem> {
        let mut inside = false;
        for (index, info) in self.function.symbols.iter().enumerate() {
            let symbol = Symbol(index as u32);
            if inside && !info.bound_inside {
                return Err(Problem::SymbolOrder(symbol));
            }
            inside = info.bound_inside;
            if info.min < 0 || info.max.is_some_and(|max| max < info.min) {
                return Err(Problem::Limits(symbol));
            }
        }
        for ty in &self.function.states {
            sizes::constant_type(ty)?;
            if *ty != ty.with_dtype(ty.dtype) {
                return Err(Problem::Encoding);
            }
        }
        for value in &self.function.params {
            self.define(*value)?;
        }
        Ok(())
    }

    fn end(&self) -> Result<(), Problem> {
        for value in &self.function.results {
            self.operand(*value)?;
        }
        match self.bound.iter().position(|bound| !bound) {
            Some(symbol) => Err(Problem::Binding(Symbol(symbol as u32))),
            None => Ok(()),
        }
    }

    fn inst(&mut self, inst: &Inst) -> Result<(), Problem> {
        let mut operands = Vec::with_capacity(inst.args.len());
        for arg in &inst.args {
            operands.push(self.operand(*arg)?);
        }
        self.attribute_sizes(&inst.op)?;
        let mut results = Vec::with_capacity(inst.results.len());
        for result in &inst.results {
            results.push(self.define(*result)?);
        }
        typing::check(&inst.op, &operands, &results)?;
        match &inst.op {
            Op::Call { function, symbols, states } => {
                self.callee(function.index())?;
                calls::call(self, *function, symbols, states, &operands, &results)
            }
            Op::Route { top, weighted, tiles } => {
                tiles.iter().try_for_each(|tile| self.callee(tile.function.index()))?;
                calls::route(self, *top, *weighted, tiles, &operands, &results)
            }
            Op::StateRead { state } => {
                let ty = self.state(*state)?;
                Ok(typing::same_results(std::slice::from_ref(ty), &results)?)
            }
            Op::StateWrite { state, starts } => self.state_write(*state, starts, operands[0]),
            Op::BindDim { symbol, .. } => self.bind(*symbol),
            _ => Ok(()),
        }
    }

    /// Type of a value that is defined by now.
    fn operand(&self, value: Value) -> Result<&'m TensorType, Problem> {
        let ty = self.function.values.get(value.index()).ok_or(Problem::UnknownValue(value))?;
        if self.defined[value.index()] { Ok(ty) } else { Err(Problem::Undefined(value)) }
    }

    /// Type of a value that becomes defined.
    fn define(&mut self, value: Value) -> Result<&'m TensorType, Problem> {
        let ty = self.function.values.get(value.index()).ok_or(Problem::UnknownValue(value))?;
        if std::mem::replace(&mut self.defined[value.index()], true) {
            return Err(Problem::Redefined(value));
        }
        sizes::tensor_type(ty, &|symbol| self.knows(symbol))?;
        Ok(ty)
    }

    pub(super) fn state(&self, state: StateId) -> Result<&'m TensorType, Problem> {
        self.function.states.get(state.index()).ok_or(Problem::UnknownState(state))
    }

    fn knows(&self, symbol: Symbol) -> bool {
        self.bound.get(symbol.index()).copied().unwrap_or(false)
    }

    fn callee(&mut self, callee: usize) -> Result<(), Problem> {
        let depth =
            self.depths.get(callee).ok_or(Problem::UnknownFunction(crate::FunctionId(callee as u32)))?;
        self.depth = self.depth.max(depth + 1);
        if self.depth > super::MAX_CALL_DEPTH { Err(Problem::CallDepth) } else { Ok(()) }
    }

    /// Sizes that an op carries besides those of its types.
    fn attribute_sizes(&self, op: &Op) -> Result<(), Problem> {
        let known = |symbol: Symbol| self.knows(symbol);
        let all = |dims: &[crate::Dim]| dims.iter().try_for_each(|dim| sizes::dim(dim, &known));
        match op {
            Op::DimValue(dim) => sizes::expression(dim, &known),
            Op::Slice { starts: dims, .. }
            | Op::Pad { low: dims, .. }
            | Op::Call { symbols: dims, .. }
            | Op::StateWrite { starts: dims, .. } => all(dims),
            Op::Route { tiles, .. } => tiles.iter().try_for_each(|tile| all(&tile.symbols)),
            // Bounds may speak of the symbol that is being bound.
            Op::BindDim { symbol, at_most } => {
                let known = |other: Symbol| other == *symbol || self.knows(other);
                let sides = at_most.iter().flat_map(|(left, right)| [left, right]);
                sides.into_iter().try_for_each(|dim| sizes::expression(dim, &known))
            }
            _ => Ok(()),
        }
    }

    fn bind(&mut self, symbol: Symbol) -> Result<(), Problem> {
        let bound = self.bound.get_mut(symbol.index()).ok_or(Problem::Symbol(symbol))?;
        if std::mem::replace(bound, true) { Err(Problem::Binding(symbol)) } else { Ok(()) }
    }

    fn state_write(&self, state: StateId, starts: &[crate::Dim], part: &TensorType) -> Result<(), Problem> {
        let ty = self.state(state)?;
        if part.dtype != ty.dtype || part.rank() != ty.rank() {
            return Err(Problem::Mismatch { what: "operand", index: 0 });
        }
        if starts.len() != ty.rank() {
            return Err(Problem::Count { what: "starts", expected: ty.rank(), found: starts.len() });
        }
        for ((start, size), whole) in starts.iter().zip(&part.shape).zip(&ty.shape) {
            let end = start.add(size).map_err(TypeError::Dim)?;
            let room = whole.sub(&end).map_err(TypeError::Dim)?;
            if room.as_constant().is_some_and(|room| room < 0) {
                return Err(Problem::Mismatch { what: "operand", index: 0 });
            }
        }
        Ok(())
    }
}
