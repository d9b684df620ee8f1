//! Instances of layers.

use tri_diagnostics::Code;
use tri_syntax::ast::{self, IndexItem, NodeId};

use crate::hir::{Def, Dim, DimVar, ExprId, ExprKind, GenericArg, Owner, Signature, Type};
use crate::infer::Infer;
use crate::infer::bind::Bindings;
use crate::infer::misfit::Called;
use crate::queries::checked_layer_head;
use crate::report::Report;

impl Infer<'_> {
    pub(super) fn instantiate(
        &mut self,
        def: Def,
        brackets: &[IndexItem],
        args: &[ast::Arg],
        node: NodeId,
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
        let Some(slots) = self.slots(&signature, false, args, node) else { return self.error_expr(node) };
        let called = Called { owner, signature: &signature, base: None, node };
        let mut bindings = Bindings::open([owner]);
        if brackets.is_empty() && !head.generics.is_empty() {
            let names: Vec<&str> = head.generics.iter().map(|generic| &*generic.name).collect();
            let place = self.names.place(node);
            let report = Report::error(Code::E2004, place, format!("`{}` needs its dims", head.name));
            self.names.report(report.help(format!("write `{}[{}](...)`", head.name, names.join(", "))));
            return self.error_expr(node);
        }
        if !self.bind_brackets(&mut bindings, owner, &signature.generics, brackets, node) {
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
