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
        let mut positions = Vec::new();
        for item in items {
            positions.push(match item {
                ast::ListItem::Expr(item) => {
                    let at = self.axis_position(item, &shape)?;
                    (if at < 0 { at + shape.len() as i32 } else { at }, item.id)
                }
                ast::ListItem::Pack(name) => (self.pack_position(name, &shape)?, name.id),
            });
        }
        let mut sorted: Vec<i32> = positions.iter().map(|(at, _)| *at).collect();
        sorted.sort_unstable();
        if sorted != (0..shape.len() as i32).collect::<Vec<_>>() {
            let shape = self.show().shape(&shape);
            self.names.error(Code::E2007, expr.id, format!("these are not the axes of [{shape}], each once"));
            return None;
        }
        let result = positions.iter().map(|(at, _)| shape[*at as usize].clone()).collect();
        let pack = shape.iter().position(|axis| matches!(axis, Axis::Pack(..))).map(|at| at as i32);
        let axis = |at: i32| match pack {
            Some(pack) if at == pack => ExprKind::RestAxes,
            // How many axes stand before it is not known here.
            Some(pack) if at > pack => ExprKind::Axis(at - shape.len() as i32),
            _ => ExprKind::Axis(at),
        };
        let axes: Vec<ExprId> =
            positions.iter().map(|(at, node)| self.push(axis(*at), Type::Axis, *node)).collect();
        let count = Dim::constant(axes.len() as i64);
        let list = self.push(ExprKind::List(axes), Type::Array(Box::new(Type::Axis), count), expr.id);
        let generics = self.generics(call, element, &shape);
        Some(self.finish(call, vec![Some(x), Some(list)], generics, Type::Tensor(element, result)))
    }

    /// Where the pack of this name stands in a shape.
    fn pack_position(&mut self, name: &ast::Name, shape: &[Axis]) -> Option<i32> {
        let pack = self.names.pack_axis(name)?;
        let at = shape.iter().position(|axis| *axis == pack);
        if at.is_none() {
            let shape = self.show().shape(shape);
            let message = format!("no axes of [{shape}] are `..{}`", name.text);
            self.names.error(Code::E2007, name.id, message);
        }
        at.map(|at| at as i32)
    }
}
