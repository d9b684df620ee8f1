//! Forms: what bodies are compiled from, so that steps that differ in sizes only share one function.
//!
//! The form of a step is the step with its buffers numbered in the order in which they occur, and with a symbol in place of every size
//! that decides nothing about the code. Small numbers do decide (which loops are worth four lanes, what is contiguous) and stay. A
//! backend compiles each form once, and runs a step by giving its form's code the values of the form's symbols and the addresses of its
//! buffers. The code of a form does not depend on where it is run from.

use tri_ir::{DType, Dim, Scalar, Symbol};

use crate::{
    Access, Attention, Buffer, BufferId, ClusterStep, Contraction, Convolution, Epilogue, Expr, Guard, Index,
    MaxPool, Nest, Place, Product, QuantizeStep, Scales, Schedule, Stage, StepKind,
};

/// Sizes of a smaller amount stay numbers in a form.
const SMALL: i64 = 16;

/// What the body of a step is compiled from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Form {
    /// How many symbols there are.
    pub symbols: u32,
    /// The buffers; those with one place lie in the same memory.
    pub buffers: Vec<Buffer>,
    /// What the step does.
    pub body: Body,
}

/// A step that computes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Body {
    /// An [`Expr::Constant`] of `i64` (a random stream) is the number of the symbol that holds it.
    Nest {
        /// The loops.
        nest: Nest,
        /// Holds the word that a failure stores.
        failure: Symbol,
    },
    /// Sums of products.
    Contraction(Box<Contraction>),
    /// Scores, what a nest makes of them, and their product with values.
    Attention {
        /// The parts.
        step: Box<Attention>,
        /// Holds the word that a failure stores.
        failure: Symbol,
    },
    /// A product and what a nest makes of it.
    Epilogue {
        /// The parts.
        step: Box<Epilogue>,
        /// Holds the word that a failure stores.
        failure: Symbol,
    },
    /// Rows of f32 as digits and a scale each.
    QuantizeRows(QuantizeStep),
    /// A convolution.
    Convolution(Convolution),
    /// A pooling; its nest is as a nest of its own.
    MaxPool {
        /// The pooling.
        step: MaxPool,
        /// Holds the word that a failure stores.
        failure: Symbol,
    },
    /// The tile of each row.
    Clusters(ClusterStep),
}

/// What a step gives to the body of its form.
#[derive(Debug, Hash)]
pub struct Arguments {
    /// Values of the symbols.
    pub sizes: Vec<Dim>,
    /// The buffers.
    pub buffers: Vec<BufferId>,
}

impl Form {
    /// The form of a step that computes, and what the step gives to it; `failure` is the word that a failure of the step stores.
    pub fn of(schedule: &Schedule, step: &StepKind, failure: i64) -> Option<(Form, Arguments)> {
        let mut former = Former { schedule, sizes: Vec::new(), buffers: Vec::new(), formed: Vec::new() };
        let body = match step {
            StepKind::Nest(nest) => {
                let mut nest = nest.clone();
                former.nest(&mut nest);
                Body::Nest { nest, failure: former.symbol(&Dim::constant(failure)) }
            }
            StepKind::Contraction(contraction) => {
                let mut contraction = contraction.clone();
                former.contraction(&mut contraction);
                Body::Contraction(contraction)
            }
            StepKind::Attention(step) => {
                let mut step = step.clone();
                former.nest(&mut step.rows);
                former.contraction(&mut step.scores);
                former.contraction(&mut step.mix);
                Body::Attention { step, failure: former.symbol(&Dim::constant(failure)) }
            }
            StepKind::Epilogue(step) => {
                let mut step = step.clone();
                match &mut step.product {
                    Product::Contraction(contraction) => former.contraction(contraction),
                    Product::Convolution(convolution) => former.convolution(convolution),
                }
                former.nest(&mut step.nest);
                Body::Epilogue { step, failure: former.symbol(&Dim::constant(failure)) }
            }
            StepKind::QuantizeRows(step) => {
                let mut step = step.clone();
                former.dim(&mut step.rows);
                former.dim(&mut step.width);
                for buffer in [&mut step.x, &mut step.digits, &mut step.scales] {
                    former.buffer(buffer);
                }
                Body::QuantizeRows(step)
            }
            StepKind::Convolution(convolution) => {
                let mut convolution = convolution.clone();
                former.convolution(&mut convolution);
                Body::Convolution(convolution)
            }
            StepKind::MaxPool(step) => {
                let mut step = step.clone();
                for buffer in [&mut step.out, &mut step.input] {
                    former.shaped_buffer(buffer);
                }
                former.nest(&mut step.nest);
                Body::MaxPool { step, failure: former.symbol(&Dim::constant(failure)) }
            }
            StepKind::Clusters(step) => {
                let mut step = step.clone();
                former.shaped_buffer(&mut step.on);
                former.shaped_buffer(&mut step.tiles);
                former.buffer(&mut step.clusters);
                former.buffer(&mut step.out);
                Body::Clusters(step)
            }
            StepKind::Call(_) | StepKind::Route(_) | StepKind::BindDim { .. } => return None,
        };
        let form = Form { symbols: former.sizes.len() as u32, buffers: former.formed, body };
        Some((form, Arguments { sizes: former.sizes, buffers: former.buffers }))
    }
}

/// Replaces sizes and buffers of a step, and remembers what stood there.
struct Former<'s> {
    schedule: &'s Schedule,
    sizes: Vec<Dim>,
    buffers: Vec<BufferId>,
    formed: Vec<Buffer>,
}

