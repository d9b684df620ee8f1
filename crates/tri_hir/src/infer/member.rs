//! Members of layers and items of modules.

use std::sync::Arc;

use tri_diagnostics::{Code, nearest};
use tri_syntax::ast::{self, ExprKind as Ast, ItemKind, NodeId};

use super::Infer;
use super::branch::implies;
use super::name::Resolved;
use crate::hir::{Def, ExprId, ExprKind, Generic, MemberKind, Owner, Type};
use crate::queries::{checked_layer_head, outline_of, signature};
use crate::report::{Place, Report};

impl Infer<'_> {
    /// A member of the layer whose body this is, or of an instance.
    pub(super) fn member(&mut self, base: Option<ExprId>, at: u32, node: NodeId) -> ExprId {
        let Some((def, layer)) = self.layer_of(base) else { return self.error_expr(node) };
        let Some(member) = layer.members.get(at as usize).cloned() else { return self.error_expr(node) };
        if let MemberKind::Function(_) = member.kind {
            self.names.error(Code::E1004, node, format!("`{}` is a function: call it", member.name));
            return self.error_expr(node);
        }
        if member.conditional && base.is_none() && !self.condition_holds(def, at) {
            let report = self.absent(def, at, &member.name, node);
            self.names.report(report);
            return self.error_expr(node);
        }
        let ty = self.member_type(&member.kind);
        let ty = match base {
            Some(base) => self.in_terms_of(base, &ty),
            None => ty,
        };
        self.push(ExprKind::Member(base, at), ty, node)
    }

    /// The layer of an instance, or the one whose body this is.
    pub(super) fn layer_of(&self, base: Option<ExprId>) -> Option<(Def, Arc<crate::hir::Layer>)> {
        match base {
            None => self.layer.clone(),
            Some(base) => match self.ty(base) {
                Type::Layer(def, _) => Some((*def, crate::queries::layer(self.db, *def))),
                _ => None,
            },
        }
    }

    /// A member's type with the instance's dims and configuration.
    pub(super) fn in_terms_of(&self, base: ExprId, ty: &Type) -> Type {
        let Type::Layer(def, args) = self.ty(base) else { return Type::Error };
        let mut bindings = super::bind::Bindings::default();
        self.fix_instance(&mut bindings, *def, args);
        bindings.ty(ty).unwrap_or(Type::Error)
    }

    /// A member that may not exist here.
    fn absent(&self, def: Def, at: u32, name: &str, node: NodeId) -> Report {
        let message = format!("`{name}` exists only under its condition");
        let report = Report::error(Code::E1005, self.names.place(node), message);
        let item = outline_of(self.db, def);
        let condition = match item.as_ref().map(|item| &item.kind) {
            Some(ItemKind::Layer(layer)) => {
                layer.members.get(at as usize).and_then(|member| member.condition.as_ref())
            }
            _ => None,
        };
        let Some(condition) = condition else { return report };
        let text = super::stmt::text_of(condition);
        report
            .label(format!("nothing here says that `{text}` holds"))
            .secondary(Place::new(def, condition.id), format!("`{name}` exists only if this holds"))
            .help(format!(
                "use it inside an `if` with the same condition: `if {text} {{ ... }} else {{ ... }}`"
            ))
    }

    pub(super) fn condition_holds(&self, def: Def, at: u32) -> bool {
        let Some(item) = outline_of(self.db, def) else { return true };
        let ItemKind::Layer(layer) = &item.kind else { return true };
        let condition = layer.members.get(at as usize).and_then(|member| member.condition.as_ref());
        condition.is_none_or(|condition| self.conditions.iter().any(|known| implies(known, condition)))
    }

    pub(super) fn field(
        &mut self,
        base: &ast::Expr,
        name: &ast::Name,
        node: NodeId,
        expected: Option<&Type>,
    ) -> ExprId {
        if name.text.is_empty() {
            // The parser said so.
            if self.module(base).is_none() {
                self.expr(base, None);
            }
            return self.error_expr(node);
        }
        if let Some(module) = self.module(base) {
            return match crate::queries::items(self.db, module).get(&name.text) {
                Some(def) => self.item(*def, node, expected),
                None => self.unknown_in_module(module, name),
            };
        }
        if self.package(base, name, node) {
            return self.error_expr(node);
        }
        let base = self.expr(base, None);
        match self.ty(base).clone() {
            Type::Tensor(element, shape) if name.as_str() == "T" => {
                self.transpose(base, element, shape, node)
            }
            Type::Tensor(..) if self.foreign_field(base, name) => self.error_expr(node),
            Type::Layer(def, _) => {
                let layer = crate::queries::layer(self.db, def);
                match layer.members.iter().position(|member| member.name == name.text) {
                    Some(at) => self.member(Some(base), at as u32, node),
                    None => self.unknown_member(def, name),
                }
            }
            Type::Error => self.error_expr(node),
            other => {
                let found = self.show().ty(&other);
                self.names.error(Code::E1001, name.id, format!("{found} has no field `{}`", name.text));
                self.error_expr(node)
            }
        }
    }

    pub(super) fn unknown_member(&mut self, def: Def, name: &ast::Name) -> ExprId {
        let layer = crate::queries::layer(self.db, def);
        let place = self.names.place(name.id);
        let names: Vec<&str> = layer.members.iter().map(|member| &*member.name).collect();
        let label = match names.as_slice() {
            [] => "it has no members".to_owned(),
            names => format!("it has {}", names.join(", ")),
        };
        let message = format!("`{}` has no member `{}`", layer.name, name.text);
        let mut report = Report::error(Code::E1001, place, message).label(label);
        if let Some(near) = nearest(name.as_str(), names) {
            report = report.did_you_mean(near, place);
        }
        self.names.report(report);
        self.error_expr(name.id)
    }

    pub(super) fn unknown_in_module(&mut self, module: tri_db::SourceFile, name: &ast::Name) -> ExprId {
        let items = crate::queries::items(self.db, module);
        let place = self.names.place(name.id);
        let mut report = Report::error(
            Code::E1001,
            place,
            format!("`{}` has no item `{}`", module.path(self.db).display(), name.text),
        );
        if let Some(near) = nearest(name.as_str(), items.keys().map(|name| &**name)) {
            report = report.did_you_mean(near, place);
        }
        self.names.report(report);
        self.error_expr(name.id)
    }

    /// The module that an expression names, if it names one.
    pub(super) fn module(&self, expr: &ast::Expr) -> Option<tri_db::SourceFile> {
        match &expr.kind {
            Ast::Name(name) => match self.resolve(name) {
                Some(Resolved::Module(module)) => Some(module),
                _ => None,
            },
            _ => None,
        }
    }

    /// Generic parameters of an owner.
    pub(super) fn generics_of(&self, owner: Owner) -> Vec<Generic> {
        match owner {
            Owner::Layer(def) => checked_layer_head(self.db, def).layer.generics.clone(),
            Owner::Test(_) => Vec::new(),
            owner => signature(self.db, owner).generics.clone(),
        }
    }
}
