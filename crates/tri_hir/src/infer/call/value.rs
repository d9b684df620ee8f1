//! Calls of function values, such as a configured activation.

use tri_diagnostics::Code;
use tri_syntax::ast::{self, NodeId};

use crate::hir::{ExprId, ExprKind, Type};
use crate::infer::Infer;
use crate::infer::bind::{Bindings, Misfit};

impl Infer<'_> {
    pub(super) fn call_value(&mut self, value: ExprId, args: &[ast::Arg], node: NodeId) -> ExprId {
        let Type::Function(function) = self.ty(value).clone() else { return self.error_expr(node) };
        if let Some(name) = args.iter().find_map(|arg| arg.name.as_ref()) {
            self.names.error(
                Code::E2008,
                name.id,
                "a function value takes its arguments in order, without names",
            );
            return self.error_expr(node);
        }
        if args.len() != function.params.len() {
            let message =
                format!("{} arguments, but the function takes {}", args.len(), function.params.len());
            self.names.error(Code::E2008, node, message);
            return self.error_expr(node);
        }
        let mut bindings = Bindings::of_function_type();
        let mut given = Vec::with_capacity(args.len());
        for (arg, param) in args.iter().zip(&function.params) {
            let id = self.expr(&arg.value, None);
            let actual = self.ty(id).clone();
            if let Err(misfit) = self.bind(&mut bindings, param, &actual) {
                let wanted = match (misfit, param, &actual) {
                    // The shape fits; only the dtype is another.
                    (Misfit::Dtype(_), Type::Tensor(element, _), Type::Tensor(_, shape)) => {
                        Type::Tensor(*element, shape.clone())
                    }
                    _ => param.clone(),
                };
                self.mismatch(id, &actual, &wanted, None);
                return self.error_expr(node);
            }
            given.push(id);
        }
        let ty = bindings.ty(&function.result).unwrap_or(Type::Error);
        self.push(ExprKind::CallValue(value, given), ty, node)
    }
}
