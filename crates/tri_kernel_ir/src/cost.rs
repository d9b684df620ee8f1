//! What a step costs where its sizes are known: operations, and bytes that it must at least read and write.

use tri_dims::DimError;
use tri_ir::Dim;

use crate::operands::for_each_buffer;
use crate::{
    Access, Attention, BufferId, Contraction, ContractionKind, Epilogue, Expr, ExprId, Index, Nest, Scales,
    Schedule, Stage, StepKind, Store, for_each_operand, plan,
};

/// Operations of a softmax for each element: a comparison, a difference, its exponential, their sum, a quotient.
const SOFTMAX: f64 = 5.0;

/// What a step costs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StepCost {
    /// Operations, as [`tri_ir::operations`] counts those of tensor IR: a product and its sum are two.
    pub operations: f64,
    /// Whether they are products of bytes, which have instructions of their own.
    pub is_bytewise: bool,
    /// Bytes of all operands and results that the step touches, each counted once.
    pub bytes: f64,
}

/// What a step of a schedule costs where the schedule's symbols have these values. What calls other schedules costs nothing itself.
///
/// # Errors
/// A size has no value.
pub fn cost(schedule: &Schedule, step: &StepKind, sizes: &[i64]) -> Result<StepCost, DimError> {
    Costs { schedule, sizes }.of(step)
}

struct Costs<'s> {
    schedule: &'s Schedule,
    sizes: &'s [i64],
}