impl Former<'_> {
    fn symbol(&mut self, dim: &Dim) -> Symbol {
        let known = self.sizes.iter().position(|known| known == dim);
        let at = known.unwrap_or_else(|| {
            self.sizes.push(dim.clone());
            self.sizes.len() - 1
        });
        Symbol(at as u32)
    }

    fn dim(&mut self, dim: &mut Dim) {
        if !dim.as_constant().is_some_and(|size| (1 - SMALL..SMALL).contains(&size)) {
            *dim = Dim::var(self.symbol(dim));
        }
    }

    fn dims(&mut self, dims: &mut [Dim]) {
        dims.iter_mut().for_each(|dim| self.dim(dim));
    }

    fn buffer(&mut self, id: &mut BufferId) {
        let known = self.buffers.iter().position(|known| known == id);
        let at = known.unwrap_or_else(|| {
            let memory = self.schedule.memory(*id);
            // Buffers in one memory are told by the first of them.
            let first = self.buffers.iter().position(|other| self.schedule.memory(*other) == memory);
            let place = Place::Param(first.unwrap_or(self.buffers.len()) as u32);
            let buffer = &self.schedule.buffers[id.index()];
            self.formed.push(Buffer {
                dtype: buffer.dtype,
                shape: Vec::new().into(),
                encoding: buffer.encoding,
                place,
            });
            self.buffers.push(*id);
            self.buffers.len() - 1
        });
        *id = BufferId(at as u32);
    }

    /// A buffer of which the shape matters.
    fn shaped_buffer(&mut self, id: &mut BufferId) {
        let mut shape = self.schedule.buffers[id.index()].shape.clone();
        self.dims(&mut shape);
        self.buffer(id);
        self.formed[id.index()].shape = shape;
    }

    fn strides(&mut self, strides: &mut [(Index, Dim)]) {
        strides.iter_mut().for_each(|(_, stride)| self.dim(stride));
    }

    fn access(&mut self, access: &mut Access) {
        self.buffer(&mut access.buffer);
        self.dim(&mut access.offset);
        self.strides(&mut access.strides);
    }

    fn guards(&mut self, guards: &mut [Guard]) {
        for guard in guards {
            self.dim(&mut guard.offset);
            self.strides(&mut guard.strides);
            self.dim(&mut guard.size);
        }
    }

    fn nest(&mut self, nest: &mut Nest) {
        // What it is called makes no difference.
        nest.name = String::new();
        // Sizes of loops come first: a launch reads nothing else, so that more of them are the same.
        self.dims(&mut nest.axes);
        for stage in &mut nest.stages {
            if let Stage::Fold { axes, .. } | Stage::Map { axes, .. } | Stage::Softmax { axes, .. } = stage {
                self.dims(axes);
            }
        }
        nest.exprs.iter_mut().for_each(|expr| self.expr(expr));
        for stage in &mut nest.stages {
            match stage {
                Stage::Map { stores, .. } => stores.iter_mut().for_each(|store| self.access(&mut store.to)),
                Stage::Softmax { row, .. } => self.access(row),
                Stage::Fold { .. } | Stage::Let { .. } => {}
            }
        }
    }

    fn expr(&mut self, expr: &mut Expr) {
        match expr {
            Expr::Dim(dim) => self.dim(dim),
            Expr::Affine { offset, strides } | Expr::Random { offset, strides, .. } => {
                self.dim(offset);
                self.strides(strides);
            }
            Expr::Load(access) => self.access(access),
            Expr::GuardedLoad { access, guards, .. } => {
                self.access(access);
                self.guards(guards);
            }
            Expr::Holds(guards) => self.guards(guards),
            Expr::GatherLoad { access, rows, stride, .. } => {
                self.access(access);
                self.dim(rows);
                self.dim(stride);
            }
            Expr::Constant(scalar) if scalar.dtype() == DType::I64 => {
                let symbol = self.symbol(&Dim::constant(scalar.bits() as i64));
                *scalar = Scalar::from_bits(DType::I64, symbol.0.into());
            }
            Expr::Constant(_)
            | Expr::Reg(_)
            | Expr::Unary(..)
            | Expr::Binary(..)
            | Expr::Select(..)
            | Expr::Cast(..) => {}
        }
    }

    fn contraction(&mut self, contraction: &mut Contraction) {
        let Contraction {
            kind: _,
            outer,
            m,
            n,
            k,
            lhs,
            lhs_offset,
            lhs_strides,
            rhs,
            rhs_offset,
            rhs_strides,
            out,
            out_offset,
            out_stride,
            scales,
        } = contraction;
        let scales = scales.iter_mut().flat_map(Scales::buffers_mut);
        for buffer in [lhs, rhs, out].into_iter().chain(scales) {
            self.buffer(buffer);
        }
        outer.iter_mut().for_each(|axis| self.dim(&mut axis.size));
        for dim in [m, n, k, lhs_offset, rhs_offset, out_offset, out_stride] {
            self.dim(dim);
        }
        outer.iter_mut().for_each(|axis| self.dims(&mut axis.strides));
        self.dims(lhs_strides);
        self.dims(rhs_strides);
    }

    fn convolution(&mut self, convolution: &mut Convolution) {
        let Convolution { kind: _, depthwise: _, attributes: _, window, input, weight, out } = convolution;
        self.shaped_buffer(out);
        self.dims(window);
        self.buffer(weight);
        self.shaped_buffer(input);
    }
}
