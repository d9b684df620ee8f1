//! Rebuilding a function: the old instructions are visited in order and copied, changed or left out, and values are numbered
//! afresh. What a pass does not mention stays as it is.

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use tri_ir::{Function, FunctionBuilder, Inst, Module, Value};

/// A function being rebuilt.
pub(crate) struct Rewrite<'a> {
    /// The function as it was.
    pub(crate) old: &'a Function,
    /// The function as it will be.
    pub(crate) builder: FunctionBuilder,
    map: Vec<Option<Value>>,
    made_by: FxHashMap<Value, usize>,
    indexed: usize,
}

impl<'a> Rewrite<'a> {
    /// Begins with the same name, symbols, states and parameters.
    pub(crate) fn new(old: &'a Function) -> Self {
        let mut rewrite = Rewrite::empty(old, old.name.clone());
        for param in &old.params {
            rewrite.add_param(*param);
        }
        rewrite
    }

    /// Begins with the same symbols and states, and no parameters.
    pub(crate) fn empty(old: &'a Function, name: String) -> Self {
        let mut builder = FunctionBuilder::new(name);
        builder.function_mut().symbols.clone_from(&old.symbols);
        builder.function_mut().states.clone_from(&old.states);
        Rewrite { old, builder, map: vec![None; old.values.len()], made_by: FxHashMap::default(), indexed: 0 }
    }

    /// Adds a parameter that stands for `value` of the old function.
    pub(crate) fn add_param(&mut self, value: Value) -> Value {
        let param = self.builder.param(self.old.ty(value).clone());
        self.map[value.index()] = Some(param);
        param
    }

    /// The value that stands for `old`, if there is one.
    pub(crate) fn get(&self, old: Value) -> Option<Value> {
        self.map[old.index()]
    }

    /// The new instruction that defines `new`; none for a parameter.
    pub(crate) fn definition(&mut self, new: Value) -> Option<&Inst> {
        let insts = &self.builder.function().insts;
        for (at, inst) in insts.iter().enumerate().skip(self.indexed) {
            self.made_by.extend(inst.results.iter().map(|result| (*result, at)));
        }
        self.indexed = insts.len();
        self.made_by.get(&new).map(|at| &insts[*at])
    }

    /// The value that stands for `old`.
    pub(crate) fn map(&self, old: Value) -> Value {
        self.map[old.index()].expect("instructions are visited in order, so operands stand before users")
    }

    /// The values that stand for `old`.
    pub(crate) fn map_all(&self, old: &[Value]) -> Vec<Value> {
        old.iter().map(|value| self.map(*value)).collect()
    }

    /// Lets `new` stand for `old`.
    pub(crate) fn replace(&mut self, old: Value, new: Value) {
        self.map[old.index()] = Some(new);
    }

    /// Copies an instruction.
    pub(crate) fn copy(&mut self, inst: &Inst) {
        let args = self.map_all(&inst.args);
        let types = inst.results.iter().map(|result| self.old.ty(*result).clone()).collect();
        self.builder.set_origin(inst.origin);
        let results = self.builder.push(inst.op.clone(), args, types);
        for (old, new) in inst.results.iter().zip(results) {
            self.replace(*old, new);
        }
    }

    /// The new function with the same results.
    pub(crate) fn finish(self) -> Function {
        let results = self.map_all(&self.old.results);
        self.builder.finish(results)
    }
}

/// Applies a rewrite to every function of a module, by all cores; one that it gives nothing for stays as it is.
pub(crate) fn each_function(
    mut module: Module,
    rewrite: impl Fn(&Function) -> Option<Function> + Sync,
) -> Module {
    module.functions.par_iter_mut().for_each(|function| {
        if let Some(rewritten) = rewrite(function) {
            *function = rewritten;
        }
    });
    module
}
