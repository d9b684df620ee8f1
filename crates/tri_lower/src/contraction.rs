//! Matrix products and einsum as contractions.

use tri_hir::hir::ExprId;
use tri_ir::{self as ir, Op, ReduceOp};

use crate::error::Result;
use crate::eval::Frame;
use crate::lowering::Lowering;
use crate::value::Value;

impl Lowering<'_> {
    /// `a @ b`: the last axis of `a` with the last but one of `b` (the only one of a vector). Leading axes that `b` has besides
    /// are those of `a` and stay.
    pub(crate) fn matmul(&mut self, a: Value, b: Value) -> Result<Value> {
        let (a, b) = (self.tensor(&a)?, self.tensor(&b)?);
        let (left, right) = (self.shape_of(a)?.len() as u32, self.shape_of(b)?.len() as u32);
        if left == 0 || right == 0 {
            return Err(self.invalid("`@` of a scalar"));
        }
        if right > 2 && left != right {
            return Err(self.unsupported("`@` of tensors with different leading axes"));
        }
        let batch = (0..right.saturating_sub(2)).map(|axis| (axis, axis)).collect();
        let contract = vec![(left - 1, right.saturating_sub(2))];
        self.emit(Op::Contract { batch, contract }, vec![a, b]).map(Value::Tensor)
    }

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
            let repeats = letters.iter().enumerate().any(|(at, letter)| letters[..at].contains(letter));
            if repeats || self.shape_of(value)?.len() != letters.len() {
                return Err(self.unsupported("einsum with a letter twice in one operand"));
            }
            values.push((value, letters.as_slice()));
        }
        match values.as_slice() {
            [one] => self.einsum_one(*one, result),
            [a, b] => self.einsum_two(*a, *b, result),
            _ => Err(self.unsupported("einsum of more than two operands")),
        }
    }

    fn einsum_one(&mut self, (value, letters): (ir::Value, &[u32]), result: &[u32]) -> Result<Value> {
        let summed = (0..).zip(letters).filter(|(_, letter)| !result.contains(letter));
        let axes: Vec<u32> = summed.map(|(axis, _)| axis).collect();
        let kept: Vec<u32> = letters.iter().copied().filter(|letter| result.contains(letter)).collect();
        let value = if axes.is_empty() {
            value
        } else {
            self.emit(Op::Reduce { op: ReduceOp::Sum, axes }, vec![value])?
        };
        self.order(value, &kept, result)
    }

    fn einsum_two(
        &mut self,
        (a, left): (ir::Value, &[u32]),
        (b, right): (ir::Value, &[u32]),
        result: &[u32],
    ) -> Result<Value> {
        let lone = |own: &[u32], other: &[u32]| {
            own.iter().any(|letter| !other.contains(letter) && !result.contains(letter))
        };
        if lone(left, right) || lone(right, left) {
            return Err(self.unsupported("einsum that sums over an axis of only one operand"));
        }
        let (mut batch, mut contract, mut order) = (Vec::new(), Vec::new(), Vec::new());
        for (axis, letter) in (0..).zip(left) {
            let Some(other) = right.iter().position(|other| other == letter) else { continue };
            let pair = (axis, other as u32);
            if result.contains(letter) {
                batch.push(pair);
                order.push(*letter);
            } else {
                contract.push(pair);
            }
        }
        order.extend(left.iter().filter(|letter| !right.contains(letter)));
        order.extend(right.iter().filter(|letter| !left.contains(letter)));
        let value = self.emit(Op::Contract { batch, contract }, vec![a, b])?;
        self.order(value, &order, result)
    }

    /// Axes that are called `letters` in the order of `result`.
    fn order(&mut self, value: ir::Value, letters: &[u32], result: &[u32]) -> Result<Value> {
        let axis = |letter: &u32| letters.iter().position(|other| other == letter).map(|at| at as u32);
        let perm: Option<Vec<u32>> = result.iter().map(axis).collect();
        match perm {
            Some(perm) if perm.len() == letters.len() => self.permute(value, perm).map(Value::Tensor),
            _ => Err(self.unsupported("einsum with a result axis that no operand has")),
        }
    }
}
