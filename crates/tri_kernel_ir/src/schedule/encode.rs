//! Ternary encodings. A packed buffer is accessed in bytes: its row-major shape is `[.., bytes a row]`.

use tri_ir::{BinaryOp, DType, Encoding, Inst, Scalar, Value};

use super::affine::Affine;
use super::nest::{NestBuilder, access, guard};
use super::{Failure, Scheduler};
use crate::{BufferId, Expr, ExprId, Store};

impl<'m> Scheduler<'m> {
    pub(super) fn encode(&mut self, inst: &'m Inst) -> Result<(), Failure> {
        let (x, result) = (inst.args[0], inst.results[0]);
        let (from, to) = (self.function.encoding(x), self.function.encoding(result));
        if from == to {
            let buffer = self.target(result);
            return self.copy(x, buffer);
        }
        match (from, to) {
            (Encoding::Plain, Encoding::T2) => self.pack_t2(x, result),
            _ => Err(Failure::Unsupported("only plain trits are encoded, and only as t2")),
        }
    }

    /// Four codes `w + 1` to a byte; beyond the row's end code 1, that of 0.
    fn pack_t2(&mut self, x: Value, result: Value) -> Result<(), Failure> {
        let shape = self.shape(x);
        let (row, lead) = shape.split_last().ok_or(Failure::Unsupported("its operand has no rows"))?;
        let mut bytes = lead.to_vec();
        bytes.push(row.ceil_div(&4.into())?);
        let from = self.store(x)?;
        let mut nest = NestBuilder::new("encode", bytes.clone(), Vec::new());
        let value = byte_of_trits(&mut nest, |nest, digit| {
            let mut at = Affine::indices(0, shape.len());
            let last = shape.len() - 1;
            at[last] = Affine::index(last).scale(&4.into())?.offset_by(&digit.into())?;
            let guards = vec![guard(at[last].clone(), row.clone())];
            let access = self.element_of(from, &at)?;
            let otherwise = Scalar::int(DType::Trit, 0);
            Ok::<_, Failure>(nest.push(Expr::GuardedLoad { access, guards, otherwise }))
        })?;
        let buffer = self.target(result);
        let to = access(buffer, Affine::row_major(&bytes, &Affine::indices(0, bytes.len()))?);
        nest.map(vec![Store { to, value }]);
        self.nest(nest)
    }

    /// Copies a packed value.
    pub(super) fn copy_bytes(&mut self, value: Value, to: BufferId) -> Result<(), Failure> {
        let from = self.stored[value.index()].ok_or(Failure::Unsupported("a packed value is not stored"))?;
        let bytes = crate::plan::bytes(&self.buffers[to.index()])?;
        let mut nest = NestBuilder::new("copy", vec![bytes], Vec::new());
        let loaded = nest.load(access(from, Affine::index(0)));
        nest.map(vec![Store { to: access(to, Affine::index(0)), value: loaded }]);
        self.nest(nest)
    }
}

/// The byte of four trits, each given by its position: codes `w + 1`, the first in the lowest bits.
pub(super) fn byte_of_trits<E>(
    nest: &mut NestBuilder,
    mut trit: impl FnMut(&mut NestBuilder, i64) -> Result<ExprId, E>,
) -> Result<ExprId, E> {
    let mut sum = None;
    for digit in 0..4i64 {
        let trit = trit(nest, digit)?;
        let wide = nest.cast(DType::I32, trit);
        let one = nest.scalar(Scalar::int(DType::I32, 1));
        let code = nest.binary(BinaryOp::Add, wide, one);
        let weight = nest.scalar(Scalar::int(DType::I32, 1 << (2 * digit)));
        let part = nest.binary(BinaryOp::Mul, code, weight);
        sum = Some(sum.map_or(part, |sum| nest.binary(BinaryOp::Add, sum, part)));
    }
    let sum = sum.unwrap_or_else(|| nest.scalar(Scalar::int(DType::I32, 0)));
    Ok(nest.cast(DType::U8, sum))
}
