//! Calls of function items, and function items in the place of a function type.

use tri_diagnostics::Code;
use tri_syntax::ast::{self, IndexItem, NodeId};

use crate::hir::{Def, ExprId, ExprKind, Owner, Type};
use crate::infer::Infer;
use crate::infer::bind::Bindings;
use crate::infer::misfit::Called;
use crate::queries::{def_name, signature};
use crate::report::Report;

impl Infer<'_> {
    #[expect(clippy::too_many_arguments, reason = "a call has these parts")]
    pub(in crate::infer) fn function(
        &mut self,
        def: Def,
        first: Option<ExprId>,
        brackets: &[IndexItem],
        args: &[ast::Arg],
        node: NodeId,
        head: NodeId,
        expected: Option<&Type>,
    ) -> ExprId {
        let owner = Owner::Function(def);
        if self.owner == owner {
            self.calls_itself(&def_name(self.db, def), node);
            return self.error_expr(node);
        }
        let signature = signature(self.db, owner);
        let called = Called { owner, signature: &signature, base: None, node };
        let Some(slots) = self.slots(&called, first.is_some(), args) else {
            return self.error_expr(node);
        };
        if signature.intrinsic
            && let Some(result) = self.special(def, &signature, first, &slots, brackets, node)
        {
            return result;
        }
        let mut bindings = Bindings::open([owner]);
        if !self.bind_brackets(&mut bindings, &called, brackets, head) {
            return self.error_expr(node);
        }
        let Some(args) = self.arguments(&mut bindings, &called, first, &slots, expected) else {
            return self.error_expr(node);
        };
        let Some((generics, mut ty)) = self.finish_call(&bindings, &called) else {
            return self.error_expr(node);
        };
        if signature.intrinsic && &*signature.name == "conv2d" {
            match self.convolution_type(&args, &ty, node) {
                Some(convolved) => ty = convolved,
                None => return self.error_expr(node),
            }
        }
        self.push(ExprKind::Call { function: def, generics, args }, ty, node)
    }

    /// Reports a call of a function inside itself.
    pub(super) fn calls_itself(&mut self, name: &str, node: NodeId) {
        let report = Report::error(Code::E2010, self.names.place(node), format!("`{name}` calls itself"))
            .label(format!("this call stands inside `{name}`"))
            .help("functions are unrolled, so none leads back to itself; loops are `for`");
        self.names.report(report);
    }

    /// A convolution's result has the dtype of a sum of products.
    fn convolution_type(&mut self, args: &[Option<ExprId>], ty: &Type, node: NodeId) -> Option<Type> {
        let (x, weight) = (args.first().copied().flatten()?, args.get(1).copied().flatten()?);
        let (Type::Tensor(a, _), Type::Tensor(b, _)) = (self.ty(x).clone(), self.ty(weight).clone()) else {
            return None;
        };
        let element = self.product_dtype(a, b, x, weight, node)?;
        match ty {
            Type::Tensor(_, shape) => Some(Type::Tensor(element, shape.clone())),
            _ => None,
        }
    }

    /// Whether a function value can stand where a function type is asked for.
    pub(in crate::infer) fn coerce_function(&mut self, id: ExprId, to: &crate::hir::FunctionType) -> ExprId {
        let ExprKind::Function(def) = self.body.expr(id).kind else { return id };
        let owner = Owner::Function(def);
        let signature = signature(self.db, owner);
        let mut bindings = Bindings::open([owner]);
        let needed = signature.params.iter().filter(|param| !param.has_default).count();
        let fits = (needed..=signature.params.len()).contains(&to.params.len())
            && signature
                .params
                .iter()
                .zip(&to.params)
                .all(|(param, to)| self.bind(&mut bindings, &param.ty, to).is_ok())
            && bindings.ty(&signature.result).is_ok_and(|result| self.same_type(&result, &to.result));
        if fits {
            return id;
        }
        let (from, to) = (self.ty(id).clone(), Type::Function(std::sync::Arc::new(to.clone())));
        self.mismatch(id, &from, &to, None)
    }
}
