//! Calls of a layer's functions.

use tri_syntax::ast::{self, IndexItem, NodeId};

use crate::hir::{Def, ExprId, ExprKind, GenericArg, Owner, Type};
use crate::infer::Infer;
use crate::infer::bind::Bindings;
use crate::infer::misfit::Called;
use crate::queries::{checked_layer_head, signature};

impl Infer<'_> {
    pub(super) fn call_method(
        &mut self,
        base: Option<ExprId>,
        at: u32,
        brackets: &[IndexItem],
        args: &[ast::Arg],
        node: NodeId,
        expected: Option<&Type>,
    ) -> ExprId {
        let Some((def, _)) = self.layer_of(base) else { return self.error_expr(node) };
        let owner = Owner::Method(def, at);
        if base.is_none() && self.owner == owner {
            self.calls_itself(&signature(self.db, owner).name, node);
            return self.error_expr(node);
        }
        let signature = signature(self.db, owner);
        let called = Called { owner, signature: &signature, base, node };
        let Some(slots) = self.slots(&called, false, args) else { return self.error_expr(node) };
        let mut bindings = Bindings::open([owner]);
        if let Some(base) = base
            && let Type::Layer(def, args) = self.ty(base).clone()
        {
            self.fix_instance(&mut bindings, def, &args);
        }
        if !self.bind_brackets(&mut bindings, &called, brackets, node) {
            return self.error_expr(node);
        }
        let Some(args) = self.arguments(&mut bindings, &called, None, &slots, expected) else {
            return self.error_expr(node);
        };
        let Some((generics, ty)) = self.finish_call(&bindings, &called) else {
            return self.error_expr(node);
        };
        self.push(ExprKind::Method { base, member: at, generics, args }, ty, node)
    }

    /// Gives the dims and static ints of an instance's type to the names in its layer.
    pub(in crate::infer) fn fix_instance(&self, bindings: &mut Bindings, def: Def, args: &[GenericArg]) {
        let head = checked_layer_head(self.db, def).layer;
        let owner = Owner::Layer(def);
        let (generics, ints) = args.split_at(head.generics.len().min(args.len()));
        bindings.fix(owner, generics);
        let params = head.config.iter().enumerate().filter(|(_, param)| matches!(param.ty, Type::Int(_)));
        for ((at, _), value) in params.zip(ints) {
            if let GenericArg::Dim(value) = value {
                bindings.fix_int(owner, at as u32, value.clone());
            }
        }
    }
}
