//! Elementwise functions of several operands, declared `@broadcast`.

use std::collections::BTreeMap;

use tri_diagnostics::Code;

use super::Special;
use crate::hir::{Axis, DType, Element, ExprId, ExprKind, Type};
use crate::infer::Infer;
use crate::report::Report;

impl Infer<'_> {
    /// Elementwise functions of several operands: numbers take the dtype of the tensors, shapes are stretched.
    pub(super) fn stretched(&mut self, call: &Special<'_>) -> Option<ExprId> {
        let count = call.signature.params.len();
        let mut operands = Vec::with_capacity(count);
        for at in 0..count {
            operands.push(self.operand(call, at)?);
        }
        if operands.iter().any(|id| self.ty(*id) == &Type::Error) {
            return None;
        }
        let mut elements: BTreeMap<Element, Element> = BTreeMap::new();
        for (param, id) in call.signature.params.iter().zip(&operands) {
            if let (Type::Tensor(declared, _), Type::Tensor(found, _)) = (&param.ty, self.ty(*id)) {
                let known = *elements.entry(*declared).or_insert(*found);
                let fixed = matches!(declared, Element::Known(_)) && declared != found;
                if known != *found || fixed {
                    let types: Vec<String> = operands.iter().map(|id| self.show().ty(self.ty(*id))).collect();
                    let report = Report::error(
                        Code::E3002,
                        self.names.place(call.node),
                        format!("`{}` of {}", call.signature.name, types.join(", ")),
                    )
                    .help("dtypes never mix by themselves: convert one side with `as`");
                    self.names.report(report);
                    return None;
                }
            }
        }
        if !operands.iter().any(|id| matches!(self.ty(*id), Type::Tensor(..))) {
            return Some(self.push(
                ExprKind::StaticCall(call.signature.name.clone(), operands),
                Type::Float,
                call.node,
            ));
        }
        for (param, id) in call.signature.params.iter().zip(&mut operands) {
            if let (Type::Tensor(declared, _), Type::Int(_) | Type::Float | Type::Bool) =
                (&param.ty, self.ty(*id))
            {
                let element = match declared {
                    Element::Known(_) => *declared,
                    declared => elements.get(declared).copied().unwrap_or(Element::Known(DType::F32)),
                };
                *id = self.splat(*id, element);
            }
        }
        let shapes: Vec<Vec<Axis>> = operands
            .iter()
            .map(|id| match self.ty(*id) {
                Type::Tensor(_, shape) => shape.clone(),
                _ => Vec::new(),
            })
            .collect();
        let shape = self.broadcast(&call.signature.name, &shapes, &operands, call.node)?;
        let Type::Tensor(declared, _) = &call.signature.result else { return None };
        let element = elements.get(declared).copied().unwrap_or(*declared);
        self.class_holds(call, element)?;
        let generics = self.generics(call, element, &shape);
        let args = operands.into_iter().map(Some).collect();
        Some(self.finish(call, args, generics, Type::Tensor(element, shape)))
    }
}
