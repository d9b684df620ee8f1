//! Removes what nobody uses: instructions whose results no result, effect or other kept instruction needs; then functions that no entry,
//! prologue, test or initial value reaches.
//!
//! A gather may stop a call; one whose result is unused goes all the same, since the program asked for no element of it.

use tri_ir::{Function, FunctionId, Module, Op};

use crate::rewrite::{Rewrite, each_function};

pub(crate) fn run(module: Module) -> Module {
    let mut pruned = each_function(module, prune_function);
    drop_functions(&mut pruned);
    pruned
}

/// One function without what nobody uses; none if all of it is used.
pub(crate) fn prune_function(function: &Function) -> Option<Function> {
    let mut used = vec![false; function.values.len()];
    for result in &function.results {
        used[result.index()] = true;
    }
    let mut kept = vec![false; function.insts.len()];
    for (at, inst) in function.insts.iter().enumerate().rev() {
        kept[at] = acts(&inst.op) || inst.results.iter().any(|result| used[result.index()]);
        if kept[at] {
            for arg in &inst.args {
                used[arg.index()] = true;
            }
        }
    }
    if kept.iter().all(|kept| *kept) {
        return None;
    }
    let mut rewrite = Rewrite::new(function);
    for (inst, _) in function.insts.iter().zip(kept).filter(|(_, kept)| *kept) {
        rewrite.copy(inst);
    }
    Some(rewrite.finish())
}

/// Whether an instruction does something besides its results.
fn acts(op: &Op) -> bool {
    match op {
        Op::StateWrite { .. } | Op::BindDim { .. } => true,
        Op::Call { states, .. } => !states.is_empty(),
        _ => false,
    }
}

fn drop_functions(module: &mut Module) {
    let reached = reached(module);
    if reached.iter().all(|reached| *reached) {
        return;
    }
    let mut new_ids = Vec::with_capacity(reached.len());
    let mut next = 0;
    for reached in &reached {
        new_ids.push(FunctionId(next));
        next += u32::from(*reached);
    }
    let mut kept = reached.iter();
    module.functions.retain(|_| kept.next() == Some(&true));
    renumber(module, |id| new_ids[id.index()]);
}

fn roots(module: &Module) -> Vec<FunctionId> {
    let entries = module.entries.iter().map(|entry| entry.function);
    let tests = module.tests.iter().map(|test| test.function);
    let parameters = module.parameters.iter().map(|parameter| parameter.init.function);
    let states = module.states.iter().map(|state| state.init.function);
    entries.chain(tests).chain(parameters).chain(states).chain(module.prologue).collect()
}

fn reached(module: &Module) -> Vec<bool> {
    let mut reached = vec![false; module.functions.len()];
    let mut open = roots(module);
    while let Some(id) = open.pop() {
        if !std::mem::replace(&mut reached[id.index()], true) {
            open.extend(module.function(id).insts.iter().flat_map(|inst| inst.op.callees()));
        }
    }
    reached
}

fn renumber(module: &mut Module, to: impl Fn(FunctionId) -> FunctionId) {
    for inst in module.functions.iter_mut().flat_map(|function| &mut function.insts) {
        match &mut inst.op {
            Op::Call { function, .. } => *function = to(*function),
            Op::Route { tiles, .. } => tiles.iter_mut().for_each(|tile| tile.function = to(tile.function)),
            _ => {}
        }
    }
    module.entries.iter_mut().for_each(|entry| entry.function = to(entry.function));
    module.tests.iter_mut().for_each(|test| test.function = to(test.function));
    module.parameters.iter_mut().for_each(|parameter| parameter.init.function = to(parameter.init.function));
    module.states.iter_mut().for_each(|state| state.init.function = to(state.init.function));
    module.prologue = module.prologue.map(to);
}
