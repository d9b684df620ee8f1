//! `sum`, `mean`, `max` and the like: one axis goes. Of static numbers, `max` and `min` are static.

use super::Special;
use crate::hir::{DType, Element, ExprId, ExprKind, Type};
use crate::infer::Infer;

impl Infer<'_> {
    pub(super) fn reduction(&mut self, call: &Special<'_>) -> Option<ExprId> {
        if call.first.is_none() && call.slots.len() == 2 {
            // `max(a, b)` of static numbers.
            if let (Some(Some(a)), Some(Some(b))) = (call.slots.first(), call.slots.get(1))
                && matches!(&*call.signature.name, "max" | "min")
                && self.looks_static(a)
                && self.looks_static(b)
            {
                let (a, b) = (self.expr(a, None), self.expr(b, None));
                let ty = if matches!((self.ty(a), self.ty(b)), (Type::Int(_), Type::Int(_))) {
                    Type::Int(None)
                } else {
                    Type::Float
                };
                return Some(self.push(
                    ExprKind::StaticCall(call.signature.name.clone(), vec![a, b]),
                    ty,
                    call.node,
                ));
            }
        }
        let (x, element, mut shape) = self.tensor(call, 0)?;
        self.class_holds(call, element)?;
        let (position, node) = match call.slots.get(1).copied().flatten() {
            Some(axis) => (self.axis_position(axis, &shape)?, axis.id),
            // Only `argmax` may leave it out, and means the last.
            None => (self.last_axis(&shape, call.node)?, call.node),
        };
        let generics = self.generics(call, element, &shape);
        let at = if position < 0 { position + shape.len() as i32 } else { position };
        shape.remove(at as usize);
        let axis = self.push(ExprKind::Axis(position), Type::Axis, node);
        let element = if &*call.signature.name == "argmax" { Element::Known(DType::I32) } else { element };
        Some(self.finish(call, vec![Some(x), Some(axis)], generics, Type::Tensor(element, shape)))
    }
}
