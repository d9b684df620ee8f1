//! Operations of whole functions, or bytes of what they compute. A function that is called from many places with the same sizes is counted
//! once.

use std::collections::HashMap;
use std::rc::Rc;

use tri_dims::DimError;
use tri_ir::{
    Dim, Encoding, Entry, Function, FunctionId, Inst, Module, Op, Symbol, TensorType, Tile, operations,
};

use crate::flow::{Flow, of_function, runs};

/// Most functions, with sizes, that are looked at.
const MAX_COUNTED: usize = 20_000;

/// What is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Measure {
    /// Operations ([`operations`]).
    #[default]
    Operations,
    /// Bytes of all values that are computed, whether they are stored or not.
    Bytes,
}

/// A formula, and the names of the sizes that it speaks of by position. There is none where it cannot be counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cost {
    /// The number.
    pub value: Option<Dim>,
    /// The sizes.
    pub symbols: Vec<String>,
}

/// What a call of an entry point costs, if everything in it is computed at every call.
pub fn entry_cost(module: &Module, entry: &Entry, measure: Measure) -> Cost {
    let params = vec![Flow::Data; module.function(entry.function).params.len()];
    cost(module, entry.function, &params, measure)
}

/// Operations of a call of a function whose first parameters are `inputs` and whose others are weights, without what depends on weights
/// alone. Formulas speak of the function's own sizes.
pub fn function_cost(module: &Module, id: FunctionId, inputs: usize) -> Cost {
    let count = module.function(id).params.len();
    let flow = |at: usize| if at < inputs { Flow::Data } else { Flow::Weights(Rc::default()) };
    let params: Vec<Flow> = (0..count).map(flow).collect();
    cost(module, id, &params, Measure::Operations)
}

fn cost(module: &Module, id: FunctionId, params: &[Flow], measure: Measure) -> Cost {
    let function = module.function(id);
    let symbols = function.symbols.iter().map(|info| info.name.clone()).collect();
    let mut costs = Costs { symbols, measure, ..Costs::default() };
    let given = function.symbols.iter().filter(|info| !info.bound_inside).count() as u32;
    let given = (0..given).map(|at| Dim::var(Symbol(at))).collect();
    let value = costs.function(module, id, given, params);
    Cost { value, symbols: costs.symbols }
}

/// What a function is counted for.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    function: FunctionId,
    sizes: Vec<Dim>,
    /// Which parameters depend on weights alone, and which flow.
    flows: Vec<u8>,
}

/// Operations of functions, in the sizes of the entry point.
#[derive(Default)]
pub(crate) struct Costs {
    known: HashMap<Key, Option<Dim>>,
    /// Sizes that functions bind inside.
    inside: HashMap<(FunctionId, u32), Symbol>,
    /// Names of all sizes.
    pub(crate) symbols: Vec<String>,
    measure: Measure,
}

impl Costs {
    /// Sizes of all symbols of a function where a call gives the first ones.
    pub(crate) fn all_sizes(&mut self, module: &Module, id: FunctionId, given: Vec<Dim>) -> Vec<Dim> {
        let mut sizes = given;
        for (at, info) in (0..).zip(&module.function(id).symbols).skip(sizes.len()) {
            let symbols = &mut self.symbols;
            let symbol = *self.inside.entry((id, at)).or_insert_with(|| {
                symbols.push(info.name.clone());
                Symbol(symbols.len() as u32 - 1)
            });
            sizes.push(Dim::var(symbol));
        }
        sizes
    }

    /// Operations of a function with all that it calls, without what depends on weights alone.
    fn function(&mut self, module: &Module, id: FunctionId, given: Vec<Dim>, params: &[Flow]) -> Option<Dim> {
        let flows = params.iter().map(|flow| match flow {
            Flow::Constant => 0,
            Flow::Weights(_) => 1,
            Flow::Data => 2,
        });
        let key = Key { function: id, sizes: given, flows: flows.collect() };
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        if self.known.len() >= MAX_COUNTED {
            return None;
        }
        let function = module.function(id);
        let flows = of_function(function, params);
        let sizes = self.all_sizes(module, id, key.sizes.clone());
        let cost = self.instructions(module, function, &function.insts, &sizes, &flows);
        self.known.insert(key, cost.clone());
        cost
    }

