//! Launches: functions that run a body for all units of its frame, here or through the pool if there are several threads' worth of work.
//!
//! A launch is told its body, so it is made from nothing but the sizes that say how much work there is: loops over the same sizes that
//! compute something else share it.

use cranelift_codegen::ir::{InstBuilder, Value, condcodes::IntCC, types};
use tri_ir::{BinaryOp, Dim, UnaryOp};
use tri_kernel_ir::{Body, Contraction, Convolution, Expr, Form, Nest, Product, Stage, needed};
use tri_kernels::Context;

use crate::contraction::{ROWS, UNIT, unit_axes};
use crate::emitter::Emitter;
use crate::nest::{block_length, product, roots, split_axis};
use crate::{attention, clusters, quantize, softmax};

/// Work that is worth waking another thread for, in about nanoseconds.
pub(crate) const GRAIN: i64 = 32_768;

/// Multiplications that a kernel does in about a nanosecond.
const PRODUCTS: i64 = 16;

/// How much work a body has, by the symbols of its form.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Work {
    Nest {
        /// Outer axes.
        axes: Vec<Dim>,
        /// Axes of the stages that have such, with what an element of them costs.
        stages: Vec<(Vec<Dim>, i64)>,
        /// Axes of the map whose first axis is cut into blocks.
        split: Option<Vec<Dim>>,
    },
    Contraction {
        outer: Vec<Dim>,
        m: Dim,
        n: Dim,
        k: Dim,
    },
    /// Shared by lanes, which have memory for a block each.
    Attention {
        outer: Vec<Dim>,
        m: Dim,
        n: Dim,
        k: Dim,
        /// Of the product with values.
        columns: Dim,
    },
    QuantizeRows {
        rows: Dim,
        width: Dim,
    },
    MaxPool {
        /// Batch and channels.
        planes: Vec<Dim>,
        /// Height and width of the result.
        plane: Vec<Dim>,
    },
    Clusters {
        rows: Dim,
        width: Dim,
        /// Clusters, and tiles of each.
        signatures: [Dim; 2],
    },
    Convolution {
        /// Batch and channels of the result.
        planes: Vec<Dim>,
        /// Height and width of the result.
        plane: Vec<Dim>,
        /// Products of an element.
        window: Vec<Dim>,
    },
}

impl Work {
    /// The work of a form.
    pub(crate) fn of(form: &Form) -> Work {
        match &form.body {
            Body::Nest { nest, .. } => Work::of_nest(nest),
            Body::Contraction(contraction) => Work::of_contraction(contraction),
            Body::Epilogue { step, .. } => match &step.product {
                Product::Contraction(contraction) => Work::of_contraction(contraction),
                Product::Convolution(convolution) => Work::of_convolution(form, convolution),
            },
            Body::Attention { step, .. } => Work::Attention {
                outer: step.outer_axes().to_vec(),
                m: step.scores.m.clone(),
                n: step.scores.n.clone(),
                k: step.scores.k.clone(),
                columns: step.mix.n.clone(),
            },
            Body::QuantizeRows(step) => {
                Work::QuantizeRows { rows: step.rows.clone(), width: step.width.clone() }
            }
            Body::MaxPool { step, .. } => {
                let shape = &form.buffers[step.out.index()].shape;
                Work::MaxPool { planes: shape[..2].to_vec(), plane: shape[2..].to_vec() }
            }
            Body::Clusters(step) => {
                let shape = |buffer: tri_kernel_ir::BufferId| &form.buffers[buffer.index()].shape;
                let (on, tiles) = (shape(step.on), shape(step.tiles));
                let signatures = [tiles[0].clone(), tiles[1].clone()];
                Work::Clusters { rows: on[0].clone(), width: on[1].clone(), signatures }
            }
            Body::Convolution(convolution) => Work::of_convolution(form, convolution),
        }
    }

    pub(crate) fn of_contraction(contraction: &Contraction) -> Work {
        Work::Contraction {
            outer: contraction.outer.iter().map(|axis| axis.size.clone()).collect(),
            m: contraction.m.clone(),
            n: contraction.n.clone(),
            k: contraction.k.clone(),
        }
    }

    fn of_convolution(form: &Form, convolution: &Convolution) -> Work {
        let shape = |buffer: tri_kernel_ir::BufferId| &form.buffers[buffer.index()].shape;
        let out = shape(convolution.out);
        Work::Convolution {
            planes: out[..2].to_vec(),
            plane: out[2..].to_vec(),
            window: convolution.window.to_vec(),
        }
    }

    fn of_nest(nest: &Nest) -> Work {
        let mut stages: Vec<(Vec<Dim>, i64)> = Vec::new();
        for stage in &nest.stages {
            let axes = match stage {
                Stage::Fold { axes, .. } | Stage::Map { axes, .. } | Stage::Softmax { axes, .. } => {
                    axes.as_slice()
                }
                Stage::Let { .. } => &[],
            };
            match stages.iter_mut().find(|(known, _)| known == axes) {
                Some((_, cost)) => *cost += weight(nest, stage),
                None => stages.push((axes.to_vec(), weight(nest, stage))),
            }
        }
        // Costs are rough, and fewer different ones are fewer launches.
        stages.iter_mut().for_each(|(_, cost)| *cost = (*cost as u64).next_power_of_two() as i64);
        Work::Nest { axes: nest.axes.clone(), stages, split: split_axis(nest).map(<[Dim]>::to_vec) }
    }

