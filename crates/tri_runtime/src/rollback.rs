//! What a stopped call has to put back: which states an entry may have written when it stops.
//!
//! A gather meets an index outside its table, or a size bound inside breaks its conditions, only while a call runs. An entry
//! that can stop so and writes states keeps a copy of these states during each call. An entry that cannot stop, or only reads
//! states, keeps none.

use std::collections::BTreeSet;

use tri_ir::{Entry, FunctionId, Module, Op, StateId};

use crate::buffer::Buffer;
use crate::{RuntimeError, Tensor};

/// What a function does to states, calls included.
#[derive(Clone, Debug, Default)]
struct Effects {
    may_stop: bool,
    /// Its own states, by position.
    writes: BTreeSet<StateId>,
}

/// States of the module that each entry must be able to put back, by the entry's position.
pub(crate) fn states_at_risk(module: &Module) -> Vec<Vec<StateId>> {
    let mut known = vec![None; module.functions.len()];
    module.entries.iter().map(|entry| at_risk(module, entry, &mut known)).collect()
}

fn at_risk(module: &Module, entry: &Entry, known: &mut [Option<Effects>]) -> Vec<StateId> {
    let effects = effects(module, entry.function, known);
    if !effects.may_stop {
        return Vec::new();
    }
    effects.writes.iter().filter_map(|state| entry.states.get(state.index()).copied()).collect()
}

/// The effects of a function. Verified modules have no circle of calls.
fn effects(module: &Module, id: FunctionId, known: &mut [Option<Effects>]) -> Effects {
    if let Some(effects) = &known[id.index()] {
        return effects.clone();
    }
    let mut all = Effects::default();
    for inst in &module.function(id).insts {
        match &inst.op {
            Op::Gather | Op::BindDim { .. } => all.may_stop = true,
            Op::StateWrite { state, .. } => {
                all.writes.insert(*state);
            }
            Op::Call { function, states, .. } => {
                let callee = effects(module, *function, known);
                all.may_stop |= callee.may_stop;
                let own = callee.writes.iter().filter_map(|state| states.get(state.index()));
                all.writes.extend(own.copied());
            }
            Op::Route { tiles, .. } => {
                for tile in tiles {
                    all.may_stop |= effects(module, tile.function, known).may_stop;
                }
            }
            _ => {}
        }
    }
    known[id.index()] = Some(all.clone());
    all
}

/// Copies of states as they were before a call; memory is taken once.
#[derive(Debug, Default)]
pub(crate) struct Rollback {
    copies: Vec<Buffer>,
}

impl Rollback {
    /// Keeps these states.
    pub(crate) fn keep(&mut self, which: &[StateId], states: &[Tensor]) -> Result<(), RuntimeError> {
        self.copies.resize_with(self.copies.len().max(which.len()), Buffer::default);
        for (copy, state) in self.copies.iter_mut().zip(which) {
            let bytes = states[state.index()].buffer.as_slice();
            copy.resize(bytes.len())?;
            copy.as_mut_slice().copy_from_slice(bytes);
        }
        Ok(())
    }

    /// Puts them back.
    pub(crate) fn undo(&self, which: &[StateId], states: &mut [Tensor]) {
        for (copy, state) in self.copies.iter().zip(which) {
            states[state.index()].buffer.as_mut_slice().copy_from_slice(copy.as_slice());
        }
    }
}