    /// Operations of some instructions.
    pub(crate) fn instructions(
        &mut self,
        module: &Module,
        function: &Function,
        insts: &[Inst],
        sizes: &[Dim],
        flows: &[Flow],
    ) -> Option<Dim> {
        let mut running = insts.iter().filter(|inst| runs(inst, flows));
        running.try_fold(Dim::default(), |sum, inst| {
            sum.add(&self.instruction(module, function, inst, sizes, flows)?).ok()
        })
    }

    /// Operations of an instruction.
    pub(crate) fn instruction(
        &mut self,
        module: &Module,
        function: &Function,
        inst: &Inst,
        sizes: &[Dim],
        flows: &[Flow],
    ) -> Option<Dim> {
        let flow = |at: usize| flows[inst.args[at].index()].clone();
        match &inst.op {
            Op::Call { function: callee, symbols, .. } => {
                let given = in_sizes(symbols, sizes)?;
                let params: Vec<Flow> = (0..inst.args.len()).map(flow).collect();
                self.function(module, *callee, given, &params)
            }
            Op::Route { top, weighted, tiles } => {
                // Rows are shared out among tiles as they come: every choice is counted as one of the tile that costs most.
                let rows = function.ty(*inst.args.first()?).shape.first()?;
                let rows = substituted(rows, sizes)?.mul(&Dim::constant((*top).into())).ok()?;
                let mut next = 2 + usize::from(*weighted);
                let mut most: Option<Dim> = None;
                for Tile { function: tile, symbols, captures } in tiles {
                    let end = next.checked_add(*captures as usize)?;
                    let mut params = vec![Flow::Data];
                    params.extend((next..end.min(inst.args.len())).map(flow));
                    next = end;
                    let mut given = vec![rows.clone()];
                    given.extend(in_sizes(symbols, sizes)?);
                    let cost = self.function(module, *tile, given, &params)?;
                    most = Some(most.map_or_else(|| cost.clone(), |most| larger(most, &cost)));
                }
                most
            }
            op => {
                let types = |values: &[tri_ir::Value]| -> Option<Vec<TensorType>> {
                    values.iter().map(|value| type_in(function.ty(*value), sizes)).collect()
                };
                let (operands, results) = (types(&inst.args)?, types(&inst.results)?);
                if self.measure == Measure::Bytes {
                    return results.iter().try_fold(Dim::default(), |sum, ty| sum.add(&bytes(ty)?).ok());
                }
                let operands: Vec<&TensorType> = operands.iter().collect();
                operations(op, &operands, &results.iter().collect::<Vec<_>>()).ok()
            }
        }
    }
}

/// The formula with the larger coefficients; the first where that is not clear.
fn larger(a: Dim, b: &Dim) -> Dim {
    let is_larger = b.sub(&a).is_ok_and(|difference| {
        !difference.terms().is_empty() && difference.terms().iter().all(|(_, n)| *n > 0)
    });
    if is_larger { b.clone() } else { a }
}

/// Bytes of a tensor; none where they do not fit in 64 bits.
pub(crate) fn bytes(ty: &TensorType) -> Option<Dim> {
    let Some((row, lead)) = ty.shape.split_last() else {
        return Some(Dim::constant(ty.dtype.bytes() as i64));
    };
    let row = match ty.encoding {
        Encoding::Plain => row.mul(&Dim::constant(ty.dtype.bytes() as i64)),
        Encoding::T2 => row.ceil_div(&4.into()),
        Encoding::T160 => row.ceil_div(&5.into()),
        Encoding::Planes => row.ceil_div(&64.into()).and_then(|words| words.mul(&16.into())),
    };
    Dim::product(lead).ok()?.mul(&row.ok()?).ok()
}

/// A size of a function in the sizes of the entry point.
pub(crate) fn substituted(dim: &Dim, sizes: &[Dim]) -> Option<Dim> {
    let size = |symbol: &Symbol| sizes.get(symbol.index()).cloned().ok_or(DimError::Unbound);
    dim.substitute(&mut |symbol| size(symbol)).ok()
}

pub(crate) fn in_sizes(dims: &[Dim], sizes: &[Dim]) -> Option<Vec<Dim>> {
    dims.iter().map(|dim| substituted(dim, sizes)).collect()
}

/// A type of a function in the sizes of the entry point.
pub(crate) fn type_in(ty: &TensorType, sizes: &[Dim]) -> Option<TensorType> {
    Some(TensorType { shape: in_sizes(&ty.shape, sizes)?.into(), ..ty.clone() })
}
