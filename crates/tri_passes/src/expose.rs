//! Every value that an entry point computes as a further result of it, for `triton run --dump-values`. No pass of a level: what a
//! caller sees changes.
//!
//! Functions that the entry calls give their values to their callers, which pass them on. Left out are constants, values whose
//! size is bound inside a function, since no result has such a size, and what tiles compute of their rows.

use std::fmt;

use rustc_hash::FxHashMap;
use tri_dims::DimError;
use tri_ir::{Dim, EntryOutput, Function, FunctionId, Inst, Module, Op, Origin, Symbol, TensorType, Value};

/// A value that became a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposed {
    /// The functions around it, from the one of the entry inwards.
    pub functions: Vec<String>,
    /// What computes it.
    pub op: &'static str,
    /// Where that stands in the source.
    pub origin: Option<Origin>,
}

/// A module in which an entry point, by position, gives what is listed after its own results.
///
/// # Errors
/// A size inside a function cannot be written in the sizes of its caller.
pub fn expose(module: &Module, entry: usize) -> Result<(Module, Vec<Exposed>), DimError> {
    let mut module = module.clone();
    let mut opening = Opening { module: &mut module, done: FxHashMap::default() };
    let (function, listed) = opening.function(opening.module.entries[entry].function)?;
    let body = module.function(function);
    let own = module.entries[entry].outputs.len();
    let more: Vec<EntryOutput> = body.results[own..].iter().map(|value| output(body, *value)).collect();
    let entry = &mut module.entries[entry];
    entry.function = function;
    entry.outputs.extend(more);
    Ok((module, listed))
}

fn output(function: &Function, value: Value) -> EntryOutput {
    let ty = function.ty(value).clone();
    let symbol =
        |symbol: &Symbol, f: &mut fmt::Formatter<'_>| f.write_str(&function.symbols[symbol.index()].name);
    let axes = ty.shape.iter().map(|dim| dim.display(&symbol).to_string()).collect();
    EntryOutput { ty, axes }
}

struct Opening<'a> {
    module: &'a mut Module,
    /// Functions that give their values, and what those are.
    done: FxHashMap<FunctionId, (FunctionId, Vec<Exposed>)>,
}

impl Opening<'_> {
    /// The function that also gives its values.
    fn function(&mut self, id: FunctionId) -> Result<(FunctionId, Vec<Exposed>), DimError> {
        if let Some(done) = self.done.get(&id) {
            return Ok(done.clone());
        }
        let mut function = self.module.function(id).clone();
        let mut listed = Vec::new();
        for at in 0..function.insts.len() {
            let found = match function.insts[at].op.clone() {
                Op::Constant(_) | Op::Literal(_) => continue,
                Op::Call { function: callee, symbols, states } => {
                    let (callee, values) = self.function(callee)?;
                    function.insts[at].op = Op::Call { function: callee, symbols: symbols.clone(), states };
                    self.pass_on(&mut function, at, callee, &symbols, values)?
                }
                _ => own(&function.insts[at]),
            };
            for (value, exposed) in found {
                if has_outer_size(&function, value) {
                    function.results.push(value);
                    listed.push(exposed);
                }
            }
        }
        let name = std::mem::take(&mut function.name);
        for exposed in &mut listed {
            exposed.functions.insert(0, name.clone());
        }
        function.name = format!("{name}.values");
        self.module.functions.push(function);
        let id_of = FunctionId(self.module.functions.len() as u32 - 1);
        self.done.insert(id, (id_of, listed.clone()));
        Ok((id_of, listed))
    }

    /// Further results of a call: what its callee gives, in the caller's sizes.
    fn pass_on(
        &self,
        function: &mut Function,
        at: usize,
        callee: FunctionId,
        symbols: &[Dim],
        values: Vec<Exposed>,
    ) -> Result<Vec<(Value, Exposed)>, DimError> {
        let callee = self.module.function(callee);
        let given = function.insts[at].results.len();
        let types = callee.results[given..].iter().map(|value| in_caller(callee.ty(*value), symbols));
        let mut found = Vec::new();
        for (ty, exposed) in types.zip(values) {
            let value = Value(function.values.len() as u32);
            function.values.push(ty?);
            function.insts[at].results.push(value);
            found.push((value, exposed));
        }
        Ok(found)
    }
}

/// What an instruction computes.
fn own(inst: &Inst) -> Vec<(Value, Exposed)> {
    let exposed = Exposed { functions: Vec::new(), op: inst.op.name(), origin: inst.origin };
    inst.results.iter().map(|value| (*value, exposed.clone())).collect()
}

/// Whether every size in the value's type is known to callers.
fn has_outer_size(function: &Function, value: Value) -> bool {
    let mut is_outer = true;
    for dim in &function.ty(value).shape {
        dim.for_each_var(&mut |symbol: &Symbol| is_outer &= !function.symbols[symbol.index()].bound_inside);
    }
    is_outer
}

fn in_caller(ty: &TensorType, symbols: &[Dim]) -> Result<TensorType, DimError> {
    let mut size = |symbol: &Symbol| Ok(symbols[symbol.index()].clone());
    let shape = ty.shape.iter().map(|dim| dim.substitute(&mut size)).collect::<Result<_, _>>()?;
    Ok(TensorType { dtype: ty.dtype, shape, encoding: ty.encoding })
}