impl Costs<'_> {
    fn of(&self, step: &StepKind) -> Result<StepCost, DimError> {
        match step {
            StepKind::Nest(nest) => self.nest(nest),
            StepKind::Contraction(step) => self.contraction(step),
            StepKind::Attention(step) => self.attention(step),
            StepKind::Convolution(step) => {
                let window = self.product(&step.window)?;
                let out = self.product(&self.schedule.buffers[step.out.index()].shape)?;
                Ok(StepCost {
                    operations: 2.0 * out * window,
                    is_bytewise: is_bytewise(step.kind),
                    bytes: self.all_of_each(&[step.input, step.weight, step.out])?,
                })
            }
            StepKind::Epilogue(step) => self.epilogue(step),
            StepKind::MaxPool(step) => self.nest(&step.nest),
            StepKind::QuantizeRows(step) => Ok(StepCost {
                operations: 4.0 * self.size(&step.rows)? * self.size(&step.width)?,
                is_bytewise: false,
                bytes: self.all_of_each(&[step.x, step.digits, step.scales])?,
            }),
            StepKind::Clusters(step) => {
                let shape = |buffer: BufferId| &self.schedule.buffers[buffer.index()].shape;
                let rows = self.product(shape(step.on).get(..1).unwrap_or_default())?;
                let members = self.product(shape(step.tiles).get(1..).unwrap_or_default())?;
                Ok(StepCost {
                    operations: 2.0 * rows * (self.product(shape(step.clusters))? + members),
                    is_bytewise: false,
                    bytes: self.all_of_each(&[step.on, step.clusters, step.tiles, step.out])?,
                })
            }
            StepKind::Call(_) | StepKind::Route(_) | StepKind::BindDim { .. } => Ok(StepCost::default()),
        }
    }

    fn contraction(&self, step: &Contraction) -> Result<StepCost, DimError> {
        let mut outer = [1.0; 4];
        for axis in &step.outer {
            let size = self.size(&axis.size)?;
            outer[3] *= size;
            for (count, stride) in outer.iter_mut().zip(&axis.strides) {
                if self.size(stride)? != 0.0 {
                    *count *= size;
                }
            }
        }
        let [m, n, k] = [self.size(&step.m)?, self.size(&step.n)?, self.size(&step.k)?];
        let operands = [(step.lhs, m * k), (step.rhs, n * k), (step.out, m * n)].into_iter().zip(outer);
        let bytes = operands.map(|((buffer, elements), outer)| self.some_of(buffer, outer * elements));
        let mut bytes = bytes.sum::<Result<f64, _>>()?;
        for buffer in step.scales.iter().flat_map(Scales::buffers) {
            bytes += self.all_of(buffer)?;
        }
        Ok(StepCost { operations: 2.0 * m * n * k * outer[3], is_bytewise: is_bytewise(step.kind), bytes })
    }

    /// Scores stay in the cache, and count no bytes.
    fn attention(&self, step: &Attention) -> Result<StepCost, DimError> {
        let parts = [self.contraction(&step.scores)?, self.nest(&step.rows)?, self.contraction(&step.mix)?];
        let operations = parts.iter().map(|part| part.operations).sum();
        let mut named = Vec::new();
        for_each_buffer(&StepKind::Attention(Box::new(step.clone())), &mut |buffer| {
            if buffer != step.scratch() && !named.contains(&buffer) {
                named.push(buffer);
            }
        });
        Ok(StepCost { operations, is_bytewise: false, bytes: self.all_of_each(&named)? })
    }

    /// Sums stay in the cache, and count no bytes; the result counts once.
    fn epilogue(&self, step: &Epilogue) -> Result<StepCost, DimError> {
        let (product, nest) = (self.of(&step.product.step())?, self.nest(&step.nest)?);
        let twice = 2.0 * self.all_of(step.product.out())?;
        Ok(StepCost {
            operations: product.operations + nest.operations,
            is_bytewise: product.is_bytewise,
            bytes: product.bytes + (nest.bytes - twice).max(0.0),
        })
    }

    fn nest(&self, nest: &Nest) -> Result<StepCost, DimError> {
        let outer = self.product(&nest.axes)?;
        let mut cost = StepCost::default();
        let mut touched: Vec<(BufferId, f64)> = Vec::new();
        for stage in &nest.stages {
            let (inner, values, stores, folds): (&[Dim], Vec<ExprId>, &[Store], f64) = match stage {
                Stage::Fold { axes, value, only_if, .. } => {
                    (axes, [*value].into_iter().chain(*only_if).collect(), &[], 1.0)
                }
                Stage::Let { value, .. } => (&[], vec![*value], &[], 0.0),
                Stage::Map { axes, stores } => {
                    (axes, stores.iter().map(|store| store.value).collect(), stores, 0.0)
                }
                Stage::Softmax { axes, .. } => (axes, Vec::new(), &[], SOFTMAX),
            };
            let row = match stage {
                Stage::Softmax { row, .. } => Some(row),
                _ => None,
            };
            let mut reached = vec![false; nest.exprs.len()];
            let computed = values.into_iter().map(|value| reach(nest, value, &mut reached)).sum::<f64>();
            cost.operations += (computed + folds) * outer * self.product(inner)?;
            let loads = nest.exprs.iter().zip(&reached).filter(|(_, reached)| **reached);
            let loads = loads.filter_map(|(expr, _)| match expr {
                Expr::Load(access) | Expr::GuardedLoad { access, .. } => Some((access, None)),
                Expr::GatherLoad { access, row, .. } => Some((access, Some(*row))),
                _ => None,
            });
            let stored = stores.iter().map(|store| &store.to).chain(row);
            for (access, row) in loads.chain(stored.map(|access| (access, None))) {
                // A row that is looked up may be another one at each point.
                let elements = match row {
                    None => self.elements(access, &nest.axes, inner)?,
                    Some(_) => outer * self.product(inner)?,
                };
                match touched.iter_mut().find(|(buffer, _)| *buffer == access.buffer) {
                    Some((_, known)) => *known = known.max(elements),
                    None => touched.push((access.buffer, elements)),
                }
            }
        }
        cost.bytes = touched
            .into_iter()
            .map(|(buffer, elements)| self.some_of(buffer, elements))
            .sum::<Result<_, _>>()?;
        Ok(cost)
    }

    /// Points that differ in the element that an access names.
    fn elements(&self, access: &Access, outer: &[Dim], inner: &[Dim]) -> Result<f64, DimError> {
        let axis = |index: Index| outer.iter().chain(inner).nth(index.index());
        let sizes = access.strides.iter().filter_map(|(index, _)| axis(*index));
        sizes.map(|size| self.size(size)).product()
    }

    fn size(&self, dim: &Dim) -> Result<f64, DimError> {
        Ok(dim.evaluate(&mut |symbol| self.sizes.get(symbol.index()).copied())? as f64)
    }

    fn product(&self, dims: &[Dim]) -> Result<f64, DimError> {
        dims.iter().map(|dim| self.size(dim)).product()
    }

    /// Bytes of so many elements of a buffer, at most all.
    fn some_of(&self, buffer: BufferId, elements: f64) -> Result<f64, DimError> {
        let all = self.product(&self.schedule.buffers[buffer.index()].shape)?;
        let share = if all > 0.0 { (elements / all).min(1.0) } else { 0.0 };
        Ok(share * self.all_of(buffer)?)
    }

    fn all_of(&self, buffer: BufferId) -> Result<f64, DimError> {
        self.size(&plan::bytes(&self.schedule.buffers[buffer.index()])?)
    }

    fn all_of_each(&self, buffers: &[BufferId]) -> Result<f64, DimError> {
        buffers.iter().map(|buffer| self.all_of(*buffer)).sum()
    }
}

fn is_bytewise(kind: ContractionKind) -> bool {
    matches!(kind, ContractionKind::I8 | ContractionKind::I8T2)
}

/// Elementwise functions that an expression needs beyond those that were reached before.
fn reach(nest: &Nest, value: ExprId, reached: &mut [bool]) -> f64 {
    let mut waiting = vec![value];
    let mut count = 0.0;
    while let Some(id) = waiting.pop() {
        if std::mem::replace(&mut reached[id.index()], true) {
            continue;
        }
        let expr = &nest.exprs[id.index()];
        if matches!(expr, Expr::Unary(..) | Expr::Binary(..) | Expr::Select(..)) {
            count += 1.0;
        }
        for_each_operand(expr, &mut |operand| waiting.push(operand));
    }
    count
}
