//! Values in the place of another type: numbers become tensors, ints floats; everything else must fit already.

use tri_syntax::ast::NodeId;

use super::Infer;
use crate::hir::{DType, Element, ElementClass, ExprId, ExprKind, Type};
use crate::report::Place;

/// Where a type is asked for.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    /// What says so.
    pub(super) place: Place,
    /// What it says.
    pub(super) text: String,
}

impl Infer<'_> {
    /// The expression as a value of `to`, or an error that says why it is none.
    pub(super) fn coerce(&mut self, id: ExprId, to: &Type) -> ExprId {
        self.coerce_asked(id, to, None)
    }

    /// The same, where something in the program asks for `to`.
    pub(super) fn coerce_asked(&mut self, id: ExprId, to: &Type, asked: Option<&Asked>) -> ExprId {
        let from = self.ty(id).clone();
        match (&from, to) {
            (Type::Error, _) | (_, Type::Error) => id,
            (Type::Int(_) | Type::Float | Type::Bool, Type::Tensor(element, shape)) if shape.is_empty() => {
                self.splat(id, *element)
            }
            (Type::Int(_), Type::Float) | (Type::Int(_), Type::Int(_)) => id,
            (Type::Int(Some(dim)), Type::Axis) => match dim.as_constant().and_then(|n| i32::try_from(n).ok())
            {
                Some(n) => self.push(ExprKind::Axis(n), Type::Axis, self.node(id)),
                None => self.mismatch(id, &from, to, asked),
            },
            (Type::Tuple(from), Type::Tuple(to)) if from.len() == to.len() => {
                self.coerce_tuple(id, to, asked)
            }
            (Type::Function(_), Type::Function(to)) => self.coerce_function(id, to),
            _ if self.same_type(&from, to) => id,
            _ => self.mismatch(id, &from, to, asked),
        }
    }

    fn coerce_tuple(&mut self, id: ExprId, to: &[Type], asked: Option<&Asked>) -> ExprId {
        match self.body.expr(id).kind.clone() {
            ExprKind::Tuple(parts) => {
                let parts = parts.into_iter().zip(to);
                let parts = parts.map(|(part, to)| self.coerce_asked(part, to, asked)).collect();
                self.push(ExprKind::Tuple(parts), Type::Tuple(to.to_vec()), self.node(id))
            }
            _ => {
                let (from, to) = (self.ty(id).clone(), Type::Tuple(to.to_vec()));
                if self.same_type(&from, &to) { id } else { self.mismatch(id, &from, &to, asked) }
            }
        }
    }

    /// A static number as a tensor scalar.
    pub(super) fn splat(&mut self, id: ExprId, element: Element) -> ExprId {
        let node: NodeId = self.node(id);
        if !self.splats(id, element) {
            let (from, to) = (self.ty(id).clone(), Type::Tensor(element, Vec::new()));
            return self.mismatch(id, &from, &to, None);
        }
        self.push(ExprKind::Splat(id), Type::Tensor(element, Vec::new()), node)
    }

    /// Whether a static number has a value of this dtype.
    pub(super) fn splats(&self, id: ExprId, element: Element) -> bool {
        match (self.ty(id), element) {
            (Type::Float, Element::Known(dtype)) => matches!(dtype, DType::F16 | DType::Bf16 | DType::F32),
            (Type::Bool, Element::Known(dtype)) => dtype == DType::Bool,
            (Type::Int(_), Element::Known(dtype)) => dtype != DType::Bool,
            (Type::Float, element) => self.in_class(element, ElementClass::Float),
            (Type::Int(_), element) => self.in_class(element, ElementClass::Num),
            _ => false,
        }
    }
}
