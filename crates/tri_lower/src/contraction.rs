//! Matrix products as contractions.

use tri_ir::Op;

use crate::error::Result;
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
}
