//! The buffers that a step names, in an order that depends on the step alone.

use crate::{
    Attention, BufferId, Contraction, Convolution, Expr, MaxPool, Nest, Product, Scales, Stage, StepKind,
};

/// Every buffer that a step reads or writes, as often as it names it.
pub fn for_each_buffer(step: &StepKind, visit: &mut dyn FnMut(BufferId)) {
    let mut all = |buffers: &[BufferId]| buffers.iter().for_each(|buffer| visit(*buffer));
    match step {
        StepKind::Nest(nest) | StepKind::MaxPool(MaxPool { nest, .. }) => {
            if let StepKind::MaxPool(step) = step {
                all(&[step.input, step.out]);
            }
            all(&of_nest(nest));
        }
        StepKind::Contraction(step) => all(&of_contraction(step)),
        StepKind::Epilogue(step) => {
            match &step.product {
                Product::Contraction(step) => all(&of_contraction(step)),
                Product::Convolution(step) => all(&of_convolution(step)),
            }
            all(&of_nest(&step.nest));
        }
        StepKind::Attention(step) => {
            let Attention { scores, rows, mix, .. } = &**step;
            all(&[scores.lhs, scores.rhs, scores.out]);
            all(&of_nest(rows));
            all(&[mix.lhs, mix.rhs, mix.out]);
        }
        StepKind::QuantizeRows(step) => all(&[step.x, step.digits, step.scales]),
        StepKind::Convolution(step) => all(&of_convolution(step)),
        StepKind::Clusters(step) => all(&[step.on, step.clusters, step.tiles, step.out]),
        StepKind::Call(step) => {
            [&step.params, &step.results, &step.states].into_iter().for_each(|list| all(list));
        }
        StepKind::Route(step) => {
            all(&[step.x, step.scores, step.out]);
            all(step.gates.as_slice());
            all(&step.scratch);
            step.tiles.iter().for_each(|tile| all(&tile.captures));
        }
        StepKind::BindDim { from, .. } => all(&[*from]),
    }
}

/// The same buffers in the same order, to be changed.
pub(crate) fn for_each_buffer_mut(step: &mut StepKind, visit: &mut dyn FnMut(&mut BufferId)) {
    match step {
        StepKind::MaxPool(MaxPool { input, out, nest, .. }) => {
            [input, out].into_iter().for_each(&mut *visit);
            for_each_of_nest(nest, visit);
        }
        StepKind::Nest(nest) => for_each_of_nest(nest, visit),
        StepKind::Contraction(step) => for_each_of_contraction(step, visit),
        StepKind::Epilogue(step) => {
            match &mut step.product {
                Product::Contraction(step) => for_each_of_contraction(step, visit),
                Product::Convolution(step) => for_each_of_convolution(step, visit),
            }
            for_each_of_nest(&mut step.nest, visit);
        }
        StepKind::Attention(step) => {
            let Attention { scores, rows, mix, .. } = &mut **step;
            [&mut scores.lhs, &mut scores.rhs, &mut scores.out].into_iter().for_each(&mut *visit);
            for_each_of_nest(rows, visit);
            [&mut mix.lhs, &mut mix.rhs, &mut mix.out].into_iter().for_each(visit);
        }
        StepKind::QuantizeRows(step) => {
            [&mut step.x, &mut step.digits, &mut step.scales].into_iter().for_each(visit);
        }
        StepKind::Convolution(step) => for_each_of_convolution(step, visit),
        StepKind::Clusters(step) => {
            [&mut step.on, &mut step.clusters, &mut step.tiles, &mut step.out].into_iter().for_each(visit);
        }
        StepKind::Call(step) => {
            for list in [&mut step.params, &mut step.results, &mut step.states] {
                list.iter_mut().for_each(&mut *visit);
            }
        }
        StepKind::Route(step) => {
            [&mut step.x, &mut step.scores, &mut step.out].into_iter().for_each(&mut *visit);
            step.gates.iter_mut().for_each(&mut *visit);
            step.scratch.iter_mut().for_each(&mut *visit);
            for tile in &mut step.tiles {
                tile.captures.iter_mut().for_each(&mut *visit);
            }
        }
        StepKind::BindDim { from, .. } => visit(from),
    }
}

fn of_contraction(step: &Contraction) -> Vec<BufferId> {
    let scales = step.scales.iter().flat_map(Scales::buffers);
    [step.lhs, step.rhs, step.out].into_iter().chain(scales).collect()
}

fn for_each_of_contraction(step: &mut Contraction, visit: &mut dyn FnMut(&mut BufferId)) {
    let scales = step.scales.iter_mut().flat_map(Scales::buffers_mut);
    [&mut step.lhs, &mut step.rhs, &mut step.out].into_iter().chain(scales).for_each(visit);
}

fn of_convolution(step: &Convolution) -> [BufferId; 3] {
    [step.input, step.weight, step.out]
}

fn for_each_of_convolution(step: &mut Convolution, visit: &mut dyn FnMut(&mut BufferId)) {
    [&mut step.input, &mut step.weight, &mut step.out].into_iter().for_each(visit);
}

fn of_nest(nest: &Nest) -> Vec<BufferId> {
    let loaded = nest.exprs.iter().filter_map(|expr| match expr {
        Expr::Load(access) | Expr::GuardedLoad { access, .. } | Expr::GatherLoad { access, .. } => {
            Some(access.buffer)
        }
        _ => None,
    });
    let stored = nest.stages.iter().flat_map(|stage| match stage {
        Stage::Map { stores, .. } => stores.iter().map(|store| store.to.buffer).collect(),
        Stage::Softmax { row, .. } => vec![row.buffer],
        Stage::Fold { .. } | Stage::Let { .. } => Vec::new(),
    });
    loaded.chain(stored).collect()
}

fn for_each_of_nest(nest: &mut Nest, visit: &mut dyn FnMut(&mut BufferId)) {
    for expr in &mut nest.exprs {
        if let Expr::Load(access) | Expr::GuardedLoad { access, .. } | Expr::GatherLoad { access, .. } = expr
        {
            visit(&mut access.buffer);
        }
    }
    for stage in &mut nest.stages {
        match stage {
            Stage::Map { stores, .. } => stores.iter_mut().for_each(|store| visit(&mut store.to.buffer)),
            Stage::Softmax { row, .. } => visit(&mut row.buffer),
            Stage::Fold { .. } | Stage::Let { .. } => {}
        }
    }
}
