//! Running one function: values, sizes, states, calls.

use tri_ir::{Dim, Function, FunctionId, Inst, Op, StateId, Symbol, TensorType, Tile, Value};

use crate::ops::{self, route};
use crate::tensor::{MAX_ELEMENTS, Tensor};
use crate::{Fault, InterpError, Interpreter, surrogate};

/// Which values end after each instruction, so that a run holds no more than it needs.
#[derive(Debug)]
pub(crate) struct Plan {
    ending: Vec<Vec<Value>>,
}

impl Plan {
    pub(crate) fn new(function: &Function) -> Plan {
        let mut kept = vec![false; function.values.len()];
        for value in &function.results {
            kept[value.index()] = true;
        }
        let mut ending: Vec<Vec<Value>> = Vec::with_capacity(function.insts.len());
        for inst in function.insts.iter().rev() {
            let uses = inst.args.iter().chain(&inst.results).copied();
            ending.push(uses.filter(|value| !std::mem::replace(&mut kept[value.index()], true)).collect());
        }
        ending.reverse();
        Plan { ending }
    }
}

/// A function in progress.
struct Frame<'r> {
    interpreter: &'r Interpreter<'r>,
    function: &'r Function,
    sizes: Vec<Option<i64>>,
    values: Vec<Option<Tensor>>,
    /// All states of the session, and which of them each state of the function is.
    states: &'r mut [Tensor],
    slots: &'r [usize],
}

/// Runs a function on arguments that fit its type; `slots` says which of `states` each of its states is.
pub(crate) fn run(
    interpreter: &Interpreter<'_>,
    id: FunctionId,
    symbols: &[i64],
    arguments: Vec<Tensor>,
    states: &mut [Tensor],
    slots: &[usize],
) -> Result<Vec<Tensor>, InterpError> {
    let function = interpreter.module.function(id);
    for (info, value) in function.symbols.iter().zip(symbols) {
        if *value < info.min || info.max.is_some_and(|max| *value > max) {
            let symbol = info.name.clone();
            return Err(InterpError::Limits { symbol, value: *value, min: info.min, max: info.max });
        }
    }
    let mut sizes: Vec<Option<i64>> = symbols.iter().copied().map(Some).collect();
    sizes.resize(function.symbols.len(), None);
    let mut values = vec![None; function.values.len()];
    for (param, argument) in function.params.iter().zip(arguments) {
        values[param.index()] = Some(argument);
    }
    let mut frame = Frame { interpreter, function, sizes, values, states, slots };
    for (index, inst) in function.insts.iter().enumerate() {
        let results = frame.inst(inst).map_err(|stop| match stop {
            Stop::Here(fault) => {
                let (function, origin) = (function.name.clone(), inst.origin);
                InterpError::Stopped { function, inst: index, origin, fault }
            }
            Stop::Inside(error) => error,
        })?;
        for (value, result) in inst.results.iter().zip(results) {
            frame.values[value.index()] = Some(result);
        }
        for value in &interpreter.plans[id.index()].ending[index] {
            frame.values[value.index()] = None;
        }
    }
    Ok(function.results.iter().map(|value| frame.value(*value).clone()).collect())
}

/// An instruction that stopped, itself or in what it calls.
enum Stop {
    Here(Fault),
    Inside(InterpError),
}

impl<F: Into<Fault>> From<F> for Stop {
    fn from(fault: F) -> Stop {
        Stop::Here(fault.into())
    }
}

