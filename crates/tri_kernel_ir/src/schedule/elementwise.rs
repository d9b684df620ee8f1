//! Elementwise operations and views: what an element of a value is.

use tri_ir::{Inst, Op, Scalar, TensorData, Value};

use super::affine::Affine;
use super::nest::{NestBuilder, access};
use super::{Failure, Scheduler};
use crate::{Access, Expr, ExprId, Store};

/// Most elements of a literal; each is a store of its own.
const MAX_LITERAL: usize = 1 << 16;

impl<'m> Scheduler<'m> {
    /// Stores the result of an elementwise operation or a view.
    pub(super) fn elementwise(&mut self, inst: &'m Inst) -> Result<(), Failure> {
        let result = inst.results[0];
        let ty = self.ty(result);
        let mut nest = NestBuilder::new(inst.op.name(), ty.shape.to_vec(), Vec::new());
        let at = Affine::indices(0, ty.rank());
        let value = self.compute(&mut nest, inst, &at)?;
        let buffer = self.target(result);
        let to = self.element_of(buffer, &at)?;
        nest.map(vec![Store { to, value }]);
        self.nest(nest)
    }

    pub(super) fn literal(&mut self, inst: &'m Inst, data: &TensorData) -> Result<(), Failure> {
        if data.len() > MAX_LITERAL {
            return Err(Failure::Unsupported("the literal is too large"));
        }
        let buffer = self.target(inst.results[0]);
        let mut nest = NestBuilder::new("literal", Vec::new(), Vec::new());
        let mut stores = Vec::with_capacity(data.len());
        for (i, bytes) in data.bytes.chunks_exact(data.dtype.bytes()).enumerate() {
            let bits = bytes.iter().rev().fold(0u64, |bits, byte| bits << 8 | u64::from(*byte));
            let value = nest.scalar(Scalar::from_bits(data.dtype, bits));
            stores.push(Store { to: access(buffer, Affine::constant((i as i64).into())), value });
        }
        nest.map(stores);
        self.nest(nest)
    }

    /// Where the element `at` of a value lies, if it is stored or a look at a stored value.
    pub(super) fn locate(&self, value: Value, at: &[Affine]) -> Result<Option<Access>, Failure> {
        let (mut value, mut at) = (value, at.to_vec());
        loop {
            if let Some(buffer) = self.stored[value.index()] {
                return Ok(Some(self.element_of(buffer, &at)?));
            }
            let Some(inst) = self.defined_by[value.index()] else { return Ok(None) };
            match self.view(inst, &at)? {
                Some(next) => (value, at) = (inst.args[0], next),
                None => return Ok(None),
            }
        }
    }

    /// The index in the operand of a view.
    fn view(&self, inst: &Inst, at: &[Affine]) -> Result<Option<Vec<Affine>>, Failure> {
        let operand = |i: usize| inst.args.get(i).map(|arg| self.shape(*arg)).unwrap_or_default();
        Ok(match &inst.op {
            Op::Broadcast => {
                let shape = operand(0);
                let lead = at.len() - shape.len();
                let axis = |(dim, at): (&tri_ir::Dim, &Affine)| {
                    if dim.as_constant() == Some(1) { Affine::zero() } else { at.clone() }
                };
                Some(shape.iter().zip(&at[lead..]).map(axis).collect())
            }
            Op::Permute { perm } => {
                let mut index = vec![Affine::zero(); at.len()];
                for (axis, at) in perm.iter().zip(at) {
                    index[*axis as usize] = at.clone();
                }
                Some(index)
            }
            Op::Slice { starts, steps } => {
                let axes = at.iter().zip(starts.iter().zip(steps));
                let moved =
                    axes.map(|(at, (start, step))| at.scale(&i64::from(*step).into())?.offset_by(start));
                Some(moved.collect::<Result<_, _>>()?)
            }
            Op::Reshape if self.inline[inst.results[0].index()] => {
                let long = |dim: &tri_ir::Dim| dim.as_constant() != Some(1);
                let result = self.shape(inst.results[0]);
                let mut kept = result.iter().zip(at).filter(|(dim, _)| long(dim)).map(|(_, at)| at.clone());
                let axis =
                    |dim| if long(dim) { kept.next().unwrap_or_else(Affine::zero) } else { Affine::zero() };
                Some(operand(0).iter().map(axis).collect())
            }
            _ => None,
        })
    }

    /// An element of a value: loaded, or computed here.
    pub(super) fn element(
        &self,
        nest: &mut NestBuilder,
        value: Value,
        at: &[Affine],
    ) -> Result<ExprId, Failure> {
        if let Some(access) = self.locate(value, at)? {
            return Ok(nest.load(access));
        }
        let key = (value, at.to_vec());
        if let Some(id) = nest.seen.get(&key) {
            return Ok(*id);
        }
        let Some(inst) = self.defined_by[value.index()] else {
            return Err(Failure::Unsupported("a value is used before it is made"));
        };
        if !matches!(inst.op, Op::Constant(_) | Op::Broadcast | Op::Reshape | Op::Cast) {
            nest.names.push(inst.op.name());
        }
        let id = self.compute(nest, inst, at)?;
        nest.seen.insert(key, id);
        Ok(id)
    }

    pub(super) fn compute(
        &self,
        nest: &mut NestBuilder,
        inst: &Inst,
        at: &[Affine],
    ) -> Result<ExprId, Failure> {
        if let Some(index) = self.view(inst, at)? {
            return self.element(nest, inst.args[0], &index);
        }
        let expr = match &inst.op {
            Op::Constant(scalar) => Expr::Constant(*scalar),
            Op::DimValue(dim) => Expr::Dim(dim.clone()),
            Op::Iota { axis } => {
                let Affine { offset, strides } = at[*axis as usize].clone();
                Expr::Affine { offset, strides }
            }
            Op::Random => {
                let stream = self.element(nest, inst.args[0], &[])?;
                let Affine { offset, strides } = Affine::row_major(self.shape(inst.results[0]), at)?;
                Expr::Random { stream, offset, strides }
            }
            Op::Unary(op) => Expr::Unary(*op, self.element(nest, inst.args[0], at)?),
            Op::Binary(op) => {
                let a = self.element(nest, inst.args[0], at)?;
                Expr::Binary(*op, a, self.element(nest, inst.args[1], at)?)
            }
            Op::Select => {
                let condition = self.element(nest, inst.args[0], at)?;
                let a = self.element(nest, inst.args[1], at)?;
                Expr::Select(condition, a, self.element(nest, inst.args[2], at)?)
            }
            Op::Cast => Expr::Cast(self.dtype(inst.results[0]), self.element(nest, inst.args[0], at)?),
            _ => return Err(Failure::Unsupported("its elements are not computed one by one")),
        };
        Ok(nest.push(expr))
    }
}
