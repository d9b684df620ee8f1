//! `permute(x, [B, H, T])`: the axes in another order.

use tri_diagnostics::Code;
use tri_syntax::ast::{self, ExprKind as Ast};

use super::Special;
use crate::hir::{Axis, Dim, ExprId, ExprKind, Type};
use crate::infer::Infer;

impl Infer<'_> {
    pub(super) fn permute(&mut self, call: &Special<'_>) -> Option<ExprId> {
        let (x, element, shape) = self.tensor(call, 0)?;
        let expr = call.slots.get(1).copied().flatten()?;
        let Ast::List(items) = &expr.kind else {
            self.names.error(Code::E2007, expr.id, "`permute` takes a list of axes: `permute(x, [B, H, T])`");
            return None;
        };
        if shape.iter().any(|axis| matches!(axis, Axis::Pack(..))) {
            self.names.error(
                Code::E2900,
                call.node,
                "`permute` of a tensor with a pack is not supported yet",
            );
            return None;
        }
        let mut positions = Vec::new();
        for item in items {
            let ast::ListItem::Expr(item) = item else {
                self.names.error(Code::E2900, expr.id, "a pack in `permute` is not supported yet");
                return None;
            };
            let at = self.axis_position(item, &shape)?;
            positions.push((if at < 0 { at + shape.len() as i32 } else { at }, item.id));
        }
        let mut sorted: Vec<i32> = positions.iter().map(|(at, _)| *at).collect();
        sorted.sort_unstable();
        if sorted != (0..shape.len() as i32).collect::<Vec<_>>() {
            let shape = self.show().shape(&shape);
            self.names.error(Code::E2007, expr.id, format!("these are not the axes of [{shape}], each once"));
            return None;
        }
        let result = positions.iter().map(|(at, _)| shape[*at as usize].clone()).collect();
        let axes: Vec<ExprId> =
            positions.iter().map(|(at, node)| self.push(ExprKind::Axis(*at), Type::Axis, *node)).collect();
        let count = Dim::constant(axes.len() as i64);
        let list = self.push(ExprKind::List(axes), Type::Array(Box::new(Type::Axis), count), expr.id);
        let generics = self.generics(call, element, &shape);
        Some(self.finish(call, vec![Some(x), Some(list)], generics, Type::Tensor(element, result)))
    }
}