impl Frame<'_> {
    fn value(&self, value: Value) -> &Tensor {
        self.values[value.index()].as_ref().expect("verified: defined before use, kept until the last")
    }

    /// The value of a size.
    fn number(&self, dim: &Dim) -> Result<i64, Fault> {
        Ok(dim.evaluate(&mut |symbol: &Symbol| self.sizes[symbol.index()])?)
    }

    /// The value of a size that is a length or a position.
    fn size(&self, dim: &Dim) -> Result<usize, Fault> {
        let number = self.number(dim)?;
        usize::try_from(number).map_err(|_| Fault::SizeRange(number))
    }

    fn all_sizes(&self, dims: &[Dim]) -> Result<Vec<usize>, Fault> {
        dims.iter().map(|dim| self.size(dim)).collect()
    }

    fn shape(&self, ty: &TensorType) -> Result<Vec<usize>, Fault> {
        let shape = self.all_sizes(&ty.shape)?;
        // A zero makes a tensor empty, but its other sizes still count toward the limit: loops run over them.
        let mut elements = 1usize;
        for size in &shape {
            elements = elements.saturating_mul((*size).max(1));
        }
        if elements > MAX_ELEMENTS { Err(Fault::TooLarge) } else { Ok(shape) }
    }

    fn inst(&mut self, inst: &Inst) -> Result<Vec<Tensor>, Stop> {
        let shapes: Vec<Vec<usize>> = inst
            .results
            .iter()
            .map(|result| self.shape(self.function.ty(*result)))
            .collect::<Result<_, Fault>>()?;
        let operands: Vec<&Tensor> = inst.args.iter().map(|arg| self.value(*arg)).collect();
        let treated =
            self.interpreter.surrogates.then(|| surrogate::operands(self.function, inst, &operands));
        let operands = treated.as_ref().map_or(operands, |treated| treated.iter().collect());
        match &inst.op {
            Op::Quantize(quantizer) if self.interpreter.surrogates => {
                Ok(surrogate::digits(*quantizer, operands[0]))
            }
            Op::DimValue(dim) => {
                let number = self.number(dim)?;
                let number = i32::try_from(number).map_err(|_| Fault::SizeRange(number))?;
                Ok(vec![ops::source::scalar_i32(number)])
            }
            Op::Cast => Ok(vec![ops::cast::cast(operands[0], self.function.dtype(inst.results[0]))]),
            Op::Slice { starts, steps } => {
                let starts = self.all_sizes(starts)?;
                Ok(vec![ops::movement::slice(operands[0], &starts, steps, shapes[0].clone())?])
            }
            Op::Pad { low, value } => {
                let low = self.all_sizes(low)?;
                Ok(vec![ops::movement::pad(operands[0], &low, *value, shapes[0].clone())?])
            }
            Op::Call { function, symbols, states } => {
                let arguments: Vec<Tensor> = operands.into_iter().cloned().collect();
                self.call(*function, symbols, states, arguments)
            }
            Op::Route { top, weighted, tiles } => {
                let output = self.function.ty(inst.results[0]).dtype;
                let work = route::Work::new(&operands, *top as usize, *weighted, tiles.len());
                let mut captures = operands[work.heads..].iter();
                let mut outputs = Vec::with_capacity(tiles.len());
                for (index, tile) in tiles.iter().enumerate() {
                    let own: Vec<Tensor> =
                        captures.by_ref().take(tile.captures as usize).copied().cloned().collect();
                    outputs.push(self.tile(tile, work.rows_of(index, operands[0]), own)?);
                }
                Ok(vec![work.combine(&outputs, output, shapes[0].clone())])
            }
            Op::StateRead { state } => Ok(vec![self.states[self.slots[state.index()]].clone()]),
            Op::StateWrite { state, starts } => {
                let (starts, part) = (self.all_sizes(starts)?, operands[0].clone());
                let slot = &mut self.states[self.slots[state.index()]];
                ops::movement::overwrite(slot, &starts, &part)?;
                Ok(Vec::new())
            }
            Op::BindDim { symbol, at_most } => {
                let value = operands[0].as_i32()[0].into();
                self.bind(*symbol, value, at_most)?;
                Ok(Vec::new())
            }
            op => Ok(ops::compute(op, &operands, shapes)?),
        }
    }

    fn bind(&mut self, symbol: Symbol, value: i64, at_most: &[(Dim, Dim)]) -> Result<(), Fault> {
        let info = &self.function.symbols[symbol.index()];
        if value < info.min.max(0) || info.max.is_some_and(|max| value > max) {
            return Err(Fault::Binding { symbol: info.name.clone(), value });
        }
        self.sizes[symbol.index()] = Some(value);
        for (left, right) in at_most {
            let (left, right) = (self.number(left)?, self.number(right)?);
            if left > right {
                return Err(Fault::Bound { symbol: info.name.clone(), value, left, right });
            }
        }
        Ok(())
    }

    fn call(
        &mut self,
        callee: FunctionId,
        symbols: &[Dim],
        states: &[StateId],
        arguments: Vec<Tensor>,
    ) -> Result<Vec<Tensor>, Stop> {
        let symbols = symbols.iter().map(|dim| self.number(dim)).collect::<Result<Vec<_>, Fault>>()?;
        let slots: Vec<usize> = states.iter().map(|state| self.slots[state.index()]).collect();
        run(self.interpreter, callee, &symbols, arguments, self.states, &slots).map_err(Stop::Inside)
    }

    /// What a tile makes of its rows; `None` if it has none.
    fn tile(&self, tile: &Tile, rows: Tensor, captures: Vec<Tensor>) -> Result<Option<Tensor>, Stop> {
        let count = rows.shape[0];
        if count == 0 {
            return Ok(None);
        }
        let mut symbols = vec![count as i64];
        for dim in &tile.symbols {
            symbols.push(self.number(dim)?);
        }
        let arguments = std::iter::once(rows).chain(captures).collect();
        let results = run(self.interpreter, tile.function, &symbols, arguments, &mut [], &[]);
        Ok(results.map_err(Stop::Inside)?.pop())
    }
}
