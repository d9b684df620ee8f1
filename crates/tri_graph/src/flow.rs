//! What the values of a function depend on: tensors that flow when the model runs, weights alone, or neither.

use std::collections::BTreeSet;
use std::rc::Rc;

use tri_ir::{Function, Inst, Op, ParameterId, Value};

/// What a value depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    /// On nothing but sizes.
    Constant,
    /// On weights, so that it is computed when they are bound.
    Weights(Rc<BTreeSet<ParameterId>>),
    /// On inputs or states.
    Data,
}

/// What each value of a function depends on, given that of its parameters.
pub(crate) fn of_function(function: &Function, params: &[Flow]) -> Vec<Flow> {
    let mut flows = vec![Flow::Constant; function.values.len()];
    for (param, flow) in function.params.iter().zip(params) {
        flows[param.index()] = flow.clone();
    }
    for inst in &function.insts {
        let flow = of_inst(inst, &flows);
        for result in &inst.results {
            flows[result.index()] = flow.clone();
        }
    }
    flows
}

/// What the results of an instruction depend on.
fn of_inst(inst: &Inst, flows: &[Flow]) -> Flow {
    let touches_state = match &inst.op {
        Op::StateRead { .. } | Op::StateWrite { .. } | Op::BindDim { .. } => true,
        Op::Call { states, .. } => !states.is_empty(),
        _ => false,
    };
    if touches_state || inst.args.iter().any(|arg| flows[arg.index()] == Flow::Data) {
        return Flow::Data;
    }
    weights_among(&inst.args, flows).map_or(Flow::Constant, Flow::Weights)
}

/// The weights that some values depend on alone; none where no value does.
pub(crate) fn weights_among(values: &[Value], flows: &[Flow]) -> Option<Rc<BTreeSet<ParameterId>>> {
    let mut sets = values.iter().filter_map(|value| match &flows[value.index()] {
        Flow::Weights(set) => Some(set),
        _ => None,
    });
    let first = sets.next()?;
    let mut all = first.clone();
    for set in sets {
        if !set.is_subset(&all) {
            Rc::make_mut(&mut all).extend(set.iter().copied());
        }
    }
    Some(all)
}

/// Whether an instruction happens when the model runs.
pub(crate) fn runs(inst: &Inst, flows: &[Flow]) -> bool {
    match inst.results.first() {
        Some(result) => flows[result.index()] == Flow::Data,
        None => true,
    }
}
