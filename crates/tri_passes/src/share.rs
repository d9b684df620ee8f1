//! Computes equal values once: of two instructions with the same op, operands and result types, the second takes the first's
//! results. Instructions that read or write a state, or bind a size, stay.

use std::hash::{Hash, Hasher};

use rustc_hash::{FxHashMap, FxHasher};
use tri_ir::{Function, Inst, Module, Op, Value};

use crate::rewrite::{Rewrite, each_function};

pub(crate) fn run(module: Module) -> Module {
    each_function(module, share_function)
}

/// One function with equal values computed once; none if that is so already.
pub(crate) fn share_function(function: &Function) -> Option<Function> {
    let first = first_values(function)?;
    let mut rewrite = Rewrite::new(function);
    for inst in &function.insts {
        match inst.results.first() {
            Some(result) if first[result.index()] != *result => {
                for old in &inst.results {
                    let new = rewrite.map(first[old.index()]);
                    rewrite.replace(*old, new);
                }
            }
            _ => rewrite.copy(inst),
        }
    }
    Some(rewrite.finish())
}

/// For each value the first that equals it; none if every value is the first.
fn first_values(function: &Function) -> Option<Vec<Value>> {
    let mut first: Vec<Value> = (0..function.values.len() as u32).map(Value).collect();
    let mut known: FxHashMap<u64, Vec<&Inst>> = FxHashMap::default();
    let mut any = false;
    for inst in function.insts.iter().filter(|inst| !has_effect(&inst.op)) {
        let mut hasher = FxHasher::default();
        inst.op.hash(&mut hasher);
        inst.args.iter().for_each(|arg| first[arg.index()].hash(&mut hasher));
        let alike = known.entry(hasher.finish()).or_default();
        let same = |a: &[Value], b: &[Value], equal: &dyn Fn(Value, Value) -> bool| {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(*a, *b))
        };
        let equal = alike.iter().find(|other| {
            other.op == inst.op
                && same(&other.args, &inst.args, &|a, b| first[a.index()] == first[b.index()])
                && same(&other.results, &inst.results, &|a, b| function.ty(a) == function.ty(b))
        });
        match equal {
            Some(equal) => {
                any = true;
                for (old, result) in inst.results.iter().zip(&equal.results) {
                    first[old.index()] = *result;
                }
            }
            None => alike.push(inst),
        }
    }
    any.then_some(first)
}

/// Whether an instruction acts, or sees what others did.
pub(crate) fn has_effect(op: &Op) -> bool {
    match op {
        Op::StateRead { .. } | Op::StateWrite { .. } | Op::BindDim { .. } => true,
        Op::Call { states, .. } => !states.is_empty(),
        _ => false,
    }
}