    /// Emits the launch of the body whose address stands in the place of the first unit.
    pub(crate) fn emit(&self, e: &mut Emitter<'_>) {
        let (frame, body) = (e.frame, e.start);
        let (count, cost) = self.units(e);
        let cost = e.at_least_one(cost);
        let total = e.builder.ins().imul(count, cost);
        share_out(e, body, frame, [count, cost, total]);
        e.builder.ins().return_(&[]);
    }

    /// Number of units, and the cost of one in about nanoseconds.
    pub(crate) fn units(&self, e: &mut Emitter<'_>) -> (Value, Value) {
        match self {
            Work::Nest { axes, stages, split } => {
                let points = product(e, axes);
                let mut cost = e.int(1);
                for (axes, weight) in stages {
                    let (elements, weight) = (product(e, axes), e.int(*weight));
                    let stage = e.builder.ins().imul(elements, weight);
                    cost = e.builder.ins().iadd(cost, stage);
                }
                let Some(axes) = split else { return (points, cost) };
                let length = block_length(e, axes);
                let size = e.size(&axes[0]);
                let blocks = e.blocks(size, length);
                let each = e.at_least_one(blocks);
                let cost = e.builder.ins().sdiv(cost, each);
                (e.builder.ins().imul(points, blocks), cost)
            }
            Work::Contraction { outer, m, n, k } => {
                let mut count = e.int(1);
                for size in unit_axes(e, outer, [m, n]) {
                    count = e.builder.ins().imul(count, size);
                }
                let mut products = e.size(k);
                for (size, block) in [(m, ROWS), (n, UNIT)] {
                    let (size, block) = (e.size(size), e.int(block));
                    let part = e.smaller(size, block);
                    products = e.builder.ins().imul(products, part);
                }
                (count, time(e, products))
            }
            Work::Attention { outer, m, n, k, columns } => {
                let (lanes, products) = attention::units(e, outer, [m, n, k, columns]);
                (lanes, time(e, products))
            }
            Work::QuantizeRows { rows, width } => quantize::units(e, rows, width),
            Work::MaxPool { planes, plane } => (product(e, planes), product(e, plane)),
            Work::Clusters { rows, width, signatures: [count, each] } => {
                clusters::units(e, [rows, width, count, each])
            }
            Work::Convolution { planes, plane, window } => {
                let count = product(e, planes);
                let (plane, window) = (product(e, plane), product(e, window));
                let products = e.builder.ins().imul(plane, window);
                (count, time(e, products))
            }
        }
    }
}

/// Runs a body for units that cost so much each and in all: here, or by several threads if there is work for them.
pub(crate) fn share_out(e: &mut Emitter<'_>, body: Value, frame: Value, [count, cost, total]: [Value; 3]) {
    let (ctx, zero) = (e.ctx, e.int(0));
    let large = e.builder.ins().icmp_imm_s(IntCC::SignedGreaterThan, total, GRAIN);
    let threads = e.load(types::I64, ctx, Context::THREADS_OFFSET);
    let several = e.builder.ins().icmp_imm_s(IntCC::SignedGreaterThan, threads, 1);
    let shared = e.builder.ins().band(large, several);
    let (far, near) = (e.builder.create_block(), e.builder.create_block());
    let exit = e.builder.create_block();
    e.builder.ins().brif(shared, far, &[], near, &[]);
    e.builder.switch_to_block(far);
    e.builder.seal_block(far);
    let parallel = e.load(types::I64, ctx, Context::PARALLEL_OFFSET);
    let signature = e.import(&[types::I64; 5], &[]);
    let least = e.int(GRAIN);
    let grain = e.builder.ins().sdiv(least, cost);
    let grain = e.at_least_one(grain);
    e.builder.ins().call_indirect(signature, parallel, &[ctx, body, frame, count, grain]);
    e.builder.ins().jump(exit, &[]);
    e.builder.switch_to_block(near);
    e.builder.seal_block(near);
    let signature = e.import(&[types::I64; 4], &[]);
    e.builder.ins().call_indirect(signature, body, &[ctx, frame, zero, count]);
    e.builder.ins().jump(exit, &[]);
    e.builder.switch_to_block(exit);
    e.builder.seal_block(exit);
}

/// How long a kernel takes for so many products.
fn time(e: &mut Emitter<'_>, products: Value) -> Value {
    let cost = e.over_power(products, PRODUCTS);
    e.builder.ins().iadd_imm_s(cost, 1)
}

/// Roughly how much work one element of a stage is.
fn weight(nest: &Nest, stage: &Stage) -> i64 {
    if matches!(stage, Stage::Softmax { .. }) {
        return softmax::ELEMENT;
    }
    let needed = needed(nest, &roots(stage));
    let exprs = nest.exprs.iter().zip(&needed).filter(|(_, needed)| **needed);
    exprs
        .map(|(expr, _)| match expr {
            Expr::Unary(UnaryOp::Log | UnaryOp::Sin | UnaryOp::Cos, _) | Expr::Random { .. } => 32,
            Expr::Unary(
                UnaryOp::Exp
                | UnaryOp::Tanh
                | UnaryOp::Sigmoid
                | UnaryOp::Erf
                | UnaryOp::Rsqrt
                | UnaryOp::Sqrt,
                _,
            ) => 8,
            Expr::Binary(BinaryOp::Pow, ..) => 64,
            _ => 1,
        })
        .sum()
}
