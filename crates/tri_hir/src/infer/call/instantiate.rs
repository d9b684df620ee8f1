//! Instances of layers.

use tri_diagnostics::Code;
use tri_syntax::ast::{self, IndexItem, NodeId};

use crate::hir::{Def, Dim, DimVar, ExprId, ExprKind, GenericArg, Owner, Signature, Type};
use crate::infer::Infer;
use crate::infer::bind::Bindings;
use crate::infer::misfit::Called;
use crate::queries::checked_layer_head;

impl Infer<'_> {
    pub(super) fn instantiate(
        &mut self,
        def: Def,
        brackets: &[IndexItem],
        args: &[ast::Arg],
        node: NodeId,
        name: NodeId,
    ) -> ExprId {
        let head = checked_layer_head(self.db, def).layer;
        let owner = Owner::Layer(def);
        if head.is_model && !matches!(self.owner, Owner::Test(_)) {
            let message = format!("`{}` is a model; only tests make instances of it", head.name);
            self.names.error(Code::E1004, node, message);
        }
        let signature = Signature {
            name: head.name.clone(),
            generics: head.generics.clone(),
            params: head.config.clone(),
            result: Type::Unit,
            facts: head.facts.clone(),
            intrinsic: false,
        };
        let called = Called { owner, signature: &signature, base: None, node };
        if brackets.is_empty() && !head.generics.is_empty() {
            self.without_sizes(&called, name, args);
            return self.error_expr(node);
        }
        let Some(slots) = self.slots(&called, false, args) else { return self.error_expr(node) };
        let mut bindings = Bindings::open([owner]);
        if !self.bind_brackets(&mut bindings, &called, brackets, node) {
            return self.error_expr(node);
        }
        let Some(config) = self.arguments(&mut bindings, &called, None, &slots, None) else {
            return self.error_expr(node);
        };
        let Some((generics, _)) = self.finish_call(&bindings, &called) else {
            return self.error_expr(node);
        };
        let mut args = generics.clone();
        for (at, param) in head.config.iter().enumerate() {
            if let Type::Int(_) = param.ty {
                let value = bindings.dim(&Dim::var(DimVar::Param(owner, at as u32)));
                let unknown = Dim::var(DimVar::Length(self.owner, node));
                args.push(GenericArg::Dim(value.unwrap_or(unknown)));
            }
        }
        self.push(ExprKind::Instantiate { layer: def, generics, config }, Type::Layer(def, args), node)
    }
}
