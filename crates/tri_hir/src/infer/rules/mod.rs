//! Intrinsics whose type rule the type language cannot say, one a file: those that drop, add or reorder axes, those that stretch their
//! operands, and the constructs `route` and `einsum`. Everything else follows its declaration in `std.ops`.

mod einsum;
mod fixed;
mod join;
mod pad;
mod permute;
mod reduction;
mod reshape;
mod route;
mod stretched;

use tri_diagnostics::Code;
use tri_syntax::ast::{IndexItem, NodeId};

use crate::hir::{
    Axis, Def, Element, ElementClass, ExprId, ExprKind, GenericArg, GenericKind, Signature, Type,
};
use crate::infer::Infer;
use crate::infer::slots::Slots;
use crate::queries::outline_of;

/// What a call is, as far as a rule is concerned.
struct Special<'a> {
    def: Def,
    signature: &'a Signature,
    first: Option<ExprId>,
    slots: &'a Slots<'a>,
    brackets: &'a [IndexItem],
    node: NodeId,
}

impl Infer<'_> {
    /// The call of an intrinsic that has a rule of its own.
    pub(super) fn special(
        &mut self,
        def: Def,
        signature: &Signature,
        first: Option<ExprId>,
        slots: &Slots<'_>,
        brackets: &[IndexItem],
        node: NodeId,
    ) -> Option<ExprId> {
        let call = Special { def, signature, first, slots, brackets, node };
        let result = match &*signature.name {
            "sum" | "mean" | "variance" | "max" | "min" | "argmax" => self.reduction(&call),
            "stack" => self.stack(&call),
            "concat" => self.concat(&call),
            "permute" => self.permute(&call),
            "reshape" => self.reshape(&call),
            "pad" => self.pad(&call),
            "einsum" => self.einsum(&call),
            "route" => self.route(&call),
            "route_hierarchical" => self.route_hierarchical(&call),
            _ if self.stretches(def) => self.stretched(&call),
            "floor" | "ceil" if self.is_size_division(&call) => self.rounded_size(&call),
            name if STATIC.contains(&name) && first.is_none() && brackets.is_empty() => {
                // `sqrt(2.0)` of a static number is a static number.
                let expr = slots.first().copied().flatten().filter(|expr| self.looks_static(expr))?;
                let id = self.expr(expr, None);
                Some(self.push(ExprKind::StaticCall(signature.name.clone(), vec![id]), Type::Float, node))
            }
            _ => return None,
        };
        Some(result.unwrap_or_else(|| self.error_expr(node)))
    }

    /// Whether the declaration says `@broadcast`.
    fn stretches(&self, def: Def) -> bool {
        let item = outline_of(self.db, def);
        item.is_some_and(|item| {
            item.attributes.iter().any(|attribute| attribute.name.as_str() == "broadcast")
        })
    }

    /// The argument at a position, typed.
    fn operand(&mut self, call: &Special<'_>, at: usize) -> Option<ExprId> {
        match (call.first, call.slots.get(at).copied().flatten()) {
            (Some(first), _) if at == 0 => Some(first),
            (_, Some(expr)) => Some(self.expr(expr, None)),
            _ => None,
        }
    }

    /// The argument at a position, which must be a tensor.
    fn tensor(&mut self, call: &Special<'_>, at: usize) -> Option<(ExprId, Element, Vec<Axis>)> {
        let id = self.operand(call, at)?;
        match self.ty(id).clone() {
            Type::Tensor(element, shape) => Some((id, element, shape)),
            Type::Error => None,
            other => {
                let found = self.show().ty(&other);
                let message = format!("`{}` takes a tensor, but this is {found}", call.signature.name);
                self.names.error(Code::E2001, self.node(id), message);
                None
            }
        }
    }

    fn finish(
        &mut self,
        call: &Special<'_>,
        args: Vec<Option<ExprId>>,
        generics: Vec<GenericArg>,
        ty: Type,
    ) -> ExprId {
        self.push(ExprKind::Call { function: call.def, generics, args }, ty, call.node)
    }

    /// Generics of a declaration `[E: ..., ..S]` from the element and shape of the operand.
    fn generics(&self, call: &Special<'_>, element: Element, shape: &[Axis]) -> Vec<GenericArg> {
        let one = |generic: &crate::hir::Generic| match generic.kind {
            GenericKind::Element(_) => GenericArg::Element(element),
            _ => GenericArg::Pack(shape.to_vec()),
        };
        call.signature.generics.iter().map(one).collect()
    }

    fn class_holds(&mut self, call: &Special<'_>, element: Element) -> Option<()> {
        let class = call.signature.generics.iter().find_map(|generic| match generic.kind {
            GenericKind::Element(class) => Some(class),
            _ => None,
        });
        if self.in_class(element, class.unwrap_or(ElementClass::Any)) {
            return Some(());
        }
        let dtype = self.show().element(element);
        self.names.error(
            Code::E3004,
            call.node,
            format!("`{}` is not defined for {dtype}", call.signature.name),
        );
        None
    }
}

/// Functions of one number that are evaluated at compile time.
const STATIC: [&str; 9] = ["sqrt", "exp", "log", "floor", "ceil", "round", "abs", "sin", "cos"];
