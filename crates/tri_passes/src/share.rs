//! Computes equal values once: of two instructions with the same op, operands and result types, the second takes the first's
//! results. Instructions that read or write a state, or bind a size, stay.

use rustc_hash::FxHashMap;
use tri_ir::{Function, Module, Op, TensorType, Value};

use crate::rewrite::{Rewrite, each_function};

pub(crate) fn run(module: &Module) -> Module {
    each_function(module, share_function)
}

/// One function with equal values computed once.
pub(crate) fn share_function(function: &Function) -> Function {
    let mut rewrite = Rewrite::new(function);
    let mut known: FxHashMap<(Op, Vec<Value>, Vec<TensorType>), Vec<Value>> = FxHashMap::default();
    for inst in &function.insts {
        if has_effect(&inst.op) {
            rewrite.copy(inst);
            continue;
        }
        let types = inst.results.iter().map(|result| function.ty(*result).clone()).collect();
        let key = (inst.op.clone(), rewrite.map_all(&inst.args), types);
        if let Some(results) = known.get(&key) {
            for (old, new) in inst.results.iter().zip(results.clone()) {
                rewrite.replace(*old, new);
            }
        } else {
            rewrite.copy(inst);
            known.insert(key, rewrite.map_all(&inst.results));
        }
    }
    rewrite.finish()
}

/// Whether an instruction acts, or sees what others did.
pub(crate) fn has_effect(op: &Op) -> bool {
    match op {
        Op::StateRead { .. } | Op::StateWrite { .. } | Op::BindDim { .. } => true,
        Op::Call { states, .. } => !states.is_empty(),
        _ => false,
    }
}
