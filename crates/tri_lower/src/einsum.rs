//! `einsum` as diagonals, sums and contractions, from left to right.
//!
//! Each operand first loses what concerns it alone: a letter twice becomes the diagonal, and a letter that neither the result nor another
//! operand has is summed over. Then the product of the operands so far is contracted with the next one, over the letters that
//! nothing later asks for.

use tri_hir::hir::ExprId;
use tri_ir::{self as ir, DType, Dim, Op, ReduceOp, Scalar};

use crate::error::{Result, Stop};
use crate::eval::Frame;
use crate::lowering::Lowering;
use crate::value::Value;

/// A tensor whose axes have letters, each another one.
struct Operand {
    value: ir::Value,
    letters: Vec<u32>,
}

impl Lowering<'_> {
    /// `einsum`, axes as numbered letters.
    pub(crate) fn eval_einsum(
        &mut self,
        frame: &mut Frame,
        operands: &[(ExprId, Vec<u32>)],
        result: &[u32],
    ) -> Result<Value> {
        let mut values = Vec::with_capacity(operands.len());
        for (operand, letters) in operands {
            let value = self.eval(frame, *operand)?;
            let value = self.tensor(&value)?;
            if self.shape_of(value)?.len() != letters.len() {
                return Err(Stop::Reported);
            }
            values.push(self.diagonal(Operand { value, letters: letters.clone() })?);
        }
        let mut product: Option<Operand> = None;
        for at in 0..values.len() {
            let letters_of = |(_, letters): &(ExprId, Vec<u32>)| letters.clone();
            let later: Vec<u32> =
                operands[at + 1..].iter().flat_map(letters_of).chain(result.to_vec()).collect();
            let next = Operand { value: values[at].value, letters: values[at].letters.clone() };
            let Some(left) = product.take() else {
                product = Some(self.sum_out(next, &later)?);
                continue;
            };
            let beside: Vec<u32> = left.letters.iter().chain(&later).copied().collect();
            let next = self.sum_out(next, &beside)?;
            product = Some(self.contract(&left, &next, &later)?);
        }
        let product = product.ok_or(Stop::Reported)?;
        self.in_order(product, result)
    }

    /// Keeps one axis of each letter: the elements whose indices on the equal axes are the same.
    fn diagonal(&mut self, mut operand: Operand) -> Result<Operand> {
        while let Some((first, second)) = repeated(&operand.letters) {
            let rank = operand.letters.len() as u32;
            let mut perm: Vec<u32> = (0..rank).filter(|axis| *axis != first && *axis != second).collect();
            operand.letters = perm
                .iter()
                .chain([&first])
                .filter_map(|axis| operand.letters.get(*axis as usize))
                .copied()
                .collect();
            perm.extend([first, second]);
            let moved = self.permute(operand.value, perm)?;
            operand.value = self.last_diagonal(moved)?;
        }
        Ok(operand)
    }

    /// The diagonal of the last two axes, of size n each: in n more elements behind the n * n, every n + 1st is one of it.
    fn last_diagonal(&mut self, operand: ir::Value) -> Result<ir::Value> {
        let ty = self.type_of(operand)?;
        let (Some(n), leading) = (ty.shape.last().cloned(), &ty.shape[..ty.rank() - 2]) else {
            return Err(Stop::Reported);
        };
        let with = |last: &[Dim]| [leading, last].concat();
        let (flat, row) = (self.product(&[n.clone(), n.clone()])?, self.sum(&n, &Dim::constant(1))?);
        let padded = self.sum(&flat, &n)?;
        let flat = self.reshape(operand, with(&[flat]))?;
        let low = vec![Dim::default(); leading.len() + 1];
        let value = zero(ty.dtype);
        let flat = self.emit_as(Op::Pad { low, value }, vec![flat], ty.with_shape(with(&[padded])))?;
        let rows = self.reshape(flat, with(&[n.clone(), row]))?;
        let rank = leading.len() + 2;
        let column = Op::Slice { starts: vec![Dim::default(); rank], steps: vec![1; rank] };
        let column = self.emit_as(column, vec![rows], ty.with_shape(with(&[n.clone(), Dim::constant(1)])))?;
        self.reshape(column, with(&[n]))
    }

    fn sum(&self, a: &Dim, b: &Dim) -> Result<Dim> {
        a.add(b).map_err(|error| self.dim_error(error))
    }

    /// Sums over the letters that are not `kept`.
    fn sum_out(&mut self, mut operand: Operand, kept: &[u32]) -> Result<Operand> {
        let axes: Vec<u32> = (0..)
            .zip(&operand.letters)
            .filter(|(_, letter)| !kept.contains(letter))
            .map(|(at, _)| at)
            .collect();
        if !axes.is_empty() {
            let sum = self.in_f32(operand.value, |lowering, value| {
                lowering.emit(Op::Reduce { op: ReduceOp::Sum, axes }, vec![value]).map(Value::Tensor)
            })?;
            operand.value = self.tensor(&sum)?;
            operand.letters.retain(|letter| kept.contains(letter));
        }
        Ok(operand)
    }

    /// The product of two operands, summed over the letters that both have and nothing later asks for. What one alone has is asked for
    /// later.
    fn contract(&mut self, a: &Operand, b: &Operand, later: &[u32]) -> Result<Operand> {
        let (mut batch, mut contract, mut letters) = (Vec::new(), Vec::new(), Vec::new());
        for (axis, letter) in (0..).zip(&a.letters) {
            let Some(other) = b.letters.iter().position(|other| other == letter) else { continue };
            let pair = (axis, other as u32);
            if later.contains(letter) {
                batch.push(pair);
                letters.push(*letter);
            } else {
                contract.push(pair);
            }
        }
        letters.extend(a.letters.iter().filter(|letter| !b.letters.contains(letter)));
        letters.extend(b.letters.iter().filter(|letter| !a.letters.contains(letter)));
        let value = self.emit(Op::Contract { batch, contract }, vec![a.value, b.value])?;
        Ok(Operand { value, letters })
    }

    /// The axes in the order of `result`.
    fn in_order(&mut self, operand: Operand, result: &[u32]) -> Result<Value> {
        let axis =
            |letter: &u32| operand.letters.iter().position(|other| other == letter).map(|at| at as u32);
        let perm: Vec<u32> = result.iter().map(axis).collect::<Option<_>>().ok_or(Stop::Reported)?;
        if perm.len() != operand.letters.len() {
            return Err(Stop::Reported);
        }
        self.permute(operand.value, perm).map(Value::Tensor)
    }
}

/// Two axes of one letter.
fn repeated(letters: &[u32]) -> Option<(u32, u32)> {
    (0..).zip(letters).find_map(|(second, letter)| {
        let first = letters.iter().position(|other| other == letter)? as u32;
        (first < second).then_some((first, second))
    })
}

fn zero(dtype: DType) -> Scalar {
    if dtype.is_float() { Scalar::from_bits(dtype, 0) } else { Scalar::int(dtype, 0) }
}
