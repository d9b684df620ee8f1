//! `pad(x, axis, low, high, value)`: one axis grows.

use tri_diagnostics::Code;

use super::Special;
use crate::hir::{Axis, ExprId, ExprKind, Type};
use crate::infer::Infer;

impl Infer<'_> {
    /// `pad(x, axis, low, high, value)`.
    pub(super) fn pad(&mut self, call: &Special<'_>) -> Option<ExprId> {
        let (x, element, shape) = self.tensor(call, 0)?;
        let axis = call.slots.get(1).copied().flatten()?;
        let position = self.axis_position(axis, &shape)?;
        let at = (if position < 0 { position + shape.len() as i32 } else { position }) as usize;
        let mut args = vec![Some(x), Some(self.push(ExprKind::Axis(position), Type::Axis, axis.id))];
        let Axis::Dim(mut size) = shape[at].clone() else { return None };
        for slot in 2..4 {
            let Some(expr) = call.slots.get(slot).copied().flatten() else {
                args.push(None);
                continue;
            };
            let id = self.expr(expr, Some(&Type::Int(None)));
            let Type::Int(Some(added)) = self.ty(id).clone() else {
                self.names.error(Code::E2009, expr.id, "padding is a static int");
                return None;
            };
            size = size.add(&added).ok()?;
            args.push(Some(id));
        }
        let value = match call.slots.get(4).copied().flatten() {
            Some(expr) => {
                let id = self.expr(expr, None);
                Some(self.coerce(id, &Type::Float))
            }
            None => None,
        };
        args.push(value);
        let generics = self.generics(call, element, &shape);
        let mut result = shape;
        result[at] = Axis::Dim(size);
        Some(self.finish(call, args, generics, Type::Tensor(element, result)))
    }
}
