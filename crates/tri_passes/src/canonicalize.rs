//! Canonical forms: ops that change nothing vanish, permutations compose, and a contraction absorbs the permutation of a ternary
//! operand, since packed rows lie along the contracted axis. A float operand keeps its permutation: done once in the
//! prologue, it lays columns side by side as float kernels want them.

use tri_ir::{DType, Function, Inst, Module, Op, Value};

use crate::rewrite::{Rewrite, each_function};

pub(crate) fn run(module: Module) -> Module {
    each_function(module, |function| {
        let may_change = |inst: &Inst| {
            matches!(inst.op, Op::Permute { .. } | Op::Contract { .. })
                || unchanged_operand(function, inst).is_some()
        };
        if !function.insts.iter().any(may_change) {
            return None;
        }
        let mut rewrite = Rewrite::new(function);
        for inst in &function.insts {
            if let Some(same) = unchanged_operand(function, inst) {
                let same = rewrite.map(same);
                rewrite.replace(inst.results[0], same);
            } else if let Some(better) = absorb_permutation(&mut rewrite, inst) {
                push(&mut rewrite, inst, better);
            } else {
                rewrite.copy(inst);
            }
        }
        Some(rewrite.finish())
    })
}

/// Adds `op` of new values in the place of `inst`.
fn push(rewrite: &mut Rewrite<'_>, inst: &Inst, (op, args): (Op, Vec<Value>)) {
    rewrite.builder.set_origin(inst.origin);
    let ty = rewrite.old.ty(inst.results[0]).clone();
    let result = rewrite.builder.push1(op, args, ty);
    rewrite.replace(inst.results[0], result);
}

/// The operand that the instruction merely repeats.
fn unchanged_operand(function: &Function, inst: &Inst) -> Option<Value> {
    let changes_nothing = match &inst.op {
        Op::Broadcast | Op::Reshape | Op::Cast | Op::Encode => true,
        Op::Permute { perm } => perm.iter().enumerate().all(|(i, axis)| i == *axis as usize),
        Op::Slice { starts, steps } => {
            starts.iter().all(|start| start.as_constant() == Some(0)) && steps.iter().all(|step| *step == 1)
        }
        Op::Concat { .. } => inst.args.len() == 1,
        _ => false,
    };
    let operand = *inst.args.first()?;
    let result = *inst.results.first()?;
    (changes_nothing && function.ty(operand) == function.ty(result)).then_some(operand)
}

/// The instruction with the permutation that made one of its operands worked into its own axes.
fn absorb_permutation(rewrite: &mut Rewrite<'_>, inst: &Inst) -> Option<(Op, Vec<Value>)> {
    match &inst.op {
        Op::Permute { perm } => {
            let (before, operand) = permutation(rewrite, inst.args[0])?;
            let perm = perm.iter().map(|axis| before[*axis as usize]).collect();
            Some((Op::Permute { perm }, vec![operand]))
        }
        Op::Contract { batch, contract } if rewrite.old.dtype(inst.args[1]) == DType::Trit => {
            // Free axes keep their order only if the permutation leaves at most one of them.
            let free = rewrite.old.ty(inst.args[1]).rank() - batch.len() - contract.len();
            let (perm, operand) = permutation(rewrite, inst.args[1]).filter(|_| free <= 1)?;
            let through = |pairs: &[(u32, u32)]| pairs.iter().map(|(l, r)| (*l, perm[*r as usize])).collect();
            let op = Op::Contract { batch: through(batch), contract: through(contract) };
            Some((op, vec![rewrite.map(inst.args[0]), operand]))
        }
        _ => None,
    }
}

/// The permutation that makes what stands for `old`, and its operand.
fn permutation(rewrite: &mut Rewrite<'_>, old: Value) -> Option<(Vec<u32>, Value)> {
    let value = rewrite.map(old);
    let made_by = rewrite.definition(value)?;
    match &made_by.op {
        Op::Permute { perm } => Some((perm.clone(), made_by.args[0])),
        _ => None,
    }
}
